"""An uploaded enrolment picture: read, cleaned of everything but its pixels, and stored."""

import io
from uuid import UUID, uuid4

from apps.storage.keys import watchlist_image
from apps.storage.pictures import UnableToReadPicture, clean_picture
from apps.storage.store import media_store
from apps.watchlists.operations.proposing import UploadedPicture

__all__ = ["UnableToReadPicture", "delete_upload", "store_upload"]


def store_upload(*, tenant_id: UUID, entry_id: UUID, data: bytes) -> UploadedPicture:
    """Store a JPEG or PNG as a JPEG without metadata, under the entry's key.

    Raises UnableToReadPicture for anything else, too small or too large; StorageError.
    """
    clean, image_id = clean_picture(data), uuid4()
    stored = media_store().put_stream(
        key=watchlist_image(tenant_id=tenant_id, entry_id=entry_id, image_id=image_id),
        stream=io.BytesIO(clean.data),
        length=len(clean.data),
        content_type="image/jpeg",
    )
    return UploadedPicture(
        image_id=image_id,
        key=stored.key,
        sha256=stored.sha256,
        width=clean.width,
        height=clean.height,
    )


def delete_upload(picture: UploadedPicture) -> None:
    """Take back what was stored for a proposal that was not made. Raises StorageError."""
    media_store().delete(key=picture.key)
