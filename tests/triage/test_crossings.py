"""The cells of the heat table: their own labels only, unknown until there are enough, gone where nothing is known."""

import numpy as np
import pytest

from apps.triage.crossings import cross
from apps.triage.reliability_settings import DEFAULT_RELIABILITY
from apps.triage.segments import ReliabilityState
from tests.triage.test_reliability import camera_rows, labels_of, table_of

NOW = 1_000_000.0


def crossed(*groups, names=("site", "camera", "daypart"), sampling=None):
    rows = [row for group in groups for row in group[0]]
    theft = [one for group in groups for one in group[1]]
    return cross(
        table=table_of(rows),
        labels=labels_of(theft, sampling=sampling),
        as_of=NOW,
        names=names,
        settings=DEFAULT_RELIABILITY,
    )


def test_a_cell_counts_what_is_inside_it_and_nothing_else():
    found = crossed(
        camera_rows("c1", false=45, theft=5, daypart="night", lighting="dark"),
        camera_rows("c1", false=45, theft=5, daypart="night", lighting="lit"),
        camera_rows("c1", false=2, theft=98, daypart="morning"),
    )
    night, day = sorted(found.told, key=lambda one: one.segment.daypart, reverse=True)
    assert (night.segment.daypart, night.segment.lighting) == ("night", "")
    assert (night.label_count, night.state) == (100, ReliabilityState.RED)
    assert night.false_positive_rate == pytest.approx(90.5 / 101)
    assert night.low < 0.9 < night.high
    assert day.state is ReliabilityState.GREEN
    assert np.bincount(found.group).tolist() == [100, 100]


def test_eleven_labels_are_one_too_few_and_their_neighbours_do_not_help():
    found = crossed(
        camera_rows("c1", false=1, theft=10, daypart="night"),
        camera_rows("c1", false=10, theft=90, daypart="morning"),
    )
    [night] = [one for one in found.told if one.segment.daypart == "night"]
    assert (night.state, night.false_positive_rate) == (ReliabilityState.UNKNOWN, None)
    assert night.labels_needed == 1


def test_alerts_of_unknown_conditions_are_in_no_cell():
    found = crossed(camera_rows("c1", false=5, theft=5, lighting="dark"))
    assert found.told == ()
    assert set(found.group.tolist()) == {-1}


def test_a_label_that_was_drawn_from_many_weighs_as_many():
    rows = camera_rows("c1", false=20, theft=20, daypart="night")
    found = crossed(rows, sampling=[0.1] * 20 + [1.0] * 20)
    [cell] = found.told
    assert cell.false_positive_rate > 0.85  # 200 of 220, less what so few labels leave open
    assert cell.label_count == 40


def test_a_name_that_is_no_dimension_is_refused():
    with pytest.raises(ValueError, match="cut along"):
        crossed(camera_rows("c1", false=1, theft=1), names=("skin",))
