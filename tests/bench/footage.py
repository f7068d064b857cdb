"""Clips made for measuring: ten seconds of real people, and an hour made cheaply of a short one."""

from fractions import Fraction
from pathlib import Path

import av


def ten_seconds_of(
    source: Path, target: Path, *, size: tuple[int, int], fps: int = 25, codec: str = "libx264"
) -> Path:
    """The first ten seconds of a clip, played again from the start if it is shorter."""
    with av.open(str(source)) as read:
        frames = [f.reformat(*size, format="yuv420p") for f in _frames(read, seconds=10, fps=fps)]
    with av.open(str(target), "w") as written:
        stream = written.add_stream(
            codec, rate=fps, options={"preset": "veryfast"} if codec == "libx264" else {}
        )
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(10 * fps):
            frame = frames[number % len(frames)]
            frame.pts, frame.time_base = number, Fraction(1, fps)
            written.mux(stream.encode(frame))
        written.mux(stream.encode(None))
    return target


def repeated(source: Path, target: Path, *, seconds: float) -> Path:
    """The same packets over and over with shifted times: a long file without encoding anything."""
    with av.open(str(source)) as read, av.open(str(target), "w") as written:
        stream = read.streams.video[0]
        copy = written.add_stream_from_template(stream)
        packets = [(bytes(p), p.pts, p.dts, p.duration, p.is_keyframe) for p in _packets(read)]
        length = max(pts + duration for _, pts, _, duration, _ in packets)
        for turn in range(round(seconds / float(length * stream.time_base))):
            for content, pts, dts, duration, is_key in packets:
                packet = av.Packet(content)
                packet.pts, packet.dts = pts + turn * length, dts + turn * length
                packet.duration, packet.time_base = duration, stream.time_base
                packet.stream, packet.is_keyframe = copy, is_key
                written.mux(packet)
    return target


def _packets(read: av.container.InputContainer) -> list[av.Packet]:
    return [packet for packet in read.demux(video=0) if packet.size]


def _frames(read: av.container.InputContainer, *, seconds: float, fps: int) -> list[av.VideoFrame]:
    """Frames at the wanted rate: the nearest earlier one for each tick."""
    every: list[av.VideoFrame] = []
    for frame in read.decode(video=0):
        if frame.time is not None and frame.time > seconds:
            break
        while len(every) <= (frame.time or 0) * fps:
            every.append(frame)
    return every
