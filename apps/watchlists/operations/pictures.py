"""An uploaded enrolment picture: read, cleaned of everything but its pixels, and stored."""

import io
from typing import Final
from uuid import UUID, uuid4

from PIL import Image, UnidentifiedImageError

from apps.storage.keys import watchlist_image
from apps.storage.store import media_store
from apps.watchlists.operations.proposing import UploadedPicture

LARGEST_BYTES: Final = 8 * 1024 * 1024
SMALLEST_SIDE: Final = 80
LARGEST_SIDE: Final = 8000
_QUALITY: Final = 92


class UnableToReadPicture(Exception):
    """The file is not stored; the message says why."""


def store_upload(*, tenant_id: UUID, entry_id: UUID, data: bytes) -> UploadedPicture:
    """Store a JPEG or PNG as a JPEG without metadata, under the entry's key.

    Raises UnableToReadPicture for anything else, too small or too large; StorageError.
    """
    clean, width, height = _cleaned(data)
    image_id = uuid4()
    stored = media_store().put_stream(
        key=watchlist_image(tenant_id=tenant_id, entry_id=entry_id, image_id=image_id),
        stream=io.BytesIO(clean),
        length=len(clean),
        content_type="image/jpeg",
    )
    return UploadedPicture(
        image_id=image_id, key=stored.key, sha256=stored.sha256, width=width, height=height
    )


def delete_upload(picture: UploadedPicture) -> None:
    """Take back what was stored for a proposal that was not made. Raises StorageError."""
    media_store().delete(key=picture.key)


def _cleaned(data: bytes) -> tuple[bytes, int, int]:
    if len(data) > LARGEST_BYTES:
        raise UnableToReadPicture(f"A picture has at most {LARGEST_BYTES // 1024**2} MB.")
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "PNG"]) as picture:
            width, height = picture.size
            if min(width, height) < SMALLEST_SIDE or max(width, height) > LARGEST_SIDE:
                raise UnableToReadPicture(
                    f"A picture's sides are {SMALLEST_SIDE} to {LARGEST_SIDE} pixels long."
                )
            pixels = picture.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise UnableToReadPicture("This is not a readable JPEG or PNG picture.") from error
    clean = io.BytesIO()
    pixels.save(clean, format="JPEG", quality=_QUALITY)
    return clean.getvalue(), width, height
