"""What the rail offers: one table, filtered by what the person may do."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from apps.accounts.models import User
from apps.accounts.permissions import Permission


@dataclass(frozen=True, kw_only=True)
class Place:
    """One place in the rail; `below` are the addresses that light it up."""

    label: str
    icon: str
    route: str
    permission: Permission
    below: tuple[str, ...] = ()
    has_badge: bool = False


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A place as this person sees it on this page."""

    label: str
    icon: str
    url: str
    is_current: bool
    has_badge: bool = False


PLACES = (
    Place(
        label=gettext_noop("Queue"),
        icon="inbox",
        route="queue",
        permission=Permission.VIEW_ALERTS,
        below=("/alerts/", "/attempts/"),
        has_badge=True,
    ),
    Place(
        label=gettext_noop("Cases"),
        icon="briefcase",
        route="cases",
        permission=Permission.VIEW_CASES,
        below=("/cases/",),
    ),
    Place(
        label=gettext_noop("Interventions"),
        icon="handshake",
        route="interventions",
        permission=Permission.VIEW_ALERTS,
        below=("/interventions/",),
    ),
    Place(
        label=gettext_noop("Watchlist"),
        icon="users",
        route="watchlist",
        permission=Permission.VIEW_WATCHLIST,
        below=("/watchlist/",),
    ),
    Place(
        label=gettext_noop("Sighting leads"),
        icon="scan-search",
        route="watchlist-leads",
        permission=Permission.CONFIRM_SIGHTING,
        below=("/watchlist/leads/",),
    ),
    Place(
        label=gettext_noop("Reliability"),
        icon="layout-grid",
        route="reliability-atlas",
        permission=Permission.VIEW_RELIABILITY,
        below=("/reliability/",),
    ),
    Place(
        label=gettext_noop("Compliance"),
        icon="shield-check",
        route="compliance",
        permission=Permission.VIEW_OVERSIGHT,
        below=(
            "/compliance/",
            "/audit/",
            "/retention/",
            "/subject-requests/",
            "/people/",
            "/stop/",
        ),
    ),
    Place(
        label=gettext_noop("Raise an alert"),
        icon="upload",
        route="alert-new",
        permission=Permission.RAISE_ALERTS,
        below=("/alerts/new/",),
    ),
)
SYSTEM_PLACES = (
    Place(
        label=gettext_noop("Settings"),
        icon="sliders-horizontal",
        route="setup",
        permission=Permission.MANAGE_ZONES,
        below=("/settings/",),
    ),
    Place(label="API", icon="book-open", route="api-docs", permission=Permission.MANAGE_SOURCES),
    Place(
        label=gettext_noop("Administration"),
        icon="settings",
        route="admin:index",
        permission=Permission.USE_ADMIN,
    ),
)


def entries_for(user: User, *, path: str) -> list[Entry]:
    """The rail's entries for `user` on the page at `path`."""
    current = _current(path)
    return [
        Entry(
            label=gettext(place.label),
            icon=place.icon,
            url=reverse(place.route),
            is_current=place is current,
            has_badge=place.has_badge,
        )
        for place in PLACES
        if user.may(place.permission)
    ]


def system_entries_for(user: User) -> list[Entry]:
    """Administration and operations, for those who may."""
    entries = [
        Entry(
            label=gettext(place.label), icon=place.icon, url=reverse(place.route), is_current=False
        )
        for place in SYSTEM_PLACES
        if user.may(place.permission)
    ]
    if settings.TEMPORAL_UI_URL and user.may(Permission.OPERATE):
        entries.append(
            Entry(
                label=gettext("Workflows"),
                icon="activity",
                url="/operations/temporal/",
                is_current=False,
            )
        )
    return entries


def _current(path: str) -> Place | None:
    """The place whose address, or one below it, is the longest match."""
    matches = [
        (len(prefix), place)
        for place in PLACES
        for prefix in (reverse(place.route), *place.below)
        if path == prefix or (prefix != "/" and path.startswith(prefix))
    ]
    return max(matches, key=lambda match: match[0], default=(0, None))[1]
