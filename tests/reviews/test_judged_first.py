"""A share of raised alerts is judged before the machine's proposal is shown; then the two are compared."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.alerts.models import Alert, Clip
from apps.alerts.operations.analysis import begin_analysis, route
from apps.audit.models import InboxEntry
from apps.reviews.judged_first import Rate, comparisons
from apps.reviews.models import BlindJudgement
from apps.reviews.operations import apply_attempt, open_task
from apps.reviews.pace import person_months
from apps.reviews.payload import DecisionPayload
from apps.triage.states import Strategy, Verdict
from tests.console.people import signed_in
from tests.reviews.conftest import FALSE_ALARM, THEFT, prepare, sign_in, submit, watch
from tests.world import NOW, World, make_alert, make_waiting_alert, write_assessment

pytestmark = pytest.mark.django_db
UNSURE = DecisionPayload(verdict=Verdict.INCONCLUSIVE, reasons=("too_dark",))


def raised(
    world: World, outcome: str, *, first: bool = True, rank: float | None = None, **fields: Any
) -> Alert:
    """An alert in front of people; `first`: its proposal is hidden until somebody judged it."""
    found = make_alert(world.camera, **fields)
    Clip.objects.filter(alert=found).update(
        state="stored",
        master_key="m",
        playable_key="m",
        blurred_key="b",
        duration_ms=10_000,
        marked_from_ms=2_000,
        marked_to_ms=6_000,
    )
    found = begin_analysis(alert_id=found.id, now=NOW).alert
    write_assessment(found)
    now = timezone.now()
    route(
        alert=found,
        outcome=outcome,
        sampled_blind=first,
        sampling_probability=1.0,
        due_at=now + timedelta(minutes=15),
        now=now,
        rank=rank,
    )
    open_task(alert=found, due_at=now + timedelta(minutes=15), now=now)
    return Alert.objects.get(id=found.id)


def decide(world: World, alert: Alert, payload: DecisionPayload) -> Alert:
    user = world.operator
    actor = sign_in(user)
    watch(user, alert)
    made = submit(prepare(user, alert, payload, actor=actor), user, actor)
    apply_attempt(
        tenant_id=alert.tenant_id, alert_id=alert.id, attempt_id=made.id, now=timezone.now()
    )
    return Alert.objects.get(id=alert.id)


@pytest.fixture
def hidden(world: World) -> Alert:
    return raised(world, "escalate")


def test_before_it_is_judged_it_looks_like_one_to_verify(world: World, hidden: Alert) -> None:
    client = signed_in(world.operator)
    row = client.get(f"/queue/rows/{hidden.id}/")
    queue = (row if row.status_code == 200 else client.get("/")).content.decode()
    assert "Verify first" in queue
    assert "Escalate</span>" not in queue
    page = client.get(f"/alerts/{hidden.id}/").content.decode()
    assert "Routed by triage" not in page
    assert "pill-escalate" not in page
    answer = client.get(f"/api/v1/alerts/{hidden.id}/").json()
    assert answer["score"] is None
    assert "escalate" not in str(answer)


def test_nobody_who_may_judge_it_reads_its_record_first(world: World, hidden: Alert) -> None:
    for path in (f"/api/v1/alerts/{hidden.id}/record/", f"/alerts/{hidden.id}/record/"):
        assert signed_in(world.operator).get(path).status_code in (403, 404), path
    where = f"/api/v1/alerts/{hidden.id}/record/"
    assert signed_in(world.compliance).get(where).status_code == 200
    decide(world, hidden, FALSE_ALARM)
    assert signed_in(world.operator).get(where).status_code == 200


@pytest.mark.parametrize(
    ("outcome", "payload", "agrees"),
    [
        ("escalate", THEFT, True),
        ("escalate", FALSE_ALARM, False),
        ("escalate", UNSURE, None),
        ("verify", THEFT, None),
        ("archive", FALSE_ALARM, True),
        ("archive", THEFT, False),
    ],
    ids=["with", "against", "unsure", "only-asked", "archived-with", "archived-against"],
)
def test_the_first_judgement_is_kept_beside_the_proposal(
    world: World, outcome: str, payload: DecisionPayload, agrees: bool | None
) -> None:
    alert = decide(world, raised(world, outcome), payload)
    kept = BlindJudgement.objects.get()
    assert (kept.proposed, kept.verdict, kept.agrees) == (outcome, payload.verdict, agrees)
    assert InboxEntry.objects.filter(event="alert:blind_judged").count() == 1
    page = signed_in(world.operator).get(f"/alerts/{alert.id}/").content.decode()
    assert "Judged before the proposal was shown" in page
    assert "had played 4.0 of 10.0 s (40 of 100)" in page


def test_what_everybody_saw_is_no_first_judgement(world: World) -> None:
    decide(world, raised(world, "escalate", first=False), THEFT)
    assert not BlindJudgement.objects.exists()


@pytest.mark.parametrize(("rank", "place"), [(0.0, 9.0), (0.4, 5.0), (0.99, 1.0)])
def test_it_stands_at_the_drawn_rank_and_not_at_its_own(
    world: World, rank: float, place: float
) -> None:
    for priority in (9.0, 5.0, 1.0):
        other = make_waiting_alert(world.camera)
        Alert.objects.filter(id=other.id).update(priority=priority)
    found = make_alert(world.camera, clip=False)
    found = begin_analysis(alert_id=found.id, now=NOW).alert
    write_assessment(found)
    route(
        alert=found,
        outcome="escalate",
        sampled_blind=True,
        sampling_probability=1.0,
        due_at=NOW,
        now=NOW,
        rank=rank,
    )
    assert Alert.objects.get(id=found.id).priority == place


def test_rates_say_how_many_they_rest_on(world: World) -> None:
    decide(world, raised(world, "escalate"), THEFT)
    decide(world, raised(world, "escalate"), FALSE_ALARM)
    decide(world, raised(world, "escalate"), UNSURE)
    decide(world, raised(world, "escalate", first=False), THEFT)
    [found] = comparisons(world.lead, since=timezone.now() - timedelta(days=1))
    assert found.proposal is Strategy.ESCALATE
    assert (found.agreement, found.undecided) == (Rate(events=1, count=2), 1)
    assert (found.first, found.shown) == (Rate(events=1, count=2), Rate(events=1, count=1))
    assert found.difference is not None
    middle, low, high = found.difference
    assert (middle, low < 0 < high) == (0.5, True)
    page = signed_in(world.compliance).get("/compliance/judging/").content.decode()
    assert found.agreement.words in page
    assert "1 could not tell" in page


def test_wilson_s_interval_is_around_the_share() -> None:
    assert Rate(events=14, count=100).words == "14 of 100 (9–22), 100 alerts"
    assert Rate(events=0, count=0).words == "not known yet (0 alerts)"


def test_people_see_their_own_months_and_overseers_everybody_s(world: World) -> None:
    decide(world, raised(world, "verify", first=False), FALSE_ALARM)
    [month] = person_months(world.lead, since=timezone.now() - timedelta(days=40))
    assert (month.person, month.decisions, month.percent) == (world.operator.id, 1, 40)
    assert month.median_seconds >= 0
    name = world.operator.display_name
    for person, sees in (
        (world.compliance, True),
        (world.operator, True),
        (world.second_operator, False),
        (world.store_manager, False),
    ):
        page = signed_in(person).get("/compliance/judging/")
        main = page.content.decode().partition("<table")[2]
        assert (name in main) is sees, person
    assert signed_in(world.ops).get("/compliance/judging/").status_code == 403


def test_who_sees_no_site_sees_no_rates(world: World) -> None:
    decide(world, raised(world, "escalate"), THEFT)
    assert comparisons(world.stranger, since=timezone.now() - timedelta(days=1)) == []
    assert comparisons(world.foreign_operator, since=timezone.now() - timedelta(days=1)) == []
