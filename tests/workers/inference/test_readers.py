"""Whoever decodes, the same frames come out, upright, in small batches."""

import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.workers.inference.conftest import WriteClip, pattern, turn_by_header
from workers.inference.device import Decoder, this_device
from workers.inference.imaging import square_crop
from workers.inference.limits import ClipLimits
from workers.inference.probe import probe_clip
from workers.inference.reading import frames_at, open_clip
from workers.inference.refusals import ClipUndecodable

needs_dali = pytest.mark.skipif(
    not this_device().has_dali,
    reason=f"DALI is installed on Linux x86-64 only (this is {sys.platform})",
)

DALI_CPU_CLIPS = {
    "clip.vp8.webm": {"codec": "libvpx"},
    "clip.vp9.webm": {"codec": "libvpx-vp9"},
    "clip.mjpeg.avi": {"codec": "mjpeg", "pixel_format": "yuvj420p"},
}


def frames_of(path: Path, *, decoder: Decoder, limits: ClipLimits) -> tuple[np.ndarray, np.ndarray]:
    batches = list(open_clip(path, limits=limits, decoder=decoder).batches())
    assert all(len(batch.times) <= limits.batch_frames for batch in batches)
    return (
        np.concatenate([batch.times for batch in batches]),
        np.concatenate([batch.images for batch in batches]),
    )


def assert_same_frames(path: Path, limits: ClipLimits) -> None:
    times, images = frames_of(path, decoder=Decoder.PYAV, limits=limits)
    dali_times, dali_images = frames_of(path, decoder=Decoder.DALI_CPU, limits=limits)
    np.testing.assert_allclose(dali_times, times, atol=2e-3)
    assert dali_images.shape == images.shape
    difference = np.abs(dali_images.astype(int) - images)
    assert difference.mean() < 3.0
    assert np.percentile(difference, 99) < 16


@needs_dali
@pytest.mark.parametrize("name", DALI_CPU_CLIPS)
def test_dali_and_pyav_give_the_same_frames(
    name: str, write_clip: WriteClip, limits: ClipLimits
) -> None:
    assert_same_frames(write_clip(name, frames=40, **DALI_CPU_CLIPS[name]), limits)


@needs_dali
@pytest.mark.parametrize("name", DALI_CPU_CLIPS)
def test_odd_sizes_are_read_alike(name: str, write_clip: WriteClip, limits: ClipLimits) -> None:
    path = write_clip(name, size=(161, 121), **DALI_CPU_CLIPS[name])
    assert_same_frames(path, limits)
    assert frames_of(path, decoder=Decoder.DALI_CPU, limits=limits)[1].shape[1:3] == (121, 161)


@needs_dali
def test_a_variable_frame_rate_is_read_alike(write_clip: WriteClip, limits: ClipLimits) -> None:
    irregular = [0, 1, 2, 5, 6, 11, 12, 13, 20, 28, 29]
    path = write_clip("clip.webm", codec="libvpx-vp9", times=irregular)
    assert_same_frames(path, limits)


@needs_dali
def test_large_frames_are_shrunk_alike(write_clip: WriteClip) -> None:
    path = write_clip("clip.webm", codec="libvpx", size=(640, 480), frames=8)
    small = ClipLimits(analysis_side=200)
    assert_same_frames(path, small)
    assert frames_of(path, decoder=Decoder.PYAV, limits=small)[1].shape[1:3] == (150, 200)


@needs_dali
def test_a_broken_tail_is_read_alike(write_clip: WriteClip, limits: ClipLimits) -> None:
    path = write_clip("clip.webm", codec="libvpx", frames=100)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert_same_frames(path, limits)


@pytest.mark.parametrize(
    "decoder", [Decoder.PYAV, pytest.param(Decoder.DALI_CPU, marks=needs_dali)]
)
def test_a_clip_of_one_frame_is_one_frame(
    decoder: Decoder, write_clip: WriteClip, limits: ClipLimits
) -> None:
    path = write_clip("clip.webm", codec="libvpx-vp9", frames=1)
    times, images = frames_of(path, decoder=decoder, limits=limits)
    assert times.tolist() == [0.0]
    assert images.shape == (1, 120, 160, 3)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("clip.mp4", {}),
        ("clip.mov", {}),
        ("clip.mkv", {}),
        ("clip.avi", {"codec": "mpeg4"}),
        ("clip.ts", {}),
        ("clip.mp4", {"codec": "libx265", "options": {}}),
        ("clip.mkv", {"pixel_format": "yuv422p"}),
    ],
)
def test_every_accepted_container_is_read(
    name: str, settings: dict[str, object], write_clip: WriteClip, limits: ClipLimits
) -> None:
    path = write_clip(name, **settings)
    reader = open_clip(path, limits=limits)
    images = np.concatenate([batch.images for batch in reader.batches()])
    assert reader.probe.frames == 30
    assert reader.probe.fps == pytest.approx(10, rel=0.05)
    assert len(images) == 15
    assert np.abs(images[0].astype(int) - pattern(0, (160, 120))).mean() < 8


@pytest.mark.parametrize(("clockwise", "corner"), [(90, (0, -1)), (180, (-1, -1)), (270, (-1, 0))])
def test_a_rotation_flag_is_applied(
    clockwise: int, corner: tuple[int, int], write_clip: WriteClip, limits: ClipLimits
) -> None:
    path = write_clip("clip.mp4", frames=3)
    plain = frames_of(path, decoder=Decoder.PYAV, limits=limits)[1][0]
    turn_by_header(path, clockwise=clockwise)
    probe = probe_clip(path, limits=limits)
    turned = frames_of(path, decoder=Decoder.PYAV, limits=limits)[1][0]
    assert probe.rotation == clockwise
    assert probe.shown_size == (turned.shape[1], turned.shape[0])
    np.testing.assert_array_equal(turned[corner], plain[0, 0])


