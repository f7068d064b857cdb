"""What base.html needs, read only when a page asks for it."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from apps.accounts.models import Tenant, User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.console.counting import AT_A_GLANCE, count_each, count_words
from apps.console.navigation import Entry, entries_for, system_entries_for
from apps.notifications.queries import kept_count
from apps.oversight.queries.stops import StopLine, stop_lines
from apps.reviews.item_queries import is_behind_another
from apps.sites.models import Site
from apps.sites.queries import at_sites_of, sites_of_request, stops_in_force
from apps.triage.states import AlertState

THEMES = {"light", "dark"}
SITE_PAGES = {"queue", "cases", "reliability-atlas", "reliability-retraining"}


class Shell:
    """The frame of one page for one person: their sites in one query, and the figures it shows in another."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def _user(self) -> User | None:
        user = getattr(self._request, "user", None)
        return user if isinstance(user, User) else None

    @property
    def theme(self) -> str:
        theme = self._request.COOKIES.get("theme", "")
        return theme if theme in THEMES else ""

    @property
    def live_url(self) -> str:
        return "/live/" if self._user and self._user.may(Permission.VIEW_ALERTS) else ""

    @cached_property
    def tenant(self) -> Tenant | None:
        if self._user is None:
            return None
        return self.sites[0].tenant if self.sites else self._user.tenant

    @cached_property
    def sites(self) -> list[Site]:
        return sites_of_request(self._user) if self._user else []

    @cached_property
    def site(self) -> Site | None:
        """The one site the page is narrowed to, by ?site= or because there is only one."""
        wanted = self._request.GET.get("site", "")
        chosen = [site for site in self.sites if str(site.id) == wanted]
        if chosen:
            return chosen[0]
        return self.sites[0] if len(self.sites) == 1 else None

    @cached_property
    def stops(self) -> list[StopLine]:
        """What a person has stopped where this one works."""
        return stop_lines(self._user) if self._user and self._figures["stops"] else []

    @property
    def may_stop(self) -> bool:
        return self._user is not None and self._user.may(Permission.STOP_MACHINE)

    @property
    def may_report_incident(self) -> bool:
        return self._user is not None and self._user.may(Permission.REPORT_SYSTEM_INCIDENT)

    @property
    def timezone(self) -> str:
        if self.site:
            return self.site.timezone
        return self.sites[0].timezone if self.sites else "UTC"

    @property
    def site_action(self) -> str:
        match = self._request.resolver_match
        return self._request.path if match and match.url_name in SITE_PAGES else "/"

    @cached_property
    def entries(self) -> list[Entry]:
        if self._user is None:
            return []
        return entries_for(self._user, path=self._request.path)

    @cached_property
    def system_entries(self) -> list[Entry]:
        return system_entries_for(self._user) if self._user else []

    @property
    def waiting(self) -> int:
        """How many rows wait for a person, where this person works; no further than AT_A_GLANCE + 1."""
        return self._figures.get("waiting", 0)

    @property
    def waiting_words(self) -> str:
        return count_words(self.waiting, most=AT_A_GLANCE)

    @cached_property
    def unread(self) -> int | None:
        """How many notifications are unread, as last counted; None: the page asks again when it is shown. No query."""
        return kept_count(self._user) if self._user else None

    @cached_property
    def _figures(self) -> dict[str, int]:
        """What the frame counts, in one statement."""
        if self._user is None:
            return {}
        rows: dict[str, QuerySet[Any]] = {"stops": stops_in_force(self._user.tenant_id)}
        if self._user.may(Permission.VIEW_ALERTS):
            waiting = [AlertState.AWAITING_REVIEW, AlertState.MODEL_REVIEW]
            sites_of_request(self._user)
            alerts = Alert.objects.filter(at_sites_of(self._user), state__in=waiting)
            rows["waiting"] = alerts.exclude(is_behind_another())
        return count_each(rows, most=dict.fromkeys(rows, AT_A_GLANCE))


def shell(request: HttpRequest) -> dict[str, Shell]:
    """The template variable `console`."""
    return {"console": Shell(request)}
