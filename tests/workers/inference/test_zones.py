"""Zones: what is inside a polygon, who was where and when, and which way somebody went."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.workers.inference.bodies import (
    HANGING,
    PICTURE,
    REACHING,
    normalised,
    standing,
    track_of,
)
from workers.inference.poses import Joint
from workers.inference.results import MeasuredSignal, SceneZone, Track, TrackSample, Unit, Validity
from workers.inference.signals import signals_of
from workers.inference.zones import GOODS, exit_path, foot_of, inside, total_seconds, visits

GRID = 64
Corner = tuple[int, int]
corners = st.tuples(st.integers(0, GRID), st.integers(0, GRID))
polygons = st.lists(corners, min_size=3, max_size=8)


def on_outline(polygon: Sequence[Corner], point: Corner) -> bool:
    """Exactly, in whole numbers."""
    x, y = point
    for (x0, y0), (x1, y1) in pairwise([*polygon, polygon[0]]):
        turn = (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)
        if turn == 0 and min(x0, x1) <= x <= max(x0, x1) and min(y0, y1) <= y <= max(y0, y1):
            return True
    return False


def odd_crossings(polygon: Sequence[Corner], point: Corner) -> bool:
    """A ray upwards, in whole numbers: another direction than the code's, and no division."""
    x, y = point
    crossed = False
    for (x0, y0), (x1, y1) in pairwise([*polygon, polygon[0]]):
        if (x0 > x) != (x1 > x):
            left, right = ((x0, y0), (x1, y1)) if x0 < x1 else ((x1, y1), (x0, y0))
            turn = (right[0] - left[0]) * (y - left[1]) - (right[1] - left[1]) * (x - left[0])
            crossed ^= turn < 0
    return crossed


def is_inside(polygon: Sequence[tuple[float, float]], point: tuple[float, float]) -> bool:
    return bool(inside(polygon, np.array([point], dtype=np.float64))[0])


@given(polygons, corners)
def test_inside_is_what_exact_ray_casting_says(polygon: list[Corner], point: Corner) -> None:
    assume(not on_outline(polygon, point))
    assert is_inside(polygon, point) == odd_crossings(polygon, point)


@given(polygons, corners, st.integers(-50, 50), st.integers(-50, 50))
def test_where_the_picture_begins_does_not_matter(
    polygon: list[Corner], point: Corner, right: int, down: int
) -> None:
    assume(not on_outline(polygon, point))
    moved = [(x + right, y + down) for x, y in polygon]
    assert is_inside(moved, (point[0] + right, point[1] + down)) == is_inside(polygon, point)


@given(polygons, corners, st.integers(0, 7), st.booleans())
def test_where_an_outline_starts_and_which_way_it_runs_does_not_matter(
    polygon: list[Corner], point: Corner, first: int, backwards: bool
) -> None:
    assume(not on_outline(polygon, point))
    first %= len(polygon)
    same = [*polygon[first:], *polygon[:first]]
    assert is_inside(same[::-1] if backwards else same, point) == is_inside(polygon, point)


@given(st.integers(1, GRID - 1), corners)
def test_a_point_is_in_exactly_one_half_of_a_divided_picture(cut: int, point: Corner) -> None:
    x, y = point[0] % GRID, point[1] % GRID
    left = [(0, 0), (cut, 0), (cut, GRID), (0, GRID)]
    right = [(cut, 0), (GRID, 0), (GRID, GRID), (cut, GRID)]
    assert is_inside(left, (x, y)) != is_inside(right, (x, y))


def test_a_place_that_is_not_known_is_in_no_zone() -> None:
    everywhere = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
    assert inside(everywhere, np.array([[np.nan, np.nan], [0.5, 0.5]])).tolist() == [False, True]


def band(kind: str, left: float, right: float, *, top: float = 0.0) -> SceneZone:
    return SceneZone(
        kind=kind,
        name=kind,
        polygon=((left, top), (right, top), (right, 1.0), (left, 1.0)),
    )


SHELF = band("shelf", 0.0, 0.3)
TILL = band("self_checkout", 0.4, 0.6)
EXIT = band("exit", 0.8, 1.0)
STORE = (SHELF, TILL, EXIT)


def walking(*places: float | None, fps: float = 5.0) -> Track:
    """A person whose feet are at these shares of the picture's width; None: cut off below."""
    boxes = []
    for place in places:
        x, bottom = (0.5, 1.0) if place is None else (place, 0.8)
        boxes.append((max(0.0, x - 0.05), 0.3, min(1.0, x + 0.05), bottom))
    return track_of([None] * len(places), fps=fps, boxes=np.array(boxes))


def test_a_person_stands_between_the_ankles_or_at_the_foot_of_the_box() -> None:
    box = np.array([0.1, 0.1, 0.3, 0.9])
    pose = normalised(standing())
    seen = TrackSample(seconds=0, box=box, score=1, keypoints=pose)
    assert foot_of(seen) == pytest.approx((100 / PICTURE[0], 200 / PICTURE[1]))
    pose[Joint.LEFT_ANKLE, 2] = 0.1
    assert foot_of(seen) == pytest.approx((0.2, 0.9))


def test_feet_below_the_picture_are_nowhere() -> None:
    cut = TrackSample(seconds=0, box=np.array([0.1, 0.1, 0.3, 1.0]), score=1, keypoints=None)
    assert foot_of(cut) is None


