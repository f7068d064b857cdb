import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.triage.decoding import decode, encode
from apps.triage.signals import (
    MOST_SIGNALS,
    Origin,
    Signal,
    UnableToReadSignals,
    Validity,
    ValidityState,
    evidential,
    read_signals,
)
from tests.triage.strategies import signals, validity

FIGURES = {"statistic": "auc", "figure": 0.81, "null": 0.54, "samples": 240}


def read(raw, origin=Origin.DETECTOR):
    return read_signals(raw, origin=origin, source="acme@1.2")


def read_one(origin=Origin.DETECTOR, **entry):
    return read([{"name": "item_taken", "value": 0.9, **entry}], origin)[0]


def test_a_detectors_signal_with_figures_counts_as_stated_by_it():
    signal = read_one(confidence=0.8, start_seconds=3.2, end_seconds=4, validity=FIGURES)
    assert signal.validity.state is ValidityState.STATED_BY_DETECTOR
    assert signal.carries_weight
    assert signal.source == "acme@1.2"
    assert (signal.start_seconds, signal.end_seconds) == (3.2, 4.0)


def test_a_detector_cannot_call_its_own_signal_measured():
    signal = read_one(validity={"state": "measured", **FIGURES})
    assert signal.validity.state is ValidityState.STATED_BY_DETECTOR


def test_our_own_inference_may():
    signal = read_one(Origin.OWN_INFERENCE, validity={"state": "measured", **FIGURES})
    assert signal.validity.state is ValidityState.MEASURED


@pytest.mark.parametrize(
    "stated",
    [
        None,
        "stated_by_detector",
        "measured",
        {"state": "measured"},
        {"state": "measured", "figure": 0.9},
        {"figure": 0.9, "null": 0.5},
        {**FIGURES, "figure": 0.54},
        {**FIGURES, "figure": 0.2},
        {"state": "no_evidential_weight", **FIGURES},
    ],
)
@pytest.mark.parametrize("origin", list(Origin))
def test_a_signal_without_figures_above_its_null_has_no_evidential_weight(stated, origin):
    signal = read_one(origin, validity=stated)
    assert signal.validity.state is ValidityState.NO_EVIDENTIAL_WEIGHT
    assert evidential([signal]) == ()


def test_a_crowd_in_our_own_analysis_is_read_whole():
    crowd = [{"name": "reach", "value": 0.5, "track": track} for track in range(MOST_SIGNALS * 2)]
    found = read(crowd, Origin.OWN_INFERENCE)
    assert [signal.track for signal in found] == list(range(MOST_SIGNALS * 2))


def test_what_is_not_measurable_has_no_value():
    signal = read_one(validity={"state": "not_measurable", "note": "a pose has no items"})
    assert signal.value is None
    assert not signal.carries_weight


def test_an_object_of_numbers_is_read_without_weight():
    first, second = read({"dwell": 12, "item_taken": 0.9})
    assert (first.name, first.value, second.name) == ("dwell", 12.0, "item_taken")
    assert not first.carries_weight


def test_no_signals_are_no_signals():
    assert read(None) == read([]) == read({}) == ()


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("text", "list of objects"),
        ([3], "signal 1: an object is needed"),
        ([{"value": 1}], "'name' is missing"),
        ([{"name": "Item Taken", "value": 1}], "must match"),
        ([{"name": "a", "value": "1"}], "'value' must be a number"),
        ([{"name": "a", "value": True}], "'value' must be a number"),
        ([{"name": "a", "value": math.nan}], "finite"),
        ([{"name": "a", "value": math.inf}], "finite"),
        ([{"name": "a", "value": 10**400}], "too large"),
        ([{"name": "a", "value": 1e12}], "no measurement"),
        ([{"name": "a"}], "'value' is missing"),
        ([{"name": "a", "value": 1, "confidence": 1.2}], "outside 0..1"),
        ([{"name": "a", "value": 1, "start_seconds": 2}], "both its start and its end"),
        ([{"name": "a", "value": 1, "start_seconds": 2, "end_seconds": 1}], "run forward"),
        ([{"name": "a", "value": 1, "start_seconds": -1, "end_seconds": 1}], "run forward"),
        ([{"name": "a", "value": 1, "track": -1}], "whole number"),
        ([{"name": "a", "value": 1, "validity": 7}], "'validity' must be an object"),
        ([{"name": "a", "value": 1, "validity": "sure"}], "is not one of"),
        ([{"name": "a", "value": 1, "validity": {**FIGURES, "samples": -1}}], "whole number"),
        ([{"name": "a", "value": 1, "validity": {**FIGURES, "samples": 1.5}}], "whole number"),
        ([{"name": "a", "value": 1, "validity": {"note": "x" * 201}}], "at most 200"),
        ([{"name": "a", "value": 1}] * (MOST_SIGNALS + 1), "at most 64"),
    ],
)
def test_the_first_fault_is_named(raw, says):
    with pytest.raises(UnableToReadSignals, match=says):
        read(raw)


json_like = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["name", "value", "validity", "state", "figure", "null", "start_seconds"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(json_like, st.sampled_from(Origin))
def test_whatever_arrives_is_read_or_refused_and_nothing_else(raw, origin):
    try:
        found = read(raw, origin)
    except UnableToReadSignals:
        return
    assert all(isinstance(signal, Signal) for signal in found)


@given(signals())
def test_a_signal_survives_storage(signal):
    stored = decode(Signal, encode(signal))
    assert encode(stored) == encode(signal)


@given(st.floats(0, 1), st.floats(0, 1))
def test_only_figures_above_the_null_can_carry_weight_and_storage_does_not_change_that(
    figure, null
):
    signal = read_one(validity={"statistic": "auc", "figure": figure, "null": null})
    assert not signal.carries_weight or figure > null
    assert decode(Signal, encode(signal)).carries_weight == signal.carries_weight


@pytest.mark.parametrize(
    "nonsense",
    [
        {"state": ValidityState.MEASURED},
        {"state": ValidityState.MEASURED, **FIGURES, "figure": 0.5},
        {"state": ValidityState.NO_EVIDENTIAL_WEIGHT, "figure": 0.5},
        {"state": ValidityState.MEASURED, **FIGURES, "figure": math.nan},
        {"state": ValidityState.NO_EVIDENTIAL_WEIGHT, "samples": -1},
    ],
)
def test_a_validity_refuses_nonsense(nonsense):
    with pytest.raises(ValueError, match=r"."):
        Validity(**nonsense)


@pytest.mark.parametrize(
    ("state", "value"),
    [(ValidityState.NOT_MEASURABLE, 0.3), (ValidityState.MEASURED, None)],
)
def test_a_value_is_given_exactly_when_the_signal_is_measurable(state, value):
    with pytest.raises(ValueError, match="measurable"):
        Signal(name="a", value=value, validity=validity(state))
