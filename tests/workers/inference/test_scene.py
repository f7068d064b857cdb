"""Light, crowd, and which seconds to watch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.inference.marking import MARKED_SECONDS, marked_span
from workers.inference.results import BehaviourReading, Crowding, Lighting, Span, WindowScore
from workers.inference.scene import crowding_of, lighting_of, luma_of


@pytest.mark.parametrize(
    ("luma", "state"), [(10.0, Lighting.DARK), (50.0, Lighting.DIM), (120.0, Lighting.DAY)]
)
def test_light_is_named_by_its_mean_luma(luma: float, state: Lighting) -> None:
    reading = lighting_of([luma, luma])
    assert reading.state is state
    assert reading.to_json() == {"state": state.value, "luma_mean": luma}


def test_luma_weighs_green_most() -> None:
    green = np.zeros((8, 8, 3), dtype=np.uint8)
    green[..., 1] = 100
    assert luma_of(green) == pytest.approx(58.7)


@pytest.mark.parametrize(
    ("counts", "state"),
    [
        ([], Crowding.EMPTY),
        ([0, 0], Crowding.EMPTY),
        ([1, 0, 2], Crowding.SPARSE),
        ([5, 4, 6], Crowding.BUSY),
        ([12, 9, 10], Crowding.CROWDED),
    ],
)
def test_a_crowd_is_named_by_people_per_frame(counts: list[int], state: Crowding) -> None:
    assert crowding_of(counts).state is state


def test_the_busiest_seconds_are_marked() -> None:
    activity = [(k * 0.2, 1.0 if 60 <= k <= 70 else 0.1) for k in range(150)]
    span = marked_span(activity, duration_seconds=30.0)
    assert span.end_seconds - span.start_seconds == pytest.approx(MARKED_SECONDS)
    assert span.start_seconds <= 12.0
    assert span.end_seconds >= 14.0


def test_a_clip_in_which_nothing_happens_is_marked_whole() -> None:
    assert marked_span([(0.0, 0.0), (9.0, 0.0)], duration_seconds=9.2) == Span(0.0, 9.2)


@given(st.lists(st.floats(0, 10), max_size=100), st.floats(0, 60))
def test_the_marked_span_lies_within_the_clip(levels: list[float], duration: float) -> None:
    activity = [(duration * k / max(1, len(levels)), level) for k, level in enumerate(levels)]
    span = marked_span(activity, duration_seconds=duration)
    assert 0 <= span.start_seconds <= span.end_seconds <= duration + 1e-9


BUSY_START = [(k * 0.2, 1.0 if k < 20 else 0.1) for k in range(150)]


def scored(*windows: tuple[float, float]) -> BehaviourReading:
    """Windows of 1.6 s: (start, score)."""
    return BehaviourReading(
        version="1",
        score=max(score for _, score in windows),
        windows=tuple(
            WindowScore(track=1, span=Span(start, start + 1.6), score=score)
            for start, score in windows
        ),
    )


def test_what_the_behaviour_model_scored_highest_is_marked_not_what_is_busiest() -> None:
    span = marked_span(BUSY_START, duration_seconds=30.0, behaviour=scored((2.0, 0.1), (20.0, 0.9)))
    assert span.start_seconds == pytest.approx(20.8 - MARKED_SECONDS / 2)


def test_the_marked_span_takes_in_what_else_scored_high_nearby() -> None:
    reading = scored((10.0, 0.9), (14.0, 0.8))
    span = marked_span([], duration_seconds=30.0, behaviour=reading)
    assert span.start_seconds <= 10.8
    assert span.end_seconds >= 15.6


def test_a_clip_the_model_could_not_score_is_marked_by_activity() -> None:
    silent = BehaviourReading(version="1", score=None, why="nobody is seen")
    marked = marked_span(BUSY_START, duration_seconds=30.0, behaviour=silent)
    assert marked == marked_span(BUSY_START, duration_seconds=30.0)


@given(
    st.lists(st.tuples(st.floats(0, 20), st.floats(0, 1)), min_size=1, max_size=12),
    st.floats(21.6, 60),
)
def test_the_middle_of_the_strongest_window_is_always_marked(
    windows: list[tuple[float, float]], duration: float
) -> None:
    reading = scored(*windows)
    span = marked_span([], duration_seconds=duration, behaviour=reading)
    middle = reading.strongest.span.start_seconds + 0.8
    assert 0 <= span.start_seconds <= middle + 1e-9
    assert middle - 1e-9 <= span.end_seconds <= duration + 1e-9
