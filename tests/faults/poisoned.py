"""Clips that nobody should look at, as bytes. What is encoded here is encoded for real."""

import io
import struct
from fractions import Fraction

import av
import numpy as np


def text() -> bytes:
    return b"dear operator, this is no video\n" * 100


def playlist() -> bytes:
    return b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"


def disguised_playlist() -> bytes:
    return b"\x00\x00\x00\x18ftypisom" + b"\x00" * 12 + b"\n#EXTM3U\nfile:///etc/passwd\n"


def one_frame() -> bytes:
    return video(frames=1)


def truncated() -> bytes:
    whole = video(frames=60)
    return whole[: len(whole) // 2]


def bomb() -> bytes:
    """A small file whose header promises pictures of 32,000 × 32,000 dots."""
    small = video(frames=5)
    wide, high = struct.pack(">HH", 160, 120), struct.pack(">HH", 32_000, 32_000)
    entry = small.index(b"avc1", small.index(b"stsd")) + 4 + 24
    assert small[entry : entry + 4] == wide
    return small[:entry] + high + small[entry + 4 :]


def many_dots() -> bytes:
    """A real picture sequence far larger than any camera's."""
    return video(frames=2, size=(16_000, 8_000), codec="mjpeg", container="avi")


def video(
    *,
    frames: int,
    size: tuple[int, int] = (160, 120),
    codec: str = "libx264",
    container: str = "mp4",
) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=10)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for index in range(frames):
            picture = np.full((size[1], size[0], 3), 20 + index, dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 10)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()
