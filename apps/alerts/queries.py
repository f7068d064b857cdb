"""Reading alerts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.intake import CUT_FROM_RECORDING, SECONDS_AFTER, SECONDS_BEFORE
from apps.alerts.models import Alert, Assessment, Clip, DetectorSource
from apps.sites.models import Camera, Recording
from apps.sites.queries import at_sites_of, recording_over, true_time
from apps.triage.states import AlertState


def alerts_visible_to(user: User) -> QuerySet[Alert]:
    """The alerts of the sites this person works at; none when the role may not see alerts."""
    if not user.may(Permission.VIEW_ALERTS):
        return Alert.objects.none()
    return Alert.objects.filter(at_sites_of(user))


def queue_for(user: User) -> QuerySet[Alert]:
    """What waits for a person, by what a minute of attention is worth."""
    waiting = [AlertState.AWAITING_REVIEW, AlertState.MODEL_REVIEW]
    return alerts_visible_to(user).filter(state__in=waiting).order_by("-priority", "due_at", "id")


def latest_assessment(alert: Alert) -> Assessment | None:
    return Assessment.objects.filter(alert=alert).order_by("-created_at").first()


def is_viewable(alert: Alert) -> bool:
    """Whether there is footage a person can watch."""
    clip = clip_of(alert)
    return clip is not None and clip.is_viewable


def clip_of(alert: Alert) -> Clip | None:
    """The alert's clip row; None when it was raised without footage."""
    return getattr(alert, "clip", None)


def active_source(source_id: UUID) -> DetectorSource | None:
    """An active source, for a request that is not yet proven to come from it."""
    found = DetectorSource.objects.filter(id=source_id, is_active=True).order_by()[:1]
    return next(iter(found), None)


def recording_of(alert: Alert) -> Recording | None:
    """The kept recording with the time of an alert: from 30 s before it to 10 s after it."""
    start, end = span_of(alert)
    return recording_over(camera=alert.camera, start=start, end=end)


def span_of(alert: Alert) -> tuple[datetime, datetime]:
    """What is cut for an alert that is only a time, in true time."""
    at = true_time(alert.camera, alert.camera_at)
    return at - timedelta(seconds=SECONDS_BEFORE), at + timedelta(seconds=SECONDS_AFTER)


def clip_starts_at(alert: Alert, clip: Clip) -> datetime:
    """When the clip begins, in true time. A clip that was sent is taken to end when its alert was raised."""
    if clip.delivery == CUT_FROM_RECORDING:
        return span_of(alert)[0]
    at = true_time(alert.camera, alert.camera_at)
    return at - timedelta(milliseconds=clip.duration_ms or 0)


@dataclass(frozen=True, kw_only=True)
class NamedCamera:
    """As much of a camera as intake needs; one narrow query, because intake runs often."""

    id: UUID
    site_id: UUID
    is_active: bool
    is_drill: bool
    is_recorded: bool


def camera_named(name: str, *, tenant_id: UUID) -> NamedCamera | None:
    """A camera of the tenant by slug or id; switched-off ones too."""
    found = _named_camera(slug=name, tenant_id=tenant_id)
    if found is not None:
        return found
    try:
        return _named_camera(id=UUID(name), tenant_id=tenant_id)
    except ValueError:
        return None


def _named_camera(**which: object) -> NamedCamera | None:
    columns = ("id", "site_id", "is_active", "tenant__is_drill")
    kept = Exists(Recording.objects.filter(camera=OuterRef("pk")))
    row = Camera.objects.filter(**which).order_by().values_list(*columns, kept).first()
    if row is None:
        return None
    identity, site_id, is_active, is_drill, is_recorded = row
    return NamedCamera(
        id=identity,
        site_id=site_id,
        is_active=is_active,
        is_drill=is_drill,
        is_recorded=is_recorded,
    )


def spool_names_in_use() -> Iterable[str]:
    """The spooled files that a clip row still refers to (all tenants, for the service role)."""
    return Clip.objects.exclude(spool_name="").values_list("spool_name", flat=True)
