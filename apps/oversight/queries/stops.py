"""What is stopped where a person works, for the top bar, the STOP page and the API."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.stopped import held_by_stop
from apps.sites.models import Camera, Site, Stop
from apps.sites.queries import sites_of_request, sites_visible_to, stops_in_force
from apps.sites.stopping import may_stop


@dataclass(frozen=True, kw_only=True)
class StopLine:
    """A STOP in force as one person sees it; `held` counts the alerts of its cameras that wait to be started."""

    stop: Stop
    held: int
    may_lift: bool

    @property
    def what(self) -> str:
        """What is stopped, in words."""
        if self.stop.camera:
            return f"{self.stop.camera.name}, {self.stop.site}"
        return str(self.stop.site) if self.stop.site else "everything"


def stop_lines(user: User) -> list[StopLine]:
    """The STOPs in force that concern the person of a request, the oldest first: the tenant's and those where they work."""
    rows = stops_in_force(user.tenant_id).select_related("site", "camera", "stopped_by")
    stops = list(rows)
    if not stops:
        return []
    own = {site.id for site in sites_of_request(user)}
    return [
        StopLine(stop=stop, held=held_under(stop), may_lift=may_lift(user, stop))
        for stop in stops
        if stop.site_id is None or stop.site_id in own
    ]


def stops_seen_by(user: User) -> QuerySet[Stop]:
    """Every STOP there was that concerns the person, lifted ones too, newest first."""
    own = Q(site__isnull=True) | Q(site__in=sites_visible_to(user))
    rows = Stop.objects.filter(own, tenant_id=user.tenant_id)
    return rows.select_related("site", "camera", "stopped_by")


def held_under(stop: Stop) -> int:
    """How many accepted alerts of what this STOP covers wait for their triage to start."""
    held = held_by_stop().filter(tenant_id=stop.tenant_id)
    if stop.camera_id:
        return held.filter(alert__camera=stop.camera_id).count()
    return held.filter(alert__site=stop.site_id).count() if stop.site_id else held.count()


def may_lift(user: User, stop: Stop) -> bool:
    return may_stop(user, site=stop.site, permission=Permission.RESUME_MACHINE)


def targets_of(user: User) -> list[tuple[str, list[tuple[str, str]]]]:
    """What the person may stop, grouped: ("Sites", [("site:<id>", name), …]), …; nothing without the permission."""
    if not user.may(Permission.STOP_MACHINE):
        return []
    sites = list(sites_visible_to(user))
    groups = []
    if may_stop(user, site=None, permission=Permission.STOP_MACHINE):
        everything = gettext("Everything: every camera of every site")
        groups.append((gettext("Everything"), [("tenant", everything)]))
    whole = gettext("All of %(site)s")
    groups.append(
        (
            gettext("Whole sites"),
            [(f"site:{site.id}", whole % {"site": site.name}) for site in sites],
        )
    )
    for site in sites:
        cameras = Camera.objects.filter(site=site, is_active=True)
        groups.append((site.name, [(f"camera:{one.id}", one.name) for one in cameras]))
    return groups


def target_of(user: User, text: str) -> tuple[Site | None, Camera | None]:
    """The site and camera that "tenant", "site:<id>" or "camera:<id>" names. Raises LookupError for another word."""
    kind, _, identity = text.partition(":")
    if text == "tenant":
        return None, None
    sites = sites_visible_to(user)
    try:
        if kind == "site":
            return sites.get(id=identity), None
        if kind == "camera":
            camera = Camera.objects.select_related("site").get(id=identity, site__in=sites)
            return camera.site, camera
    except (Site.DoesNotExist, Camera.DoesNotExist, ValueError) as error:
        raise LookupError(text) from error
    raise LookupError(text)
