"""The same frames are looked at whoever decodes, at any frame rate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.inference.limits import ClipLimits
from workers.inference.sampling import FrameSampler, WantedFrames

gaps = st.lists(st.floats(0.001, 2.0), min_size=0, max_size=60)


def taken(times: list[float], *, fps: float, max_frames: int = 1000) -> list[float]:
    sampler = FrameSampler(fps=fps, max_frames=max_frames)
    return [time for time in times if sampler.takes(time)]


@given(gaps, st.floats(0.5, 30))
def test_the_first_frame_is_taken_and_never_two_within_one_tick(
    steps: list[float], fps: float
) -> None:
    times = [0.0]
    for step in steps:
        times.append(times[-1] + step)
    chosen = taken(times, fps=fps)
    assert chosen[0] == 0.0
    ticks = [int((time + 2e-3) * fps + 1e-9) for time in chosen]
    assert len(set(ticks)) >= len(ticks) - 1
    assert len(chosen) <= times[-1] * fps + 2


@pytest.mark.parametrize(("clip_fps", "expected"), [(5, 50), (10, 50), (25, 50), (12, 50), (3, 30)])
def test_ten_seconds_give_fifty_frames_or_all_there_are(clip_fps: int, expected: int) -> None:
    times = [k / clip_fps for k in range(10 * clip_fps)]
    assert len(taken(times, fps=5)) == expected


@given(st.integers(1, 60))
def test_times_rounded_to_a_millisecond_choose_the_same_frames(clip_fps: int) -> None:
    exact = [k / clip_fps for k in range(100)]
    rounded = [round(time, 3) for time in exact]
    a, b = FrameSampler(fps=5, max_frames=1000), FrameSampler(fps=5, max_frames=1000)
    assert [a.takes(t) for t in exact] == [b.takes(t) for t in rounded]


def test_the_frame_budget_holds() -> None:
    assert len(taken([float(k) for k in range(100)], fps=5, max_frames=7)) == 7


def test_a_long_clip_is_sampled_more_thinly() -> None:
    limits = ClipLimits(max_sampled_frames=100)
    assert limits.sampling_fps_for(10) == 5
    assert limits.sampling_fps_for(1000) == pytest.approx(0.1)


@pytest.mark.parametrize("field", ["max_bytes", "max_seconds", "batch_frames", "sampling_fps"])
def test_a_limit_of_zero_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=field):
        ClipLimits(**{field: 0})


@given(st.integers(1, 200), st.integers(1, 300), st.floats(0.5, 20))
def test_what_was_sampled_is_found_again_by_its_time(
    fps: int, frames: int, sampling_fps: float
) -> None:
    times = [round(k / fps, 3) for k in range(frames)]
    sampler = FrameSampler(fps=sampling_fps, max_frames=1000)
    sampled = [time for time in times if sampler.takes(time)]
    wanted = WantedFrames(sampled)
    assert [time for time in times if wanted.takes(time)] == sampled
    assert wanted.is_done


def test_each_wanted_time_takes_the_first_frame_at_or_after_it_once() -> None:
    wanted = WantedFrames([0.55, 0.1, 0.15])
    assert [t / 10 for t in range(8) if wanted.takes(t / 10)] == [0.1, 0.2, 0.6]


def test_no_wanted_time_is_no_question() -> None:
    with pytest.raises(ValueError, match="one or more"):
        WantedFrames([])
