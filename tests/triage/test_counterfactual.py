import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.triage.behaviour import NotBehaviour
from apps.triage.counterfactual import ScoredBy, counterfactual, surrogate_counterfactual
from apps.triage.decoding import decode, encode
from apps.triage.findings import (
    CounterfactualFinding,
    CounterfactualMethod,
    CounterfactualState,
    Removal,
)
from apps.triage.surrogate_tree import RAISES
from tests.triage.test_surrogate import SCENE, fitted, seen

MODEL = ScoredBy(method=CounterfactualMethod.MODEL, version="ours-1")
NAMES = ("reach", "hand_to_bag", "item_to_bag", "crouch", "item_taken")


def additive(weights, bias=0.0):
    """A detector that adds up what was observed."""

    def score_of(values):
        assert values.shape[1] == len(weights)
        return bias + np.nansum(values * np.array(weights), axis=1)

    return score_of


def asked(score_of, values, threshold=0.5, **change):
    return counterfactual(
        score_of=score_of,
        signals=dict(zip(NAMES, values, strict=False)),
        threshold=threshold,
        scored_by=MODEL,
        **change,
    )


def test_the_one_signal_that_clears_an_alert_is_named_with_every_single_removal():
    found = asked(additive([0.1, 0.6, 0.2]), [1, 1, 1])
    assert found.state is CounterfactualState.FOUND
    assert found.smallest == ("hand_to_bag",)
    assert found.score == 0.9
    assert found.score_after == 0.3
    assert found.proven_smallest
    assert found.removals == (
        Removal(signal="reach", score=0.8),
        Removal(signal="hand_to_bag", score=0.3),
        Removal(signal="item_to_bag", score=0.7),
    )


def test_two_signals_are_named_where_no_single_one_is_enough():
    found = asked(additive([0.4, 0.4, 0.1]), [1, 1, 1], threshold=0.3)
    assert found.smallest == ("reach", "hand_to_bag")


def test_of_equally_small_sets_the_one_with_the_lowest_score_is_named():
    assert asked(additive([0.4, 0.5, 0.1]), [1, 1, 1], threshold=0.7).smallest == ("hand_to_bag",)


def test_an_alert_that_no_removal_clears_says_so():
    found = asked(additive([0.1, 0.1], bias=0.9), [1, 1])
    assert found.state is CounterfactualState.NONE_FOUND
    assert found.smallest == ()
    assert found.proven_smallest
    assert len(found.removals) == 2


def test_an_alert_without_signals_has_nothing_to_remove():
    found = counterfactual(
        score_of=lambda values: np.full(len(values), 0.9),
        signals={"reach": math.nan},
        threshold=0.5,
        scored_by=MODEL,
    )
    assert found.state is CounterfactualState.NONE_FOUND
    assert found.removals == ()


def test_an_alert_below_its_threshold_already_says_so():
    assert asked(additive([0.1]), [1]).state is CounterfactualState.BELOW_ALREADY


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_never_below(score):
    found = asked(lambda values: np.full(len(values), score), [1, 1])
    assert found.state is CounterfactualState.NOT_COMPUTABLE
    broken = asked(
        lambda values: np.where(np.isnan(values).any(axis=1), score, 0.9), [1, 1], most_exact=1
    )
    assert broken.state is CounterfactualState.NONE_FOUND
    assert {one.score for one in broken.removals} == {None}


@pytest.mark.parametrize("name", ["face_match", "skin_tone", "camera", "age", "site_entered"])
def test_identity_looks_and_place_are_refused(name):
    with pytest.raises(NotBehaviour, match=name):
        counterfactual(score_of=additive([1]), signals={name: 1.0}, threshold=0.5, scored_by=MODEL)


def test_a_finding_cannot_name_what_is_no_behaviour():
    with pytest.raises(NotBehaviour):
        CounterfactualFinding(
            state=CounterfactualState.FOUND,
            method=CounterfactualMethod.MODEL,
            version="x",
            score=0.9,
            threshold=0.5,
            smallest=("gender",),
            score_after=0.1,
        )


def test_many_signals_are_searched_greedily_and_labelled_so():
    names = [f"act_{index}" for index in range(14)]
    found = counterfactual(
        score_of=additive([0.1] * 14),
        signals=dict.fromkeys(names, 1.0),
        threshold=0.95,
        scored_by=MODEL,
    )
    assert len(found.smallest) == 5
    assert not found.proven_smallest


