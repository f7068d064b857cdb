"""Hypothesis strategies for everything triage reads."""

from hypothesis import strategies as st

from apps.triage.cost_model import CostModel, Judgement, MoneyRange, RecoveryPoint
from apps.triage.decision import DecisionInputs, TriagePolicy
from apps.triage.fairness import FairnessState
from apps.triage.probability import ProbabilityBasis, TheftProbability
from apps.triage.segments import ReliabilityState
from apps.triage.sequence import SequenceState
from apps.triage.signals import Signal, Validity, ValidityState

any_basis = st.sampled_from(ProbabilityBasis)
any_validity = st.sampled_from(ValidityState)
shares = st.floats(0, 1, allow_nan=False)
shadow_prices = st.one_of(st.just(0.0), st.floats(0, 50))


@st.composite
def probabilities(draw, basis=any_basis):
    low, mean, high = sorted(draw(st.tuples(shares, shares, shares)))
    return TheftProbability(
        mean=mean,
        low=low,
        high=high,
        basis=draw(basis),
        version="p-1",
        label_count=draw(st.integers(0, 5000)),
    )


@st.composite
def money_ranges(draw, least=0.01, most=1e4):
    low = draw(st.floats(least, most))
    return MoneyRange(low=low, high=low * draw(st.floats(1, 1000)))


@st.composite
def cost_models(draw):
    specificity = sorted(draw(st.tuples(shares, shares)))
    delays = sorted(draw(st.tuples(st.floats(0, 60), st.floats(0, 60))))
    minutes = st.floats(0.1, 60)
    recovered = sorted(draw(st.tuples(shares, shares)), reverse=True)
    return CostModel(
        version="c-1",
        currency="EUR",
        wrong_intervention=draw(money_ranges()),
        item_value=draw(money_ranges(most=1e4)),
        minute_price=draw(st.floats(0, 10)),
        escalate=Judgement(
            minutes=draw(minutes),
            delay_minutes=delays[0],
            sensitivity=draw(shares),
            specificity=specificity[0],
        ),
        verify=Judgement(
            minutes=draw(minutes),
            delay_minutes=delays[1],
            sensitivity=draw(shares),
            specificity=specificity[1],
        ),
        recovery=(
            RecoveryPoint(after_minutes=0, share=recovered[0]),
            RecoveryPoint(after_minutes=30, share=recovered[1]),
        ),
    )


@st.composite
def decision_inputs(draw, **fixed):
    parts = {
        "probability": probabilities(),
        "sequence": st.sampled_from(SequenceState),
        "reliability": st.sampled_from(ReliabilityState),
        "fairness": st.sampled_from(FairnessState),
        "has_viewable_clip": st.booleans(),
        "minute_shadow_price": shadow_prices,
        "stopped": st.booleans(),
    }
    return DecisionInputs(
        **{name: fixed[name] if name in fixed else draw(part) for name, part in parts.items()}
    )


@st.composite
def policies(draw):
    share, raised = sorted(draw(st.tuples(st.floats(0.001, 1), st.floats(0.001, 1))))
    return TriagePolicy(version="t-1", audit_share=share, raised_audit_share=raised)


_WEIGHTY = {"statistic": "auc", "figure": 0.8, "null": 0.54, "samples": 100}
SIGNAL_NAMES = ("item_taken", "item_to_bag", "hand_to_bag", "reach", "dwell")


def validity(state):
    """A validity in this state, with figures where the state needs them."""
    weighty = state in (ValidityState.MEASURED, ValidityState.STATED_BY_DETECTOR)
    return Validity(state=state, **(_WEIGHTY if weighty else {}))


@st.composite
def signals(draw, states=any_validity, names=SIGNAL_NAMES):
    state = draw(states)
    span = sorted(draw(st.tuples(st.floats(0, 600), st.floats(0, 600))))
    start, end = span if draw(st.booleans()) else (None, None)
    measurable = state is not ValidityState.NOT_MEASURABLE
    return Signal(
        name=draw(st.sampled_from(names)),
        value=draw(st.floats(0, 2)) if measurable else None,
        validity=validity(state),
        confidence=draw(st.one_of(st.none(), shares)),
        start_seconds=start,
        end_seconds=end,
        track=draw(st.sampled_from([None, None, 1, 2])),
        source="test",
    )
