"""A still for a report, cut from the copy in which faces are blurred: never from the original."""

import io
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import av
from django.utils.translation import gettext
from PIL import Image

from apps.alerts.models import Alert
from apps.audit.events import Actor
from apps.evidence.models import EvidenceItem, EvidenceKind
from apps.evidence.operations import acquire_item
from apps.reports.queries.kept import STILL_NAME
from apps.storage.errors import StorageError
from apps.storage.keys import alert_working
from apps.storage.objects import StoredObject
from apps.storage.store import media_store

_QUALITY: Final = 88
_LONGEST_SIDE: Final = 1280
_CHUNK: Final = 1 << 20


class UnableToCut(Exception):
    """There is no still; the message says why."""


def cut_still(*, alert: Alert, seconds: float | None) -> StoredObject:
    """Cut one frame of the blurred copy, `seconds` from its start (the middle of the marked part unless given).

    Talks to S3 only, so it runs outside any transaction; the same moment cut twice is one object. Raises UnableToCut.
    """
    clip = getattr(alert, "clip", None)
    if clip is None or not clip.blurred_key:
        raise UnableToCut(
            gettext(
                "There is no copy of this clip with faces blurred; a still is cut from that only."
            )
        )
    at = seconds if seconds is not None else _middle(clip.marked_from_ms, clip.marked_to_ms)
    try:
        with TemporaryDirectory(prefix="still-") as folder:
            jpeg = _frame(_fetched(clip.blurred_key, Path(folder)), at)
        name = f"{STILL_NAME}-{round(at * 1000)}.jpg"
        return media_store().put_stream(
            key=alert_working(tenant_id=alert.tenant_id, alert_id=alert.id, name=name),
            stream=io.BytesIO(jpeg),
            length=len(jpeg),
            content_type="image/jpeg",
        )
    except StorageError as error:
        raise UnableToCut(gettext("The store for files did not answer. Try again.")) from error


def keep_still(*, actor: Actor, alert: Alert, stored: StoredObject, now: datetime) -> EvidenceItem:
    """Register a cut still as a working copy of the alert. Inside the tenant's scope."""
    return acquire_item(
        actor=actor,
        alert=alert,
        kind=EvidenceKind.STILL,
        bucket=media_store().bucket,
        stored=stored,
        media_type="image/jpeg",
        original_name=stored.key.rpartition("/")[2],
        now=now,
    )


def _middle(start_ms: int | None, end_ms: int | None) -> float:
    return ((start_ms or 0) + (end_ms or start_ms or 0)) / 2000


def _fetched(key: str, folder: Path) -> Path:
    path = folder / "copy.mp4"
    with media_store().get_stream(key=key) as stream, path.open("wb") as file:
        while chunk := stream.read(_CHUNK):
            file.write(chunk)
    return path


def _frame(path: Path, at: float) -> bytes:
    """The first frame at or after `at` seconds, or the last one, as a JPEG without metadata."""
    last: Image.Image | None = None
    try:
        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                last = frame.to_image()  # type: ignore[no-untyped-call]
                if frame.time is not None and frame.time >= at:
                    break
    except av.FFmpegError as error:
        raise UnableToCut(gettext("The copy with faces blurred could not be read.")) from error
    if last is None:
        raise UnableToCut(gettext("The copy with faces blurred has no picture in it."))
    last.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    jpeg = io.BytesIO()
    last.save(jpeg, format="JPEG", quality=_QUALITY)
    return jpeg.getvalue()
