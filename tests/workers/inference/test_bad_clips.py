"""Every clip that must not be analysed is refused with one code and a sentence for the operator."""

import io
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from PIL import Image

from apps.alerts.clip_format import ClipRefusal, ClipRefused
from tests.workers.inference.conftest import WriteClip
from workers.inference.analysis import analyse_clip
from workers.inference.limits import ClipLimits
from workers.inference.probe import probe_clip
from workers.inference.refusals import ClipTooSlow, Deadline
from workers.inference.working_copy import make_working_copy


def refusal_of(path: Path, limits: ClipLimits) -> ClipRefused:
    with pytest.raises(ClipRefused) as caught:
        probe_clip(path, limits=limits)
    assert str(caught.value).endswith(".")
    return caught.value


PROBE_AND_MEASURE = """
import resource, sys
from pathlib import Path
from apps.alerts.clip_format import ClipRefused
from workers.inference.limits import ClipLimits
from workers.inference.probe import probe_clip
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    probe_clip(Path(sys.argv[1]), limits=ClipLimits())
except ClipRefused:
    pass
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def mib_taken_by_probing(path: Path) -> float:
    """The growth of a fresh process's memory while it probes the clip."""
    command = [sys.executable, "-c", PROBE_AND_MEASURE, str(path)]
    root = Path(__file__).parents[3]
    return float(subprocess.run(command, cwd=root, check=True, capture_output=True).stdout)


def test_a_text_file_named_mp4_is_not_a_video(tmp_path: Path, limits: ClipLimits) -> None:
    path = tmp_path / "clip.mp4"
    path.write_text("dear operator, this is no video\n" * 100)
    refusal = refusal_of(path, limits)
    assert refusal.code is ClipRefusal.NOT_A_VIDEO
    assert "text file" in refusal.sentence


def test_an_empty_file_is_called_empty(tmp_path: Path, limits: ClipLimits) -> None:
    path = tmp_path / "clip.mp4"
    path.touch()
    assert refusal_of(path, limits).code is ClipRefusal.EMPTY


def test_a_file_over_the_size_limit_is_refused_before_it_is_opened(
    write_clip: WriteClip,
) -> None:
    path = write_clip("clip.mp4")
    assert refusal_of(path, ClipLimits(max_bytes=1000)).code is ClipRefusal.TOO_LARGE


@pytest.mark.parametrize(
    "content",
    [
        b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    ],
)
def test_a_playlist_is_never_followed(content: bytes, tmp_path: Path, limits: ClipLimits) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    refusal = refusal_of(path, limits)
    assert refusal.code is ClipRefusal.FORMAT_NOT_ALLOWED
    assert "playlist" in refusal.sentence


def test_a_playlist_behind_an_mp4_header_is_read_as_mp4_only(
    tmp_path: Path, limits: ClipLimits
) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(
        b"\x00\x00\x00\x18ftypisom" + b"\x00" * 12 + b"\n#EXTM3U\nfile:///etc/passwd\n"
    )
    assert refusal_of(path, limits).code is ClipRefusal.TRUNCATED


def test_a_container_off_the_list_is_refused(write_clip: WriteClip, limits: ClipLimits) -> None:
    path = write_clip("clip.flv", codec="flv1")
    assert refusal_of(path, limits).code is ClipRefusal.FORMAT_NOT_ALLOWED


def test_an_mp4_without_its_index_is_called_cut_off(
    write_clip: WriteClip, limits: ClipLimits
) -> None:
    path = write_clip("clip.mp4", frames=60)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert refusal_of(path, limits).code is ClipRefusal.TRUNCATED


def test_a_clip_with_a_broken_tail_is_analysed_as_far_as_it_goes(
    write_clip: WriteClip, limits: ClipLimits
) -> None:
    path = write_clip("clip.mp4", frames=60, options={"movflags": "+faststart"})
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    probe = probe_clip(path, limits=limits)
    assert not probe.complete
    assert not probe.browser_playable
    assert 1 <= probe.frames < 60
    assert not analyse_clip(path, limits=limits).complete


def test_a_matroska_with_a_broken_tail_says_so(write_clip: WriteClip, limits: ClipLimits) -> None:
    path = write_clip("clip.webm", codec="libvpx", frames=100)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert not probe_clip(path, limits=limits).complete


def test_a_clip_that_the_decoder_refuses_is_undecodable(
    write_clip: WriteClip, limits: ClipLimits
) -> None:
    path = write_clip("clip.mp4")
    content = bytearray(path.read_bytes())
    start = content.index(b"mdat") + 4
    end = content.index(b"moov") - 4
    content[start:end] = b"\xff" * (end - start)
    path.write_bytes(content)
    assert refusal_of(path, limits).code is ClipRefusal.UNDECODABLE


