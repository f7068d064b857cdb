"""A picture somebody uploads: read, cleaned of everything but its pixels, and made a JPEG of."""

import io
import warnings
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

LARGEST_BYTES: Final = 8 * 1024 * 1024
SMALLEST_SIDE: Final = 80
LARGEST_SIDE: Final = 8000
_QUALITY: Final = 92


class UnableToReadPicture(Exception):
    """The file is no picture that is kept; the message says why."""


@dataclass(frozen=True, kw_only=True)
class CleanPicture:
    """The pixels of an upload as a JPEG without metadata, upright; sides in pixels."""

    data: bytes
    width: int
    height: int


def clean_picture(data: bytes) -> CleanPicture:
    """Read a JPEG or PNG; what is transparent becomes white.

    Raises UnableToReadPicture for anything else, and for what is too small or too large; the size is looked at
    before a pixel is unpacked.
    """
    if len(data) > LARGEST_BYTES:
        raise UnableToReadPicture(f"A picture has at most {LARGEST_BYTES // 1024**2} MB.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            pixels = _pixels(data)
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        ValueError,
        SyntaxError,
    ) as error:
        raise UnableToReadPicture("This is not a readable JPEG or PNG picture.") from error
    clean = io.BytesIO()
    pixels.save(clean, format="JPEG", quality=_QUALITY)
    return CleanPicture(data=clean.getvalue(), width=pixels.width, height=pixels.height)


def _pixels(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=["JPEG", "PNG"]) as picture:
        if min(picture.size) < SMALLEST_SIDE or max(picture.size) > LARGEST_SIDE:
            raise UnableToReadPicture(
                f"A picture's sides are {SMALLEST_SIDE} to {LARGEST_SIDE} pixels long."
            )
        upright = ImageOps.exif_transpose(picture)
        if not upright.has_transparency_data:
            return upright.convert("RGB")
        layered = upright.convert("RGBA")
        ground = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(ground, layered).convert("RGB")
