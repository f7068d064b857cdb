"""Recordings of a camera coming in, and what they mean for alerts that wait without a clip."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from apps.alerts.intake import CUT_FROM_RECORDING, SECONDS_AFTER, SECONDS_BEFORE
from apps.alerts.models import Alert, Clip
from apps.alerts.operations.clips import wake_footage
from apps.alerts.queries import recording_of
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.sites.models import Camera, Recording
from apps.sites.operations import RecordedFile, register_recording
from apps.sites.queries import true_time
from apps.triage.states import AlertState, ClipState

# A nudge that got lost is given again for this long.
NUDGED_UNTIL: Final = timedelta(days=1)
_WAITS: Final = (AlertState.AWAITING_REVIEW, AlertState.MODEL_REVIEW)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A recording that is kept, whether this delivery made it, and how many alerts it gives a clip to."""

    recording: Recording
    created: bool
    alerts: int


def keep_recording(
    *, actor: Actor, camera: Camera, file: RecordedFile, sha256: str, now: datetime
) -> Kept:
    """Keep a recording once: the same bytes of the same camera and time again change nothing.

    Alerts of its time that wait for a person and have no clip get theirs cut out of it. Inside the tenant's scope.
    Raises StorageUnavailable; nothing is kept then.
    """
    Camera.objects.select_for_update(no_key=True).get(id=camera.id)  # one delivery at a time
    known = Recording.objects.filter(
        camera=camera, starts_at=true_time(camera, file.starts_at), sha256=sha256
    ).first()
    if known is not None:
        return Kept(recording=known, created=False, alerts=0)
    made = register_recording(actor=actor, camera=camera, file=file, now=now)
    waiting = [alert for alert in _without_clip(made) if expect_from_recording(alert)]
    for alert in waiting:
        record(
            actor=actor,
            event=Event.ALERT_CLIP_PENDING,
            subject=Subject("alert", alert.id),
            details={"code": "recording", "recording": str(made.id)},
        )
        wake_footage(alert.id)
    return Kept(recording=made, created=True, alerts=len(waiting))


def expect_from_recording(alert: Alert) -> bool:
    """Give an alert without footage a clip to be cut out of its camera's recording; False when none has its time."""
    if recording_of(alert) is None:
        return False
    Clip.objects.create(
        alert=alert,
        tenant_id=alert.tenant_id,
        delivery=CUT_FROM_RECORDING,
        state=ClipState.PENDING,
        pending_reason=gettext_noop("Being cut out of the camera's recording."),
    )
    return True


def nudge_uncut(*, now: datetime) -> int:
    """Wake again the runs whose clip should have been cut by now; return how many. Inside a tenant's scope."""
    uncut = Clip.objects.filter(
        delivery=CUT_FROM_RECORDING, state=ClipState.PENDING, alert__state__in=_WAITS
    )
    since = {"alert__camera__recordings__registered_at__gt": now - NUDGED_UNTIL}
    alerts = uncut.filter(**since).values_list("alert_id", flat=True).distinct()
    for alert_id in alerts:
        wake_footage(alert_id)
    return len(alerts)


def _without_clip(recording: Recording) -> QuerySet[Alert]:
    """Alerts of the recording's camera and time that wait without any footage, their rows locked."""
    shown = timedelta(seconds=recording.camera.clock_offset_seconds)
    return (
        Alert.objects.filter(
            camera=recording.camera,
            state__in=_WAITS,
            clip=None,
            camera_at__gte=recording.starts_at + shown + timedelta(seconds=SECONDS_BEFORE),
            camera_at__lte=recording.ends_at + shown - timedelta(seconds=SECONDS_AFTER),
        )
        .select_related("camera")
        .select_for_update(of=("self",), no_key=True)
        .order_by("id")
    )
