"""Pooled false-positive rates: what labels, places and conditions together say about a segment."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.triage.decoding import decode, encode
from apps.triage.reliability import PooledReliability, fit_reliability, pooled_from
from apps.triage.reliability_cells import count_cells
from apps.triage.reliability_effects import fit_effects
from apps.triage.reliability_settings import DEFAULT_RELIABILITY, ReliabilitySettings
from apps.triage.reliability_tree import Concentrations, grow_tree
from apps.triage.segments import ReliabilityState, Segment
from apps.triage.tables import DIMENSIONS, AlertTable, Labels

NOW = 1_000_000.0
DAY = 86_400.0
KAPPAS = Concentrations(site=20.0, camera=20.0, segment=10.0)


def table_of(rows, *, at=None):
    """A table of segments given as dictionaries; what is left out is not known."""
    columns = {
        name: np.array([row.get(name, "") for row in rows], dtype=np.str_) for name in DIMENSIONS
    }
    size = len(rows)
    words = np.full(size, "", dtype=np.str_)
    return AlertTable(
        at=np.full(size, NOW - DAY) if at is None else np.asarray(at, float),
        score=np.full(size, 0.5),
        detector=words,
        label=words,
        signal_names=(),
        signals=np.zeros((size, 0)),
        sequence=words,
        segments=columns,
    )


def labels_of(theft, *, sampling=None, at=None):
    size = len(theft)
    return Labels(
        theft=np.asarray(theft, float).reshape(size),
        sampling_probability=np.ones(size) if sampling is None else np.asarray(sampling, float),
        labelled_at=np.full(size, NOW - DAY / 2) if at is None else np.asarray(at, float),
    )


def camera_rows(camera, *, false, theft, site="s1", **conditions):
    """Rows of one segment and their labels."""
    row = {"site": site, "camera": camera, "detector_version": "d@1", **conditions}
    return [row] * (false + theft), [0.0] * false + [1.0] * theft


def fitted(*groups, settings=DEFAULT_RELIABILITY):
    rows = [row for group in groups for row in group[0]]
    theft = [one for group in groups for one in group[1]]
    return fit_reliability(
        table=table_of(rows), labels=labels_of(theft), as_of=NOW, settings=settings
    )


def segment(camera, site="s1", **conditions):
    return Segment(site=site, camera=camera, detector_version="d@1", **conditions)


@st.composite
def histories(draw, largest=40):
    """Rows, thefts and sampling probabilities of a small network."""
    size = draw(st.integers(0, largest))
    row = st.fixed_dictionaries(
        {
            "camera": st.sampled_from(["", "c1", "c2", "c3"]),
            "site": st.sampled_from(["s1", "s2"]),
            "lighting": st.sampled_from(["", "low", "good"]),
            "daypart": st.sampled_from(["night", "day"]),
            "detector_version": st.sampled_from(["d@1", "d@2"]),
        }
    )
    rows = draw(st.lists(row, min_size=size, max_size=size))
    theft = draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=size, max_size=size))
    share = st.sampled_from([1.0, 0.5, 0.2, 0.05])
    return rows, theft, draw(st.lists(share, min_size=size, max_size=size))


def fit(history, *, settings=DEFAULT_RELIABILITY):
    rows, theft, sampling = history
    return fit_reliability(
        table=table_of(rows),
        labels=labels_of(theft, sampling=sampling),
        as_of=NOW,
        settings=settings,
    )


def test_a_segment_with_many_false_alarms_is_red_and_one_with_few_is_green():
    pooled = fitted(
        camera_rows("c1", false=50, theft=50, lighting="low"),
        camera_rows("c2", false=8, theft=92, lighting="good"),
    )
    assert pooled.lookup(segment("c1", lighting="low")).state is ReliabilityState.RED
    assert pooled.lookup(segment("c2", lighting="good")).state is ReliabilityState.GREEN


def test_with_many_labels_the_rate_is_what_was_counted():
    told = fitted(camera_rows("c1", false=310, theft=690)).lookup(segment("c1"))
    assert told.false_positive_rate == pytest.approx(0.31, abs=0.01)
    assert (told.low, told.high) == (pytest.approx(0.286, abs=0.01), pytest.approx(0.334, abs=0.01))
    assert told.label_count == 1000


def test_a_segment_with_six_labels_borrows_strength_and_says_so():
    pooled = fitted(
        camera_rows("c1", false=30, theft=170, lighting="good", daypart="day"),
        camera_rows("c1", false=28, theft=172, lighting="good", daypart="night"),
        camera_rows("c1", false=3, theft=3, lighting="low", daypart="night"),
    )
    told = pooled.lookup(segment("c1", lighting="low", daypart="night"))
    assert told.label_count == 6
    assert told.state is not ReliabilityState.UNKNOWN
    assert 0.5 < told.borrowed < 1
    assert 0.16 < told.false_positive_rate < 0.4


def test_low_light_at_other_cameras_speaks_for_low_light_at_this_one():
    groups = []
    for number in range(8):
        groups.append(camera_rows(f"c{number}", false=30, theft=20, lighting="low"))
        groups.append(camera_rows(f"c{number}", false=5, theft=45, lighting="good"))
    groups.append(camera_rows("c9", false=5, theft=45, lighting="good"))
    pooled = fitted(*groups)
    low = pooled.lookup(replace(segment("c9", lighting="low")))
    good = pooled.lookup(segment("c9", lighting="good"))
    assert low.label_count == 0
    assert low.borrowed == 1.0
    assert good.false_positive_rate < 0.2
    known = fit_reliability(
        table=table_of([row for group in groups for row in group[0]]),
        labels=labels_of([one for group in groups for one in group[1]]),
        as_of=NOW,
        settings=ReliabilitySettings(least_own_labels=0),
    )
    assert known.lookup(segment("c9", lighting="low")).false_positive_rate > 0.35


def test_labels_of_the_blind_audit_speak_for_the_archived_alerts_that_nobody_saw():
    rows, theft = camera_rows("c1", false=20, theft=60)
    audited, benign = camera_rows("c1", false=10, theft=0)
    pooled = fit_reliability(
        table=table_of(rows + audited),
        labels=labels_of(theft + benign, sampling=[1.0] * 80 + [0.1] * 10),
        as_of=NOW,
    )
    told = pooled.lookup(segment("c1"))
    assert told.false_positive_rate == pytest.approx(120 / 180, abs=0.05)
    assert told.high - told.low > 0.15  # worth 180² / 1080 = 30 labels, not 90


def test_without_labels_everything_is_unknown_and_says_how_many_are_needed():
    pooled = fit_reliability(table=table_of([]), labels=labels_of([]), as_of=NOW)
    told = pooled.lookup(segment("c1"))
    assert told.state is ReliabilityState.UNKNOWN
    assert told.false_positive_rate is None
    assert told.labels_needed > 0
    assert pooled.labelled_segments() == ()
    assert len(pooled.lookup_many(table_of([]))) == 0


def test_the_labels_said_to_be_needed_are_enough():
    few = fitted(camera_rows("c1", false=1, theft=1))
    told = few.lookup(segment("c1"))
    assert told.state is ReliabilityState.UNKNOWN
    assert told.labels_needed > 0
    more = fitted(camera_rows("c1", false=1, theft=1 + told.labels_needed))
    assert more.lookup(segment("c1")).state is not ReliabilityState.UNKNOWN


def test_a_new_camera_is_unknown_until_it_has_labels_of_its_own():
    pooled = fitted(*[camera_rows(f"c{n}", false=25, theft=25) for n in range(6)])
    told = pooled.lookup(segment("new"))
    assert told.state is ReliabilityState.UNKNOWN
    assert told.labels_needed >= 1


def test_a_known_camera_is_in_its_own_site_whatever_the_segment_says():
    pooled = fitted(
        camera_rows("c1", false=20, theft=80, site="s1"),
        camera_rows("c2", false=60, theft=40, site="s2"),
    )
    here, nowhere = pooled.lookup(segment("c1")), pooled.lookup(segment("c1", site=""))
    assert here.false_positive_rate == nowhere.false_positive_rate


def test_alerts_outside_the_window_are_left_out():
    rows, theft = camera_rows("c1", false=40, theft=40)
    old = np.r_[np.full(40, NOW - 100 * DAY), np.full(40, NOW - DAY)]
    pooled = fit_reliability(
        table=table_of(rows, at=old),
        labels=labels_of(theft),
        as_of=NOW,
        settings=ReliabilitySettings(window_days=56.0),
    )
    assert pooled.label_count == 40
    assert pooled.lookup(segment("c1")).state is ReliabilityState.GREEN


def test_network_sites_and_cameras_are_told_too():
    pooled = fitted(
        camera_rows("c1", false=20, theft=80, site="s1"),
        camera_rows("c2", false=60, theft=40, site="s2"),
    )
    assert pooled.of_network().label_count == 200
    assert [one.segment.site for one in pooled.of_sites()] == ["s1", "s2"]
    rates = [one.false_positive_rate for one in pooled.of_cameras()]
    assert rates[0] < pooled.of_network().false_positive_rate < rates[1]


def test_a_thousand_segments_are_stored_compactly():
    rng = np.random.default_rng(1)
    rows = [
        {
            "site": f"00000000-0000-4000-8000-{c // 5:012d}",
            "camera": f"00000000-0000-4000-8000-{c:012d}",
            "lighting": light,
            "daypart": day,
            "detector_version": "d@1",
        }
        for c in range(50)
        for light in ("low", "good", "mixed", "dark")
        for day in ("night", "morning", "day", "evening", "late")
    ] * 5
    theft = (rng.random(len(rows)) > 0.2).astype(float)
    pooled = fit_reliability(table=table_of(rows), labels=labels_of(theft), as_of=NOW)
    assert len(pooled.labelled_segments()) == 1000
    assert len(json.dumps(encode(pooled))) < 150_000


def test_table_and_labels_of_different_length_are_refused():
    with pytest.raises(ValueError, match="one row of labels"):
        fit_reliability(table=table_of([{}]), labels=labels_of([]), as_of=NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"limit": 1.0},
        {"red_from": 0.1},
        {"least_labels": 0},
        {"least_own_labels": 13},
        {"window_days": 0.0},
        {"least_support": 1},
        {"most_conditions": 4},
        {"false_discovery_rate": 0.0},
    ],
)
def test_senseless_settings_are_refused(change):
    with pytest.raises(ValueError, match=r"needed|at least|positive"):
        ReliabilitySettings(**change)


@settings(max_examples=60, deadline=None)
@given(histories())
def test_rates_lie_in_their_intervals_and_intervals_within_0_and_1(history):
    pooled = fit(history)
    told = pooled.lookup_many(table_of([*history[0], {}, {"camera": "new", "site": "s1"}]))
    known = told.state != "unknown"
    assert (np.isnan(told.rate) == ~known).all()
    ordered = (told.low >= 0) & (told.low <= told.rate) & (told.rate <= told.high)
    assert (ordered & (told.high <= 1))[known].all()
    assert ((told.borrowed >= 0) & (told.borrowed <= 1)).all()
    assert ((told.labels_needed > 0) == ~known).all()


@settings(max_examples=40, deadline=None)
@given(histories())
def test_many_segments_are_looked_up_exactly_as_one_is(history):
    pooled = fit(history)
    rows = [*history[0], {}, {"camera": "new", "site": "s1", "lighting": "never seen"}]
    many = pooled.lookup_many(table_of(rows))
    for number, row in enumerate(rows):
        names = {name: row.get(name, "") for name in DIMENSIONS}
        one = pooled.lookup(Segment(**names))
        assert one.state == many.state[number]
        assert one.label_count == many.label_count[number]
        assert one.borrowed == many.borrowed[number]
        if one.false_positive_rate is not None:
            figures = (many.rate[number], many.low[number], many.high[number])
            assert (one.false_positive_rate, one.low, one.high) == figures


@settings(max_examples=30, deadline=None)
@given(histories())
def test_what_is_stored_is_looked_up_identically(history):
    pooled = fit(history)
    again = decode(PooledReliability, json.loads(json.dumps(encode(pooled))))
    assert again == pooled
    before, after = (one.lookup_many(table_of([*history[0], {}])) for one in (pooled, again))
    for name, column in vars(before).items():
        np.testing.assert_array_equal(column, getattr(after, name))


@settings(max_examples=30, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(history, random):
    order = list(range(len(history[0])))
    random.shuffle(order)
    assert fit(history) == fit(tuple([column[at] for at in order] for column in history))


@settings(max_examples=30, deadline=None)
@given(histories(), histories())
def test_labels_and_alerts_after_the_date_change_nothing(past, future):
    rows, theft, sampling = (a + b for a, b in zip(past, future, strict=True))
    late = np.r_[np.full(len(past[0]), NOW - 1), np.full(len(future[0]), NOW + 1)]
    labels = labels_of(theft, sampling=sampling, at=late)
    assert fit_reliability(table=table_of(rows), labels=labels, as_of=NOW) == fit(past)


@settings(max_examples=60, deadline=None)
@given(histories(), st.integers(0, 39))
def test_one_more_false_label_never_lowers_a_rate_nor_turns_red_green(history, chosen):
    """At given concentrations and effects of conditions, for a label that weighs what it weighed."""
    rows, theft, sampling = history
    if not rows:
        return
    chosen %= len(rows)
    changed = [0.0 if at == chosen else one for at, one in enumerate(theft)]
    table = table_of(rows)
    effects = fit_effects(count_cells(table=table, labels=labels_of(theft, sampling=sampling)))
    told = []
    for outcome in (theft, changed):
        cells = count_cells(table=table, labels=labels_of(outcome, sampling=sampling))
        tree = grow_tree(cells=cells, effects=effects, concentrations=KAPPAS)
        pooled = pooled_from(
            cells=cells, effects=effects, tree=tree, as_of=NOW, settings=DEFAULT_RELIABILITY
        )
        told.append(pooled.lookup_many(table))
    before, after = told
    known = before.state != "unknown"
    assert (after.rate >= before.rate - 1e-9)[known].all()
    assert not ((before.state == "red") & (after.state != "red")).any()
    assert not ((after.state == "green") & (before.state != "green")).any()


@settings(max_examples=60, deadline=None)
@given(histories())
def test_red_requires_evidence(history):
    pooled = fit(history)
    told = pooled.lookup_many(table_of(history[0]))
    red = told.state == "red"
    assert not red.any() or pooled.label_count >= 1
    assert (told.label_count[red] >= DEFAULT_RELIABILITY.least_own_labels).all()
    assert (told.rate[red] > DEFAULT_RELIABILITY.limit).all()
