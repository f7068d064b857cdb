"""Rendering a dossier and keeping it as evidence."""

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
from apps.cases.dossier.record import dossier_record
from apps.evidence.documents.typesetting import compile_pdf
from apps.evidence.models import EvidenceItem, EvidenceKind
from apps.evidence.operations import acquire_item
from apps.storage.keys import alert_dossier
from apps.storage.store import media_store

TEMPLATE: Final = Path(__file__).with_name("alert.typ")


def render_dossier(*, tenant_id: UUID, alert_id: UUID, now: datetime) -> UUID:
    """Render the alert's dossier as of now and store it; return the evidence item.

    Opens its own scopes: rendering and storing happen outside any transaction. Every rendering is a
    new version beside the older ones. Raises StorageUnavailable.
    """
    with tenant_scope(tenant_id):
        alert = Alert.objects.select_related("site", "camera", "clip").get(id=alert_id)
        content = dossier_record(alert=alert, now=now)
        version = 1 + EvidenceItem.objects.filter(alert=alert, kind=EvidenceKind.DOSSIER).count()
    pdf = compile_pdf(template=TEMPLATE, record=content)
    store = media_store()
    stored = store.put_stream(
        key=alert_dossier(tenant_id=tenant_id, alert_id=alert_id, version=version),
        stream=io.BytesIO(pdf),
        length=len(pdf),
        content_type="application/pdf",
        metadata={"sha256": hashlib.sha256(pdf).hexdigest()},
    )
    actor = Actor.system(tenant_id)
    with tenant_scope(tenant_id):
        item = acquire_item(
            actor=actor,
            alert=alert,
            kind=EvidenceKind.DOSSIER,
            bucket=store.bucket,
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
            details={"item": str(item.id), "sha256": stored.sha256, "version": version},
        )
    return item.id
