"""More real footage, where a checkout has it beside the project: it is no part of the product."""

from pathlib import Path

import pytest

from tests.workers.inference.conftest import SHARED_CLIPS
from workers.inference.analysis import analyse_clip
from workers.inference.limits import ClipLimits
from workers.inference.results import ClipAnalysis, Lighting

pytestmark = pytest.mark.skipif(
    not SHARED_CLIPS.is_dir(), reason="the development clips are not beside this checkout"
)


def analysed(name: str, **limits: float) -> ClipAnalysis:
    return analyse_clip(SHARED_CLIPS / name, limits=ClipLimits(**limits))


def test_a_shop_aisle_has_its_people() -> None:
    analysis = analysed("store-aisle-detection.mp4")
    assert 2 <= analysis.crowding.people_max <= 5
    assert max(len(track.samples) for track in analysis.tracks) >= 12
    assert analysis.lighting.state in {Lighting.DAY, Lighting.DIM}


def test_two_people_who_walk_towards_the_camera_are_two_tracks() -> None:
    analysis = analysed("face-demographics-walking.mp4")
    long_tracks = [track for track in analysis.tracks if len(track.samples) >= 8]
    assert len(long_tracks) == 2


VISITS = ((5, 20), (22, 45), (50, 70), (74, 87), (92, 121), (123, 136))
"""When somebody is in the room, in seconds, read off the clip by eye: one person each time."""


def test_six_visits_one_after_another_are_six_tracks() -> None:
    analysis = analysed("one-by-one-person-detection.mp4")
    spans = [(track.span.start_seconds, track.span.end_seconds) for track in analysis.tracks]
    assert analysis.crowding.people_max == 1
    assert len(spans) == len(VISITS)
    for (start, end), (entered, left) in zip(spans, VISITS, strict=True):
        assert entered <= start <= end <= left
        assert end - start >= 0.7 * (left - entered)


def test_people_in_a_shop_aisle_keep_their_tracks() -> None:
    """Three people are seen, two of them from the first frame to the last; nobody is two tracks."""
    analysis = analysed("store-aisle-detection.mp4")
    assert len(analysis.tracks) == 3
    assert sorted(len(track.samples) for track in analysis.tracks)[1] >= 22


@pytest.mark.parametrize("path", sorted(SHARED_CLIPS.glob("*.mp4")), ids=lambda path: path.stem)
def test_every_clip_is_analysed_and_plays(path: Path) -> None:
    analysis = analyse_clip(path, limits=ClipLimits(max_sampled_frames=20))
    assert analysis.complete
    assert analysis.poster_jpeg
