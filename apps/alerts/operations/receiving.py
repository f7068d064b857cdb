"""Taking an alert in: the alert, its clip and the promise to start its workflow, in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_noop

from apps.accounts.live import publish_live
from apps.alerts.intake import AlertIntake, ClipDelivery
from apps.alerts.models import Alert, Clip, OutboxEntry
from apps.alerts.operations.clips import move_clip
from apps.alerts.operations.recordings import expect_from_recording
from apps.alerts.queries import NamedCamera, camera_named
from apps.alerts.spool import SpooledClip, discard
from apps.audit.events import NO_TENANT, Actor, Event, Subject
from apps.audit.operations import record
from apps.triage.states import ClipState


class UnableToReceive(Exception):
    """The alert was not taken. `code` is for machines, `sentence` for the person who reads it."""

    code = "unable_to_receive"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class UnknownCamera(UnableToReceive):
    code = "unknown_camera"


class CameraSwitchedOff(UnableToReceive):
    code = "camera_switched_off"


class ConflictingDelivery(UnableToReceive):
    """The key was used before, for something else. The first delivery stands unchanged."""

    code = "conflicting_delivery"


@dataclass(frozen=True, kw_only=True)
class Received:
    """The alert of a delivery, and whether this delivery made it."""

    alert: Alert
    created: bool


def receive_alert(
    *, actor: Actor, intake: AlertIntake, clip: SpooledClip | None, now: datetime
) -> Received:
    """Take an alert in, once per key, inside the caller's tenant scope.

    The same delivery again gives the same alert. A clip that was refused comes along with its
    reason: the alert counts, a person will see it without footage. Raises UnknownCamera,
    CameraSwitchedOff and ConflictingDelivery, each already recorded in the audit chain: catch them
    inside the transaction. A spooled clip that is not used is deleted.
    """
    camera = camera_named(intake.camera, tenant_id=actor.tenant_id)
    if camera is None or not camera.is_active:
        return _without_camera(actor=actor, intake=intake, clip=clip, known=camera is not None)
    alert = _insert(actor=actor, intake=intake, camera=camera, now=now)
    if alert is None:
        return _delivered_before(_existing(actor, intake), actor=actor, intake=intake, clip=clip)
    if clip is not None or intake.delivery is not ClipDelivery.NONE:
        _insert_clip(alert, actor=actor, intake=intake, clip=clip)
    elif camera.is_recorded:
        expect_from_recording(alert)
    OutboxEntry.objects.create(
        alert=alert, tenant_id=actor.tenant_id, next_try_at=now, created_at=now
    )
    record(
        actor=actor,
        event=Event.ALERT_RECEIVED,
        subject=Subject("alert", alert.id),
        after=_stated(alert),
        details=_origin(intake) | {"body": intake.digest, "skewed": alert.clock_skew_flagged},
    )
    publish_live(
        tenant_id=actor.tenant_id, topic="alert", subject_id=alert.id, site_id=alert.site_id
    )
    return Received(alert=alert, created=True)


def record_refused_delivery(
    *, tenant_id: UUID, source_id: UUID | None, code: str, message_id: str
) -> None:
    """Record a request that was turned away before it became an alert. Call inside a scope.

    A request from nobody we know goes to the chain of no tenant.
    """
    actor = Actor.system(tenant_id)
    subject = Subject("source", source_id) if source_id else Subject("tenant", NO_TENANT)
    details = {"code": code, "message": message_id[:64]} if message_id else {"code": code}
    record(actor=actor, event=Event.INTAKE_REFUSED, subject=subject, details=details)


def _insert(
    *, actor: Actor, intake: AlertIntake, camera: NamedCamera, now: datetime
) -> Alert | None:
    """The new row, or None when the key exists. Waits for a simultaneous delivery to commit."""
    alert = Alert(
        tenant_id=actor.tenant_id,
        site_id=camera.site_id,
        camera_id=camera.id,
        source_id=intake.source_id,
        idempotency_key=intake.key,
        body_sha256=intake.digest,
        channel=actor.channel.value,
        detector_id=intake.detector_id,
        detector_version=intake.detector_version,
        label=intake.label,
        score=intake.score,
        signals=list(intake.signals),
        saliency_grid=intake.saliency_grid,
        note=intake.note,
        camera_at=intake.camera_at,
        received_at=now,
        clock_skew_flagged=intake.skewed(received_at=now),
        raised_by=actor.user_id if isinstance(actor.user_id, UUID) else None,
        is_drill=camera.is_drill,
    )
    Alert.objects.bulk_create([alert], ignore_conflicts=True)
    if _under_key(actor, intake).order_by().values_list("id", flat=True).get() != alert.id:
        return None
    Alert._meta.get_field("clip").set_cached_value(alert, None)  # so that nobody asks the database
    return alert


def _under_key(actor: Actor, intake: AlertIntake) -> QuerySet[Alert]:
    return Alert.objects.filter(
        tenant_id=actor.tenant_id, source_id=intake.source_id, idempotency_key=intake.key
    )


def _existing(actor: Actor, intake: AlertIntake) -> Alert:
    return _under_key(actor, intake).select_related("clip").get()


def _insert_clip(
    alert: Alert, *, actor: Actor, intake: AlertIntake, clip: SpooledClip | None
) -> None:
    """The clip's row, if one came or was announced; `alert.clip` is it afterwards."""
    row = Clip(
        alert=alert,
        tenant_id=actor.tenant_id,
        delivery=intake.delivery.value,
        state=ClipState.SPOOLED if clip and clip.spool_name else ClipState.PENDING,
        original_name=intake.clip_name,
    )
    if clip is None:
        row.pending_reason = gettext_noop("Announced by the detector; not here yet.")
    else:
        row.original_name = clip.original_name or intake.clip_name
        row.size_bytes, row.sha256 = clip.size_bytes, clip.sha256
        row.spool_name, row.container = clip.spool_name, clip.container
    row.save(force_insert=True)
    if clip is not None and clip.refused_code:
        move_clip(
            row,
            actor=actor,
            to=ClipState.REFUSED,
            code=clip.refused_code,
            refused_reason=clip.refused_reason,
        )


