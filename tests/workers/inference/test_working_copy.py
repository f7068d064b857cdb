"""The player always has something that a browser plays."""

from pathlib import Path

import av
import numpy as np
import pytest

from tests.workers.inference.conftest import WriteClip, turn_by_header
from workers.inference.limits import ClipLimits
from workers.inference.probe import probe_clip
from workers.inference.working_copy import MAX_WIDTH, copied_size, make_working_copy


def copied(source: Path, limits: ClipLimits) -> Path:
    destination = source.with_name("copy.mp4")
    assert make_working_copy(source, destination, limits=limits)
    return destination


def test_a_clip_that_plays_is_not_copied(write_clip: WriteClip, limits: ClipLimits) -> None:
    source = write_clip("clip.mp4")
    destination = source.with_name("copy.mp4")
    assert not make_working_copy(source, destination, limits=limits)
    assert not destination.exists()


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("clip.avi", {"codec": "mpeg4", "size": (161, 121)}),
        ("clip.mkv", {}),
        ("clip.ts", {}),
        ("clip.mp4", {"pixel_format": "yuv444p"}),
        ("clip.avi", {"codec": "mjpeg", "pixel_format": "yuvj420p", "frames": 1}),
    ],
)
def test_a_copy_plays_and_keeps_every_frame(
    name: str, settings: dict[str, object], write_clip: WriteClip, limits: ClipLimits
) -> None:
    source = write_clip(name, **settings)
    original = probe_clip(source, limits=limits)
    copy = probe_clip(copied(source, limits), limits=limits)
    assert copy.browser_playable
    assert copy.codec == "h264"
    assert copy.frames == original.frames
    assert copy.width % 2 == copy.height % 2 == 0
    assert copy.fps == pytest.approx(original.fps, rel=0.05)


def test_a_copy_holds_one_picture_stream_and_says_nothing(
    write_clip: WriteClip, limits: ClipLimits
) -> None:
    path = copied(write_clip("clip.mkv"), limits)
    content = path.read_bytes()
    with av.open(str(path)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        assert "encoder" not in container.metadata
        assert "title" not in container.metadata
    assert b"Lavf" not in content


def test_a_copy_starts_to_play_before_it_is_loaded(
    write_clip: WriteClip, limits: ClipLimits
) -> None:
    content = copied(write_clip("clip.mkv"), limits).read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_a_variable_frame_rate_keeps_its_times(write_clip: WriteClip, limits: ClipLimits) -> None:
    times = [0, 1, 2, 5, 6, 11, 12, 13, 20]
    path = copied(write_clip("clip.mkv", times=times), limits)
    with av.open(str(path)) as container:
        shown = [float(frame.time) for frame in container.decode(video=0)]
    np.testing.assert_allclose(shown, np.array(times) / 10, atol=2e-3)


def test_a_turned_clip_is_copied_upright(write_clip: WriteClip, limits: ClipLimits) -> None:
    source = write_clip("clip.mp4", pixel_format="yuv444p")
    turn_by_header(source, clockwise=90)
    probe = probe_clip(copied(source, limits), limits=limits)
    assert (probe.width, probe.height, probe.rotation) == (120, 160, 0)


def test_an_incomplete_clip_is_copied_as_far_as_it_goes(
    write_clip: WriteClip, limits: ClipLimits
) -> None:
    source = write_clip("clip.mp4", frames=60, options={"movflags": "+faststart"})
    source.write_bytes(source.read_bytes()[: int(source.stat().st_size * 0.6)])
    assert probe_clip(copied(source, limits), limits=limits).browser_playable


@pytest.mark.parametrize(
    ("size", "expected"),
    [((3840, 2160), (MAX_WIDTH, 720)), ((161, 121), (160, 120)), ((1, 1), (2, 2))],
)
def test_a_copy_is_small_and_even(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert copied_size(*size) == expected
