"""Which sites a person works at, and what they may do there."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.accounts.permissions import EVERY_SITE, TENANT_WIDE, Permission, Role
from apps.accounts.queries import people_who_may
from apps.sites.models import Camera, Recording, Site


def sites_visible_to(user: User) -> QuerySet[Site]:
    """The sites of the person's tenant they were granted, or all for roles that need no grant."""
    sites = Site.objects.filter(tenant_id=user.tenant_id)
    return sites if Role(user.role) in EVERY_SITE else sites.filter(_granted(user))


def cameras_visible_to(user: User) -> QuerySet[Camera]:
    return Camera.objects.filter(site__in=sites_visible_to(user)).select_related("site")


def allows(user: User, permission: Permission, site_id: UUID) -> bool:
    """Whether the person holds `permission` at this site: the role says what, the grant says where."""
    if not user.may(permission):
        return False
    return permission in TENANT_WIDE or sites_visible_to(user).filter(id=site_id).exists()


def people_of_site(site: Site, permission: Permission) -> list[User]:
    """The active people who hold `permission` at the site, by name."""
    granted = set(site.siteuserobjectpermission_set.values_list("user_id", flat=True))
    return [
        person
        for person in people_who_may(site.tenant_id, permission)
        if Role(person.role) in EVERY_SITE or person.id in granted
    ]


def _granted(user: User) -> Q:
    return Q(
        siteuserobjectpermission__user=user,
        siteuserobjectpermission__permission__codename="work_site",
    )


def true_time(camera: Camera, shown: datetime) -> datetime:
    """The true time at which the camera's clock showed `shown`, as far as its offset was measured."""
    return shown - timedelta(seconds=camera.clock_offset_seconds)


def recording_over(*, camera: Camera, start: datetime, end: datetime) -> Recording | None:
    """A kept recording of the camera with all of [start, end], true times; of several the one registered last."""
    found = Recording.objects.filter(camera=camera, starts_at__lte=start, ends_at__gte=end)
    return found.order_by("-registered_at").first()
