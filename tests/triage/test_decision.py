import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from apps.triage.cost_model import MoneyRange, default_cost_model
from apps.triage.decision import (
    CONSTRAINTS,
    DEFAULT_TRIAGE_POLICY,
    DecisionInputs,
    Outcome,
    batch_of,
    decide,
    decide_batch,
)
from apps.triage.economics import STRATEGY_OPTIONS, Option
from apps.triage.fairness import FairnessState
from apps.triage.flips import Quantity
from apps.triage.golden import GOLDEN_CASES
from apps.triage.probability import UNIFORM_PRIOR, ProbabilityBasis, TheftProbability
from apps.triage.reasons import ReasonCode
from apps.triage.segments import ReliabilityState
from apps.triage.sequence import SequenceState
from tests.triage.strategies import cost_models, decision_inputs, policies

MODEL = default_cost_model()
CERTAIN_80 = replace(MODEL, item_value=MoneyRange(low=80, high=80))
INTRUSION = [Outcome.ARCHIVE, Outcome.VERIFY, Outcome.ESCALATE]


def calibrated(mean, low=None, high=None):
    return TheftProbability(
        mean=mean,
        low=mean if low is None else low,
        high=mean if high is None else high,
        basis=ProbabilityBasis.CALIBRATED,
        version="cal-1",
        label_count=400,
    )


def inputs(theft=1.0, **change):
    sound = {
        "probability": calibrated(theft),
        "sequence": SequenceState.COMPLETE,
        "reliability": ReliabilityState.GREEN,
        "fairness": FairnessState.PASSED,
        "has_viewable_clip": True,
    }
    return DecisionInputs(**{**sound, **change})


def decided(theft=1.0, model=MODEL, **change):
    return decide(inputs=inputs(theft, **change), model=model)


@pytest.mark.parametrize("model", [MODEL, CERTAIN_80], ids=["default", "item €80"])
@pytest.mark.parametrize("case", GOLDEN_CASES, ids=[case.words for case in GOLDEN_CASES])
def test_the_golden_cases_hold(case, model):
    decision = decide(inputs=case.inputs, model=model)
    assert decision.outcome is case.outcome
    assert decision.margin > 0


def test_the_golden_cases_say_which_rule_spoke():
    codes = [decide(inputs=case.inputs, model=MODEL).reason_codes for case in GOLDEN_CASES]
    assert codes == [
        (ReasonCode.CHEAPEST_ALLOWED,),
        (ReasonCode.SEQUENCE_INCOMPLETE, ReasonCode.CHEAPEST_ALLOWED),
        (
            ReasonCode.SEQUENCE_ISOLATED,
            ReasonCode.CHEAPEST_ALLOWED,
            ReasonCode.AUDIT_SHARE_RAISED,
        ),
        (ReasonCode.SEGMENT_RED, ReasonCode.CHEAPEST_ALLOWED),
    ]


def test_a_sure_complete_fair_reliable_alert_is_escalated():
    assert decided(1.0).outcome is Outcome.ESCALATE


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"fairness": FairnessState.NOT_ASSESSABLE}, ReasonCode.FAIRNESS_NOT_ASSESSABLE),
        ({"reliability": ReliabilityState.RED}, ReasonCode.SEGMENT_RED),
        ({"sequence": SequenceState.INCOMPLETE}, ReasonCode.SEQUENCE_INCOMPLETE),
        ({"sequence": SequenceState.ISOLATED}, ReasonCode.SEQUENCE_ISOLATED),
        ({"sequence": SequenceState.UNKNOWN}, ReasonCode.SEQUENCE_UNKNOWN),
        ({"has_viewable_clip": False}, ReasonCode.NO_VIEWABLE_CLIP),
        ({"stopped": True}, ReasonCode.STOPPED),
        (
            {"probability": replace(calibrated(1.0), basis=ProbabilityBasis.PRIOR)},
            ReasonCode.UNCALIBRATED,
        ),
    ],
)
def test_each_doubt_alone_keeps_a_certain_alert_at_verify(change, code):
    decision = decided(1.0, **change)
    assert decision.outcome is Outcome.VERIFY
    assert decision.reason_codes[0] is code
    assert ReasonCode.CHEAPER_NOT_ALLOWED in decision.reason_codes


def test_failed_fairness_goes_to_model_review_and_ends_the_evaluation():
    decision = decided(fairness=FairnessState.FAILED, reliability=ReliabilityState.RED)
    assert decision.outcome is Outcome.MODEL_REVIEW
    assert decision.strategy is None
    assert decision.reason_codes == (ReasonCode.FAIRNESS_FAILED,)
    assert (decision.margin, decision.flip_points, decision.allowed) == (None, (), ())
    assert decision.audit_share == 0


def test_every_reason_code_of_a_constraint_is_evaluated_in_the_order_of_the_codes():
    codes = [code for code, _ in CONSTRAINTS]
    assert codes == list(ReasonCode)[: len(codes)]


