"""Deleting one thing whose period is over: decided in one transaction, carried out, buried in another.

The order keeps a crash harmless. `deleting` is committed before the first byte goes, the tombstone after the last; a
run that finds `deleting` goes on where the other stopped. A hold that is committed before `deleting` is always seen,
because both lock the row.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from apps.accounts.tenancy import tenant_scope
from apps.alerts.operations.deleting import forget_file
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.evidence.models import CheckOutcome, EvidenceItem, Tombstone
from apps.evidence.operations.custody import record_step
from apps.evidence.queries.retention import recording_standings, standings
from apps.evidence.retention_rules import Rules, Standing
from apps.sites.models import Recording
from apps.storage.errors import StorageError
from apps.storage.objects import ObjectStore
from apps.storage.store import evidence_store, media_store
from apps.triage.states import EvidenceState


class Outcome(StrEnum):
    """What became of one thing that was due."""

    DELETED = "deleted"
    MISSING = "missing"
    KEPT = "kept"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """The outcome of one deletion; `words` say what failed."""

    outcome: Outcome
    size_bytes: int = 0
    words: str = ""


def delete_item(
    *, tenant_id: UUID, item_id: UUID, rules: Rules, run_id: UUID | None, now: datetime
) -> Deletion:
    """Delete the bytes of an item, if it is still due, in every version. Opens its own scopes.

    A store that refuses or does not answer leaves the item `deleting`: due, and visible as such.
    """
    decided = _decide(tenant_id=tenant_id, item_id=item_id, rules=rules, now=now)
    if decided is None:
        return Deletion(outcome=Outcome.KEPT)
    item, found, was_begun = decided
    try:
        versions = store_of(item).erase(key=item.key)
    except StorageError as error:
        return Deletion(outcome=Outcome.FAILED, words=str(error))
    with tenant_scope(tenant_id):
        _bury_item(item, found, versions=versions, run_id=run_id, now=now)
    is_missing = versions == 0 and not was_begun
    outcome = Outcome.MISSING if is_missing else Outcome.DELETED
    return Deletion(outcome=outcome, size_bytes=0 if is_missing else item.size_bytes)


def delete_recording(
    *, tenant_id: UUID, recording_id: UUID, rules: Rules, run_id: UUID | None, now: datetime
) -> Deletion:
    """Delete a camera's recording, bytes before row: a crash between the two leaves the row due. Service role only."""
    with tenant_scope(tenant_id):
        recording = Recording.objects.filter(id=recording_id).first()
        if recording is None:
            return Deletion(outcome=Outcome.KEPT)
        [(_, found)] = recording_standings([recording], rules=rules)
        if not found.is_due(now):
            return Deletion(outcome=Outcome.KEPT)
    try:
        versions = media_store().erase(key=recording.key)
    except StorageError as error:
        return Deletion(outcome=Outcome.FAILED, words=str(error))
    with tenant_scope(tenant_id):
        _bury_recording(recording, found, versions=versions, run_id=run_id, now=now)
    outcome = Outcome.DELETED if versions else Outcome.MISSING
    return Deletion(outcome=outcome, size_bytes=recording.size_bytes if versions else 0)


def store_of(item: EvidenceItem) -> ObjectStore:
    """The bucket an item lies in."""
    return evidence_store() if item.is_locked_copy else media_store()


def _decide(
    *, tenant_id: UUID, item_id: UUID, rules: Rules, now: datetime
) -> tuple[EvidenceItem, Standing, bool] | None:
    """Lock the item and look again; None when it is not due (any more)."""
    with tenant_scope(tenant_id):
        rows = EvidenceItem.objects.select_for_update().exclude(state=EvidenceState.DELETED)
        item = rows.filter(id=item_id).first()
        if item is None:
            return None
        found = standings([item], rules=rules)[item.id]
        was_begun = item.state == EvidenceState.DELETING
        if not found.is_due(now):
            if was_begun:
                EvidenceItem.objects.filter(id=item.id).update(state=EvidenceState.KEPT)
            return None
        EvidenceItem.objects.filter(id=item.id).update(state=EvidenceState.DELETING)
        return item, found, was_begun


def _bury_item(
    item: EvidenceItem, found: Standing, *, versions: int, run_id: UUID | None, now: datetime
) -> None:
    buried = EvidenceItem.objects.filter(id=item.id, state=EvidenceState.DELETING).update(
        state=EvidenceState.DELETED,
        deleted_at=now,
        hold_in_store=False,
        check_outcome=item.check_outcome if versions else CheckOutcome.MISSING,
    )
    if buried != 1:
        return
    _tombstone(
        ("evidence_item", item.id, item.alert_id),
        found,
        facts={
            "tenant_id": item.tenant_id,
            "bucket": item.bucket,
            "key": item.key,
            "size_bytes": item.size_bytes,
            "sha256": item.sha256,
            "sha512": item.sha512,
            "acquired_at": item.acquired_at,
        },
        versions=versions,
        run_id=run_id,
        now=now,
    )
    if not item.is_locked_copy:
        forget_file(alert_id=item.alert_id, key=item.key, now=now)
    record_step(
        actor=Actor.system(item.tenant_id),
        item=item,
        action=Event.EVIDENCE_DELETED,
        now=now,
        details=_told(found, versions=versions, run_id=run_id),
    )


def _bury_recording(
    recording: Recording, found: Standing, *, versions: int, run_id: UUID | None, now: datetime
) -> None:
    gone, _ = Recording.objects.filter(id=recording.id).delete()
    if not gone:
        return
    _tombstone(
        ("recording", recording.id, None),
        found,
        facts={
            "tenant_id": recording.tenant_id,
            "bucket": media_store().bucket,
            "key": recording.key,
            "size_bytes": recording.size_bytes,
            "sha256": recording.sha256,
            "sha512": "",
            "acquired_at": recording.registered_at,
        },
        versions=versions,
        run_id=run_id,
        now=now,
    )
    record(
        actor=Actor.system(recording.tenant_id),
        event=Event.RECORDING_DELETED,
        subject=Subject("recording", recording.id),
        before={"sha256": recording.sha256, "key": recording.key},
        details=_told(found, versions=versions, run_id=run_id)
        | {"camera": str(recording.camera_id), "sha256": recording.sha256},
    )


def _tombstone(
    thing: tuple[str, UUID, UUID | None],
    found: Standing,
    *,
    facts: dict[str, object],
    versions: int,
    run_id: UUID | None,
    now: datetime,
) -> None:
    kind, thing_id, alert_id = thing
    assert found.due_at is not None
    Tombstone.objects.create(
        thing=kind,
        thing_id=thing_id,
        alert_id=alert_id,
        category=found.category.value,
        due_at=found.due_at,
        deleted_at=now,
        rules_number=found.rules_number,
        run_id=run_id,
        versions=versions,
        **facts,
    )


def _told(found: Standing, *, versions: int, run_id: UUID | None) -> dict[str, object]:
    return {
        "category": found.category.value,
        "rules": found.rules_number,
        "days": found.days,
        "run": str(run_id or ""),
        "versions": versions,
    }
