"""Which sites a person works at, and what they may do there."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.models import User
from apps.accounts.permissions import EVERY_SITE, TENANT_WIDE, Permission, Role
from apps.accounts.queries import people_who_may, remember_names
from apps.sites.models import Camera, Recording, Site, Stop
from apps.triage.states import StopState

_READ: Final = "_sites_of_this_request"


def sites_visible_to(user: User) -> QuerySet[Site]:
    """The sites of the person's tenant they were granted, or all for roles that need no grant."""
    sites = Site.objects.filter(tenant_id=user.tenant_id)
    return sites if Role(user.role) in EVERY_SITE else sites.filter(_granted(user))


def at_sites_of(user: User) -> Q:
    """Of a table with a tenant and a site: the rows of the sites that `sites_visible_to` gives.

    It names the ids themselves where grants decide, and no site where none is needed: from a query for them the planner
    cannot tell how many rows of a large table to expect. At most one query, none after `sites_of_request`.
    """
    if Role(user.role) in EVERY_SITE:
        return Q(tenant_id=user.tenant_id)
    read: list[Site] | None = getattr(user, _READ, None)
    ids = [site.id for site in (sites_visible_to(user).only("id") if read is None else read)]
    return Q(tenant_id=user.tenant_id, site__in=ids)


def cameras_visible_to(user: User) -> QuerySet[Camera]:
    return Camera.objects.filter(site__in=sites_visible_to(user)).select_related("site")


def sites_of_request(user: User) -> list[Site]:
    """The sites of the person a request was made by, with their tenant: read once, then answered from.

    Only for `request.user`, who is read anew with every request, so that a grant given or taken back counts from the
    next one on. From here on `allows` asks this list, and `user.tenant` is known.
    """
    read: list[Site] | None = getattr(user, _READ, None)
    if read is None:
        read = list(sites_visible_to(user).select_related("tenant"))
        setattr(user, _READ, read)
        if read:
            user.tenant = read[0].tenant
    return read


def allows(user: User, permission: Permission, site_id: UUID) -> bool:
    """Whether the person holds `permission` at this site: the role says what, the grant says where."""
    if not user.may(permission):
        return False
    if permission in TENANT_WIDE:
        return True
    read: list[Site] | None = getattr(user, _READ, None)
    if read is not None:
        return any(site.id == site_id for site in read)
    return sites_visible_to(user).filter(id=site_id).exists()


def people_of_site(site: Site, permission: Permission) -> list[User]:
    """The active people who hold `permission` at the site, by name. Names of all who hold it anywhere are known then."""
    grants = site.siteuserobjectpermission_set.filter(user=OuterRef("pk"))
    people = people_who_may(site.tenant_id, permission).annotate(is_granted=Exists(grants))
    remember_names(people)
    return [one for one in people if Role(one.role) in EVERY_SITE or one.is_granted]


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


def stop_covering(*, tenant_id: UUID, site_id: UUID, camera_id: UUID) -> Stop | None:
    """The STOP in force over a camera: its own, its site's or the whole tenant's; of several the first pressed."""
    found = stops_in_force(tenant_id).filter(_covers(site_id=site_id, camera_id=camera_id))
    return found.select_related("stopped_by", "site", "camera").first()


def stops_in_force(tenant_id: UUID) -> QuerySet[Stop]:
    """The tenant's STOPs that nobody has lifted, the oldest first."""
    return Stop.objects.filter(tenant_id=tenant_id, state=StopState.IN_FORCE).order_by("stopped_at")


def stopped_between(
    *, tenant_id: UUID, site_id: UUID, camera_id: UUID, since: datetime, until: datetime
) -> bool:
    """Whether a STOP over the camera was in force at any moment of [since, until]."""
    over = Stop.objects.filter(tenant_id=tenant_id, stopped_at__lte=until)
    over = over.filter(Q(lifted_at__isnull=True) | Q(lifted_at__gte=since))
    return over.filter(_covers(site_id=site_id, camera_id=camera_id)).exists()


def is_stopped(*, tenant: str, site: str, camera: str) -> Exists:
    """Whether a STOP is in force, as a condition of another table's query; the arguments name its columns."""
    own = Stop.objects.filter(tenant_id=OuterRef(tenant), state=StopState.IN_FORCE)
    return Exists(own.filter(_covers(site_id=OuterRef(site), camera_id=OuterRef(camera))))


def _covers(*, site_id: UUID | OuterRef, camera_id: UUID | OuterRef) -> Q:
    return (
        Q(site__isnull=True)
        | Q(site_id=site_id, camera__isnull=True)
        | Q(site_id=site_id, camera_id=camera_id)
    )