def _without_camera(
    *, actor: Actor, intake: AlertIntake, clip: SpooledClip | None, known: bool
) -> Received:
    """A retry of an alert we have is answered as before, whatever became of its camera since."""
    try:
        earlier = _existing(actor, intake)
    except Alert.DoesNotExist:
        refusal = _camera_refusal(intake.camera, known=known)
        _refuse(actor, intake, refusal.code, clip=clip)
        raise refusal from None
    return _delivered_before(earlier, actor=actor, intake=intake, clip=clip)


def _camera_refusal(name: str, *, known: bool) -> UnableToReceive:
    if known:
        return CameraSwitchedOff(
            gettext("The camera %(name)s is switched off in Second Look.") % {"name": name}
        )
    return UnknownCamera(
        gettext("No camera is called %(name)s. Add it in the administration first.")
        % {"name": name}
    )


def _delivered_before(
    alert: Alert, *, actor: Actor, intake: AlertIntake, clip: SpooledClip | None
) -> Received:
    if alert.body_sha256 == intake.digest:
        discard(clip.spool_name if clip else "")
        return Received(alert=alert, created=False)
    discard(clip.spool_name if clip else "")
    record(
        actor=actor,
        event=Event.ALERT_CONFLICTING_DELIVERY,
        subject=Subject("alert", alert.id),
        before={"body": alert.body_sha256},
        after={"body": intake.digest},
        details=_origin(intake),
    )
    raise ConflictingDelivery(
        gettext(
            "This id was used before for a different alert, which stands unchanged. Send a new id."
        )
    )


def _refuse(actor: Actor, intake: AlertIntake, code: str, *, clip: SpooledClip | None) -> None:
    discard(clip.spool_name if clip else "")
    subject = (
        Subject("source", intake.source_id)
        if intake.source_id
        else Subject("tenant", actor.tenant_id)
    )
    record(
        actor=actor,
        event=Event.INTAKE_REFUSED,
        subject=subject,
        details=_origin(intake) | {"code": code},
    )


def _origin(intake: AlertIntake) -> dict[str, object]:
    """Where a delivery came from, without a word of its contents."""
    origin: dict[str, object] = {"message": intake.key}
    if intake.source_id:
        origin["source"] = str(intake.source_id)
    return origin


def _stated(alert: Alert) -> dict[str, object]:
    """What the chain commits to: everything the detector or the person stated."""
    return {
        "camera": alert.camera_id,
        "detector": [alert.detector_id, alert.detector_version],
        "label": alert.label,
        "score": alert.score,
        "signals": alert.signals,
        "note": alert.note,
        "camera_at": alert.camera_at,
        "received_at": alert.received_at,
        "body": alert.body_sha256,
    }
