"""The pages under Watchlist as tabs: one table, filtered by what the person may do."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.watchlists.queries.entries import waiting_approvals
from apps.watchlists.queries.sightings import leads_to_judge

PAGES = (
    (gettext_noop("Entries"), "watchlist", Permission.VIEW_WATCHLIST),
    (gettext_noop("Approvals"), "watchlist-approvals", Permission.VIEW_WATCHLIST),
    (gettext_noop("Leads"), "watchlist-leads", Permission.CONFIRM_SIGHTING),
    (gettext_noop("Sightings"), "watchlist-sightings", Permission.VIEW_PERSON_HISTORY),
    (gettext_noop("Legal gate"), "watchlist-gate", Permission.VIEW_WATCHLIST),
)


@dataclass(frozen=True, kw_only=True)
class Tab:
    """One page as this person sees it; `count` is what waits for them there."""

    label: str
    url: str
    is_current: bool
    count: int = 0


def tabs_for(request: HttpRequest) -> list[Tab]:
    """The tabs of the person asking; the one with the longest matching address is current."""
    user = request.user
    assert isinstance(user, User)
    places = [(label, route, reverse(route)) for label, route, may in PAGES if user.may(may)]
    matches = [url for _, _, url in places if request.path.startswith(url)]
    current = max(matches, key=len, default="")
    counts = {
        "watchlist-approvals": waiting_approvals(user),
        "watchlist-leads": leads_to_judge(user).count(),
    }
    return [
        Tab(label=gettext(label), url=url, is_current=url == current, count=counts.get(route, 0))
        for label, route, url in places
    ]
