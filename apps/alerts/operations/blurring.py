"""The copy of the footage that is shown: faces blurred, or why there is none; and what else was made of a clip, or not."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from apps.accounts.live import publish_live
from apps.alerts.models import Clip
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record

_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "blur_clip": ("blur_note", "blurred_key"),
    "explain_clip": ("saliency_note", "saliency_key"),
    "cut_before": ("before_note", "before_key"),
}
"""Where a step that looks closer at a clip says in words why it has nothing to show, and where what it made lies."""

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


def record_before(*, alert_id: UUID, key: str, seconds: float, facts: Mapping[str, object]) -> Clip:
    """The `seconds` before the clip, faces blurred, lie under `key`. Idempotent by its key."""
    row = Clip.objects.select_for_update().get(alert_id=alert_id)
    if row.before_key == key:
        return row
    row.before_key, row.before_seconds, row.before_note = key, seconds, ""
    row.save(update_fields=["before_key", "before_seconds", "before_note"])
    record(
        actor=Actor.system(row.tenant_id),
        event=Event.CLIP_BEFORE_CUT,
        subject=Subject("alert", alert_id),
        after={"before": key},
        details=dict(facts),
    )
    publish_live(tenant_id=row.tenant_id, topic="alert", subject_id=alert_id)
    return row


def note_nothing_before(*, alert_id: UUID, reason: str) -> None:
    """There is no footage of the time before the clip, and why: that is an answer, not a failure."""
    Clip.objects.filter(alert_id=alert_id, before_key="").update(before_note=reason)


def note_not_blurred(*, alert_id: UUID, reason: str) -> None:
    """There is no blurred copy, and why, in a sentence. Never overrules a copy that is there."""
    _note(alert_id=alert_id, step="blur_clip", reason=reason)


def note_step_failed(*, alert_id: UUID, step: str, kind: str) -> None:
    """A step that looks closer at the clip did not work: say so on the clip. Raises KeyError for another step.

    Comparing faces leaves no word on the clip, whose readers need not know of a watchlist: it is an audit event.
    """
    if step == "compare_faces":
        _record_failed(alert_id=alert_id, step=step, kind=kind)
        return
    _note(alert_id=alert_id, step=step, reason=_DID_NOT_WORK[step].format(kind=kind))


def _note(*, alert_id: UUID, step: str, reason: str) -> None:
    note, made = _FIELDS[step]
    row = Clip.objects.select_for_update().get(alert_id=alert_id)
    if getattr(row, note) == reason or getattr(row, made):
        return
    setattr(row, note, reason)
    row.save(update_fields=[note])
    record(
        actor=Actor.system(row.tenant_id),
        event=Event.ALERT_STEP_FAILED,
        subject=Subject("alert", alert_id),
        details={"step": step},
    )
    publish_live(tenant_id=row.tenant_id, topic="alert", subject_id=alert_id)


def _record_failed(*, alert_id: UUID, step: str, kind: str) -> None:
    row = Clip.objects.get(alert_id=alert_id)
    record(
        actor=Actor.system(row.tenant_id),
        event=Event.ALERT_STEP_FAILED,
        subject=Subject("alert", alert_id),
        details={"step": step, "kind": kind},
    )
