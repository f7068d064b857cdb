"""The clocks that run: reports to an authority, reviews of risks and of watchlist entries, requests of people."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.oversight.models import ClockReminder, SystemIncident
from apps.oversight.queries.incidents import incidents_visible_to
from apps.oversight.queries.register import register_of
from apps.sites.queries import sites_visible_to
from apps.subject_requests.models import SubjectRequest
from apps.subject_requests.queries.requests import OPEN
from apps.triage.states import EntryState, SystemIncidentState
from apps.watchlists.models import WatchlistEntry

SHOWN_WITHIN: Final = timedelta(days=30)
INCIDENT_SOON: Final = timedelta(days=3)
RISK_SOON: Final = timedelta(days=14)
OTHER_SOON: Final = timedelta(days=7)


class ClockKind(StrEnum):
    """What runs out."""

    INCIDENT = "system_incident"
    RISK = "risk_review"
    ENTRY = "entry_review"
    REQUEST = "subject_request"


class Stage(StrEnum):
    """Where a clock stands."""

    RUNNING = "clock_running"
    SOON = "clock_soon"
    OVER = "clock_over"


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Something that has to be done by `due_at`; `subject` names it among its kind. From `soon_at` on it is near.

    `reminded_at`: when people were last reminded of it, None while nobody was. `entries`: how many things it is about.
    """

    kind: ClockKind
    subject: str
    words: str
    due_at: datetime
    soon_at: datetime
    url: str
    reminded_at: datetime | None
    entries: int = 1

    def stage(self, now: datetime) -> Stage:
        if now >= self.due_at:
            return Stage.OVER
        return Stage.SOON if now >= self.soon_at else Stage.RUNNING


@dataclass(frozen=True, kw_only=True)
class ClockLine:
    """A clock as a page shows it."""

    clock: Clock
    stage: Stage


def oversight_clocks(tenant_id: UUID) -> list[Clock]:
    """The clocks oversight reminds of: open incidents with a term, and reviews of risks. Inside the tenant's scope."""
    reported = SystemIncident.objects.filter(tenant_id=tenant_id)
    return [*_incidents(tenant_id, reported), *_risks(tenant_id)]


def clock_lines(user: User, *, now: datetime) -> list[ClockLine]:
    """What runs out within SHOWN_WITHIN, or has, of what this person may see; the nearest first."""
    clocks = _risks(user.tenant_id) + _incidents(user.tenant_id, incidents_visible_to(user))
    if user.may(Permission.VIEW_WATCHLIST):
        clocks += _entries(user)
    if user.may(Permission.HANDLE_SUBJECT_REQUESTS):
        clocks += _requests(user.tenant_id)
    near = [one for one in clocks if one.due_at <= now + SHOWN_WITHIN]
    return [
        ClockLine(clock=one, stage=one.stage(now))
        for one in sorted(near, key=lambda one: (one.due_at, one.kind, one.subject))
    ]


def _incidents(tenant_id: UUID, reported: QuerySet[SystemIncident]) -> list[Clock]:
    rows = reported.filter(state=SystemIncidentState.OPEN, due_at__isnull=False)
    told = _reminded(tenant_id, ClockKind.INCIDENT)
    found = []
    for row in rows:
        assert row.due_at is not None
        soon = min(INCIDENT_SOON, (row.due_at - row.aware_at) / 2)
        found.append(
            Clock(
                kind=ClockKind.INCIDENT,
                subject=str(row.id),
                words=gettext("Report %(reference)s to an authority (Art. 73)")
                % {"reference": row.reference},
                due_at=row.due_at,
                soon_at=row.due_at - soon,
                url=reverse("system-incident", args=[row.id]),
                reminded_at=told.get((str(row.id), row.due_at)),
            )
        )
    return found


def _risks(tenant_id: UUID) -> list[Clock]:
    """One clock a day of review: the entries that are due that day are looked at together."""
    told = _reminded(tenant_id, ClockKind.RISK)
    days: dict[date, list[str]] = defaultdict(list)
    for risk in register_of(tenant_id).risks:
        days[risk.review_on].append(risk.id)
    return [_review(day, ids, told) for day, ids in sorted(days.items())]


def _review(day: date, ids: list[str], told: dict[tuple[str, datetime], datetime]) -> Clock:
    due_at = datetime.combine(day, time(), tzinfo=UTC)
    return Clock(
        kind=ClockKind.RISK,
        subject=day.isoformat(),
        words=gettext("Review of %(risks)s (Art. 9)") % {"risks": _some(ids)},
        due_at=due_at,
        soon_at=due_at - RISK_SOON,
        url=reverse("risks"),
        reminded_at=told.get((day.isoformat(), due_at)),
        entries=len(ids),
    )


def _some(ids: list[str]) -> str:
    shown = ", ".join(ids[:3])
    if len(ids) > 3:
        return gettext("%(risks)s and %(count)s more risks") % {
            "risks": shown,
            "count": len(ids) - 3,
        }
    return gettext("risk %(risks)s") % {"risks": shown}


def _entries(user: User) -> list[Clock]:
    rows = WatchlistEntry.objects.filter(
        tenant_id=user.tenant_id,
        state=EntryState.ACTIVE,
        review_due_at__isnull=False,
        sites__in=sites_visible_to(user),
    ).distinct()
    return [
        Clock(
            kind=ClockKind.ENTRY,
            subject=str(row.id),
            words=gettext("Review of the watchlist entry %(reference)s")
            % {"reference": row.reference},
            due_at=row.review_due_at,
            soon_at=row.review_due_at - OTHER_SOON,
            url=reverse("watchlist-entry", args=[row.id]),
            reminded_at=row.reminded_at,
        )
        for row in rows
        if row.review_due_at is not None
    ]


def _requests(tenant_id: UUID) -> list[Clock]:
    rows = SubjectRequest.objects.filter(tenant_id=tenant_id, state__in=OPEN)
    return [
        Clock(
            kind=ClockKind.REQUEST,
            subject=str(row.id),
            words=gettext("Answer to the request %(reference)s (Art. 12(3) GDPR)")
            % {"reference": row.reference},
            due_at=row.due_at,
            soon_at=row.due_at - OTHER_SOON,
            url=reverse("subject-request", args=[row.id]),
            reminded_at=row.reminded_at,
        )
        for row in rows
    ]


def _reminded(tenant_id: UUID, kind: ClockKind) -> dict[tuple[str, datetime], datetime]:
    """When people were last reminded, by subject and the moment that was due."""
    rows = ClockReminder.objects.filter(tenant_id=tenant_id, kind=kind).order_by("reminded_at")
    return {(row.subject, row.due_at): row.reminded_at for row in rows}
