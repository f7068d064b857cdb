"""Search everything: alerts, cases, places and pages by their references and names, for one person."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.alerts.queries import alerts_visible_to
from apps.cases.queries import Wanted, cases_visible_to, find_cases
from apps.console.navigation import entries_for, system_entries_for
from apps.sites.queries import cameras_visible_to, sites_visible_to
from apps.triage.vocabulary import label_words

SHORTEST: Final = 2
LONGEST: Final = 80
MOST_OF_A_KIND: Final = 6
_REFERENCE: Final = re.compile(r"(?:[a-z]-)?([0-9a-f]{4,8})", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One thing found: what it is called, what else tells it apart, and where it is."""

    icon: str
    title: str
    more: str
    url: str


@dataclass(frozen=True, kw_only=True)
class HitGroup:
    """The hits of one kind; `more_url` lists all of them, "" where these are all."""

    title: str
    hits: tuple[Hit, ...]


def search(user: User, text: str) -> list[HitGroup]:
    """What the person may see that fits the text, grouped; nothing for less than SHORTEST characters."""
    text = " ".join(text.split())[:LONGEST]
    if len(text) < SHORTEST:
        return []
    groups = [
        HitGroup(title=gettext("Pages"), hits=tuple(_pages(user, text))),
        HitGroup(title=gettext("Alerts"), hits=tuple(_alerts(user, text))),
        HitGroup(title=gettext("Cases"), hits=tuple(_cases(user, text))),
        HitGroup(title=gettext("Sites and cameras"), hits=tuple(_places(user, text))),
    ]
    return [group for group in groups if group.hits]


def by_reference(text: str) -> tuple[UUID, UUID] | None:
    """The smallest and the largest id whose reference begins like the text, such as A-1F2B; else None."""
    found = _REFERENCE.fullmatch(text)
    if found is None:
        return None
    digits = found.group(1)
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))


def _pages(user: User, text: str) -> Iterable[Hit]:
    for entry in (*entries_for(user, path=""), *system_entries_for(user)):
        if text.lower() in entry.label.lower():
            yield Hit(icon=entry.icon, title=entry.label, more=gettext("page"), url=entry.url)


def _alerts(user: User, text: str) -> Iterable[Hit]:
    span = by_reference(text)
    if span is None or not user.may(Permission.VIEW_ALERTS):
        return
    found = alerts_visible_to(user).filter(id__range=span).select_related("site", "camera")
    for alert in found.order_by("id")[:MOST_OF_A_KIND]:
        yield Hit(
            icon="bell-ring",
            title=f"{alert.reference} · {_observed(alert)}",
            more=f"{alert.site.name} · {alert.camera.name}",
            url=reverse("alert", args=[alert.id]),
        )


def _observed(alert: Alert) -> str:
    return label_words(alert.label)


def _cases(user: User, text: str) -> Iterable[Hit]:
    if not user.may(Permission.VIEW_CASES):
        return
    span = by_reference(text)
    by_words = find_cases(user, Wanted(words=text))
    found = cases_visible_to(user).filter(id__range=span) if span else by_words
    for case in found.select_related("site").order_by("-opened_at")[:MOST_OF_A_KIND]:
        yield Hit(
            icon="briefcase",
            title=f"{case.reference} · {case.title}",
            more=case.site.name,
            url=reverse("case", args=[case.id]),
        )


def _places(user: User, text: str) -> Iterable[Hit]:
    queue = reverse("queue")
    sites = sites_visible_to(user).filter(name__icontains=text)[:MOST_OF_A_KIND]
    for site in sites:
        yield Hit(
            icon="store", title=site.name, more=gettext("site"), url=f"{queue}?site={site.id}"
        )
    cameras = cameras_visible_to(user).filter(name__icontains=text)[:MOST_OF_A_KIND]
    for camera in cameras:
        url = f"{queue}?site={camera.site_id}&state=all"
        yield Hit(icon="video", title=camera.name, more=camera.site.name, url=url)
