"""Rendering a dossier and keeping it as evidence; asking for one; raising the alarm when a record is missing."""

import hashlib
import io
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.audit.queries import events_of
from apps.cases.dossier.record import dossier_record
from apps.cases.dossier.standing import RecordStanding, record_standing
from apps.evidence.documents.pades import SignedPdf, signed_pdf
from apps.evidence.documents.typesetting import compile_pdf
from apps.evidence.models import EvidenceItem, EvidenceKind
from apps.evidence.operations import acquire_item
from apps.storage.keys import alert_dossier
from apps.storage.objects import StoredObject
from apps.storage.store import media_store

TEMPLATE: Final = Path(__file__).with_name("alert.typ")


def render_dossier(*, tenant_id: UUID, alert_id: UUID, now: datetime) -> UUID:
    """Render and sign the alert's dossier as of now and store it; return the evidence item.

    Opens its own scopes: rendering, signing and storing happen outside any transaction. Every rendering is a
    new version beside the older ones. Raises StorageUnavailable, UnableToSign, UnableToTypeset.
    """
    with tenant_scope(tenant_id):
        alert = Alert.objects.select_related("site", "camera", "clip").get(id=alert_id)
        content = dossier_record(alert=alert, now=now)
        version = 1 + EvidenceItem.objects.filter(alert=alert, kind=EvidenceKind.DOSSIER).count()
    pages = compile_pdf(template=TEMPLATE, record=content)
    signed = signed_pdf(pages, reason=f"Record of alert {alert.reference}", now=now)
    stored = _stored(signed.content, alert, version)
    with tenant_scope(tenant_id):
        return _kept(alert, stored, signed, version=version, now=now).id


def ask_for_dossier(*, actor: Actor, alert: Alert) -> None:
    """A person wants the dossier as of now: who and for which alert is recorded. Inside the scope."""
    record(
        actor=actor,
        event=Event.DOSSIER_REQUESTED,
        subject=Subject("alert", alert.id),
        details={"state": alert.state},
    )


def record_read(*, actor: Actor, alert: Alert, form: str) -> None:
    """Somebody was given the record of an alert: `form` says as what (page, json, explanation)."""
    record(
        actor=actor,
        event=Event.DOSSIER_VIEWED,
        subject=Subject("alert", alert.id),
        details={"form": form},
    )


def raise_missing_records(*, tenant_id: UUID, since: datetime | None) -> RecordStanding:
    """Record an alarm for each alert that left analysis without its chained record, once each. Opens its own scope."""
    with tenant_scope(tenant_id):
        standing = record_standing(tenant_id=tenant_id, since=since)
        for alert in standing.examples:
            subject = Subject("alert", alert.id)
            told = events_of(tenant_id=tenant_id, subjects=[subject])
            if all(one.event != Event.ALERT_RECORD_MISSING for one in told):
                record(
                    actor=Actor.system(tenant_id),
                    event=Event.ALERT_RECORD_MISSING,
                    subject=subject,
                    details={"state": alert.state},
                )
    return standing


def _stored(pdf: bytes, alert: Alert, version: int) -> StoredObject:
    return media_store().put_stream(
        key=alert_dossier(tenant_id=alert.tenant_id, alert_id=alert.id, version=version),
        stream=io.BytesIO(pdf),
        length=len(pdf),
        content_type="application/pdf",
        metadata={"sha256": hashlib.sha256(pdf).hexdigest()},
    )


def _kept(
    alert: Alert, stored: StoredObject, signed: SignedPdf, *, version: int, now: datetime
) -> EvidenceItem:
    actor = Actor.system(alert.tenant_id)
    item = acquire_item(
        actor=actor,
        alert=alert,
        kind=EvidenceKind.DOSSIER,
        bucket=media_store().bucket,
        stored=stored,
        media_type="application/pdf",
        original_name=f"dossier-{alert.reference}.pdf",
        now=now,
    )
    record(
        actor=actor,
        event=Event.DOSSIER_RENDERED,
        subject=Subject("alert", alert.id),
        after={"sha256": stored.sha256},
        details={
            "item": str(item.id),
            "sha256": stored.sha256,
            "version": version,
            "signature": signed.level.value,
            "certificate": signed.fingerprint,
        },
    )
    return item
