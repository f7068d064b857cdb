"""A copy with faces that cannot be recognised, as long as the original, frame by frame."""

from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.inference.conftest import SHARED_CLIPS, WriteClip, turn_by_header
from workers.inference.analysis import analyse_clip, ignore_progress
from workers.inference.blurring import (
    Blurred,
    area_share,
    head_chain,
    hidden_chains,
    with_patches,
    write_blurred_copy,
)
from workers.inference.blurring_chains import HOLD_SECONDS, Chain, ChainMaker, regions_at
from workers.inference.faces import find_faces
from workers.inference.head_region import head_region
from workers.inference.limits import ClipLimits
from workers.inference.poses import Joint
from workers.inference.probe import probe_clip
from workers.inference.registry import FACE, Models
from workers.inference.results import ClipAnalysis, Track, TrackSample
from workers.inference.stored_tracks import tracks_of

WALKING = SHARED_CLIPS / "face-demographics-walking.mp4"
with_footage = pytest.mark.skipif(
    not SHARED_CLIPS.is_dir(), reason="the development clips are not beside this checkout"
)


def chain(*places: tuple[float, float]) -> Chain:
    """Boxes of 0.1 x 0.2 whose left edge is at `x` at `seconds`."""
    return Chain(
        times=np.array([seconds for seconds, _ in places]),
        boxes=np.array([(x, 0.3, x + 0.1, 0.5) for _, x in places]),
    )


def sample(seconds: float, x: float, *, pose: bool = False) -> TrackSample:
    """A person 0.2 wide from x and 0.8 high; with `pose` the head's joints are where the head is."""
    keypoints = None
    if pose:
        keypoints = np.zeros((17, 3))
        for joint, (dx, dy) in {
            Joint.NOSE: (0.1, 0.2),
            Joint.LEFT_EYE: (0.11, 0.19),
            Joint.RIGHT_EYE: (0.09, 0.19),
            Joint.LEFT_EAR: (0.12, 0.195),
            Joint.RIGHT_EAR: (0.08, 0.195),
            Joint.LEFT_SHOULDER: (0.17, 0.28),
            Joint.RIGHT_SHOULDER: (0.03, 0.28),
        }.items():
            keypoints[joint] = (x + dx, dy, 0.9)
    box = np.array([x, 0.1, x + 0.2, 0.9])
    return TrackSample(seconds=seconds, box=box, score=0.9, keypoints=keypoints)


def write(
    source: Path, limits: ClipLimits, models: Models, tracks: tuple[Track, ...] = (), **more: int
) -> tuple[Path, Blurred]:
    destination = source.parent / "blurred.mp4"
    done = write_blurred_copy(
        source,
        destination,
        tracks=tracks,
        models=models,
        limits=limits,
        progress=ignore_progress,
        **more,
    )
    return destination, done


def frames(path: Path) -> list[tuple[float, np.ndarray]]:
    with av.open(str(path)) as container:
        return [(float(f.time), f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]


# --- where a head is between the frames that were looked at


def test_between_two_frames_a_head_is_on_the_line_between() -> None:
    (box,) = chain((1.0, 0.2), (1.2, 0.4)).regions_at(1.1)
    np.testing.assert_allclose(box, (0.3, 0.3, 0.4, 0.5))


def test_before_and_after_a_head_was_seen_both_its_place_and_its_way_are_covered() -> None:
    moving = chain((1.0, 0.2), (1.2, 0.4))
    stays, went_on = moving.regions_at(1.3)
    np.testing.assert_allclose(stays[0], 0.4)
    np.testing.assert_allclose(went_on[0], 0.5)
    came_from = moving.regions_at(0.9)[1]
    np.testing.assert_allclose(came_from[0], 0.1)
    assert not moving.regions_at(1.2 + HOLD_SECONDS + 0.01)
    assert not moving.regions_at(1.0 - HOLD_SECONDS - 0.01)


def test_faces_that_move_on_are_one_chain_and_others_their_own() -> None:
    maker = ChainMaker(400, 300)
    for step in range(5):
        near, far = 0.1 + 0.03 * step, 0.8
        maker.add(step * 0.2, np.array([(near, 0.2, near + 0.1, 0.4), (far, 0.2, far + 0.1, 0.4)]))
    assert sorted(len(found.times) for found in maker.chains()) == [5, 5]


def test_a_face_missed_once_is_covered_in_between() -> None:
    maker = ChainMaker(400, 300)
    box = np.array([(0.5, 0.2, 0.6, 0.4)])
    for seconds in (0.0, 0.2, 0.6, 0.8):
        maker.add(seconds, box)
    maker.add(0.4 + 0.8, np.empty((0, 4)))
    assert len(regions_at(maker.chains(), 0.4)) == 1


@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.floats(0, 0.9)),
        min_size=1,
        max_size=8,
        unique_by=lambda place: place[0],
    ),
    st.floats(-1, 101),
)
def test_what_is_blurred_lies_in_the_picture(
    places: list[tuple[float, float]], seconds: float
) -> None:
    regions = regions_at([chain(*sorted(places))], seconds)
    assert regions.shape[1] == 4
    assert np.all((regions >= 0) & (regions <= 1))
    assert 0 <= area_share(regions) <= 1


