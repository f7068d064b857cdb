"""How often people went against the machine, by site and month; hardly ever is a sign of automation bias."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.alerts.models import Disposition
from apps.reviews.judged_first import was_judged_first
from apps.reviews.overrides import Stance, stance_of
from apps.reviews.precision import FEWEST, Z95
from apps.sites.queries import sites_visible_to
from apps.triage.fairness_rates import wilson

MONTHS: Final = 12
HARDLY_EVER: Final = 0.05


@dataclass(frozen=True, kw_only=True)
class Share:
    """Verdicts against the proposal among those where machine and person both took a side."""

    against: int
    sides: int

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval of Wilson, as shares."""
        return wilson(events=self.against, count=self.sides, z=Z95)

    @property
    def words(self) -> str:
        if self.sides < FEWEST:
            return gettext("not known yet (%(against)s of %(sides)s so far)") % vars(self)
        low, high = (round(100 * end) for end in self.interval)
        return gettext("%(against)s of %(sides)s (%(low)s–%(high)s of 100)") % {
            **vars(self),
            "low": low,
            "high": high,
        }


@dataclass(frozen=True, kw_only=True)
class OverrideLine:
    """A site's month: `shown` with the proposal in sight, `blind` before it was shown, `neither` without two sides."""

    site: str
    month: datetime
    shown: Share
    blind: Share
    neither: int

    @property
    def hardly_ever(self) -> bool:
        """Whether people went against a proposal in sight in surely fewer than 5 of 100."""
        return self.shown.sides >= FEWEST and self.shown.interval[1] < HARDLY_EVER


def override_lines(user: User, *, now: datetime) -> list[OverrideLine]:
    """Where this person works, the last MONTHS months (UTC), newest first: first verdicts only. One query."""
    counts: dict[tuple[str, str, datetime], Counter[tuple[bool, Stance]]] = {}
    for site_id, name, month, blind, proposal, verdict, number in _counted(user, now):
        key = (name, str(site_id), month)
        counts.setdefault(key, Counter())[(blind, stance_of(proposal, verdict))] += number
    lines = [_line(name, month, found) for (name, _, month), found in counts.items()]
    return sorted(lines, key=lambda line: (-line.month.timestamp(), line.site))


def _counted(
    user: User, now: datetime
) -> Iterable[tuple[object, str, datetime, bool, str, str, int]]:
    rows: QuerySet[Disposition] = Disposition.objects.filter(
        tenant_id=user.tenant_id,
        alert__site__in=sites_visible_to(user),
        supersedes__isnull=True,
        decided_at__gte=_first_month(now),
    )
    return (
        rows.annotate(month=TruncMonth("decided_at"), blind=was_judged_first())
        .values_list(
            "alert__site_id",
            "alert__site__name",
            "month",
            "blind",
            "alert__strategy",
            "verdict",
        )
        .annotate(number=Count("pk"))
        .order_by()
    )


def _first_month(now: datetime) -> datetime:
    """When the first of the MONTHS months that end with this one began."""
    months = now.year * 12 + now.month - MONTHS
    year, month = divmod(months, 12)
    return now.replace(year=year, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)


def _line(name: str, month: datetime, found: Counter[tuple[bool, Stance]]) -> OverrideLine:
    return OverrideLine(
        site=name,
        month=month,
        shown=_share(found, blind=False),
        blind=_share(found, blind=True),
        neither=found[(False, Stance.NEITHER)] + found[(True, Stance.NEITHER)],
    )


def _share(found: Counter[tuple[bool, Stance]], *, blind: bool) -> Share:
    against = found[(blind, Stance.AGAINST)]
    return Share(against=against, sides=against + found[(blind, Stance.WITH)])