def test_without_a_calibrator_nothing_is_archived_on_a_prior():
    probability = UNIFORM_PRIOR.probability(label_count=6)
    decision = decided(probability=probability, sequence=SequenceState.UNKNOWN)
    assert decision.outcome is Outcome.VERIFY
    assert ReasonCode.NOT_ARCHIVED_ON_A_PRIOR in decision.reason_codes
    assert (decision.margin, decision.flip_points) == (None, ())


def test_an_isolated_step_may_still_be_archived_with_a_raised_audit_share():
    probability = UNIFORM_PRIOR.probability()
    decision = decided(probability=probability, sequence=SequenceState.ISOLATED)
    assert decision.outcome is Outcome.ARCHIVE
    assert decision.audit_share == DEFAULT_TRIAGE_POLICY.raised_audit_share
    assert decided(0.1).audit_share == DEFAULT_TRIAGE_POLICY.audit_share


def test_a_busy_night_raises_the_bar_and_says_so():
    assert decided(0.69).outcome is Outcome.VERIFY
    busy = decided(0.69, minute_shadow_price=3.0)
    assert busy.outcome is Outcome.ARCHIVE
    assert ReasonCode.WORKLOAD_RAISED_THE_BAR in busy.reason_codes


def test_equal_costs_take_the_less_intrusive_strategy():
    free = replace(
        MODEL,
        minute_price=0.0,
        escalate=replace(MODEL.escalate, sensitivity=0, specificity=1, minutes=1),
        verify=replace(MODEL.verify, sensitivity=0, specificity=1, minutes=1),
    )
    assert decided(0.5, free).outcome is Outcome.ARCHIVE


def test_the_rows_run_from_intervening_to_archiving_and_show_what_is_avoided():
    decision = decided(0.86)
    assert [row.option for row in decision.costs] == list(reversed(Option))
    row = decision.row(Option.ESCALATE)
    unverified = decision.row(Option.INTERVENE_UNVERIFIED)
    assert row.loss_avoided == pytest.approx(unverified.expected - row.expected)
    assert row.ratio_to_item_value == pytest.approx(24.9, abs=0.05)


def test_priority_is_what_a_minute_saves_against_not_looking():
    decision = decided(0.86)
    archive, escalate = decision.row(Option.ARCHIVE), decision.row(Option.ESCALATE)
    saved = archive.expected - (escalate.expected - 2.0)
    assert decision.loss_avoided_per_minute == pytest.approx(saved / 4)
    assert decided(0.1).loss_avoided_per_minute == 0


@given(decision_inputs(), cost_models(), policies())
def test_no_decision_escalates_under_a_hard_constraint(given_inputs, model, policy):
    decision = decide(inputs=given_inputs, model=model, policy=policy)
    constrained = any(code in decision.reason_codes for code, _ in CONSTRAINTS)
    assert not (constrained and decision.outcome is Outcome.ESCALATE)
    doubts = [
        given_inputs.reliability is ReliabilityState.RED,
        given_inputs.fairness is not FairnessState.PASSED,
        given_inputs.sequence is not SequenceState.COMPLETE,
        not given_inputs.has_viewable_clip,
        given_inputs.stopped,
        not given_inputs.probability.calibrated,
    ]
    assert not (any(doubts) and decision.outcome is Outcome.ESCALATE)
    assert (given_inputs.fairness is FairnessState.FAILED) == (
        decision.outcome is Outcome.MODEL_REVIEW
    )


@given(decision_inputs(), cost_models(), policies())
def test_every_decision_is_finite_explained_and_the_cheapest_allowed(given_inputs, model, policy):
    decision = decide(inputs=given_inputs, model=model, policy=policy)
    assert decision.reason_codes
    assert decision.reason_codes == tuple(
        code for code in ReasonCode if code in decision.reason_codes
    )
    assert math.isfinite(decision.loss_avoided_per_minute)
    assert (decision.audit_share > 0) == (decision.outcome is Outcome.ARCHIVE)
    if decision.strategy is None:
        return
    assert decision.strategy in decision.allowed
    allowed = [decision.row(Option(one.value)).expected for one in decision.allowed]
    assert decision.row(Option(decision.strategy.value)).expected == min(allowed)
    assert (decision.margin is None) == (len(allowed) == 1)
    assert decision.margin is None or decision.margin >= 0


@given(decision_inputs(), cost_models(), st.floats(1, 100))
def test_a_dearer_wrong_intervention_never_leads_to_a_more_intrusive_decision(
    given_inputs, model, factor
):
    assume(given_inputs.fairness is not FairnessState.FAILED)
    cost = model.wrong_intervention
    dearer = replace(
        model, wrong_intervention=MoneyRange(low=cost.low * factor, high=cost.high * factor)
    )
    before = decide(inputs=given_inputs, model=model)
    after = decide(inputs=given_inputs, model=dearer)
    assume(not _nearly_equal(before) and not _nearly_equal(after))
    assert INTRUSION.index(after.outcome) <= INTRUSION.index(before.outcome)


