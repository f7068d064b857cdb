"""What a clip is, found out within limits before anything looks at its pictures."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from apps.alerts.clip_format import HEAD_BYTES, ClipContainer, check_clip_head
from workers.inference.limits import ClipLimits
from workers.inference.refusals import (
    ClipHasNoVideo,
    ClipHasTooManyFrames,
    ClipHasTooManyPixels,
    ClipHasTooManyStreams,
    ClipTooLong,
    ClipTruncated,
    ClipUndecodable,
    Deadline,
)

_FALLBACK_FPS = 25.0
_MAX_FPS = 240.0
_WEBM_CODECS = frozenset({"vp8", "vp9", "av1"})
_H264_PROFILES = frozenset({"Baseline", "Constrained Baseline", "Main", "High"})


@dataclass(frozen=True, kw_only=True)
class ClipProbe:
    """Facts about a clip. Sizes in pixels as stored; `rotation` is what a player adds to them.

    `fps`, `frames` and `duration_seconds` are counted from the packets, not read from the header.
    `complete` is False when the file ends before its header says it should.
    """

    container: ClipContainer
    codec: str
    width: int
    height: int
    fps: float
    duration_seconds: float
    frames: int
    rotation: int
    browser_playable: bool
    complete: bool
    interlaced: bool = False
    """Whether the first frame holds two moments, one in every other row."""

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1 or self.frames < 1:
            raise ValueError("a clip has at least one frame of at least one pixel")
        if not (math.isfinite(self.fps) and self.fps > 0 and math.isfinite(self.duration_seconds)):
            raise ValueError("rate and duration must be finite")
        if self.rotation not in {0, 90, 180, 270}:
            raise ValueError("rotation is 0, 90, 180 or 270 degrees")

    @property
    def shown_size(self) -> tuple[int, int]:
        """Width and height as a player shows them, rotation applied."""
        if self.rotation in {90, 270}:
            return self.height, self.width
        return self.width, self.height


def probe_clip(path: Path, *, limits: ClipLimits) -> ClipProbe:
    """Look at a clip without trusting its name or its header.

    Every packet is counted and the first frame decoded. Raises a ClipRefused with a code and a
    sentence when the clip is not to be analysed; OSError when the file cannot be read at all.
    """
    container_format = _checked_container(path, limits=limits)
    deadline = Deadline(limits.read_seconds)
    _check_without_decoding(path, container_format, limits=limits)
    with open_container(path, container_format, limits=limits) as container:
        stream = video_stream(container, limits=limits)
        first = _first_frame(container, stream, limits=limits, deadline=deadline)
    pixel_format, interlaced = str(first.format.name), bool(first.interlaced_frame)
    with open_container(path, container_format, limits=limits) as container:
        stream = video_stream(container, limits=limits)
        count = _count_packets(container, stream, limits=limits, deadline=deadline)
        return _described(
            container_format,
            container,
            count,
            rotation=_rotation(first),
            pixel_format=pixel_format,
            interlaced=interlaced,
        )


@contextmanager
def open_container(
    path: Path, container_format: ClipContainer, *, limits: ClipLimits, decoders: str = ""
) -> Iterator[Any]:
    """The demuxer for exactly this format, reading exactly this file and nothing it points to.

    `decoders` names the only decoders that may start; empty means any. Raises ClipTruncated when
    the part that describes the clip is missing, else ClipUndecodable.
    """
    options = {"protocol_whitelist": "file", "max_pixels": str(limits.max_pixels)}
    if decoders:
        options["codec_whitelist"] = decoders
    try:
        container = av.open(
            f"file:{path.absolute()}",
            format=container_format.value,
            options=options,
            metadata_errors="replace",
        )
    except FFmpegError as error:
        raise _unopened(path, container_format) from error
    with container:
        yield container


def video_stream(container: Any, *, limits: ClipLimits) -> Any:
    """The clip's first moving-picture stream, checked for size. Raises ClipRefused."""
    if len(container.streams) > limits.max_streams:
        raise ClipHasTooManyStreams(
            f"The clip holds {len(container.streams)} streams and at most {limits.max_streams} are "
            "taken. Export only the picture."
        )
    if not container.streams.video:
        raise ClipHasNoVideo("The clip has no picture, only sound or data. Send a clip with video.")
    stream = container.streams.video[0]
    if stream.codec_context is None:
        raise ClipUndecodable("The clip's video codec is not known here. Export it as H.264 MP4.")
    check_pixels(stream.codec_context.width, stream.codec_context.height, limits=limits)
    return stream


def check_pixels(width: int, height: int, *, limits: ClipLimits) -> None:
    """Raises ClipHasTooManyPixels. A size of 0 is not known yet and passes."""
    if width * height > limits.max_pixels:
        raise ClipHasTooManyPixels(
            f"The picture is {width}×{height} pixels and at most {limits.max_pixels / 1e6:.1f} "
            "million pixels are taken. Export it smaller."
        )


def decoded_frames(
    container: Any, stream: Any, *, limits: ClipLimits, deadline: Deadline
) -> Iterator[Any]:
    """Frames in display order; a damaged packet is left out, a broken tail ends the clip.

    Raises ClipTooSlow and ClipHasTooManyPixels (a stream may grow in the middle).
    """
    stream.thread_type = "AUTO"
    stream.codec_context.options = {"max_pixels": str(limits.max_pixels)}
    for packet in _packets(container, stream):
        deadline.check()
        try:
            frames = packet.decode()
        except FFmpegError:
            continue
        for frame in frames:
            check_pixels(frame.width, frame.height, limits=limits)
            yield frame


