"""How long an MP4 says it is: its movie header (ISO/IEC 14496-12, 8.2.2), read without a decoder.

Web processes open nothing with a demuxer: a hostile file meets one in the worker that cuts, in a process of its own.
"""

import struct
from pathlib import Path
from typing import IO, Final

_MOST_BOXES: Final = 10_000
_HEADER: Final = 8


def stated_seconds(path: Path) -> float | None:
    """The length in the movie header, or None: no MP4, no header, fragments (length 0), or nonsense in it."""
    try:
        with path.open("rb") as file:
            end = path.stat().st_size
            movie = _find(file, b"moov", start=0, end=end)
            header = movie and _find(file, b"mvhd", start=movie[0], end=movie[1])
            return _seconds(file, header[0]) if header else None
    except (struct.error, OSError):
        return None


def _find(file: IO[bytes], kind: bytes, *, start: int, end: int) -> tuple[int, int] | None:
    """Where the contents of the first box of a kind begin and end."""
    at = start
    for _ in range(_MOST_BOXES):
        if at + _HEADER > end:
            return None
        file.seek(at)
        size, name = struct.unpack(">I4s", file.read(_HEADER))
        body = at + _HEADER
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            body += 8
        stop = end if size == 0 else at + size
        if stop < body or stop > end:
            return None
        if name == kind:
            return body, stop
        at = stop
    return None


def _seconds(file: IO[bytes], at: int) -> float | None:
    file.seek(at)
    (version,) = struct.unpack(">B3x", file.read(4))
    layout = ">16xIQ" if version == 1 else ">8xII"
    scale, length = struct.unpack(layout, file.read(struct.calcsize(layout)))
    return length / scale if scale and length else None