@given(decision_inputs(minute_shadow_price=0.0), cost_models(), st.floats(0, 100))
def test_a_dearer_minute_never_leads_to_more_minutes(given_inputs, model, price):
    assume(given_inputs.fairness is not FairnessState.FAILED)
    quiet = decide(inputs=given_inputs, model=model)
    busy = decide(inputs=replace(given_inputs, minute_shadow_price=price), model=model)
    assume(not _nearly_equal(quiet) and not _nearly_equal(busy))
    before, after = (one.row(Option(one.strategy.value)) for one in (quiet, busy))
    assert after.operator_minutes <= before.operator_minutes


@given(st.lists(decision_inputs(), min_size=1, max_size=30), cost_models(), policies())
def test_a_batch_decides_what_its_alerts_decide_alone(many, model, policy):
    together = decide_batch(batch=batch_of(many), model=model, policy=policy)
    for at, one in enumerate(many):
        alone = decide(inputs=one, model=model, policy=policy)
        assert together.outcome_of(at) is alone.outcome
        assert together.reason_codes_of(at) == alone.reason_codes
        assert together.audit_share[at] == alone.audit_share


@given(st.lists(decision_inputs(), min_size=2, max_size=20), cost_models(), st.randoms())
def test_the_order_of_alerts_in_a_batch_does_not_matter(many, model, chance):
    order = list(range(len(many)))
    chance.shuffle(order)
    before = decide_batch(batch=batch_of(many), model=model)
    after = decide_batch(batch=batch_of([many[at] for at in order]), model=model)
    assert (before.outcome[order] == after.outcome).all()
    assert (before.expected[order] == after.expected).all()


@given(decision_inputs(), cost_models())
def test_beyond_a_flip_point_the_decision_is_the_one_it_names(given_inputs, model):
    decision = decide(inputs=given_inputs, model=model)
    for point in decision.flip_points:
        beyond = _beyond(point, given_inputs, model)
        if beyond is None:
            continue
        after = decide(inputs=beyond[0], model=beyond[1])
        costs = {one: after.row(Option(one.value)).expected for one in decision.allowed}
        cheapest = min(costs.values())
        assert costs[point.becomes] <= cheapest + 1e-6 * (1 + cheapest)


def test_between_its_flip_points_the_decision_stands():
    decision = decided(0.86)
    assert {point.quantity for point in decision.flip_points} == set(Quantity)
    rate = next(p for p in decision.flip_points if p.quantity is Quantity.FALSE_POSITIVE_RATE)
    assert rate.rising
    assert decided(1 - rate.at + 1e-6).outcome is Outcome.ESCALATE
    assert decided(1 - rate.at - 1e-6).outcome is Outcome.VERIFY


def test_a_hundred_thousand_alerts_are_decided_in_one_call():
    many = 100_000
    chance = np.random.default_rng(7)
    theft = chance.random(many)
    columns = {
        "sequence": np.array([state.value for state in SequenceState]),
        "reliability": np.array([state.value for state in ReliabilityState]),
        "fairness": np.array([state.value for state in FairnessState]),
    }
    batch = replace(
        batch_of([inputs()] * many),
        probability=theft,
        low=theft,
        high=theft,
        **{name: chance.choice(states, many) for name, states in columns.items()},
    )
    decided_batch = decide_batch(batch=batch, model=MODEL)
    assert decided_batch.expected.shape == (many, 4)
    assert decided_batch.allowed.shape == (many, len(STRATEGY_OPTIONS))
    assert np.isfinite(decided_batch.expected).all()


@pytest.mark.parametrize("price", [-1.0, math.nan, math.inf])
def test_a_shadow_price_refuses_nonsense(price):
    with pytest.raises(ValueError, match="shadow price"):
        inputs(minute_shadow_price=price)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("probability", [1.1]),
        ("probability", [math.nan]),
        ("minute_shadow_price", [-1.0]),
        ("sequence", ["whole"]),
        ("fairness", ["clear"]),
        ("reliability", ["blue"]),
        ("low", [0.0, 0.0]),
    ],
)
def test_a_batch_refuses_nonsense(column, value):
    with pytest.raises(ValueError, match=r"."):
        replace(batch_of([inputs()]), **{column: np.array(value)})


def _nearly_equal(decision):
    """Costs so close that rounding, not economics, picks the strategy."""
    if decision.margin is None:
        return False
    chosen = decision.row(Option(decision.strategy.value)).expected
    return decision.margin < 1e-9 * (1 + chosen)


def _beyond(point, given_inputs, model):
    """The inputs and the model just beyond a flip point, or None where there is no room."""
    at = point.at * (1 + 1e-7) if point.rising else point.at * (1 - 1e-7)
    if point.quantity is Quantity.FALSE_POSITIVE_RATE:
        theft = min(max(1 - at, 0.0), 1.0)
        probability = replace(given_inputs.probability, mean=theft, low=theft, high=theft)
        return replace(given_inputs, probability=probability), model
    if not 1e-6 < at < 1e9:
        return None
    certain = MoneyRange(low=at, high=at)
    name = "item_value" if point.quantity is Quantity.ITEM_VALUE else "wrong_intervention"
    return given_inputs, replace(model, **{name: certain})
