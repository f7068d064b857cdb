"""What inference reports of an entry's pictures, and the vectors of an entry in force."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.triage.states import EntryState
from apps.watchlists.models import VECTOR_LENGTH, EntryImage, FaceEmbedding, WatchlistEntry
from apps.watchlists.queries.gate import faces_are_on


class UnableToEnrol(Exception):
    """No vector was stored; the message says why."""


@dataclass(frozen=True, kw_only=True)
class ImageFinding:
    """One check of one picture: what was measured and what is needed, in the check's own unit."""

    code: str
    passed: bool
    measured: float | None = None
    needed: float | None = None

    def __post_init__(self) -> None:
        if not self.code.replace("_", "").isalnum() or self.code != self.code.lower():
            raise ValueError(f"a finding's code is lower_snake, not {self.code!r}")
        for value in (self.measured, self.needed):
            if value is not None and not math.isfinite(value):
                raise ValueError("a measured value is a finite number")


@dataclass(frozen=True, kw_only=True)
class StoredPicture:
    """A picture cut from the clip and stored under its image's key."""

    key: str
    sha256: str
    width: int
    height: int


def record_image_check(
    *,
    entry_id: UUID,
    image_id: UUID,
    findings: Sequence[ImageFinding],
    quality: float | None,
    stored: StoredPicture | None = None,
    duplicate_of: UUID | None = None,
    now: datetime,
) -> None:
    """Keep what was measured of one picture; measured again, it replaces what was there.

    `duplicate_of` is the entry whose vector is closest when `not_a_duplicate` failed. Of an entry that is
    not being checked any more nothing is kept. Runs inside the tenant's scope.
    """
    if not findings:
        raise ValueError("a checked picture has findings")
    with transaction.atomic():
        entry = WatchlistEntry.objects.select_for_update().get(id=entry_id)
        if entry.state != EntryState.CHECKING:
            return
        changes: dict[str, object] = {"quality": quality}
        EntryImage.objects.filter(id=image_id, entry=entry).update(
            **changes | (asdict(stored) if stored else {})
        )
        kept = [one for one in entry.findings if one.get("image") != str(image_id)]
        of_image = {"image": str(image_id)}
        if duplicate_of is not None:
            of_image["duplicate_of"] = str(duplicate_of)
        WatchlistEntry.objects.filter(id=entry.id).update(
            findings=[*kept, *(asdict(one) | of_image for one in findings)], check_note=""
        )
        record(
            actor=Actor.system(entry.tenant_id),
            event=Event.ENTRY_CHECKED,
            subject=Subject("watchlist_entry", entry.id),
            details={
                "of": str(image_id),
                "passed": all(one.passed for one in findings),
                "codes": ",".join(one.code for one in findings if not one.passed),
            },
        )


def store_embedding(
    *,
    entry_id: UUID,
    image_id: UUID,
    vector: Sequence[float],
    model_id: str,
    model_sha256: str,
    quality: float,
    now: datetime,
) -> FaceEmbedding:
    """Store the vector of a picture of an entry in force; stored twice it is one row.

    Raises UnableToEnrol when the entry is not in force, the gate is shut or the vector has another
    length or values that are no numbers. Runs inside the tenant's scope.
    """
    values = [float(value) for value in vector]
    if len(values) != VECTOR_LENGTH or not all(map(math.isfinite, values)):
        raise UnableToEnrol(
            gettext("a face vector has %(vector_length)s finite numbers")
            % {"vector_length": VECTOR_LENGTH}
        )
    if not 0 <= quality <= 1:  # before the database says so, with the whole row in its log
        raise UnableToEnrol(gettext("the quality of a picture lies between 0 and 1"))
    with transaction.atomic():
        entry = WatchlistEntry.objects.select_for_update().get(id=entry_id)
        if entry.state != EntryState.ACTIVE:
            raise UnableToEnrol(gettext("The entry is not in force."))
        if not faces_are_on(entry.tenant_id, now=now):
            raise UnableToEnrol(gettext("The legal gate is shut."))
        image = EntryImage.objects.get(id=image_id, entry=entry)
        stored, created = FaceEmbedding.objects.get_or_create(
            image=image,
            model_sha256=model_sha256,
            defaults={
                "tenant_id": entry.tenant_id,
                "entry": entry,
                "vector": values,
                "model_id": model_id,
                "quality": quality,
                "created_at": now,
            },
        )
        if created:
            WatchlistEntry.objects.filter(id=entry.id).update(check_note="")
            record(
                actor=Actor.system(entry.tenant_id),
                event=Event.ENTRY_ENROLLED,
                subject=Subject("watchlist_entry", entry.id),
                details={"of": str(image_id), "model": model_sha256},
            )
    return stored


def note_entry(*, entry_id: UUID, note: str) -> None:
    """Say on the entry, in words, what did not work; "" clears it."""
    WatchlistEntry.objects.filter(id=entry_id).update(check_note=note)
