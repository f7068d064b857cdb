"""Deleting one thing whose period is over: decided in one transaction, carried out, buried in another.

The order keeps a crash harmless. `deleting` is committed before the first byte goes, the tombstone after the last; a
run that finds `deleting` goes on where the other stopped. A hold that is committed before `deleting` is always seen,
because both lock the row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.utils.translation import gettext

from apps.accounts.tenancy import tenant_scope
from apps.alerts.operations.deleting import forget_file
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.evidence.models import CheckOutcome, EvidenceItem, Tombstone
from apps.evidence.operations.custody import record_step
from apps.evidence.queries.retention import active_rules, recording_standings, standings
from apps.evidence.retention_rules import Ground, Rules, Standing
from apps.sites.models import Recording
from apps.storage.errors import StorageError
from apps.storage.objects import ObjectStore
from apps.storage.store import evidence_store, media_store
from apps.triage.states import EvidenceState

_BEFORE_ERASURE = (Ground.HOLD, Ground.CASE_OPEN, Ground.OBJECT_LOCK)


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
    decided = _decide(
        tenant_id=tenant_id, item_id=item_id, rules=rules, may_go=lambda found: found.is_due(now)
    )
    if decided is None:
        return Deletion(outcome=Outcome.KEPT)
    order = _Order(actor=Actor.system(tenant_id), run_id=run_id, now=now)
    return _carry_out(decided, order)


def erase_item(
    *, actor: Actor, tenant_id: UUID, item_id: UUID, reason: str, now: datetime
) -> Deletion:
    """Delete an item before its time because a person ordered it (an approved erasure). Opens its own scopes.

    Raises UnableToDelete, with the reason, for what a hold, an open case or the store's lock keeps; a pending request and
    the period do not, because this is the answer to the request. An item deleted before is `kept` as it is.
    """
    with tenant_scope(tenant_id):
        rules = active_rules(tenant_id)
        item = EvidenceItem.objects.exclude(state=EvidenceState.DELETED).filter(id=item_id).first()
        if item is None:
            return Deletion(outcome=Outcome.KEPT)
        _require_free(standings([item], rules=rules)[item.id], now)
    decided = _decide(
        tenant_id=tenant_id,
        item_id=item_id,
        rules=rules,
        may_go=lambda found: not _barriers(found, now),
    )
    if decided is None:
        raise UnableToDelete(gettext("A hold was placed meanwhile; nothing was deleted."))
    return _carry_out(decided, _Order(actor=actor, run_id=None, now=now, reason=reason))


class UnableToDelete(Exception):
    """Something keeps the item that an order to erase does not outweigh; the text says what."""


@dataclass(frozen=True, kw_only=True)
class _Order:
    """Who deletes, in which run, and in a person's case why."""

    actor: Actor
    run_id: UUID | None
    now: datetime
    reason: str = ""


def _barriers(found: Standing, now: datetime) -> list[str]:
    return [
        one.words
        for one in found.obstacles
        if one.ground in _BEFORE_ERASURE and (one.until is None or one.until > now)
    ]


def _require_free(found: Standing, now: datetime) -> None:
    barriers = _barriers(found, now)
    if barriers:
        raise UnableToDelete(" ".join(barriers))


def _carry_out(decided: tuple[EvidenceItem, Standing, bool], order: _Order) -> Deletion:
    """Bytes first, tombstone after."""
    item, found, was_begun = decided
    try:
        versions = store_of(item).erase(key=item.key)
    except StorageError as error:
        return Deletion(outcome=Outcome.FAILED, words=str(error))
    with tenant_scope(item.tenant_id):
        _bury_item(item, found, order, versions=versions)
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
    *, tenant_id: UUID, item_id: UUID, rules: Rules, may_go: Callable[[Standing], bool]
) -> tuple[EvidenceItem, Standing, bool] | None:
    """Lock the item and look again; None when it may not go (any more)."""
    with tenant_scope(tenant_id):
        rows = EvidenceItem.objects.select_for_update().exclude(state=EvidenceState.DELETED)
        item = rows.filter(id=item_id).first()
        if item is None:
            return None
        found = standings([item], rules=rules)[item.id]
        was_begun = item.state == EvidenceState.DELETING
        if not may_go(found):
            if was_begun:
                EvidenceItem.objects.filter(id=item.id).update(state=EvidenceState.KEPT)
            return None
        EvidenceItem.objects.filter(id=item.id).update(state=EvidenceState.DELETING)
        return item, found, was_begun


def _bury_item(item: EvidenceItem, found: Standing, order: _Order, *, versions: int) -> None:
    now, run_id = order.now, order.run_id
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
        actor=order.actor,
        item=item,
        action=Event.EVIDENCE_DELETED,
        now=now,
        reason=order.reason,
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
    Tombstone.objects.create(
        thing=kind,
        thing_id=thing_id,
        alert_id=alert_id,
        category=found.category.value,
        due_at=found.due_at or now,
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
