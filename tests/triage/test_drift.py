"""Drift of false-positive rates: what changed is told with its date, what did not is left alone."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.triage.decoding import decode, encode
from apps.triage.drift import (
    MONDAY,
    WEEK,
    DriftFinding,
    DriftLevel,
    DriftSettings,
    drift_of,
)
from apps.triage.segments import Drift, Segment
from apps.triage.tables import Labels
from tests.triage.test_reliability import labels_of, table_of

DAY = 86_400.0
DEFAULT = DriftSettings()
FIRST = 2800 * WEEK + MONDAY
NOW = FIRST + 8 * WEEK - 1


def weekly(false_by_week, *, labels_a_week=40, camera="c1", **conditions):
    """Rows, outcomes and times of a camera with so many false labels in each of eight weeks."""
    row = {"site": "s1", "camera": camera, "detector_version": "d@1", **conditions}
    theft, at = [], []
    for week, false in enumerate(false_by_week):
        spread = np.linspace(0.02, 0.98, labels_a_week) * WEEK
        mixed = np.random.default_rng(week).permutation(labels_a_week) >= false
        theft += mixed.astype(float).tolist()
        at += (FIRST + week * WEEK + spread).tolist()
    return [row] * len(theft), theft, at


def findings(*groups, as_of=NOW, by=DriftLevel.CAMERA, chosen=DEFAULT, sampling=None):
    rows, theft, at = ([one for group in groups for one in group[part]] for part in range(3))
    labels = labels_of(theft, at=np.array(at) + 60.0, sampling=sampling)
    return drift_of(table=table_of(rows, at=at), labels=labels, as_of=as_of, by=by, settings=chosen)


@st.composite
def histories(draw):
    size = draw(st.integers(0, 60))
    lists = [
        st.lists(kind, min_size=size, max_size=size)
        for kind in (
            st.fixed_dictionaries(
                {
                    "camera": st.sampled_from(["", "c1", "c2"]),
                    "site": st.sampled_from(["s1", "s2"]),
                    "daypart": st.sampled_from(["", "night"]),
                }
            ),
            st.sampled_from([0.0, 1.0]),
            st.floats(FIRST - WEEK, NOW - 120),
            st.sampled_from([1.0, 0.3, 0.05]),
        )
    ]
    return tuple(draw(one) for one in lists)


def test_a_rate_that_doubles_is_rising_since_the_week_in_which_it_did():
    [told] = findings(weekly([8, 8, 8, 8, 8, 8, 20, 20]))
    assert told.drift is Drift.RISING
    assert told.since == FIRST + 6 * WEEK
    assert told.evidence >= told.bound
    assert told.segment == Segment(site="s1", camera="c1", detector_version="")


def test_a_rate_that_falls_is_falling():
    [told] = findings(weekly([20, 20, 20, 20, 20, 4, 4, 4]))
    assert told.drift is Drift.FALLING
    assert told.since == FIRST + 5 * WEEK


def test_a_rate_that_stays_is_steady():
    [told] = findings(weekly([10, 8, 9, 10, 8, 10, 9, 10]))
    assert told.drift is Drift.STEADY
    assert told.since is None


def test_few_labels_are_not_known_yet_even_when_they_look_like_a_change():
    [told] = findings(weekly([0, 0, 0, 0, 0, 0, 3, 3], labels_a_week=3))
    assert told.label_count == 24
    assert told.drift is Drift.UNKNOWN


def test_the_weekly_rates_are_those_counted():
    [told] = findings(weekly([8, 8, 8, 8, 8, 8, 20, 20]))
    assert [one.start for one in told.weekly] == [FIRST + week * WEEK for week in range(8)]
    assert [one.false_count for one in told.weekly] == [8, 8, 8, 8, 8, 8, 20, 20]
    assert all(one.label_count == 40 for one in told.weekly)
    assert told.weekly[-1].rate == pytest.approx(0.5)
    assert told.weekly[-1].low < 0.5 < told.weekly[-1].high


def test_a_week_without_labels_has_no_rate():
    [told] = findings(weekly([8, 8, 8, 8, 8, 8, 8]), chosen=DriftSettings(least_labels=2))
    assert (told.weekly[-1].label_count, told.weekly[-1].rate) == (0, None)


def test_more_units_at_a_site_ask_for_more_evidence():
    [alone] = findings(weekly([8] * 8))
    four = findings(*[weekly([8] * 8, camera=f"c{number}") for number in range(4)])
    assert alone.bound == 13
    assert [one.bound for one in four] == [52] * 4


def test_cameras_and_segments_can_both_be_tested():
    night = weekly([8, 8, 8, 8, 8, 8, 24, 24], daypart="night")
    day = weekly([8] * 8, daypart="day")
    told = findings(night, day, by=DriftLevel.SEGMENT)
    assert [(one.segment.daypart, one.drift) for one in told] == [
        ("day", Drift.STEADY),
        ("night", Drift.RISING),
    ]
    assert len(findings(night, day)) == 1


def test_what_is_known_later_changes_nothing():
    now = FIRST + 6 * WEEK - 1
    whole = findings(weekly([8, 8, 8, 8, 8, 8, 30, 30]), as_of=now)
    assert whole == findings(weekly([8] * 6), as_of=now)


def test_without_labels_nothing_is_tested():
    assert findings() == ()
    nobody = Labels(
        theft=np.array([np.nan]), sampling_probability=np.ones(1), labelled_at=np.array([np.inf])
    )
    assert drift_of(table=table_of([{}], at=[NOW - DAY]), labels=nobody, as_of=NOW) == ()


def test_a_finding_can_be_stored():
    [told] = findings(weekly([8, 8, 8, 8, 8, 8, 20, 20]))
    stored = json.loads(json.dumps(encode(told)))
    assert encode(decode(DriftFinding, stored)) == stored


def test_on_labels_that_do_not_drift_the_evidence_rarely_becomes_large():
    """The promise behind the bound, checked by 2,000 histories drawn from the prior of the test."""
    rng = np.random.default_rng(5)
    groups = []
    for number in range(2000):
        rate = np.clip(rng.beta(0.3 * 8, 0.7 * 8), 0.005, 0.995)
        false = rng.binomial(5, rate, 8).tolist()
        groups.append(weekly(false, labels_a_week=5, camera=f"c{number:04d}"))
    told = findings(*groups)
    crossed = np.mean([one.evidence >= 20 for one in told])
    assert crossed <= 0.1
    assert not any(one.drift in (Drift.RISING, Drift.FALLING) for one in told)


@settings(max_examples=40, deadline=None)
@given(histories(), st.sampled_from(DriftLevel), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing_and_figures_stay_in_range(history, by, random):
    order = list(range(len(history[0])))
    random.shuffle(order)
    chosen = DriftSettings(least_labels=2)
    told, again = (
        findings(columns[:3], by=by, chosen=chosen, sampling=columns[3])
        for columns in (history, [[column[at] for at in order] for column in history])
    )
    assert told == again
    for one in told:
        assert sum(week.label_count for week in one.weekly) == one.label_count
        for week in one.weekly:
            assert week.rate is None or 0 <= week.low <= week.rate <= week.high <= 1


@pytest.mark.parametrize("change", [{"weeks": 1}, {"least_labels": 1}, {"false_alarms": 0.0}])
def test_senseless_settings_are_refused(change):
    with pytest.raises(ValueError, match="needed"):
        DriftSettings(**change)