def test_a_damaged_header_is_undecodable(tmp_path: Path, limits: ClipLimits) -> None:
    path = tmp_path / "clip.mkv"
    path.write_bytes(b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 20)
    assert refusal_of(path, limits).code is ClipRefusal.UNDECODABLE


def test_sound_alone_is_no_clip(tmp_path: Path, limits: ClipLimits) -> None:
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=8000, layout="mono")
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.planes[0].update(b"\x00" * frame.planes[0].buffer_size)
        frame.sample_rate, frame.pts = 8000, 0
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    assert refusal_of(path, limits).code is ClipRefusal.NO_VIDEO_STREAM


def test_a_sound_file_is_not_a_video(tmp_path: Path, limits: ClipLimits) -> None:
    path = tmp_path / "clip.avi"
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(b"\x00" * 8000)
    assert refusal_of(path, limits).code is ClipRefusal.NOT_A_VIDEO


def test_a_clip_that_is_too_long_is_refused(write_clip: WriteClip) -> None:
    path = write_clip("clip.mp4", frames=60)
    assert refusal_of(path, ClipLimits(max_seconds=5)).code is ClipRefusal.TOO_LONG


def test_a_clip_with_too_many_frames_is_refused(write_clip: WriteClip) -> None:
    path = write_clip("clip.mp4", frames=60)
    assert refusal_of(path, ClipLimits(max_frames=50)).code is ClipRefusal.TOO_MANY_FRAMES


def test_a_picture_with_too_many_pixels_is_refused(write_clip: WriteClip) -> None:
    path = write_clip("clip.mp4")
    assert refusal_of(path, ClipLimits(max_pixels=10_000)).code is ClipRefusal.TOO_MANY_PIXELS


def test_a_frame_that_claims_a_huge_picture_is_never_allocated(
    tmp_path: Path, limits: ClipLimits
) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48)).save(buffer, format="JPEG")
    picture = bytearray(buffer.getvalue())
    size = picture.index(b"\xff\xc0") + 5
    picture[size : size + 4] = (30_000).to_bytes(2, "big") * 2
    path = tmp_path / "clip.mjpeg"
    path.write_bytes(bytes(picture) * 3)
    assert refusal_of(path, limits).code is ClipRefusal.UNDECODABLE
    assert mib_taken_by_probing(path) < 30


def test_a_huge_picture_in_a_transport_stream_is_refused_before_a_decoder_starts(
    write_clip: WriteClip, limits: ClipLimits
) -> None:
    path = write_clip("clip.ts", size=(6000, 4000), frames=2, codec_options={"preset": "ultrafast"})
    assert refusal_of(path, limits).code is ClipRefusal.TOO_MANY_PIXELS
    assert mib_taken_by_probing(path) < 30


def test_too_many_streams_are_refused(write_clip: WriteClip) -> None:
    path = write_clip("clip.mp4")
    many = path.with_name("many.mkv")
    with av.open(str(path)) as source, av.open(str(many), "w") as output:
        original = source.streams.video[0]
        copies = [output.add_stream_from_template(original) for _ in range(4)]
        for packet in source.demux(original):
            if packet.dts is not None:
                packet.stream = copies[0]
                output.mux(packet)
    assert refusal_of(many, ClipLimits(max_streams=3)).code is ClipRefusal.TOO_MANY_STREAMS


def test_reading_stops_when_its_time_is_used_up() -> None:
    seconds = iter([0.0, 0.5, 1.5])
    deadline = Deadline(1.0, clock=lambda: next(seconds))
    deadline.check()
    with pytest.raises(ClipTooSlow, match="longer than 1 s"):
        deadline.check()


def test_a_slow_clip_is_stopped_within_its_time(write_clip: WriteClip) -> None:
    path = write_clip("clip.mp4", frames=200)
    assert refusal_of(path, ClipLimits(read_seconds=1e-6)).code is ClipRefusal.TOO_SLOW


@pytest.mark.parametrize("consume", [analyse_clip, probe_clip])
def test_a_missing_file_is_an_error_of_the_system_not_of_the_clip(
    consume: Callable[..., object], tmp_path: Path, limits: ClipLimits
) -> None:
    with pytest.raises(FileNotFoundError):
        consume(tmp_path / "gone.mp4", limits=limits)


def test_a_refused_clip_leaves_no_working_copy_behind(tmp_path: Path, limits: ClipLimits) -> None:
    source, destination = tmp_path / "clip.mp4", tmp_path / "copy.mp4"
    source.write_text("no video")
    with pytest.raises(ClipRefused):
        make_working_copy(source, destination, limits=limits)
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]
