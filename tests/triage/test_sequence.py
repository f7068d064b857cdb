import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.triage.sequence import (
    DEFAULT_POLICIES,
    REFERENCE,
    SHIPPED_POLICIES,
    Order,
    SequencePolicy,
    SequenceState,
    Step,
    judge_sequence,
    policy_for,
)
from apps.triage.signals import Signal, ValidityState
from apps.triage.vocabulary import LABEL_WORDS, SIGNAL_WORDS
from tests.triage.strategies import any_validity, signals, validity

BAG = policy_for("item_to_bag", policies=DEFAULT_POLICIES)


def seen(name, start=None, end=None, *, value=0.9, state=ValidityState.MEASURED, track=None):
    measurable = state is not ValidityState.NOT_MEASURABLE
    return Signal(
        name=name,
        value=value if measurable else None,
        validity=validity(state),
        start_seconds=start,
        end_seconds=end,
        track=track,
    )


def judge(*found, policy=BAG):
    return judge_sequence(policy=policy, signals=found)


def test_all_steps_in_order_are_a_complete_sequence():
    finding = judge(seen("item_taken", 1, 2), seen("item_to_bag", 4, 5))
    assert finding.state is SequenceState.COMPLETE
    assert finding.reason == "All steps were observed in order"
    assert finding.policy_version == BAG.version
    assert not finding.stated


def test_a_detectors_stated_validity_completes_a_sequence_and_is_said_so():
    stated = ValidityState.STATED_BY_DETECTOR
    finding = judge(seen("item_taken", 1, 2, state=stated), seen("item_to_bag", 4, 5))
    assert finding.state is SequenceState.COMPLETE
    assert finding.stated


def test_a_signal_below_its_null_cannot_complete_a_sequence():
    finding = judge(
        seen("item_taken", 1, 2),
        seen("item_to_bag", 4, 5, state=ValidityState.NO_EVIDENTIAL_WEIGHT),
    )
    assert finding.state is SequenceState.ISOLATED
    assert finding.without_weight == ("item_to_bag",)
    assert finding.missing == ("item_to_bag",)


def test_steps_in_the_wrong_order_are_incomplete():
    finding = judge(seen("item_to_bag", 1, 2), seen("item_taken", 4, 5))
    assert finding.state is SequenceState.INCOMPLETE


def test_steps_too_far_apart_are_incomplete():
    finding = judge(seen("item_taken", 1, 2), seen("item_to_bag", 33, 34))
    assert finding.state is SequenceState.INCOMPLETE
    assert "within 30 s" in finding.reason


def test_of_several_occurrences_any_fitting_pair_completes():
    found = [seen("item_taken", at, at + 1) for at in (90, 1, 50)]
    assert judge(*found, seen("item_to_bag", 60, 61)).state is SequenceState.COMPLETE


def test_where_order_is_free_any_order_completes():
    policy = SequencePolicy(
        version="1",
        label="x",
        required=(Step(signal="a"), Step(signal="b"), Step(signal="c")),
        order=Order.ANY,
        max_gap_seconds=5,
    )
    finding = judge(seen("c", 0, 1), seen("a", 3, 4), seen("b", 8, 9), policy=policy)
    assert finding.state is SequenceState.COMPLETE
    apart = judge(seen("c", 0, 1), seen("a", 3, 4), seen("b", 18, 19), policy=policy)
    assert apart.state is SequenceState.INCOMPLETE


def test_a_step_with_support_is_incomplete_and_one_on_its_own_is_isolated():
    assert judge(seen("item_taken", 1, 2)).state is SequenceState.ISOLATED
    assert judge(seen("hand_to_bag", 1, 2)).state is SequenceState.ISOLATED
    supported = judge(seen("item_taken", 1, 2), seen("hand_to_bag", 3, 4))
    assert supported.state is SequenceState.INCOMPLETE
    assert supported.reason == "Not observed: item moved into a bag"


def test_a_step_that_cannot_be_measured_leaves_the_sequence_unknown():
    finding = judge(
        seen("item_taken", 1, 2), seen("item_to_bag", state=ValidityState.NOT_MEASURABLE)
    )
    assert finding.state is SequenceState.UNKNOWN
    assert finding.reason == "Not measurable in this footage: item moved into a bag"


def test_steps_without_times_leave_the_order_unknown():
    finding = judge(seen("item_taken"), seen("item_to_bag"))
    assert finding.state is SequenceState.UNKNOWN
    assert "order is not known" in finding.reason


def test_a_single_required_step_needs_no_times():
    policy = SequencePolicy(version="1", label="x", required=(Step(signal="a"),))
    assert judge(seen("a"), policy=policy).state is SequenceState.COMPLETE


