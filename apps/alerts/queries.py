"""Reading alerts."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert, Assessment, Clip, DetectorSource
from apps.sites.models import Camera
from apps.sites.queries import sites_visible_to
from apps.triage.states import AlertState


def alerts_visible_to(user: User) -> QuerySet[Alert]:
    """The alerts of the sites this person works at; none when the role may not see alerts."""
    if not user.may(Permission.VIEW_ALERTS):
        return Alert.objects.none()
    return Alert.objects.filter(site__in=sites_visible_to(user))


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


def source_with_tenant(source_id: UUID) -> DetectorSource | None:
    """An active source, for a request that is not yet proven to come from it."""
    return (
        DetectorSource.objects.select_related("tenant").filter(id=source_id, is_active=True).first()
    )


def camera_named(name: str, *, tenant_id: UUID) -> Camera | None:
    """A camera by slug or id, with its site and tenant; switched-off ones too."""
    cameras = Camera.objects.select_related("site__tenant").filter(tenant_id=tenant_id)
    by_slug = cameras.filter(slug=name).first()
    if by_slug is not None:
        return by_slug
    try:
        return cameras.filter(id=UUID(name)).first()
    except ValueError:
        return None


def spool_names_in_use() -> Iterable[str]:
    """The spooled files that a clip row still refers to (all tenants, for the service role)."""
    return Clip.objects.exclude(spool_name="").values_list("spool_name", flat=True)
