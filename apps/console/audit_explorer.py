"""The audit chain on screen and by API: looking for events, and having the chain verified."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.urls import reverse

from apps.accounts.models import User
from apps.alerts.queries import alerts_visible_to
from apps.audit.events import Channel, Event
from apps.audit.queries import AuditEvent, EventFilters, find_events
from apps.cases.history import names_of, who_acted, words_of
from apps.cases.queries import cases_visible_to

PAGE_ROWS = 50
KINDS = tuple(dict.fromkeys(event.value.partition(":")[0] for event in Event))


class AuditFilterForm(forms.Form):
    """Reads the filters from an address. A wrong value is dropped, never an error page."""

    event = forms.CharField(max_length=64, required=False)
    actor = forms.UUIDField(required=False)
    channel = forms.ChoiceField(choices=[(c.value, c.value) for c in Channel], required=False)
    kind = forms.RegexField(r"^[a-z][a-z0-9_]{0,63}$", required=False)
    subject = forms.RegexField(r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$", required=False)
    since = forms.DateField(required=False)
    until = forms.DateField(required=False)
    before = forms.IntegerField(min_value=0, required=False)

    def values(self) -> dict[str, Any]:
        """The readable part of what was asked."""
        self.is_valid()
        return self.cleaned_data

    def filters(self, *, zone: ZoneInfo) -> EventFilters:
        """Days are the viewer's own: from the start of `since` to the end of `until` in `zone`."""
        values = self.values()
        until = values.get("until")
        return EventFilters(
            event=_known(values.get("event") or ""),
            actor=str(values.get("actor") or ""),
            channel=values.get("channel") or "",
            subject_kind=values.get("kind") or "",
            subject_id=values.get("subject") or "",
            since=_midnight(values.get("since"), zone),
            until=_midnight(until + timedelta(days=1) if until else None, zone),
        )

    @property
    def below(self) -> int | None:
        """The last place of the page above, None on the first page."""
        found: int | None = self.values().get("before")
        return found

    def address(self, **changes: object) -> str:
        """The query string of these filters with some changed; the page is left out."""
        given = {name: value for name, value in self.values().items() if name != "before"}
        values = given | changes
        return urlencode({n: str(v) for n, v in values.items() if v not in (None, "")})


@dataclass(frozen=True, kw_only=True)
class AuditRow:
    """One event as the page shows it."""

    event: AuditEvent
    icon: str
    words: str
    who: str
    role: str
    url: str
    name: str


def audit_rows(user: User, *, filters: EventFilters, before: int | None) -> list[AuditRow]:
    """A page of the tenant's chain, newest first, with names in place of ids where there are any."""
    events = find_events(
        tenant_id=user.tenant_id, filters=filters, before=before, limit=PAGE_ROWS + 1
    )
    names, links = names_of(event.actor for event in events), _links(user, events)
    return [_row(event, names, links) for event in events]


def _row(
    event: AuditEvent, names: dict[str, str], links: dict[tuple[str, str], tuple[str, str]]
) -> AuditRow:
    icon, words = words_of(event.event)
    who, role = who_acted(event, names)
    url, name = links.get((event.subject.kind, str(event.subject.id)), ("", ""))
    return AuditRow(event=event, icon=icon, words=words, who=who, role=role, url=url, name=name)


def _links(user: User, events: list[AuditEvent]) -> dict[tuple[str, str], tuple[str, str]]:
    """Where alerts and cases among the subjects can be opened, by those who may."""
    ids: dict[str, set[UUID]] = {"alert": set(), "case": set()}
    for event in events:
        if event.subject.kind in ids:
            ids[event.subject.kind].add(UUID(str(event.subject.id)))
    alerts = alerts_visible_to(user).filter(id__in=ids["alert"]).only("id")
    cases = cases_visible_to(user).filter(id__in=ids["case"])
    return {
        ("alert", str(one.id)): (reverse("alert", args=[one.id]), one.reference) for one in alerts
    } | {("case", str(one.id)): (reverse("case", args=[one.id]), one.reference) for one in cases}


def _known(event: str) -> str:
    return event if event in KINDS or event in set(Event) else ""


def _midnight(day: Any, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, time.min, tzinfo=zone) if day else None
