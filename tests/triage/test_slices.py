"""The search for the worst segments: what was planted is named, what was not is left alone."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.triage.decoding import decode, encode
from apps.triage.reliability_settings import DEFAULT_RELIABILITY, ReliabilitySettings
from apps.triage.segments import ReliabilityState, Segment
from apps.triage.slice_tests import adjusted, excess_p_value, level_weights
from apps.triage.slices import Condition, FoundSegment, find_bad_segments
from tests.bench.planted import planted_network
from tests.triage.test_reliability import camera_rows, labels_of, table_of

NOW = 1_000_000.0


def found_in(*groups, settings=DEFAULT_RELIABILITY):
    rows = [row for group in groups for row in group[0]]
    theft = [one for group in groups for one in group[1]]
    return find_bad_segments(
        table=table_of(rows), labels=labels_of(theft), as_of=NOW, settings=settings
    )


def conditions(found):
    return {(one.dimension, one.value) for one in found.conditions}


def network_with(*, false, theft):
    """Four cameras in two lights and two dayparts; low light at night is as given."""
    groups = []
    for number in range(4):
        for light in ("low", "good"):
            for daypart in ("night", "day"):
                bad = (light, daypart) == ("low", "night")
                counts = {"false": false, "theft": theft} if bad else {"false": 12, "theft": 48}
                groups.append(camera_rows(f"c{number}", lighting=light, daypart=daypart, **counts))
    return groups


def test_low_light_at_night_is_named_and_nothing_that_merely_overlaps_it():
    found = found_in(*network_with(false=36, theft=24))
    assert [conditions(one) for one in found] == [{("lighting", "low"), ("daypart", "night")}]
    assert found[0].false_positive_rate == pytest.approx(0.6)
    assert found[0].label_count == 240
    assert found[0].ratio == pytest.approx(0.6 / 0.3)
    assert found[0].q_value < 1e-6
    assert found[0].state is ReliabilityState.RED
    assert found[0].low < 0.6 < found[0].high


def test_a_network_that_is_equally_good_everywhere_has_no_bad_segment():
    assert found_in(*network_with(false=12, theft=48)) == ()


def test_a_segment_that_is_better_than_the_rest_is_not_named():
    found = found_in(*network_with(false=0, theft=60))
    assert all(conditions(one) != {("lighting", "low"), ("daypart", "night")} for one in found)


def test_below_the_least_support_nothing_is_named():
    bad = network_with(false=36, theft=24)
    named = {"lighting", "daypart"}
    for support, is_named in ((240, True), (241, False)):
        found = found_in(*bad, settings=ReliabilitySettings(least_support=support))
        told = [{one.dimension for one in found_one.conditions} for found_one in found]
        assert (named in told) is is_named


def test_conditions_that_are_not_known_are_never_named():
    groups = [camera_rows("", false=90, theft=10), camera_rows("c1", false=10, theft=190)]
    for one in found_in(*groups):
        assert all(value for _, value in conditions(one))
        assert not any(value.startswith("@") for _, value in conditions(one))


def test_a_camera_is_named_once_not_with_every_condition_it_always_has():
    bad = camera_rows("c0", false=70, theft=30, zone_kind="exit", lighting="low")
    rest = [camera_rows(f"c{n}", false=20, theft=80, zone_kind="shelf") for n in range(1, 8)]
    found = found_in(bad, *rest)
    assert len(found) == 1
    assert len(found[0].conditions) == 1


def test_nothing_and_next_to_nothing_are_searched_without_complaint():
    assert found_in() == ()
    assert found_in(camera_rows("c1", false=1, theft=0)) == ()
    assert found_in(camera_rows("c1", false=500, theft=0)) == ()
    assert found_in(camera_rows("c1", false=0, theft=500)) == ()


def test_alerts_of_a_found_segment_can_be_told():
    found = found_in(*network_with(false=36, theft=24))[0]
    inside = {"lighting": "low", "daypart": "night", "camera": "c9"}
    table = table_of([inside, {"lighting": "low", "daypart": "day"}])
    assert found.rows(table).tolist() == [True, False]
    assert found.covers(Segment(detector_version="d@1", **inside))
    assert not found.covers(Segment(camera="c9", detector_version="d@1", lighting="low"))


def test_a_found_segment_can_be_stored():
    found = found_in(*network_with(false=36, theft=24))[0]
    stored = json.loads(json.dumps(encode(found)))
    again = decode(FoundSegment, stored)
    assert (again.conditions, again.label_count) == (found.conditions, found.label_count)
    assert encode(again) == stored


def test_what_is_known_later_changes_nothing():
    past = network_with(false=36, theft=24)
    rows = [row for group in past for row in group[0]]
    theft = [one for group in past for one in group[1]]
    late = ["good"] * 200
    table = table_of(rows + [{"camera": "c1", "site": "s1", "lighting": one} for one in late])
    at = np.r_[np.full(len(rows), NOW - 1), np.full(200, NOW + 1)]
    labels = labels_of(theft + [0.0] * 200, at=at)
    assert find_bad_segments(table=table, labels=labels, as_of=NOW) == found_in(*past)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 99))
def test_the_order_of_rows_changes_nothing(seed):
    network = planted_network(
        seed=seed, label_count=80, times=2.5, network_rate=0.3, size=1500, planted=2
    )
    order = np.random.default_rng(seed).permutation(len(network.table))
    found, again = (
        find_bad_segments(
            table=network.table.where(rows), labels=network.labels.where(rows), as_of=1e9
        )
        for rows in (slice(None), order)
    )
    assert found == again


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 99), st.sampled_from([0.0, 0.5]))
def test_every_named_segment_has_support_sense_and_an_excess(seed, archived):
    network = planted_network(
        seed=seed, label_count=80, times=2.0, network_rate=0.35, size=2500, archived=archived
    )
    chosen = ReliabilitySettings(least_support=50)
    found = find_bad_segments(
        table=network.table, labels=network.labels, as_of=1e9, settings=chosen
    )
    for one in found:
        rows = one.rows(network.table) & ~np.isnan(network.labels.theft)
        assert rows.sum() == one.label_count >= 50
        assert 1 <= len(one.conditions) <= 3
        assert one.ratio > 1
        assert one.q_value <= 0.05


def test_adjusted_p_values_are_those_of_benjamini_and_hochberg():
    p_values = np.array([0.01, 0.04, 0.03, 0.005])
    np.testing.assert_allclose(adjusted(p_values), [0.02, 0.04, 0.04, 0.02])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_p_values_keep_order_and_are_never_smaller(given_values):
    p_values = np.array(given_values)
    told = adjusted(p_values)
    assert (told >= p_values - 1e-12).all()
    assert (told <= 1).all()
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(told[order]) >= -1e-12).all()


@given(st.lists(st.tuples(st.floats(1, 1e4), st.integers(1, 3)), min_size=1, max_size=50))
def test_weights_have_mean_one_and_leave_no_slice_out(slices):
    worth, level = (np.array(column) for column in zip(*slices, strict=True))
    weights = level_weights(worth=worth, level=level, rate=0.3, error=0.05)
    assert weights.mean() == pytest.approx(1.0)
    assert (weights >= 0.0999).all()


@given(st.integers(0, 60), st.integers(0, 400))
def test_more_false_labels_inside_make_the_excess_surer(false, outside):
    def p_value(count):
        parts = (count, 61.0, 61.0, outside, 401.0, 401.0)
        return excess_p_value(*(np.array([float(part)]) for part in parts))[0]

    assert 0 <= p_value(false + 1) <= p_value(false) <= 1


def test_a_found_segment_without_conditions_is_refused():
    with pytest.raises(ValueError, match="has conditions"):
        FoundSegment(
            conditions=(),
            false_positive_rate=0.5,
            low=0.4,
            high=0.6,
            ratio=2.0,
            label_count=60,
            q_value=0.01,
            state=ReliabilityState.RED,
        )
    with pytest.raises(ValueError, match="names a dimension"):
        Condition(dimension="age", value="old")
