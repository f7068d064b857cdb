"""Acquiring evidence and sealing it: every step leaves a custody event and an audit event."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from apps.alerts.models import Alert
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.evidence.models import CustodyEvent, EvidenceItem, EvidenceKind
from apps.storage.keys import evidence_master
from apps.storage.objects import StoredObject
from apps.storage.store import evidence_store, media_store

_DERIVED = (EvidenceKind.WORKING, EvidenceKind.STILL)


def acquire_item(
    *,
    actor: Actor,
    alert: Alert,
    kind: EvidenceKind,
    bucket: str,
    stored: StoredObject,
    media_type: str,
    original_name: str = "",
    now: datetime,
) -> EvidenceItem:
    """Register a stored file of an alert. Registering the same object twice is one item.

    A working copy or still is linked to the alert's master. Runs inside the tenant's scope.
    """
    item, created = EvidenceItem.objects.get_or_create(
        bucket=bucket,
        key=stored.key,
        version_id=stored.version_id or "",
        defaults={
            "tenant_id": alert.tenant_id,
            "alert": alert,
            "derived_from": _master(alert) if kind in _DERIVED else None,
            "kind": kind,
            "media_type": media_type,
            "size_bytes": stored.size,
            "sha256": stored.sha256,
            "sha512": stored.sha512,
            "original_name": original_name,
            "acquired_at": now,
        },
    )
    if created:
        event = Event.EVIDENCE_DERIVED if kind in _DERIVED else Event.EVIDENCE_ACQUIRED
        record_step(actor=actor, item=item, action=event, now=now)
    return item


def _master(alert: Alert) -> EvidenceItem | None:
    masters = EvidenceItem.objects.filter(alert=alert, kind=EvidenceKind.MASTER)
    return masters.filter(retain_until__isnull=True).first()


def copy_sealed(*, item: EvidenceItem, retain_until: datetime) -> StoredObject:
    """Copy a master into the locked bucket (COMPLIANCE), digest checked at both ends.

    Talks to S3 only, so it runs outside any transaction and can be repeated.
    Raises DigestMismatch when the bytes are not the ones acquired, StorageUnavailable.
    """
    return evidence_store().copy_locked(
        source=media_store(),
        source_key=item.key,
        key=evidence_master(tenant_id=item.tenant_id, item_id=item.id),
        sha256=item.sha256,
        retain_until=retain_until,
    )


def record_sealed(
    *, actor: Actor, item: EvidenceItem, sealed: StoredObject, retain_until: datetime, now: datetime
) -> EvidenceItem:
    """Register the sealed copy of a master; repeated, it is the same row. Inside the scope."""
    copy, created = EvidenceItem.objects.get_or_create(
        id=uuid.uuid5(item.id, "sealed"),
        defaults={
            "tenant_id": item.tenant_id,
            "alert_id": item.alert_id,
            "derived_from": item,
            "kind": item.kind,
            "bucket": evidence_store().bucket,
            "key": sealed.key,
            "version_id": sealed.version_id or "",
            "media_type": item.media_type,
            "size_bytes": item.size_bytes,
            "sha256": item.sha256,
            "sha512": item.sha512,
            "original_name": item.original_name,
            "acquired_at": now,
            "retain_until": retain_until,
        },
    )
    if created:
        record_step(actor=actor, item=copy, action=Event.EXHIBIT_SEALED, now=now)
    return copy


def record_viewed(*, actor: Actor, item: EvidenceItem, now: datetime) -> None:
    """Somebody was given the file for a minute."""
    record_step(actor=actor, item=item, action=Event.EXHIBIT_DOWNLOADED, now=now)


def note_exported(
    *, actor: Actor, case_id: UUID, file_id: UUID, with_originals: bool, now: datetime
) -> None:
    """The sealed exhibits of a case left in a case file: a step in the custody of each; the release is the audit event."""
    details = {"case_file": str(file_id), "version": "original" if with_originals else "blurred"}
    sealed = EvidenceItem.objects.filter(
        alert__incident__case_id=case_id, retain_until__isnull=False
    )
    for item in sealed:
        note_custody(
            actor=actor, item=item, action=Event.EVIDENCE_EXPORTED, now=now, details=details
        )


def record_step(
    *,
    actor: Actor,
    item: EvidenceItem,
    action: Event,
    now: datetime,
    details: Mapping[str, object] | None = None,
    reason: str = "",
) -> None:
    """Add a step to an item's custody, and the event of the same name to the audit chain. Inside the scope."""
    note_custody(actor=actor, item=item, action=action, now=now, details=details)
    record(
        actor=actor,
        event=action,
        subject=Subject("evidence_item", item.id),
        after={"sha256": item.sha256, "bucket": item.bucket, "key": item.key},
        reason=reason,
        details={
            "alert": str(item.alert_id),
            "kind": item.kind,
            "sha256": item.sha256,
            **(details or {}),
        },
    )


def note_custody(
    *,
    actor: Actor,
    item: EvidenceItem,
    action: Event,
    now: datetime,
    details: Mapping[str, object] | None = None,
) -> None:
    """Add a step to an item's custody alone: the audit event is that of the act it belongs to."""
    CustodyEvent.objects.create(
        tenant_id=item.tenant_id,
        evidence_item_id=item.id,
        action=action.value.partition(":")[2],
        actor_id=None if actor.user_id is None else UUID(str(actor.user_id)),
        actor_role=actor.role,
        sha256=item.sha256,
        details=dict(details or {}),
        happened_at=now,
    )
