"""Reading interventions: lists, what was recorded of one, and which were wrong and what that cost.

What a wrong intervention costs is read here and nowhere else: the recorded costs on the costs page and the evidence beside
the cost model are sums over the same rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import fmean
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.models import User
from apps.alerts.models import Alert, Disposition
from apps.reviews.models import (
    Confirmation,
    EntryStep,
    Intervention,
    InterventionEntry,
    InterventionKind,
    InterventionOutcome,
)
from apps.sites.queries import sites_visible_to
from apps.triage.states import Verdict

ON_THE_FLOOR: Final = Q(kind__in=(InterventionKind.APPROACH, InterventionKind.POLICE))
COMPLAINED: Final = Q(complaint_at__isnull=False)
WRONG: Final = COMPLAINED | ON_THE_FLOOR & (
    Q(outcome__in=(InterventionOutcome.RECEIPT_SHOWN, InterventionOutcome.NOTHING_FOUND))
    | Q(still_theft=False)
)
"""A condition on `with_standing(...)`: somebody complained, or was approached for nothing."""
LEAST_COSTS: Final = 5
"""Settled costs needed before a range is read off them."""


@dataclass(frozen=True, kw_only=True)
class InterventionFilters:
    """What a list shows; "" and None filter nothing. Days are those of the reader's store, UTC where there are several."""

    site_id: UUID | None = None
    state: str = ""
    outcome: str = ""
    complaint: str = ""
    since: date | None = None
    until: date | None = None


STATES: Final = {
    "open": Q(outcome=InterventionOutcome.NOT_KNOWN)
    | Q(complaint_at__isnull=False, settled_at__isnull=True),
    "closed": ~Q(outcome=InterventionOutcome.NOT_KNOWN)
    & (Q(complaint_at__isnull=True) | Q(settled_at__isnull=False)),
}
COMPLAINTS: Final = {
    "none": Q(complaint_at__isnull=True),
    "received": Q(complaint_at__isnull=False, settled_at__isnull=True),
    "settled": Q(settled_at__isnull=False),
}


def interventions_visible_to(user: User) -> QuerySet[Intervention]:
    """The interventions at the person's sites, newest first, with what a list shows of them."""
    found = Intervention.objects.filter(alert__site__in=sites_visible_to(user))
    found = found.select_related("alert", "alert__site", "alert__camera")
    return found.order_by("-authorised_at", "id")


def find_interventions(user: User, filters: InterventionFilters) -> QuerySet[Intervention]:
    """Those of `interventions_visible_to` that fit."""
    found = interventions_visible_to(user).filter(
        STATES.get(filters.state, Q()), COMPLAINTS.get(filters.complaint, Q())
    )
    if filters.site_id:
        found = found.filter(alert__site_id=filters.site_id)
    if filters.outcome:
        found = found.filter(outcome=filters.outcome)
    zone = _zone(user, filters.site_id)
    if filters.since:
        found = found.filter(authorised_at__gte=_midnight(filters.since, zone))
    if filters.until:
        found = found.filter(authorised_at__lt=_midnight(filters.until + timedelta(days=1), zone))
    return found


def _zone(user: User, site_id: UUID | None) -> ZoneInfo:
    sites = sites_visible_to(user)
    zones = set((sites.filter(id=site_id) if site_id else sites).values_list("timezone", flat=True))
    return ZoneInfo(zones.pop() if len(zones) == 1 else "UTC")


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)


def interventions_of(alert: Alert) -> QuerySet[Intervention]:
    """The interventions an alert led to, oldest first."""
    return Intervention.objects.filter(alert=alert).order_by("authorised_at", "id")


def entries_of(intervention: Intervention) -> QuerySet[InterventionEntry]:
    """Everything recorded of it, oldest first, each with what corrected it."""
    return intervention.entries.select_related("superseded_by").order_by("recorded_at", "id")


def standing_entry(intervention: Intervention, step: EntryStep) -> InterventionEntry | None:
    """The entry of a step that no correction has superseded."""
    return intervention.entries.filter(step=step, superseded_by__isnull=True).first()


def confirmed_lately(alert: Alert, *, since: datetime) -> bool:
    """Whether a theft confirmed after `since` stands, so that somebody may be approached."""
    fresh = Confirmation.objects.filter(task__disposition=OuterRef("pk"), confirmed_at__gte=since)
    standing = Disposition.objects.filter(
        Exists(fresh), alert=alert, superseded_by__isnull=True, verdict=Verdict.THEFT_CONFIRMED
    )
    return standing.exists()


# --- what a wrong one costs


def with_standing(acts: QuerySet[Intervention]) -> QuerySet[Intervention]:
    """`acts` with `still_theft`: whether a confirmed theft stands behind each."""
    later = Disposition.objects.filter(supersedes_id=OuterRef("pk"))
    stands = Disposition.objects.filter(
        ~Exists(later), alert_id=OuterRef("alert_id"), verdict=Verdict.THEFT_CONFIRMED
    )
    return acts.annotate(still_theft=Exists(stands))


@dataclass(frozen=True, kw_only=True)
class WrongCosts:
    """What a tenant's records say a wrong intervention costs, in `currency`.

    `costs` are those of settled complaints, smallest first. `mean` is None without any; `low` and `high`, their 5th
    and 95th percentile, are None for fewer than LEAST_COSTS.
    """

    currency: str
    wrong: int
    costs: tuple[float, ...]
    in_other_currencies: int

    @property
    def mean(self) -> float | None:
        return fmean(self.costs) if self.costs else None

    @property
    def low(self) -> float | None:
        return _percentile(self.costs, 0.05) if len(self.costs) >= LEAST_COSTS else None

    @property
    def high(self) -> float | None:
        return _percentile(self.costs, 0.95) if len(self.costs) >= LEAST_COSTS else None


def wrong_costs(tenant_id: UUID, *, currency: str, with_drills: bool = False) -> WrongCosts:
    """Read the recorded costs of wrong interventions of a tenant, drills left out."""
    acts = Intervention.objects.filter(tenant_id=tenant_id)
    if not with_drills:
        acts = acts.filter(alert__is_drill=False)
    settled = acts.filter(settled_at__isnull=False)
    own = settled.filter(currency=currency).order_by("settled_cost")
    return WrongCosts(
        currency=currency,
        wrong=with_standing(acts).filter(WRONG).count(),
        costs=tuple(
            float(cost) for cost in own.values_list("settled_cost", flat=True) if cost is not None
        ),
        in_other_currencies=settled.exclude(currency=currency).count(),
    )


def _percentile(ordered: Sequence[float], share: float) -> float:
    """Linear between the two nearest of the ordered values."""
    at = share * (len(ordered) - 1)
    below = int(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)
