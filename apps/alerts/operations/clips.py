"""An alert's footage: arriving, stored, refused, missing. Guarded moves along the clip's table."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_noop

from apps.accounts.live import publish_live
from apps.alerts.intake import PERSON, ClipDelivery
from apps.alerts.models import Alert, Clip
from apps.alerts.spool import SpooledClip, discard
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.storage.objects import StoredObject
from apps.triage.states import CLIP, AlertState, ClipState

OUTBOX_CHANNEL = "second_look_outbox"

_EVENTS = {
    ClipState.SPOOLED: Event.ALERT_CLIP_PENDING,
    ClipState.STORED: Event.ALERT_CLIP_STORED,
    ClipState.REFUSED: Event.ALERT_CLIP_REFUSED,
    ClipState.MISSING: Event.ALERT_CLIP_PENDING,
}
_TAKES_CLIPS = {
    AlertState.RECEIVED,
    AlertState.ANALYSING,
    AlertState.AWAITING_REVIEW,
    AlertState.MODEL_REVIEW,
}


@dataclass(frozen=True, kw_only=True)
class OwnScore:
    """What the reference detector makes of a clip, 0..1."""

    detector_id: str
    detector_version: str
    score: float

    def __post_init__(self) -> None:
        if not (self.detector_id and self.detector_version and 0 <= self.score <= 1):
            raise ValueError("a score of 0..1 names its detector and version")


class UnableToTakeClip(Exception):
    """The footage was not taken; `code` for machines, `sentence` for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def record_clip_arrival(*, actor: Actor, alert: Alert, clip: SpooledClip, now: datetime) -> Clip:
    """Attach a clip that was announced. The same clip again changes nothing.

    One that cannot be a video is refused, with its reason, and the alert goes to a person without
    footage. Raises UnableToTakeClip: none_announced, another_clip, alert_closed.
    """
    row = Clip.objects.select_for_update().filter(alert=alert).first()
    if row is not None and row.sha256 == clip.sha256 and row.state != ClipState.PENDING:
        discard(clip.spool_name)
        return row
    try:
        _require_open(alert, row)
    except UnableToTakeClip:
        discard(clip.spool_name)
        raise
    assert row is not None
    row.original_name = clip.original_name or row.original_name
    row.size_bytes, row.sha256, row.container = clip.size_bytes, clip.sha256, clip.container
    row.spool_name, row.pending_reason = clip.spool_name, ""
    row.save()
    to = ClipState.REFUSED if clip.refused_code else ClipState.SPOOLED
    move_clip(row, actor=actor, to=to, code=clip.refused_code, refused_reason=clip.refused_reason)
    wake_footage(alert.id)
    return row


def note_upload_finished(*, actor: Actor, alert: Alert, now: datetime) -> Clip:
    """The sender says its presigned upload is complete; the workflow fetches and checks it.

    Saying so again changes nothing. Raises UnableToTakeClip.
    """
    row = Clip.objects.select_for_update().filter(alert=alert).first()
    if row is not None and row.state in (ClipState.STORED, ClipState.REFUSED):
        return row
    _require_open(alert, row)
    assert row is not None
    if row.delivery != ClipDelivery.UPLOAD:
        raise UnableToTakeClip("not_by_upload", "This alert's clip was not announced as an upload.")
    row.pending_reason = gettext_noop("Uploaded; being checked.")
    row.save(update_fields=["pending_reason"])
    record(
        actor=actor,
        event=Event.ALERT_CLIP_PENDING,
        subject=Subject("alert", alert.id),
        details={"code": "uploaded"},
    )
    wake_footage(alert.id)
    return row


def store_clip(
    *,
    alert_id: UUID,
    stored: StoredObject,
    now: datetime,
    container: str = "",
    media_type: str = "",
    duration_ms: int | None = None,
    playable: bool = True,
) -> Clip:
    """The original bytes are in the object store under `stored.key`. Repeating it changes nothing.

    With `playable` the player may use them as they are until a working copy exists. The spooled
    file goes after the commit.
    """
    row = _locked(alert_id)
    if row.state == ClipState.STORED and row.master_key == stored.key:
        return row
    spool_name = row.spool_name
    move_clip(
        row,
        actor=Actor.system(row.tenant_id),
        to=ClipState.STORED,
        master_key=stored.key,
        size_bytes=stored.size,
        sha256=stored.sha256 or row.sha256,
        container=container or row.container,
        media_type=media_type or stored.content_type,
        duration_ms=duration_ms,
        playable_key=stored.key if playable else "",
        spool_name="",
        pending_reason="",
    )
    transaction.on_commit(lambda: discard(spool_name), robust=True)
    return row


