"""Alerts with real footage in the store, decided and old enough for stories of retention."""

import io
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert, Clip, Disposition
from apps.audit.events import Actor, Channel
from apps.cases.models import Case
from apps.cases.operations import open_case, seal_exhibits
from apps.evidence.models import EvidenceItem, EvidenceKind
from apps.evidence.operations import acquire_item
from apps.storage.keys import alert_dossier, alert_master, alert_working
from apps.storage.store import media_store
from tests.world import NOW, World, make_waiting_alert

FILM = b"the bytes of a clip as the camera delivered them"


def lead_of(world: World) -> Actor:
    return Actor(
        tenant_id=world.tenant.id, user_id=world.lead.id, role="lp_lead", channel=Channel.SCREEN
    )


def compliance_of(world: World) -> Actor:
    return Actor(
        tenant_id=world.tenant.id,
        user_id=world.compliance.id,
        role="compliance",
        channel=Channel.SCREEN,
    )


def store_file(
    alert: Alert,
    key: str,
    *,
    kind: EvidenceKind,
    content: bytes = FILM,
    media_type: str = "video/mp4",
    at: datetime = NOW,
) -> EvidenceItem:
    store = media_store()
    stored = store.put_stream(
        key=key, stream=io.BytesIO(content), length=len(content), content_type=media_type
    )
    return acquire_item(
        actor=Actor.system(alert.tenant_id),
        alert=alert,
        kind=kind,
        bucket=store.bucket,
        stored=stored,
        media_type=media_type,
        now=at,
    )


def store_footage(alert: Alert) -> dict[str, EvidenceItem]:
    """Master, blurred copy, seconds before, poster and dossier of an alert, and its clip pointing to them."""
    place = {"tenant_id": alert.tenant_id, "alert_id": alert.id}
    keys = {
        "master": (alert_master(**place), EvidenceKind.MASTER),
        "blurred": (alert_working(**place, name="blurred-ab.mp4"), EvidenceKind.WORKING),
        "before": (alert_working(**place, name="before-ab.mp4"), EvidenceKind.WORKING),
        "poster": (alert_working(**place, name="poster-ab.jpg"), EvidenceKind.STILL),
        "dossier": (alert_dossier(**place, version=1), EvidenceKind.DOSSIER),
    }
    items = {
        name: store_file(
            alert, key, kind=kind, content=FILM if name == "master" else FILM + name.encode()
        )
        for name, (key, kind) in keys.items()
    }
    Clip.objects.filter(alert=alert).update(
        master_key=keys["master"][0],
        playable_key=keys["master"][0],
        blurred_key=keys["blurred"][0],
        before_key=keys["before"][0],
        poster_key=keys["poster"][0],
        sha256=sha256(FILM).hexdigest(),
        size_bytes=len(FILM),
    )
    return items


def decided_alert(
    world: World, verdict: str = "false_alarm"
) -> tuple[Alert, dict[str, EvidenceItem]]:
    """An alert of NOW that a person resolved, with its files in the store. Inside the tenant's scope."""
    alert = make_waiting_alert(world.camera)
    items = store_footage(alert)
    Disposition.objects.create(
        tenant_id=alert.tenant_id,
        alert=alert,
        verdict=verdict,
        transfer_seen=verdict == "theft_confirmed" or None,
        decided_by=world.operator.id,
        decided_at=NOW,
    )
    Alert.objects.filter(id=alert.id).update(state="resolved", resolved_at=NOW)
    return Alert.objects.get(id=alert.id), items


def theft_with_case(world: World) -> tuple[Alert, dict[str, EvidenceItem], Case]:
    """A confirmed theft, its case, and its footage sealed for some seconds. Opens its own scopes."""
    with tenant_scope(world.tenant.id):
        world.tenant.exhibit_retention_days = 2 / 86_400
        world.tenant.save()
        alert, items = decided_alert(world, "theft_confirmed")
        case = open_case(alert_id=alert.id, now=NOW)
    return alert, items, case


def seal(world: World, case_id: UUID, *, now: datetime) -> EvidenceItem:
    seal_exhibits(tenant_id=world.tenant.id, case_id=case_id, now=now)
    with tenant_scope(world.tenant.id):
        return Case.objects.get(id=case_id).exhibits.get().item


def is_stored(item: EvidenceItem) -> bool:
    return item.key in media_store().keys(prefix=item.key)
