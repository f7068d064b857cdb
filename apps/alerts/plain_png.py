"""The one form in which frames go to a detector: PNG (RFC 2083), 8-bit RGB, not interlaced, rows unfiltered.

Standard library only. It is written here because docs/rescoring.md promises the row filter: such a PNG can be read
with `zlib` alone.
"""

import struct
import zlib


def plain_png(pixels: bytes, *, width: int, height: int) -> bytes:
    """`pixels` are `height` rows of `width` RGB triples. The same picture gives the same bytes. Raises ValueError."""
    stride = width * 3
    if width < 1 or height < 1 or len(pixels) != stride * height:
        raise ValueError("a picture has three bytes for each of its pixels")
    rows = b"".join(b"\0" + pixels[at : at + stride] for at in range(0, len(pixels), stride))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(rows, 1))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
