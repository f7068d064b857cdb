"""Steps measured against what is usual at a place, by validity, and with gaps of their own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.triage.decoding import UnableToDecode, decode, encode
from apps.triage.sequence import Order, SequencePolicy, SequenceState, Step, judge_sequence
from apps.triage.signals import Signal, Validity, ValidityState


def seen(
    name: str,
    value: float = 0.9,
    *,
    mean: float | None = None,
    at: float = 0.0,
    figure: float = 0.8,
) -> Signal:
    return Signal(
        name=name,
        value=value,
        validity=Validity(
            state=ValidityState.MEASURED, statistic="auc", figure=figure, null=0.5, samples=400
        ),
        start_seconds=at,
        end_seconds=at + 1,
        segment_mean=mean,
    )


def policy(*steps: Step, order: Order = Order.AS_LISTED) -> SequencePolicy:
    return SequencePolicy(version="1", label="x", required=steps, order=order)


def state(rule: SequencePolicy, *signals: Signal) -> SequenceState:
    return judge_sequence(policy=rule, signals=signals).state


TWICE = Step(signal="dwell", at_least=2.0, relative=True)


def test_a_relative_step_counts_from_a_multiple_of_the_usual() -> None:
    assert TWICE.observed_in([seen("dwell", 8.0, mean=4.0)])
    assert not TWICE.observed_in([seen("dwell", 7.9, mean=4.0)])


def test_what_is_long_at_one_place_is_usual_at_another() -> None:
    rule = policy(Step(signal="reach"), TWICE)

    assert state(rule, seen("reach"), seen("dwell", 30, mean=10, at=2)) is SequenceState.COMPLETE
    assert (
        state(rule, seen("reach"), seen("dwell", 30, mean=20, at=2)) is not SequenceState.COMPLETE
    )


@pytest.mark.parametrize("mean", [None, 0.0, -1.0])
def test_without_a_usual_value_the_sequence_is_unknown_and_says_why(mean: float | None) -> None:
    found = judge_sequence(
        policy=policy(Step(signal="reach"), TWICE),
        signals=[seen("reach"), seen("dwell", 30, mean=mean, at=2)],
    )

    assert found.state is SequenceState.UNKNOWN
    assert "not known yet" in found.reason


def test_a_step_may_ask_for_a_validity_well_above_chance() -> None:
    strict = Step(signal="reach", least_weight=0.5)

    assert strict.observed_in([seen("reach", figure=0.75)])
    assert not strict.observed_in([seen("reach", figure=0.7)])


def test_weight_runs_from_chance_to_perfect() -> None:
    def weight(figure: float, null: float = 0.5) -> float:
        return Validity(
            state=ValidityState.MEASURED, statistic="auc", figure=figure, null=null
        ).weight

    assert (weight(0.75), weight(1.0), weight(0.9, null=0.0)) == (0.5, 1.0, 0.9)
    assert Validity(state=ValidityState.NO_EVIDENTIAL_WEIGHT).weight == 0.0


def test_a_step_may_have_a_gap_of_its_own() -> None:
    soon = policy(Step(signal="a"), Step(signal="b", max_gap_seconds=5))

    assert state(soon, seen("a"), seen("b", at=6)) is SequenceState.COMPLETE
    found = judge_sequence(policy=soon, signals=[seen("a"), seen("b", at=7)])
    assert found.state is SequenceState.INCOMPLETE
    assert "within 5 s" in found.reason


def test_in_any_order_each_gap_belongs_to_the_step_that_comes_later() -> None:
    rule = policy(
        Step(signal="a", max_gap_seconds=50), Step(signal="b", max_gap_seconds=5), order=Order.ANY
    )

    assert state(rule, seen("b"), seen("a", at=40)) is SequenceState.COMPLETE
    assert state(rule, seen("a"), seen("b", at=40)) is SequenceState.INCOMPLETE


def test_what_was_stored_before_these_fields_reads_as_before() -> None:
    step = Step(signal="reach")

    assert encode(step, schema=1) == {"signal": "reach", "at_least": 0.5}
    assert decode(Step, encode(step, schema=1)) == step
    with pytest.raises(UnableToDecode):
        decode(Step, {"signal": "reach", "at_least": -1.0, "relative": True})


@given(st.floats(0.01, 100), st.floats(0.01, 100), st.floats(0.01, 100))
def test_a_higher_usual_value_never_makes_a_step_count(
    value: float, mean: float, more: float
) -> None:
    if TWICE.observed_in([seen("dwell", value, mean=mean + more)]):
        assert TWICE.observed_in([seen("dwell", value, mean=mean)])
