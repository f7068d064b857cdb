"""How long people took to decide, and how much of the clip they had played when they did."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import (
    Aggregate,
    Avg,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    FloatField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Cast, Coalesce, Least, TruncMonth

from apps.accounts.models import User
from apps.alerts.models import Alert
from apps.reviews.models import Confirmation, DecisionAttempt, Playback
from apps.sites.queries import sites_visible_to
from apps.triage.states import AttemptState

LONGEST_LOOK: Final = timedelta(minutes=15)
"""Whoever takes longer between playing and deciding was away in between."""


class Median(Aggregate):
    """The middle of the values, between the two middle ones where they are an even number."""

    function = "PERCENTILE_CONT"
    name = "Median"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


def with_pace(attempts: QuerySet[DecisionAttempt]) -> QuerySet[DecisionAttempt]:
    """The applied ones with `took`: from the first span played by whoever decided until the decision was submitted."""
    played = (
        Playback.objects.filter(
            alert_id=OuterRef("alert_id"),
            user_id=OuterRef("user_id"),
            played_at__gte=OuterRef("submitted_at") - LONGEST_LOOK,
            played_at__lte=OuterRef("submitted_at"),
        )
        .order_by()
        .values("alert_id")
        .annotate(first=Min("played_at"))
        .values("first")
    )
    applied = attempts.filter(state=AttemptState.APPLIED, submitted_at__isnull=False)
    begun = Coalesce(Subquery(played), F("prepared_at"))
    took = ExpressionWrapper(F("submitted_at") - begun, output_field=DurationField())
    return applied.annotate(took=took)


# --- people, by month


@dataclass(frozen=True, kw_only=True)
class PersonMonth:
    """One person's decisions in one month.

    `watched` is the mean share of the clip that was played, 0..1, None where no clip's length is known.
    """

    person: UUID
    month: datetime
    decisions: int
    median_seconds: float
    watched: float | None

    @property
    def percent(self) -> int | None:
        """`watched` as a whole number of 100."""
        return None if self.watched is None else round(100 * self.watched)


def person_months(user: User, *, since: datetime, only: UUID | None = None) -> list[PersonMonth]:
    """Decisions of people at the sites `user` sees, the newest month first, people in no order of merit.

    Months are those of UTC: a person works at several sites. Drills are left out.
    """
    attempts = DecisionAttempt.objects.filter(
        alert__in=counted_alerts(user), submitted_at__gte=since, confirmation__isnull=False
    )
    if only is not None:
        attempts = attempts.filter(user_id=only)
    length = Cast("alert__clip__duration_ms", FloatField())
    share = Least(Cast("confirmation__viewed_ms", FloatField()) / length, 1.0)
    rows: Any = (
        with_pace(attempts)
        .annotate(month=TruncMonth("submitted_at", tzinfo=ZoneInfo("UTC")))
        .order_by()
        .values("user_id", "month")
        .annotate(
            decisions=Count("id"),
            middle=Median("took"),
            watched=Avg(share, filter=Q(alert__clip__duration_ms__gt=0)),
        )
        .order_by("-month", "user_id")
    )
    return [
        PersonMonth(
            person=row["user_id"],
            month=row["month"],
            decisions=row["decisions"],
            median_seconds=row["middle"].total_seconds(),
            watched=row["watched"],
        )
        for row in rows
    ]


@dataclass(frozen=True, kw_only=True)
class WatchedShare:
    """How much of the clip somebody had played when they confirmed; `share` is None where its length is not known."""

    person: UUID
    viewed_ms: int
    duration_ms: int | None

    @property
    def share(self) -> float | None:
        return min(1.0, self.viewed_ms / self.duration_ms) if self.duration_ms else None

    @property
    def words(self) -> str:
        """Such as "6.0 of 10.0 s (60 of 100)"."""
        seconds = f"{self.viewed_ms / 1000:.1f}"
        if self.duration_ms is None or self.share is None:
            return f"{seconds} s; the clip's length is not known"
        return f"{seconds} of {self.duration_ms / 1000:.1f} s ({self.share * 100:.0f} of 100)"


def watched_by(alert: Alert) -> list[WatchedShare]:
    """What those whose confirmations settled the alert had played of its clip, in their order."""
    of_alert = Q(task__alert=alert) | Q(settled_tasks__alert=alert)
    made = Confirmation.objects.filter(of_alert).order_by("confirmed_at").distinct()
    found = made.values_list("user_id", "viewed_ms", "task__alert__clip__duration_ms")
    return [
        WatchedShare(person=person, viewed_ms=viewed, duration_ms=duration)
        for person, viewed, duration in found
    ]


def counted_alerts(user: User) -> QuerySet[Alert]:
    """The alerts of the person's sites that count: drills do not, except where all is a drill."""
    alerts = Alert.objects.filter(site__in=sites_visible_to(user))
    return alerts if user.tenant.is_drill else alerts.filter(is_drill=False)
