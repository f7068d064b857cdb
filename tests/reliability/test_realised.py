"""What alerts really cost: recorded acts beside expected ones; what nobody recorded is not known, never zero."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.alerts.models import Alert
from apps.reliability.models import AlertFact, FactOrigin
from apps.reliability.queries.realised import MonthCost, month_costs
from apps.reviews.intervention_queries import wrong_costs
from apps.reviews.models import (
    DecisionAttempt,
    Intervention,
    InterventionKind,
    InterventionOutcome,
    Playback,
)
from apps.reviews.operations import (
    record_complaint,
    record_intervention,
    record_outcome,
    settle_complaint,
)
from apps.reviews.pace import LONGEST_LOOK
from apps.triage.cost_model import default_cost_model
from apps.triage.decision import DecisionInputs, decide
from apps.triage.economics import Option
from apps.triage.fairness import FairnessState
from apps.triage.probability import ProbabilityBasis, TheftProbability
from apps.triage.segments import ReliabilityState
from apps.triage.sequence import SequenceState
from tests.console.people import signed_in
from tests.reviews.conftest import FALSE_ALARM, THEFT, sign_in, submitted, waiting, watch
from tests.reviews.test_interventions import settle
from tests.world import NOW, World, make_waiting_alert

__all__ = ["submitted", "waiting"]
pytestmark = pytest.mark.django_db
MODEL = default_cost_model()
Submitted = Callable[..., DecisionAttempt]


def the_month(world: World) -> MonthCost:
    [month] = month_costs(world.lead, since=NOW - timedelta(days=40))
    return month


@pytest.fixture
def theft(world: World, waiting: Alert, submitted: Submitted) -> Alert:
    watch(world.operator, waiting)
    settle(submitted(world.operator, THEFT))
    return waiting


def act(
    world: World,
    alert: Alert,
    outcome: InterventionOutcome | None,
    *,
    complaint: str = "",
    cost: int | None = None,
):
    made = record_intervention(
        actor=sign_in(world.operator),
        user=world.operator,
        alert=alert,
        kind=InterventionKind.APPROACH,
        now=timezone.now(),
    )
    who = {
        "actor": sign_in(world.operator),
        "user": world.operator,
        "intervention": made,
        "now": timezone.now(),
    }
    if outcome:
        record_outcome(outcome=outcome, reason="Seen at the door.", **who)
    if complaint:
        record_complaint(reason=complaint, **who)
    if cost is not None:
        settle_complaint(cost=Decimal(cost), reason="A voucher and an apology.", **who)
    return made


def test_nothing_judged_is_not_known_yet(world: World) -> None:
    make_waiting_alert(world.camera)
    month = the_month(world)
    assert (month.alerts, month.judged, month.realised, month.expected) == (1, 0, None, None)
    page = signed_in(world.lead).get("/reliability/costs/").content.decode()
    assert page.count("not known yet") >= 4
    assert world.site.name in page


def test_verdicts_without_minutes_or_outcomes_have_no_recorded_cost(
    world: World, theft: Alert
) -> None:
    act(world, theft, None)
    DecisionAttempt.objects.filter(alert=theft).update(submitted_at=None)
    month = the_month(world)
    assert (month.judged, month.timed, month.realised) == (1, 0, None)
    page = signed_in(world.lead).get("/reliability/costs/").content.decode()
    assert "<strong>not known yet</strong>" in page


def test_a_false_alarm_costs_the_minutes_it_took(
    world: World, waiting: Alert, submitted: Submitted
) -> None:
    attempt = submitted(world.operator, FALSE_ALARM)
    settle(attempt)
    Playback.objects.create(
        tenant=world.tenant,
        alert=waiting,
        user=world.operator,
        session="s",
        from_ms=0,
        to_ms=1000,
        played_at=attempt.submitted_at - timedelta(minutes=3),
    )
    month = the_month(world)
    assert (month.judged, month.thefts, month.timed) == (1, 0, 1)
    assert month.minutes == pytest.approx(3, abs=0.01)
    assert month.realised == pytest.approx(3 * MODEL.minute_price, abs=0.01)


def test_whoever_was_away_in_between_did_not_work_that_long(
    world: World, waiting: Alert, submitted: Submitted
) -> None:
    attempt = submitted(world.operator, FALSE_ALARM)
    settle(attempt)
    Playback.objects.create(
        tenant=world.tenant,
        alert=waiting,
        user=world.operator,
        session="s",
        from_ms=0,
        to_ms=1000,
        played_at=attempt.submitted_at - 2 * LONGEST_LOOK,
    )
    assert the_month(world).minutes < 1


def test_a_confirmed_theft_without_outcome_has_an_unknown_value(world: World, theft: Alert) -> None:
    month = the_month(world)
    assert (month.thefts, month.recovered, month.left, month.value_not_known) == (1, 0, 0, 1)
    assert month.value_lost is None


def test_what_left_with_the_person_is_lost_and_what_came_back_is_not(
    world: World, theft: Alert
) -> None:
    act(world, theft, InterventionOutcome.LEFT)
    month = the_month(world)
    assert month.value_lost == pytest.approx(MODEL.item_value.mean)
    assert (month.value_not_known, month.wrong) == (0, 0)


def test_a_recovered_item_costs_nothing_but_minutes(world: World, theft: Alert) -> None:
    act(world, theft, InterventionOutcome.RECOVERED)
    month = the_month(world)
    assert (month.value_lost, month.wrong_cost, month.recovered) == (0, 0, 1)


@pytest.mark.parametrize(
    ("outcome", "complaint"),
    [
        (InterventionOutcome.RECEIPT_SHOWN, ""),
        (InterventionOutcome.NOTHING_FOUND, ""),
        (InterventionOutcome.LEFT, "Was stopped in front of everybody."),
    ],
)
def test_a_receipt_or_a_complaint_makes_an_intervention_a_wrong_one(
    world: World, theft: Alert, outcome, complaint
) -> None:
    act(world, theft, outcome, complaint=complaint)
    month = the_month(world)
    assert (month.interventions, month.wrong, month.complaints) == (1, 1, bool(complaint))
    assert month.wrong_cost == pytest.approx(MODEL.wrong_intervention.mean)
    assert month.realised >= month.wrong_cost


def test_a_settled_complaint_costs_what_was_recorded_and_not_what_was_assumed(
    world: World, theft: Alert
) -> None:
    act(world, theft, None, complaint="Was stopped in front of everybody.", cost=350)
    month = the_month(world)
    assert (month.wrong, month.priced, month.wrong_cost) == (1, 1, 350)
    found = wrong_costs(world.tenant.id, currency=MODEL.currency)
    assert (found.wrong, found.costs, found.low) == (1, (350.0,), None)
    page = signed_in(world.lead).get("/reliability/costs/").content.decode()
    assert page.count("€350") >= 3
    assert "1 settled at a mean of €350" in page


def test_a_cost_in_another_currency_is_not_added_up(world: World, theft: Alert) -> None:
    made = act(world, theft, None, complaint="Was stopped in front of everybody.", cost=350)
    Intervention.objects.filter(id=made.id).update(currency="GBP")
    month = the_month(world)
    assert month.wrong_cost == pytest.approx(MODEL.wrong_intervention.mean)
    found = wrong_costs(world.tenant.id, currency=MODEL.currency)
    assert (found.costs, found.in_other_currencies) == ((), 1)


def test_a_range_is_read_off_five_settled_costs(world: World, theft: Alert) -> None:
    for cost in (100, 200, 300, 400, 500):
        act(world, theft, None, complaint="Was stopped in front of everybody.", cost=cost)
    found = wrong_costs(world.tenant.id, currency=MODEL.currency)
    assert (found.mean, found.low, found.high) == (300, 120, 480)
    page = signed_in(world.administrator).get("/reliability/policy/cost-model/new/")
    assert "€120 to €480" in page.content.decode()


def test_an_act_without_outcome_is_counted_as_not_recorded(world: World, theft: Alert) -> None:
    act(world, theft, None)
    month = the_month(world)
    assert (month.interventions, month.unrecorded, month.wrong) == (1, 1, 0)


def test_expected_costs_are_those_of_what_triage_proposed(world: World) -> None:
    total = 0.0
    for theft, outcome, shadow in (
        (0.9, "escalate", 0.0),
        (0.4, "verify", 0.7),
        (0.1, "archive", 0),
    ):
        alert = make_waiting_alert(world.camera)
        AlertFact.objects.create(
            tenant=world.tenant,
            origin=FactOrigin.ALERT,
            alert_id=alert.id,
            happened_at=alert.received_at,
            site_id=alert.site_id,
            detector_id="d",
            detector_version="1",
            label=alert.label,
            probability=theft,
            minute_shadow_price=shadow,
            outcome=outcome,
        )
        total += expected(theft, shadow, Option(outcome))
    assert the_month(world).expected == pytest.approx(total)
    assert the_month(world).assessed == 3


def expected(theft: float, shadow: float, option: Option) -> float:
    inputs = DecisionInputs(
        probability=TheftProbability(
            mean=theft, low=theft, high=theft, basis=ProbabilityBasis.CALIBRATED, version="p"
        ),
        sequence=SequenceState.COMPLETE,
        reliability=ReliabilityState.GREEN,
        fairness=FairnessState.PASSED,
        has_viewable_clip=True,
        minute_shadow_price=shadow,
    )
    return decide(inputs=inputs, model=MODEL).row(option).expected


def test_drills_and_stores_one_does_not_see_are_left_out(world: World) -> None:
    make_waiting_alert(world.camera, is_drill=True)
    assert month_costs(world.lead, since=NOW - timedelta(days=40)) == []
    make_waiting_alert(world.camera)
    assert month_costs(world.stranger, since=NOW - timedelta(days=40)) == []
    assert len(month_costs(world.administrator, since=NOW - timedelta(days=40))) == 1


def test_an_alert_of_the_last_hour_of_a_month_counts_where_the_store_is(world: World) -> None:
    alert = make_waiting_alert(world.camera)
    late = NOW.replace(month=10, day=31, hour=23, minute=30)
    Alert.objects.filter(id=alert.id).update(received_at=late)
    assert the_month(world).month.isoformat() == "2026-11-01"