def test_a_wrong_number_of_scores_is_refused():
    with pytest.raises(ValueError, match="scores are needed"):
        asked(lambda values: np.zeros(1), [1, 1])


scores_by_set = st.lists(
    st.one_of(st.floats(0, 1), st.just(math.nan)), min_size=2**5, max_size=2**5
)


def looked_up(table):
    """Any detector at all: one score a set of observed signals, NaN included."""
    return lambda values: np.array(
        [table[sum(1 << i for i, one in enumerate(row) if not math.isnan(one))] for row in values]
    )


@given(scores_by_set, st.lists(st.booleans(), min_size=5, max_size=5), st.floats(0.01, 1))
@settings(max_examples=150)
def test_the_smallest_set_is_smallest_by_brute_force(table, observed, threshold):
    values = [1.0 if one else math.nan for one in observed]
    score_of = looked_up(table)
    found = asked(score_of, values, threshold=threshold)
    names = [name for name, one in zip(NAMES, observed, strict=True) if one]
    assert [one.signal for one in found.removals] == names
    if found.state not in (CounterfactualState.FOUND, CounterfactualState.NONE_FOUND):
        return
    assert found.score >= threshold
    clearing = [
        removed
        for size in range(1, len(names) + 1)
        for removed in itertools.combinations(names, size)
        if score_without(score_of, values, removed) < threshold - 1e-12
    ]
    smallest = min(map(len, clearing), default=0)
    assert len(found.smallest) == smallest or (smallest == 0 and not clearing)
    if found.smallest:
        assert set(found.smallest) <= set(names)
        assert found.score_after < threshold
        assert found.score_after == pytest.approx(
            score_without(score_of, values, found.smallest), rel=1e-11
        )


@given(scores_by_set, st.floats(0.01, 1))
@settings(max_examples=100)
def test_the_greedy_set_clears_the_alert_and_needs_each_of_its_signals(table, threshold):
    score_of = looked_up(table)
    found = asked(score_of, [1.0] * 5, threshold=threshold, most_exact=0)
    if found.state is CounterfactualState.FOUND:
        assert score_without(score_of, [1.0] * 5, found.smallest) < threshold
        assert found.proven_smallest == (len(found.smallest) <= 2)


@given(scores_by_set, st.integers(0, 12))
@settings(max_examples=50)
def test_removing_a_signal_never_adds_or_strengthens_one(table, most_exact):
    given_values = np.array([0.7, math.nan, 0.2, 0.9, math.nan])
    rows = []

    def watched(values):
        rows.extend(values.copy())
        return looked_up(table)(values)

    asked(watched, list(given_values), threshold=0.4, most_exact=most_exact)
    for row in rows:
        assert all(
            math.isnan(one) or one == was for one, was in zip(row, given_values, strict=True)
        )


@given(scores_by_set)
@settings(max_examples=50)
def test_a_counterfactual_survives_storage(table):
    found = asked(looked_up(table), [1.0, 1.0, math.nan, 0.5, 0.25])
    stored = json.loads(json.dumps(encode(found)))
    assert decode(CounterfactualFinding, stored) == found


def score_without(score_of, values, removed):
    row = [math.nan if name in removed else one for name, one in zip(NAMES, values, strict=True)]
    return float(score_of(np.array([row]))[0])


def test_through_the_surrogate_the_finding_says_so_with_the_fidelity():
    twin = fitted()
    alert = seen(hand_to_bag=0.9, item_taken=0.9, reach=0.1)
    found = surrogate_counterfactual(
        surrogate=twin, label="item_to_bag", signals=alert, segment=SCENE
    )
    assert found.method is CounterfactualMethod.SURROGATE
    assert (found.version, found.fidelity) == (twin.version, twin.fidelity.share)
    assert found.reliable is twin.reliable is True
    assert found.threshold == RAISES
    assert found.state is CounterfactualState.FOUND
    assert set(found.smallest) <= {"hand_to_bag", "item_taken"}
    assert not surrogate_counterfactual(
        surrogate=twin, label="item_to_bag", signals=alert, segment=SCENE, fidelity_floor=1.0
    ).reliable
