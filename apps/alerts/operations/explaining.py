"""What moved a score: recorded, or noted why it could not be worked out."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from apps.accounts.live import publish_live
from apps.alerts.models import Clip
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record


def record_explained(
    *, alert_id: UUID, key: str, facts: Mapping[str, object], now: datetime
) -> Clip:
    """The maps of what moved the score lie under `key`; `facts` are figures about them. Idempotent by its key."""
    row = Clip.objects.select_for_update().get(alert_id=alert_id)
    if row.saliency_key == key:
        return row
    row.saliency_key, row.saliency_note = key, ""
    row.save(update_fields=["saliency_key", "saliency_note"])
    record(
        actor=Actor.system(row.tenant_id),
        event=Event.CLIP_EXPLAINED,
        subject=Subject("alert", alert_id),
        after={"saliency": key},
        details=dict(facts),
    )
    publish_live(tenant_id=row.tenant_id, topic="alert", subject_id=alert_id)
    return row


def note_not_explained(*, alert_id: UUID, reason: str) -> None:
    """There is no map, and why, in a sentence. Never overrules one that is there; saying it again changes nothing."""
    row = Clip.objects.select_for_update().get(alert_id=alert_id)
    if row.saliency_key or row.saliency_note == reason:
        return
    row.saliency_note = reason
    row.save(update_fields=["saliency_note"])
    record(
        actor=Actor.system(row.tenant_id),
        event=Event.CLIP_EXPLAINED,
        subject=Subject("alert", alert_id),
        details={"explained": False},
    )
    publish_live(tenant_id=row.tenant_id, topic="alert", subject_id=alert_id)
