"""Reading leads and sightings: blind until both have answered, and the history by site and time."""

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.sites.models import Site
from apps.sites.queries import sites_visible_to
from apps.triage.states import LEAD, LeadState
from apps.watchlists.models import LeadJudgement, Sighting, SightingLead, WatchlistEntry

UNSETTLED = (LeadState.OPEN, LeadState.JUDGED_ONCE)


def leads_visible_to(user: User) -> QuerySet[SightingLead]:
    """The leads of the sites the person works at."""
    return SightingLead.objects.filter(
        tenant_id=user.tenant_id, site__in=sites_visible_to(user)
    ).select_related("entry", "alert", "site", "camera")


def leads_to_judge(user: User) -> QuerySet[SightingLead]:
    """What waits for this person, oldest first: not what they have judged."""
    if not user.may(Permission.CONFIRM_SIGHTING):
        return SightingLead.objects.none()
    waiting = leads_visible_to(user).filter(state__in=UNSETTLED)
    return waiting.exclude(judgements__user_id=user.id).order_by("raised_at")


def judged_by(user: User) -> QuerySet[SightingLead]:
    """What this person has judged, newest first."""
    found = leads_visible_to(user).filter(judgements__user_id=user.id)
    return found.order_by("-raised_at")


def judgements_shown(lead: SightingLead, user: User) -> list[LeadJudgement]:
    """Both answers once the lead is settled; before that nobody sees anything but their own."""
    found = lead.judgements.order_by("place")
    if lead.state in LEAD.terminal:
        return list(found)
    return list(found.filter(user_id=user.id))


@dataclass(frozen=True, kw_only=True)
class SiteHistory:
    """The sightings of an entry at one site, oldest first."""

    site: Site
    sightings: tuple[Sighting, ...]


def history_of(entry: WatchlistEntry) -> list[SiteHistory]:
    """An entry's sightings by site, the sites by their newest sighting, newest first."""
    found: dict[UUID, list[Sighting]] = defaultdict(list)
    rows = Sighting.objects.filter(entry=entry).select_related("site", "camera", "alert", "lead")
    for sighting in rows.order_by("seen_at"):
        found[sighting.site_id].append(sighting)
    histories = [SiteHistory(site=s[0].site, sightings=tuple(s)) for s in found.values()]
    return sorted(histories, key=lambda one: one.sightings[-1].seen_at, reverse=True)


def path_of(entry: WatchlistEntry) -> list[Sighting]:
    """All sightings in the order of time, across sites."""
    rows = Sighting.objects.filter(entry=entry).select_related("site", "camera")
    return list(rows.order_by("seen_at"))
