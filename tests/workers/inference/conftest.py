"""Clips made for a test, and the models loaded once. Nothing here needs Django or a server."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from workers.inference.limits import ClipLimits
from workers.inference.registry import Models, process_models

BUNDLED = Path(__file__).parents[3] / "workers/inference/clips/pets2009-walkway.mp4"

GOLDEN = Path(__file__).parent / "golden/pets2009-walkway.json"
SHARED_CLIPS = Path(__file__).parents[4] / "shared/data/clips"

WriteClip = Callable[..., Path]


@pytest.fixture
def limits() -> ClipLimits:
    return ClipLimits()


@pytest.fixture(scope="session")
def bundled_clip() -> Path:
    return BUNDLED


@pytest.fixture(scope="session")
def models() -> Models:
    return process_models()


@pytest.fixture
def write_clip(tmp_path: Path) -> WriteClip:
    """`write_clip("a.webm", codec="libvpx-vp9", ...)`: a moving pattern, encoded for real."""

    def write(
        name: str,
        *,
        codec: str = "libx264",
        size: tuple[int, int] = (160, 120),
        fps: int = 10,
        frames: int = 30,
        times: list[int] | None = None,
        pixel_format: str = "yuv420p",
        container: str | None = None,
        options: dict[str, str] | None = None,
        codec_options: dict[str, str] | None = None,
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w", format=container, options=options or {}) as output:
            stream = output.add_stream(codec, rate=fps, options=codec_options or {})
            stream.width, stream.height, stream.pix_fmt = *size, pixel_format
            for index, time in enumerate(times or range(frames)):
                frame = av.VideoFrame.from_ndarray(pattern(index, size), format="rgb24")
                frame.pts, frame.time_base = time, Fraction(1, fps)
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        return path

    return write


def pattern(index: int, size: tuple[int, int]) -> np.ndarray:
    """A smooth picture [H, W, 3]: a gradient with a bright square that moves two pixels a frame."""
    width, height = size
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[..., 0] = np.linspace(20, 200, width, dtype=np.uint8)[None, :]
    image[..., 1] = np.linspace(60, 180, height, dtype=np.uint8)[:, None]
    left = (2 * index) % max(1, width - 24)
    image[height // 4 : height // 4 + 20, left : left + 20] = (250, 250, 40)
    return image


def turn_by_header(path: Path, *, clockwise: int) -> None:
    """Write a rotation into an MP4's track header, as a phone held upright does."""
    matrices = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
    a, b, c, d = (value * 0x10000 for value in matrices[clockwise])
    content = bytearray(path.read_bytes())
    # tkhd, version 0: 4 bytes type, 4 version and flags, 36 bytes of times and layer, then the matrix.
    start = content.index(b"tkhd") + 4 + 4 + 36
    for offset, value in ((0, a), (4, b), (12, c), (16, d)):
        content[start + offset : start + offset + 4] = value.to_bytes(4, "big", signed=True)
    path.write_bytes(content)