def test_a_value_below_the_steps_threshold_is_not_observed():
    assert judge(seen("item_taken", 1, 2, value=0.49)).state is SequenceState.UNKNOWN


def test_steps_seen_on_different_people_never_make_one_sequence():
    taken, moved = ("item_taken", 1, 2), ("item_to_bag", 4, 5)
    apart = judge(seen(*taken, track=1), seen(*moved, track=2))
    assert apart.state is SequenceState.ISOLATED
    together = judge(seen(*taken, track=2), seen(*moved, track=2), seen(*taken, track=1))
    assert together.state is SequenceState.COMPLETE
    unsaid = judge(seen(*taken, track=1), seen(*moved))
    assert unsaid.state is SequenceState.COMPLETE


def test_the_more_telling_person_stands():
    unseeable = seen("item_to_bag", state=ValidityState.NOT_MEASURABLE, track=2)
    finding = judge(seen("reach", 1, 2, track=1), seen("item_taken", 1, 2, track=2), unseeable)
    assert finding.state is SequenceState.UNKNOWN
    assert finding.not_measurable == ("item_to_bag",)


def test_an_unknown_label_and_no_signals_are_unknown():
    assert policy_for("dancing", policies=DEFAULT_POLICIES) is None
    assert judge(seen("item_taken", 1, 2), policy=None).state is SequenceState.UNKNOWN
    assert judge().state is SequenceState.UNKNOWN


@given(
    st.lists(signals(), max_size=8),
    st.lists(signals(states=st.just(ValidityState.NO_EVIDENTIAL_WEIGHT)), max_size=4),
)
def test_signals_without_weight_never_change_the_sequence(found, weightless):
    with_them = judge(*found, *weightless)
    without = judge(*(one for one in found if one not in weightless))
    assert (with_them.state, with_them.reason) == (without.state, without.reason)


@given(st.lists(signals(), max_size=8), st.randoms())
def test_the_order_in_which_signals_are_sent_does_not_matter(found, chance):
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert judge(*found).state is judge(*shuffled).state


@given(any_validity, any_validity, st.lists(signals(names=("hand_to_bag", "dwell")), max_size=6))
def test_a_sequence_is_complete_exactly_when_every_required_step_carries_weight(a, b, others):
    found = [
        seen("item_taken", 1, 2, state=a, track=1),
        seen("item_to_bag", 4, 5, state=b, track=1),
    ]
    finding = judge(*found, *others)
    complete = finding.state is SequenceState.COMPLETE
    assert complete == all(one.carries_weight for one in found)
    assert complete == (not finding.missing)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"required": ()},
        {"required": tuple(Step(signal=f"s{n}") for n in range(6))},
        {"required": (Step(signal="a"), Step(signal="a"))},
        {"supporting": (Step(signal="a"),)},
        {"max_gap_seconds": -1.0},
        {"max_gap_seconds": math.nan},
        {"version": ""},
    ],
)
def test_a_policy_refuses_nonsense(nonsense):
    sound = {"version": "1", "label": "x", "required": (Step(signal="a"),)}
    with pytest.raises(ValueError, match=r"."):
        SequencePolicy(**{**sound, **nonsense})


def test_every_shipped_label_and_step_has_words():
    for policy in SHIPPED_POLICIES.values():
        assert policy.label in LABEL_WORDS
        for step in (*policy.required, *policy.supporting):
            assert step.signal in SIGNAL_WORDS


def test_shipped_policies_have_versions_of_their_own_and_none_is_lost():
    versions = {policy.version for policy in SHIPPED_POLICIES.values()}
    assert len(versions) == len(SHIPPED_POLICIES) == len(DEFAULT_POLICIES) + 3
    assert all(key[1] == policy.label for key, policy in SHIPPED_POLICIES.items())


@pytest.mark.parametrize("label", ["item_to_bag", "item_to_clothing", "checkout_skip"])
def test_our_own_detector_never_completes_a_sequence_it_can_only_see_in_part(label):
    """Each of its sequences requires something that a pose cannot show, whatever else is measured."""
    policy = SHIPPED_POLICIES[REFERENCE, label]
    unseeable = {"hand_to_bag", "item_transfer"}
    signals = [
        seen(step.signal, place, place + 0.5)
        for place, step in enumerate((*policy.required, *policy.supporting))
        if step.signal not in unseeable
    ]
    assert judge_sequence(policy=policy, signals=signals).state is not SequenceState.COMPLETE
    blind = [seen(name, state=ValidityState.NOT_MEASURABLE) for name in sorted(unseeable)]
    assert judge_sequence(policy=policy, signals=[*signals, *blind]).state is SequenceState.UNKNOWN
