"""A copy that every browser plays, made only when the original is one that it may not play."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from workers.inference.imaging import turned
from workers.inference.limits import ClipLimits
from workers.inference.probe import (
    ClipProbe,
    decoded_frames,
    open_container,
    probe_clip,
    video_stream,
)
from workers.inference.refusals import ClipUndecodable, Deadline

Retouch = Callable[[float, NDArray[np.uint8]], NDArray[np.uint8]]
"""Seconds from the first frame and its planar yuv420p picture [height * 3 / 2, width]; gives the picture to encode."""

MAX_WIDTH = 1280
_TIME_BASE = Fraction(1, 90_000)
_OPTIONS = {
    "preset": "veryfast",
    "crf": "23",
    "profile": "high",
}
_MUXER_OPTIONS = {"movflags": "+faststart", "fflags": "+bitexact"}


def make_working_copy(
    source: Path, destination: Path, *, limits: ClipLimits, probe: ClipProbe | None = None
) -> bool:
    """Write an H.264 MP4 (yuv420p, index first, at most 1280 wide, even sides, upright, no sound,
    no metadata) of `source` to `destination`, unless a browser plays the original.

    Returns whether a copy was written. Frame times are kept, so spans mean the same in both.
    The file appears whole or not at all. Raises ClipRefused like `probe_clip`.
    """
    probe = probe or probe_clip(source, limits=limits)
    if probe.browser_playable:
        return False
    write_copy(source, destination, limits=limits, probe=probe)
    return True


def write_copy(
    source: Path,
    destination: Path,
    *,
    limits: ClipLimits,
    probe: ClipProbe,
    retouch: Retouch | None = None,
) -> None:
    """Write that copy in any case. `retouch` is given each frame, in order of time, before it is encoded.

    The file appears whole or not at all. Raises ClipRefused.
    """
    partial = destination.with_name(destination.name + ".partial")
    try:
        _transcode(source, partial, probe=probe, limits=limits, retouch=retouch)
        partial.replace(destination)
    finally:
        partial.unlink(missing_ok=True)


def copied_size(width: int, height: int) -> tuple[int, int]:
    """The copy's size for a shown size: no wider than `MAX_WIDTH`, both sides even."""
    scale = min(1.0, MAX_WIDTH / width)
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def _transcode(
    source: Path, target: Path, *, probe: ClipProbe, limits: ClipLimits, retouch: Retouch | None
) -> None:
    deadline = Deadline(limits.read_seconds)
    with (
        open_container(source, probe.container, limits=limits) as container,
        av.open(str(target), "w", format="mp4", options=_MUXER_OPTIONS) as output,
    ):
        stream = video_stream(container, limits=limits)
        encoder = _encoder(output, probe)
        count = 0
        for picture in _pictures(container, stream, probe=probe, limits=limits, deadline=deadline):
            output.mux(encoder.encode(_retouched(picture, retouch)))
            count += 1
        if count == 0:
            raise ClipUndecodable("Not one frame of the clip could be decoded for a copy.")
        output.mux(encoder.encode(None))


def _retouched(picture: Any, retouch: Retouch | None) -> Any:
    """The frame after `retouch`, on memory of its own: the decoder may still need what it gave out."""
    if retouch is None:
        return picture
    seconds = float(picture.pts * picture.time_base)
    result = av.VideoFrame.from_ndarray(
        retouch(seconds, picture.to_ndarray(format="yuv420p")), format="yuv420p"
    )
    result.pts, result.time_base = picture.pts, picture.time_base
    result.color_range, result.colorspace = picture.color_range, picture.colorspace
    return result


def _encoder(output: Any, probe: ClipProbe) -> Any:
    rate = Fraction(probe.fps).limit_denominator(1001)
    try:
        encoder = output.add_stream("libx264", rate=rate, options=_OPTIONS)
    except FFmpegError as error:
        raise ClipUndecodable("This installation cannot write H.264.") from error
    encoder.width, encoder.height = copied_size(*probe.shown_size)
    encoder.pix_fmt = "yuv420p"
    encoder.codec_context.time_base = _TIME_BASE
    encoder.time_base = _TIME_BASE
    return encoder


def _pictures(
    container: Any, stream: Any, *, probe: ClipProbe, limits: ClipLimits, deadline: Deadline
) -> Iterator[Any]:
    """Upright frames of the copy's size with strictly rising times from zero."""
    width, height = copied_size(*probe.shown_size)
    first: float | None = None
    last = -1
    step = max(1, round(1 / probe.fps / _TIME_BASE))
    for frame in decoded_frames(container, stream, limits=limits, deadline=deadline):
        if frame.time is None:
            stamp = last + step if last >= 0 else 0
        else:
            first = frame.time if first is None else first
            stamp = round((frame.time - first) / float(_TIME_BASE))
        picture = _upright(frame, probe.rotation).reformat(width, height, "yuv420p")
        last = max(stamp, last + 1)
        picture.pts, picture.time_base = last, _TIME_BASE
        yield picture


def _upright(frame: Any, rotation: int) -> Any:
    if rotation == 0:
        return frame
    return av.VideoFrame.from_ndarray(
        turned(frame.to_ndarray(format="rgb24"), rotation=rotation), format="rgb24"
    )