def test_memory_follows_the_batch_and_not_the_clip(write_clip: WriteClip) -> None:
    path = write_clip("clip.mp4", frames=100)
    reader = open_clip(path, limits=ClipLimits(batch_frames=3, sampling_fps=10))
    assert [len(batch.times) for batch in reader.batches()] == [3] * 33 + [1]


def test_what_plays_in_a_browser_is_known(write_clip: WriteClip, limits: ClipLimits) -> None:
    playable = {
        "a.mp4": {},
        "b.webm": {"codec": "libvpx"},
        "c.webm": {"codec": "libvpx-vp9"},
        "d.mkv": {},
        "e.avi": {"codec": "mpeg4"},
        "f.mp4": {"pixel_format": "yuv444p"},
        "g.mp4": {"codec": "libx265"},
    }
    found = {
        name: probe_clip(write_clip(name, **settings), limits=limits).browser_playable
        for name, settings in playable.items()
    }
    assert [name for name, plays in found.items() if plays] == ["a.mp4", "b.webm", "c.webm"]


def test_a_crop_beyond_the_picture_is_black_outside() -> None:
    image = np.full((40, 60, 3), 200, dtype=np.uint8)
    crop = square_crop(image, centre=(0, 0), side=40, size=20)
    assert crop[:9, :9].max() == 0
    assert crop[11:, 11:].min() == 200


def test_a_crop_wholly_outside_is_black() -> None:
    image = np.full((40, 60, 3), 200, dtype=np.uint8)
    assert square_crop(image, centre=(-500, -500), side=10, size=8).max() == 0


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("clip.mp4", {"codec_options": {"bf": "3", "g": "12"}}),
        ("clip.mp4", {"codec": "libx265"}),
        ("clip.avi", {"codec": "mjpeg", "pixel_format": "yuvj420p"}),
        ("clip.webm", {"codec": "libvpx-vp9"}),
    ],
)
def test_a_second_pass_gives_the_same_pixels(
    name: str, settings: dict[str, object], write_clip: WriteClip, limits: ClipLimits
) -> None:
    path = write_clip(name, frames=40, **settings)
    first = list(open_clip(path, limits=limits).batches())
    times = np.concatenate([batch.times for batch in first])
    images = np.concatenate([batch.images for batch in first])
    chosen = [3, 7, 18]
    again = frames_at(path, times=[round(float(times[k]), 3) for k in chosen], limits=limits)
    np.testing.assert_array_equal(again.times, times[chosen])
    np.testing.assert_array_equal(again.images, images[chosen])


def test_times_between_frames_and_after_the_end_are_defined(
    write_clip: WriteClip, limits: ClipLimits
) -> None:
    path = write_clip("clip.mp4", frames=10)
    found = frames_at(path, times=[0.85, 0.31, 0.39, 7.0], limits=limits)
    np.testing.assert_allclose(found.times, [0.4, 0.9])
    with pytest.raises(ClipUndecodable, match="no frame at the times"):
        frames_at(path, times=[7.0], limits=limits)


def test_a_second_pass_holds_a_bounded_number_of_frames(write_clip: WriteClip) -> None:
    path = write_clip("clip.mp4", frames=10)
    with pytest.raises(ValueError, match="at most 2"):
        frames_at(path, times=[0.0, 0.1, 0.2], limits=ClipLimits(frames_held=2))


def write_interlaced(path: Path, *, first: str = "tff") -> Path:
    """A bar that moves three pixels from field to field, in H.264 coded as interlaced."""
    options = {"flags": "+ilme+ildct", "x264-params": f"{first}=1", "crf": "8"}
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for index in range(15):
            image = np.full((120, 160, 3), 60, np.uint8)
            for field in (0, 1):
                left = 10 + 6 * index + 3 * field
                image[field::2][10:50, left : left + 30] = 230
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def combing(image: np.ndarray) -> float:
    """The largest step between neighbouring rows inside the bar: what a comb looks like."""
    return float(np.abs(np.diff(image[30:90, :, 0].astype(int), axis=0)).max())


@pytest.mark.parametrize("first", ["tff", "bff"])
def test_an_interlaced_clip_shows_one_moment_a_frame(
    first: str, tmp_path: Path, limits: ClipLimits
) -> None:
    path = write_interlaced(tmp_path / "clip.mp4", first=first)
    assert probe_clip(path, limits=limits).interlaced
    times, images = frames_of(path, decoder=Decoder.PYAV, limits=limits)
    assert images.shape == (3, 120, 160, 3)
    np.testing.assert_allclose(times, [0.0, 0.2, 0.4])
    for index, image in zip((0, 5, 10), images, strict=True):
        assert combing(image) < 20
        bright = np.flatnonzero(image[60, :, 0] > 145)
        # The bar stands where the upper field saw it.
        assert abs(bright[0] - (10 + 6 * index)) <= 1
        assert abs(bright[-1] - (39 + 6 * index)) <= 1


def test_a_progressive_clip_keeps_all_its_rows(write_clip: WriteClip, limits: ClipLimits) -> None:
    assert not probe_clip(write_clip("clip.mp4", frames=3), limits=limits).interlaced
