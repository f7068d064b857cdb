"""Going against the machine is marked wherever the decision is seen; how often it was right is shown beside it."""

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from apps.accounts.models import User
from apps.alerts.models import Alert, Disposition
from apps.alerts.operations.analysis import begin_analysis, route
from apps.cases.dossier.record import dossier_record
from apps.cases.history import history_of_alert
from apps.oversight.queries.overrides import Share, override_lines
from apps.reviews.judged_first import comparisons
from apps.reviews.models import BlindJudgement
from apps.reviews.operations import apply_attempt
from apps.reviews.overrides import Stance, override_words, stance_of
from apps.reviews.precision import FEWEST, WINDOW, Precision, live_precision
from apps.sites.models import Site
from apps.triage.states import Strategy, Verdict
from tests.console.people import signed_in
from tests.reviews.conftest import FALSE_ALARM, open_for_people, prepare, sign_in, submit
from tests.world import NOW, World, enter, make_alert, make_camera, write_assessment

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    cache.clear()


def escalated(world: World, outcome: str = "escalate") -> Alert:
    """A waiting alert the machine proposed to escalate, or archived and sent to a person blind."""
    alert = begin_analysis(alert_id=make_alert(world.camera).id, now=NOW).alert
    write_assessment(alert)
    route(
        alert=alert,
        outcome=outcome,
        sampled_blind=outcome == "archive",
        sampling_probability=1.0,
        due_at=NOW + timedelta(minutes=15),
        now=NOW,
    )
    return Alert.objects.get(id=alert.id)


def decide(user: User, alert: Alert) -> Alert:
    open_for_people(alert)
    actor = sign_in(user)
    attempt = submit(prepare(user, alert, FALSE_ALARM, actor=actor), user, actor)
    apply_attempt(
        tenant_id=alert.tenant_id, alert_id=alert.id, attempt_id=attempt.id, now=timezone.now()
    )
    return Alert.objects.get(id=alert.id)


def past(
    world: World,
    site: Site,
    verdicts: list[str],
    *,
    strategy: str = "escalate",
    blind: bool = False,
    since: datetime | None = None,
) -> None:
    """Alerts decided a minute after another, the last one last; written as they would lie in the tables."""
    camera = make_camera(site)
    start = since or timezone.now().replace(day=1, hour=0, minute=0)
    for minute, verdict in enumerate(verdicts):
        at = start + timedelta(seconds=minute)
        alert = make_alert(camera, clip=False)
        write_assessment(begin_analysis(alert_id=alert.id, now=NOW).alert)
        alert.refresh_from_db()
        Alert.objects.filter(id=alert.id).update(state="awaiting_review")
        Alert.objects.filter(id=alert.id).update(
            state="resolved", strategy=strategy, sampled_blind=blind, resolved_at=at
        )
        given = Disposition.objects.create(
            tenant_id=alert.tenant_id,
            alert=alert,
            verdict=verdict,
            transfer_seen=True,
            decided_by=world.operator.id,
            decided_at=at,
        )
        if blind:
            BlindJudgement.objects.create(
                tenant_id=alert.tenant_id,
                alert=alert,
                disposition=given,
                proposed=strategy,
                verdict=verdict,
                agrees=stance_of(strategy, verdict) is Stance.WITH,
                judged_by=given.decided_by,
                judged_at=at,
            )


# --- one table


@pytest.mark.parametrize(
    ("proposal", "verdict"), [*itertools.product([*Strategy, ""], Verdict)], ids=str
)
def test_only_two_kinds_of_verdict_go_against_the_machine(proposal: str, verdict: str) -> None:
    against = (proposal == "escalate" and verdict in {"false_alarm", "benign_explained"}) or (
        proposal == "archive" and verdict == "theft_confirmed"
    )
    assert (stance_of(proposal, verdict) is Stance.AGAINST) == against
    assert bool(override_words(proposal, verdict)) == against
    if proposal in {"verify", ""} or verdict == "inconclusive":
        assert stance_of(proposal, verdict) is Stance.NEITHER


# --- marked where the decision is seen


def test_an_override_is_said_in_the_history_under_the_alert_and_in_the_dossier(
    world: World,
) -> None:
    alert = decide(world.operator, escalated(world))
    words = [moment.words for moment in history_of_alert(alert)]
    assert "Disposition recorded, against the machine's proposal to escalate" in words
    said = "against the machine&#x27;s proposal to escalate"
    page = signed_in(world.lead).get(f"/alerts/{alert.id}/").content.decode()
    assert "Override" in page
    assert page.count(said) == 1
    history = signed_in(world.lead).get(f"/alerts/{alert.id}/history/").content.decode()
    assert history.count(said) == 1


