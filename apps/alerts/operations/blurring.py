"""The copy of the footage that is shown: faces blurred, or why there is none; and what else was made of a clip, or not."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from apps.accounts.live import publish_live
from apps.alerts.models import Clip
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record

NOTES: Final[Mapping[str, str]] = {
    "blur_clip": "blur_note",
    "explain_clip": "saliency_note",
    "cut_before": "before_note",
}
"""Where a step that looks closer at a clip says in words why it has nothing to show."""

_DID_NOT_WORK: Final[Mapping[str, str]] = {
    "blur_clip": "The faces could not be blurred: the step was tried several times and failed ({kind}).",
    "explain_clip": "It could not be worked out where the score comes from: the step failed ({kind}).",
    "cut_before": "The time before the alert could not be fetched: the step failed ({kind}).",
}


def record_blurred(*, alert_id: UUID, key: str, facts: Mapping[str, object], now: datetime) -> Clip:
    """The copy with faces blurred lies under `key`; `facts` are figures about it. Idempotent by its key."""
    row = Clip.objects.select_for_update().get(alert_id=alert_id)
    if row.blurred_key == key:
        return row
    row.blurred_key, row.blur_note = key, ""
    row.save(update_fields=["blurred_key", "blur_note"])
    record(
        actor=Actor.system(row.tenant_id),
        event=Event.CLIP_BLURRED,
        subject=Subject("alert", alert_id),
        after={"blurred": key},
        details=dict(facts),
    )
    publish_live(tenant_id=row.tenant_id, topic="alert", subject_id=alert_id)
    return row


def note_not_blurred(*, alert_id: UUID, reason: str) -> None:
    """There is no blurred copy, and why, in a sentence. Never overrules a copy that is there."""
    _note(alert_id=alert_id, field="blur_note", reason=reason)


def note_step_failed(*, alert_id: UUID, step: str, kind: str) -> None:
    """A step that looks closer at the clip did not work: say so on the clip. Raises KeyError for another step."""
    _note(alert_id=alert_id, field=NOTES[step], reason=_DID_NOT_WORK[step].format(kind=kind))


def _note(*, alert_id: UUID, field: str, reason: str) -> None:
    row = Clip.objects.select_for_update().get(alert_id=alert_id)
    if getattr(row, field) == reason or getattr(row, field.replace("_note", "_key")):
        return
    setattr(row, field, reason)
    row.save(update_fields=[field])
    record(
        actor=Actor.system(row.tenant_id),
        event=Event.ALERT_STEP_FAILED,
        subject=Subject("alert", alert_id),
        details={"step": field.removesuffix("_note")},
    )
    publish_live(tenant_id=row.tenant_id, topic="alert", subject_id=alert_id)