def test_a_chain_refuses_nonsense() -> None:
    with pytest.raises(ValueError, match="rise"):
        chain((1.0, 0.1), (1.0, 0.2))
    with pytest.raises(ValueError, match="one box"):
        Chain(times=np.array([]), boxes=np.empty((0, 4)))


# --- where a person's head is


def test_sure_joints_cover_the_head_and_leave_the_trunk() -> None:
    region = head_region(sample(0, 0.4, pose=True), width=400, height=400)
    x0, y0, x1, y1 = region.box
    assert region.sure
    assert x0 < 0.47 < 0.53 < x1
    assert y0 < 0.15
    assert 0.23 < y1 < 0.35


def test_without_sure_joints_the_top_of_the_person_is_covered() -> None:
    region = head_region(sample(0, 0.4), width=400, height=400)
    assert not region.sure
    np.testing.assert_allclose(region.box[[0, 2]], (0.4, 0.6))
    assert region.box[3] >= 0.1 + 0.2 * 0.8


def test_a_doubtful_place_does_not_count_beside_a_sure_one() -> None:
    samples = (sample(0, 0.4, pose=True), sample(0.2, 0.4), sample(0.4, 0.4, pose=True))
    sure = head_chain(Track(id=1, samples=samples), width=400, height=400)
    assert sure.times.tolist() == [0, 0.4]
    lonely = (sample(0, 0.4), sample(0.2, 0.4))
    assert len(head_chain(Track(id=1, samples=lonely), width=400, height=400).times) == 2


# --- the picture


def test_a_patch_keeps_sixteen_colours_a_plane_and_the_rest_is_untouched() -> None:
    picture = np.random.default_rng(5).integers(0, 255, (180, 160), dtype=np.uint8)
    before = picture.copy()
    patched = with_patches(picture, np.array([[0.25, 0.25, 0.5, 0.5]]))
    np.testing.assert_array_equal(picture, before)
    inside = patched[30:60, 40:80].astype(int)
    assert np.abs(np.diff(inside, axis=1)).max() < 25
    np.testing.assert_array_equal(patched[60:120], before[60:120])
    np.testing.assert_array_equal(patched[:30], before[:30])
    chroma, was = patched[120:].reshape(2, 60, 80), before[120:].reshape(2, 60, 80)
    assert np.abs(np.diff(chroma[:, 15:30, 20:40].astype(int), axis=2)).max() < 40
    np.testing.assert_array_equal(chroma[:, 30:], was[:, 30:])


@given(st.lists(st.tuples(*[st.floats(0, 1)] * 4), max_size=4))
def test_any_region_is_survived(regions: list[tuple[float, float, float, float]]) -> None:
    picture = np.zeros((30, 20), dtype=np.uint8)
    assert with_patches(picture, np.array(regions).reshape(-1, 4)).shape == picture.shape


# --- the copy


def test_a_copy_has_the_times_of_the_original_and_no_sound(
    write_clip: WriteClip, limits: ClipLimits, models: Models
) -> None:
    times = [0, 1, 2, 5, 6, 11, 12, 13, 20]
    source = write_clip("clip.mkv", times=times)
    copy, done = write(source, limits, models)
    np.testing.assert_allclose([at for at, _ in frames(copy)], np.array(times) / 10, atol=2e-3)
    assert done.frames == len(times)
    assert probe_clip(copy, limits=limits).browser_playable
    with av.open(str(copy)) as container:
        assert [stream.type for stream in container.streams] == ["video"]


