"""Confirmed sightings by site and week, and by camera of one site: of the sites a person sees."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.sites.models import Camera, Site
from apps.sites.plan_marks import PlanMark
from apps.sites.queries import sites_visible_to
from apps.watchlists.models import Sighting

WEEKS: Final = 8


@dataclass(frozen=True, kw_only=True)
class SiteWeeks:
    """How many sightings each week of the window has at a site, oldest first, by the site's own clock."""

    site: Site
    counts: tuple[int, ...]

    @property
    def in_all(self) -> int:
        return sum(self.counts)


def sightings_at(user: User, *, since: datetime) -> QuerySet[Sighting]:
    """Sightings from `since` on at the sites the person sees, newest first."""
    found = Sighting.objects.filter(
        tenant_id=user.tenant_id, site__in=sites_visible_to(user), seen_at__gte=since
    )
    return found.order_by("-seen_at")


def window(now: datetime) -> tuple[date, ...]:
    """The Mondays of the last weeks (UTC), oldest first, this week's last."""
    monday = now.date() - timedelta(days=now.weekday())
    return tuple(monday - timedelta(weeks=back) for back in reversed(range(WEEKS)))


def site_weeks(user: User, *, now: datetime) -> list[SiteWeeks]:
    """Every site the person sees, the one with most sightings first."""
    mondays = window(now)
    since = now - timedelta(weeks=WEEKS + 1)
    sites = {one.id: one for one in sites_visible_to(user)}
    counts: Counter[tuple[UUID, date]] = Counter()
    for site_id, seen_at in sightings_at(user, since=since).values_list("site_id", "seen_at"):
        local = seen_at.astimezone(ZoneInfo(sites[site_id].timezone)).date()
        counts[site_id, local - timedelta(days=local.weekday())] += 1
    rows = [
        SiteWeeks(site=site, counts=tuple(counts[site.id, monday] for monday in mondays))
        for site in sites.values()
    ]
    return sorted(rows, key=lambda one: (-one.in_all, one.site.name))


def camera_marks(site: Site, sightings: QuerySet[Sighting]) -> list[PlanMark]:
    """Every camera of the site with how many of these sightings it has."""
    counts = Counter(sightings.filter(site=site).order_by().values_list("camera_id", flat=True))
    return [
        PlanMark(
            camera=camera,
            label=str(counts[camera.id]),
            kind="count" if counts[camera.id] else "count-0",
            words=f"{counts[camera.id]} confirmed sighting{'' if counts[camera.id] == 1 else 's'}",
        )
        for camera in Camera.objects.filter(site=site)
        if camera.is_active or counts[camera.id]
    ]
