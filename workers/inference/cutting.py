"""A span cut out of a recording without encoding it again: the pictures are the recording's own, byte for byte."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import av
from av.error import FFmpegError

from apps.alerts.clip_format import ClipContainer, ClipRefused
from workers.inference.cuts import REFUSED, Cut
from workers.inference.limits import ClipLimits
from workers.inference.probe import ClipProbe, open_container, probe_clip, video_stream
from workers.inference.refusals import ClipUndecodable, Deadline

_IN_MP4: Final = frozenset({"h264", "hevc", "av1", "mpeg4"})


def cut_span(
    source: Path, destination: Path, *, start_seconds: float, end_seconds: float, limits: ClipLimits
) -> Cut:
    """Copy the video of [start, end] (seconds from the first picture), from the key frame before it; no sound.

    An MP4 where browsers expect the codec in one, else Matroska, which holds any. One packet is held at a time. Raises
    ClipRefused like `probe_clip`, and ClipUndecodable when the span holds no picture. The file appears whole or not at
    all.
    """
    if not 0 <= start_seconds < end_seconds:
        raise ValueError("a span ends after it starts")
    probe = probe_clip(source, limits=limits)
    kind = ClipContainer.MP4 if probe.codec in _IN_MP4 else ClipContainer.MATROSKA
    partial = destination.with_name(destination.name + ".partial")
    try:
        span = _copied(source, partial, kind, probe, (start_seconds, end_seconds), limits)
        partial.replace(destination)
    finally:
        partial.unlink(missing_ok=True)
    return Cut(container=kind, start_seconds=span[0], end_seconds=span[1])


def _copied(
    source: Path,
    target: Path,
    kind: ClipContainer,
    probe: ClipProbe,
    span: tuple[float, float],
    limits: ClipLimits,
) -> tuple[float, float]:
    form = "mp4" if kind is ClipContainer.MP4 else "matroska"
    with open_container(source, probe.container, limits=limits) as container:
        stream = video_stream(container, limits=limits)
        try:
            with av.open(str(target), "w", format=form) as output:
                return _mux(container, stream, output, span, Deadline(limits.read_seconds))
        except FFmpegError as error:
            raise ClipUndecodable("The span could not be copied out of the recording.") from error


def _mux(
    container: Any, stream: Any, output: Any, span: tuple[float, float], deadline: Deadline
) -> tuple[float, float]:
    """Copy packets; returns the first and the last picture's end, in seconds from the recording's first picture."""
    base, origin = stream.time_base, stream.start_time or 0
    copy = output.add_stream_from_template(stream)
    container.seek(origin + round(span[0] / base), stream=stream, backward=True)
    last = origin + round(span[1] / base)
    first: int | None = None
    end = 0
    for packet in container.demux(stream):
        deadline.check()
        if packet.pts is None or packet.dts is None or (first is None and not packet.is_keyframe):
            continue
        if packet.dts >= last:
            break
        if first is None:
            first = packet.pts
        if packet.pts < first:  # refers to pictures before the key frame
            continue
        end = max(end, packet.pts + (packet.duration or 0))
        packet.pts, packet.dts = packet.pts - first, packet.dts - first
        packet.stream = copy
        output.mux(packet)
    if first is None or (end - origin) * base <= span[0]:
        raise ClipUndecodable("The recording has no picture in this span.")
    return max(0.0, float((first - origin) * base)), float((end - origin) * base)


def main(arguments: list[str]) -> int:
    """SOURCE TARGET START END: cut in a process of its own; prints the cut, or on exit `REFUSED` the sentence, as JSON."""
    source, target, start, end = arguments
    try:
        cut = cut_span(
            Path(source),
            Path(target),
            start_seconds=float(start),
            end_seconds=float(end),
            limits=ClipLimits.for_recordings(),
        )
    except ClipRefused as refusal:
        json.dump(refusal.sentence, sys.stdout)
        return REFUSED
    json.dump(asdict(cut), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