def test_a_turned_clip_is_blurred_where_a_player_shows_it(
    write_clip: WriteClip, limits: ClipLimits, models: Models
) -> None:
    source = write_clip("clip.mp4", size=(160, 120))
    turn_by_header(source, clockwise=90)
    person = Track(id=1, samples=tuple(sample(step * 0.2, 0.4, pose=True) for step in range(15)))
    copy, done = write(source, limits, models, (person,))
    probe = probe_clip(copy, limits=limits)
    assert (probe.width, probe.height, probe.rotation) == (120, 160, 0)
    assert done.covered == done.frames
    upright = [np.rot90(image, k=-1) for _, image in frames(source)]
    image, was = frames(copy)[5][1].astype(int), upright[5].astype(int)
    assert was.shape == image.shape
    # Below the head the picture is as it was, but for the encoder.
    assert np.abs(image[120:] - was[120:]).mean() < 6


def test_nothing_is_left_behind_when_a_clip_cannot_be_copied(
    write_clip: WriteClip, models: Models
) -> None:
    source = write_clip("clip.mp4")

    def fail(stage: str, share: float) -> None:
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        write_blurred_copy(
            source,
            source.parent / "blurred.mp4",
            tracks=(),
            models=models,
            limits=ClipLimits(),
            progress=fail,
        )
    assert [path.name for path in source.parent.iterdir()] == ["clip.mp4"]


def test_figures_of_a_copy_are_possible() -> None:
    with pytest.raises(ValueError, match="no more"):
        Blurred(frames=1, covered=2, area_share=0.1)


# --- real people


@pytest.fixture(scope="module")
def walking() -> ClipAnalysis:
    return analyse_clip(WALKING, limits=ClipLimits())


@with_footage
def test_no_face_can_be_found_in_the_copy(
    tmp_path: Path, walking: ClipAnalysis, limits: ClipLimits, models: Models
) -> None:
    source = tmp_path / "walking.mp4"
    source.write_bytes(WALKING.read_bytes())
    copy, done = write(source, limits, models, walking.tracks)
    original, blurred = frames(source), frames(copy)
    assert [at for at, _ in blurred] == pytest.approx([at for at, _ in original], abs=2e-3)
    model = models.get(FACE)
    assert sum(len(find_faces(model, image)) for _, image in original[::3]) >= 20
    assert sum(len(find_faces(model, image)) for _, image in blurred[::3]) == 0
    assert done.area_share < 0.06


@with_footage
def test_the_one_the_tenant_shows_stays_visible_and_only_that_one(
    walking: ClipAnalysis, limits: ClipLimits, models: Models
) -> None:
    first, second = sorted(walking.tracks, key=lambda track: -len(track.samples))[:2]
    chains = hidden_chains(
        WALKING,
        probe=probe_clip(WALKING, limits=limits),
        tracks=walking.tracks,
        models=models,
        limits=limits,
        progress=ignore_progress,
        visible_track=first.id,
    )
    for person, is_hidden in ((first, False), (second, True)):
        seen = person.samples[len(person.samples) // 2]
        box = head_region(seen, width=walking.width, height=walking.height).box
        middle = (box[:2] + box[2:]) / 2
        covered = [
            bool(np.all(region[:2] <= middle) and np.all(middle <= region[2:]))
            for region in regions_at(chains, seen.seconds)
        ]
        assert any(covered) is is_hidden


def test_stored_tracks_are_the_tracks_that_were(bundled_clip: Path, limits: ClipLimits) -> None:
    analysis = analyse_clip(bundled_clip, limits=ClipLimits(max_sampled_frames=5))
    read = tracks_of(analysis.to_json())
    assert [track.id for track in read] == [track.id for track in analysis.tracks]
    for mine, theirs in zip(read, analysis.tracks, strict=True):
        np.testing.assert_allclose(mine.samples[0].box, theirs.samples[0].box, atol=5e-4)
        assert len(mine.samples) == len(theirs.samples)