def test_following_the_machine_is_not_marked(world: World) -> None:
    alert = decide(world.operator, escalated(world, "archive"))
    assert "Disposition recorded" in [moment.words for moment in history_of_alert(alert)]
    assert "Override" not in signed_in(world.lead).get(f"/alerts/{alert.id}/").content.decode()
    facts = str(dossier_record(alert=alert, now=timezone.now())["sections"])
    assert "Override of the machine" in facts


# --- how often, by site and month


def test_overrides_are_counted_by_site_with_those_judged_blind_apart(
    world: World, django_assert_num_queries: Any
) -> None:
    past(world, world.site, ["false_alarm"] * 6 + ["theft_confirmed"] * 18 + ["inconclusive"])
    past(world, world.site, ["theft_confirmed", "false_alarm"], strategy="archive", blind=True)
    past(world, world.other_site, ["false_alarm"], strategy="verify")
    Alert.objects.filter(strategy="escalate").update(sampled_blind=True)  # drawn, but seen: shown
    with django_assert_num_queries(1):
        lines = override_lines(world.lead, now=timezone.now())
    found = {line.site: line for line in lines}
    here = found[world.site.name]
    assert here.shown == Share(against=6, sides=24)
    assert here.shown.words == "6 of 24 (12–45 of 100)"
    assert here.blind == Share(against=1, sides=2)
    assert here.blind.words == "not known yet (1 of 2 so far)"
    assert (here.neither, found[world.other_site.name].neither) == (1, 1)
    since = timezone.now() - timedelta(days=60)
    judged_first = sum(one.agreement.count for one in comparisons(world.lead, since=since))
    assert judged_first == sum(line.blind.sides for line in lines)
    assert {line.site for line in override_lines(world.operator, now=timezone.now())} == {
        world.site.name
    }


def test_hardly_ever_going_against_the_machine_is_shown_as_a_sign(world: World) -> None:
    past(world, world.site, ["theft_confirmed"] * 80)
    (line,) = override_lines(world.lead, now=timezone.now())
    assert line.hardly_ever
    page = signed_in(world.lead).get("/compliance/overrides/").content.decode()
    assert "Hardly ever" in page
    assert "0 of 80 (0–5 of 100)" in page


def test_a_quiet_month_is_no_sign(world: World) -> None:
    past(world, world.site, ["theft_confirmed"] * 19)
    (line,) = override_lines(world.lead, now=timezone.now())
    assert not line.hardly_ever


# --- how often the machine was right lately


def test_precision_is_not_known_until_enough_were_decided(world: World) -> None:
    past(world, world.site, ["theft_confirmed"] * (FEWEST - 1))
    page = signed_in(world.operator).get("/").content.decode()
    assert "not known yet (19 decided)" in page


def test_precision_counts_the_last_decided_escalations_of_the_site_only(world: World) -> None:
    past(world, world.site, ["theft_confirmed"] * 10 + ["false_alarm"] * WINDOW)
    past(world, world.other_site, ["theft_confirmed"] * 30)
    found = live_precision([world.site.id, world.other_site.id])
    assert (found[world.site.id].decided, found[world.site.id].confirmed) == (WINDOW, 0)
    assert found[world.other_site.id].confirmed == 30
    assert "30 were confirmed (89–100 of 100)" in found[world.other_site.id].words


def test_the_queue_and_the_alert_page_say_it(world: World) -> None:
    past(world, world.site, ["theft_confirmed"] * 15 + ["false_alarm"] * 5)
    alert = open_for_people(escalated(world))
    client = signed_in(world.operator)
    words = "Of the last 20 escalated alerts decided, 15 were confirmed (53–89 of 100)"
    assert words in client.get("/").content.decode()
    assert words in client.get(f"/alerts/{alert.id}/").content.decode()


def test_precision_costs_one_query_for_all_sites_and_none_within_a_minute(
    world: World, django_assert_num_queries: Any
) -> None:
    past(world, world.site, ["theft_confirmed"] * 20)
    sites = [world.site.id, world.other_site.id]
    with django_assert_num_queries(1):
        first = live_precision(sites)
    with django_assert_num_queries(0):
        assert live_precision(sites) == first
    assert first[world.other_site.id] == Precision(decided=0, confirmed=0, since=None)


def test_another_company_sees_nothing_of_it(world: World) -> None:
    past(world, world.site, ["theft_confirmed"] * 20)
    enter(world.foreign_tenant)
    assert live_precision([world.site.id])[world.site.id].decided == 0
