"""The pages under Reliability as tabs: one table, filtered by what the person may do."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_noop

from apps.accounts.models import User
from apps.accounts.permissions import Permission

PAGES = (
    (gettext_noop("Atlas"), "reliability-atlas", Permission.VIEW_RELIABILITY),
    (gettext_noop("Fairness"), "reliability-fairness", Permission.VIEW_FAIRNESS),
    (gettext_noop("Retraining"), "reliability-retraining", Permission.VIEW_RELIABILITY),
    (gettext_noop("Policy"), "reliability-policy", Permission.MANAGE_POLICY),
    (gettext_noop("Costs"), "reliability-costs", Permission.MANAGE_POLICY),
    (gettext_noop("Backtests"), "reliability-backtests", Permission.MANAGE_POLICY),
)


@dataclass(frozen=True, kw_only=True)
class Tab:
    """One page as this person sees it."""

    label: str
    url: str
    is_current: bool


def tabs_for(request: HttpRequest) -> list[Tab]:
    """The tabs of the person asking; the one whose address is the longest match is current."""
    user = request.user
    assert isinstance(user, User)
    places = [(label, _url(route)) for label, route, permission in PAGES if user.may(permission)]
    found = [url for _, url in places if url and request.path.startswith(url)]
    current = max(found, key=len, default="")
    return [Tab(label=label, url=url, is_current=url == current) for label, url in places if url]


def _url(route: str) -> str:
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""