def test_a_visit_runs_from_entry_to_exit() -> None:
    (visit,) = visits(walking(0.7, 0.1, 0.2, 0.1, 0.7, 0.7), STORE, kinds=GOODS)
    assert (visit.start_seconds, visit.end_seconds) == pytest.approx((0.2, 0.6))


def test_feet_hidden_for_a_moment_do_not_end_a_visit_and_leaving_does() -> None:
    hidden = walking(0.1, 0.1, None, None, 0.1, 0.1)
    assert len(visits(hidden, STORE, kinds=GOODS)) == 1
    left = walking(0.1, 0.1, *[0.7] * 8, 0.1, 0.1)
    assert [round(visit.start_seconds, 3) for visit in visits(left, STORE, kinds=GOODS)] == [0, 2]


def test_one_stray_box_is_no_visit() -> None:
    assert visits(walking(0.7, 0.7, 0.1, 0.7, 0.7), STORE, kinds=GOODS) == ()


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=40), st.sampled_from([2.0, 5.0, 15.0])
)  # fmt: skip
def test_visits_are_apart_in_order_and_no_longer_than_the_track(
    places: list[float | None], fps: float
) -> None:
    track = walking(*places, fps=fps)
    found = visits(track, STORE, kinds=GOODS)
    for before, after in pairwise(found):
        assert before.end_seconds + 1.0 < after.start_seconds
    assert total_seconds(found) <= track.span.end_seconds - track.span.start_seconds + 1e-9


def test_a_way_from_the_shelf_to_the_exit_says_whether_it_passed_a_checkout() -> None:
    straight = exit_path(walking(*[0.1] * 5, *[0.7] * 3, *[0.9] * 3), STORE)
    assert straight is not None
    assert straight.checkout is None
    assert straight.span.start_seconds == pytest.approx(0.8)
    assert straight.span.end_seconds == pytest.approx(1.6)
    paying = exit_path(walking(*[0.1] * 5, *[0.5] * 3, *[0.9] * 3), STORE)
    assert paying is not None
    assert paying.checkout is not None


def test_who_paid_and_crosses_an_aisle_again_has_passed_the_checkout() -> None:
    path = exit_path(walking(*[0.1] * 3, *[0.5] * 3, *[0.1] * 3, *[0.9] * 3), STORE)
    assert path is not None
    assert path.checkout is not None


@pytest.mark.parametrize(
    "places",
    [[0.9] * 3 + [0.1] * 3, [0.7] * 3 + [0.9] * 3, [0.1] * 3 + [0.7] * 3],
    ids=["comes in", "was at no shelf", "stays inside"],
)
def test_other_ways_are_no_way_from_the_goods_to_the_exit(places: list[float]) -> None:
    assert exit_path(walking(*places), STORE) is None


def signals(track: Track, *zones: SceneZone) -> dict[str, MeasuredSignal]:
    found = signals_of([track], width=400, height=300, duration_seconds=9.0, zones=zones)
    return {signal.name: signal for signal in found}


def test_time_at_a_shelf_is_in_seconds_and_only_of_who_was_there() -> None:
    found = signals(walking(*[0.1] * 11, *[0.9] * 4), *STORE)
    assert found["dwell_at_shelf"].value == pytest.approx(2.0)
    assert found["dwell_at_shelf"].unit is Unit.SECONDS
    assert "trimmed" in found["dwell_at_shelf"].why
    assert "dwell_at_checkout" not in found
    assert found["exit_reached"].value == 1.0
    assert found["exit_without_checkout"].value == 1.0
    assert found["exit_reached"].validity is Validity.NO_EVIDENTIAL_WEIGHT


def test_a_camera_that_shows_no_checkout_cannot_tell_that_none_was_passed() -> None:
    found = signals(walking(*[0.1] * 4, *[0.9] * 4), SHELF, EXIT)
    assert found["exit_reached"].value == 1.0
    assert found["exit_without_checkout"].validity is Validity.NOT_MEASURABLE
    assert found["exit_without_checkout"].why == (
        "No checkout, kiosk or queue zone is drawn on this camera."
    )
    assert found["exit_without_checkout"].track is None


def at_shelf(body: np.ndarray, *, samples: int = 5) -> Track:
    return track_of([normalised(body)] * samples)


# The reaching wrist is at 178 of 400 pixels, the hips between 88 and 112.
BESIDE = band("shelf", 0.35, 0.6)
BEHIND = band("high_value", 0.0, 0.6)


def test_a_wrist_in_the_shelf_while_the_body_is_outside_is_a_reach() -> None:
    assert signals(at_shelf(REACHING), BESIDE)["reach_to_shelf"].value == 1.0
    assert signals(at_shelf(HANGING), BESIDE)["reach_to_shelf"].value == 0.0


def test_a_body_before_the_shelf_hides_whether_a_hand_is_in_it() -> None:
    signal = signals(at_shelf(REACHING), BEHIND)["reach_to_shelf"]
    assert signal.validity is Validity.NOT_MEASURABLE
    assert signals(at_shelf(REACHING), BEHIND, BESIDE)["reach_to_shelf"].value == 1.0


def test_a_reach_spans_the_time_of_the_hand_in_the_shelf() -> None:
    poses = [HANGING] * 5 + [REACHING] * 4 + [HANGING] * 5
    track = track_of([normalised(body) for body in poses])
    signal = signals(track, BESIDE)["reach_to_shelf"]
    assert (signal.span.start_seconds, signal.span.end_seconds) == pytest.approx((1.0, 1.6))
    assert signal.confidence == pytest.approx(0.9)