def _checked_container(path: Path, *, limits: ClipLimits) -> ClipContainer:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return check_clip_head(head, size_bytes=path.stat().st_size, max_bytes=limits.max_bytes)


def _check_without_decoding(
    path: Path, container_format: ClipContainer, *, limits: ClipLimits
) -> None:
    """Refuse by streams and size before any decoder starts.

    Opening a clip makes libav decode its first frames, and a tiny file can hold a frame that takes
    gigabytes. With no decoder allowed the parsers still read the size from the stream's header.
    """
    with open_container(path, container_format, limits=limits, decoders="none") as container:
        video_stream(container, limits=limits)


def _unopened(path: Path, container_format: ClipContainer) -> ClipTruncated | ClipUndecodable:
    if container_format is ClipContainer.MP4 and b"moov" not in _edges(path):
        return ClipTruncated(
            "The clip is cut off: the part that says how to play it is missing. "
            "Export or upload it again."
        )
    return ClipUndecodable("The clip cannot be opened: it is damaged. Export or upload it again.")


def _edges(path: Path, size: int = 2**20) -> bytes:
    """The file's first and last MiB, where an MP4 keeps its index."""
    with path.open("rb") as file:
        head = file.read(size)
        file.seek(max(0, path.stat().st_size - size))
        return head + file.read(size)


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    try:
        yield from container.demux(stream)
    except FFmpegError:
        return


def _first_frame(container: Any, stream: Any, *, limits: ClipLimits, deadline: Deadline) -> Any:
    for frame in decoded_frames(container, stream, limits=limits, deadline=deadline):
        return frame
    raise ClipUndecodable(
        "Not one frame of the clip could be decoded. Export it as H.264 MP4 and send it again."
    )


def _rotation(frame: Any) -> int:
    """Degrees clockwise that a player turns the picture, as a multiple of 90."""
    return int(round(-frame.rotation / 90.0) * 90) % 360


@dataclass(frozen=True)
class _PacketCount:
    packets: int
    seconds: float
    intact: bool


def _count_packets(
    container: Any, stream: Any, *, limits: ClipLimits, deadline: Deadline
) -> _PacketCount:
    """Count the video packets and the time they span, within the limits."""
    packets, first, end, intact = 0, math.inf, -math.inf, True
    for packet in _packets(container, stream):
        if not packet.size:
            continue
        deadline.check()
        packets += 1
        intact = intact and not packet.is_corrupt
        if packets > limits.max_frames:
            raise ClipHasTooManyFrames(
                f"The clip has more than {limits.max_frames:,} frames. Send the part that matters."
            )
        if packet.pts is not None:
            start = float(packet.pts * stream.time_base)
            first = min(first, start)
            end = max(end, start + float((packet.duration or 0) * stream.time_base))
            _check_length(end - first, limits=limits)
    seconds = end - first if packets and math.isfinite(first) else 0.0
    if seconds <= 0:
        seconds = packets / _stated_fps(stream)
    _check_length(seconds, limits=limits)
    return _PacketCount(packets=packets, seconds=seconds, intact=intact)


def _check_length(seconds: float, *, limits: ClipLimits) -> None:
    if seconds > limits.max_seconds:
        raise ClipTooLong(
            f"The clip lasts longer than {limits.max_seconds / 60:g} minutes. "
            "Send the part that matters."
        )


def _stated_fps(stream: Any) -> float:
    stated = stream.average_rate or stream.guessed_rate
    return float(stated) if stated and 0 < stated <= _MAX_FPS else _FALLBACK_FPS


def _described(
    container_format: ClipContainer,
    container: Any,
    count: _PacketCount,
    *,
    rotation: int,
    pixel_format: str,
    interlaced: bool,
) -> ClipProbe:
    stream = container.streams.video[0]
    codec = str(stream.codec_context.name)
    complete = count.intact and _reaches_its_end(container, stream, count)
    fps = count.packets / count.seconds if count.packets > 1 else _stated_fps(stream)
    return ClipProbe(
        container=container_format,
        codec=_codec_name(codec),
        width=stream.codec_context.width,
        height=stream.codec_context.height,
        fps=round(min(max(fps, 1e-3), _MAX_FPS), 3),
        duration_seconds=round(count.seconds, 3),
        frames=max(count.packets, 1),
        rotation=rotation,
        complete=complete,
        interlaced=interlaced,
        browser_playable=complete
        and _plays_in_chromium(container_format, codec, stream.codec_context.profile, pixel_format),
    )


def _reaches_its_end(container: Any, stream: Any, count: _PacketCount) -> bool:
    """Whether as much arrived as the header announces; a small difference is nothing."""
    if count.packets < stream.frames * 0.98 - 2:
        return False
    if len(container.streams) > 1 or not container.duration:
        return True
    stated_seconds = float(container.duration) / av.time_base
    return count.seconds >= stated_seconds * 0.95 - 1.0


def _codec_name(decoder: str) -> str:
    """libav names some decoders after their library; records name the codec."""
    return {"libdav1d": "av1", "libaom-av1": "av1", "libvpx": "vp8", "libvpx-vp9": "vp9"}.get(
        decoder, decoder
    )


def _plays_in_chromium(
    container_format: ClipContainer, codec: str, profile: str | None, pixel_format: str
) -> bool:
    if pixel_format not in {"yuv420p", "yuvj420p"}:
        return False
    codec = _codec_name(codec)
    if container_format is ClipContainer.MP4:
        return codec in {"av1", "vp9"} or (codec == "h264" and profile in _H264_PROFILES)
    # Chromium plays Matroska only as WebM, whose codecs these are.
    return container_format is ClipContainer.MATROSKA and codec in _WEBM_CODECS