def refuse_clip(*, alert_id: UUID, code: str, reason: str, now: datetime) -> Clip:
    """The clip will not be analysed or shown; `reason` is a sentence for the operator.

    Bytes that reached the object store stay there, bytes in the spool go. Idempotent.
    """
    row = _locked(alert_id)
    if row.state == ClipState.REFUSED:
        return row
    spool_name = row.spool_name
    actor = Actor.system(row.tenant_id)
    move_clip(
        row, actor=actor, to=ClipState.REFUSED, code=code, refused_reason=reason, spool_name=""
    )
    transaction.on_commit(lambda: discard(spool_name), robust=True)
    return row


def clip_missing(*, alert_id: UUID, reason: str, now: datetime) -> Clip:
    """An announced clip did not come in time; it may still arrive later. Idempotent."""
    row = _locked(alert_id)
    if row.state in (ClipState.MISSING, ClipState.STORED, ClipState.REFUSED):
        return row
    actor = Actor.system(row.tenant_id)
    move_clip(row, actor=actor, to=ClipState.MISSING, code="missing", pending_reason=reason)
    return row


def clip_pending(*, alert_id: UUID, reason: str) -> None:
    """Say in words why the clip is not stored yet ("The object store does not answer.")."""
    Clip.objects.filter(
        alert_id=alert_id, state__in=[ClipState.PENDING, ClipState.SPOOLED]
    ).exclude(pending_reason=reason).update(pending_reason=reason)


def record_analysis(
    *,
    alert_id: UUID,
    now: datetime,
    analysis_key: str,
    poster_key: str = "",
    playable_key: str = "",
    duration_ms: int | None = None,
    marked_from_ms: int | None = None,
    marked_to_ms: int | None = None,
    scored_by: OwnScore | None = None,
) -> Clip:
    """Where the results of the analysis lie, and the span to watch. Idempotent by its key.

    `scored_by` becomes the score of an alert that a person raised without one: our detector is its detector then.
    """
    row = _locked(alert_id)
    if row.analysis_key == analysis_key:
        return row
    row.analysis_key, row.poster_key = analysis_key, poster_key
    row.playable_key = playable_key or row.playable_key
    row.duration_ms = row.duration_ms if duration_ms is None else duration_ms
    row.marked_from_ms, row.marked_to_ms = marked_from_ms, marked_to_ms
    row.save()
    if scored_by:
        Alert.objects.filter(
            id=alert_id, detector_id=PERSON, score__isnull=True, state=AlertState.ANALYSING
        ).update(
            detector_id=scored_by.detector_id,
            detector_version=scored_by.detector_version,
            score=scored_by.score,
        )
    record(
        actor=Actor.system(row.tenant_id),
        event=Event.ALERT_ANALYSED,
        subject=Subject("alert", alert_id),
        after={
            "analysis": analysis_key,
            "poster": poster_key,
            "playable": row.playable_key,
            "own_score": scored_by.score if scored_by else None,
        },
    )
    publish_live(tenant_id=row.tenant_id, topic="alert", subject_id=alert_id)
    return row


def move_clip(row: Clip, *, actor: Actor, to: ClipState, code: str = "", **fields: object) -> None:
    """Move a locked clip along its table with its audit event. Raises states.UnableToMove."""
    before = row.state
    CLIP.require(before, to)
    row.state = to
    if code and to is ClipState.REFUSED:
        fields["refused_code"] = code
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=["state", *fields])
    details: dict[str, object] = {"size": row.size_bytes or 0}
    record(
        actor=actor,
        event=_EVENTS[to],
        subject=Subject("alert", row.alert_id),
        before={"state": before},
        after={"state": to, "sha256": row.sha256, "key": row.master_key},
        details=details | ({"code": code} if code else {}),
    )
    publish_live(tenant_id=row.tenant_id, topic="alert", subject_id=row.alert_id)


def _require_open(alert: Alert, row: Clip | None) -> None:
    if row is None:
        raise UnableToTakeClip("none_announced", "No clip was announced for this alert.")
    if row.state not in (ClipState.PENDING, ClipState.MISSING):
        raise UnableToTakeClip(
            "another_clip", "This alert has its clip already; it stands unchanged."
        )
    if alert.state not in _TAKES_CLIPS:
        raise UnableToTakeClip("alert_closed", "This alert is closed; its clip came too late.")


def _locked(alert_id: UUID) -> Clip:
    return Clip.objects.select_for_update().get(alert_id=alert_id)


def wake_footage(alert_id: UUID) -> None:
    """Have the sweeper tell the workflow, once this transaction is committed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [OUTBOX_CHANNEL, f"clip {alert_id}"])
