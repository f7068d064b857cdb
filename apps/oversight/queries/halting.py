"""How soon the machine's work ended after a STOP, and whether any was begun while it was in force."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from django.db.models import (
    Count,
    ExpressionWrapper,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext, ngettext

from apps.alerts.models import Alert, Assessment, OutboxEntry
from apps.sites.models import Stop
from apps.triage.states import AlertState, StopState

COUNTED_OVER: Final = timedelta(days=365)
LONGEST_ANALYSIS: Final = timedelta(days=1)
"""Far longer than one takes. Alerts received earlier are not looked through, so that the index by time is enough."""


@dataclass(frozen=True, kw_only=True)
class Halting:
    """What the tables say of one STOP.

    `left` alerts were being analysed when it was pressed and came to a person or the archive while it was in force, the
    last at `last_at`; `begun` analyses started after it was pressed, which none should; `in_work`: alerts still analysed.
    """

    stop: Stop
    left: int
    last_at: datetime | None
    begun: int
    in_work: int

    @property
    def seconds(self) -> float | None:
        """From STOP to the end of the last work; 0.0 when nothing was in work. None while something still is."""
        if self.in_work:
            return None
        return (self.last_at - self.stop.stopped_at).total_seconds() if self.last_at else 0.0

    @property
    def words(self) -> str:
        """Such as "2.4 s (1 alert was in analysis)"."""
        begun = (
            "; " + gettext("%(count)s begun after it") % {"count": self.begun} if self.begun else ""
        )
        if self.seconds is None:
            return (
                gettext("not known yet: %(count)s still in analysis") % {"count": self.in_work}
                + begun
            )
        return (
            ngettext(
                "%(seconds)s s (%(count)s alert was in analysis)",
                "%(seconds)s s (%(count)s alerts were in analysis)",
                self.left,
            )
            % {"seconds": f"{self.seconds:.1f}", "count": self.left or gettext("no")}
            + begun
        )


@dataclass(frozen=True, kw_only=True)
class StopFigures:
    """The STOPs of a year: how many, and how long work went on after them; seconds are None without a STOP."""

    pressed: int
    in_force: int
    median_seconds: float | None
    longest_seconds: float | None
    begun: int


def haltings_of(stops: QuerySet[Stop], *, now: datetime) -> list[Halting]:
    """The figures of each STOP, in the order of the query: one query for all of them."""
    end = Coalesce(OuterRef("lifted_at"), now)
    near = {
        "alert__received_at__gte": OuterRef("stopped_at") - LONGEST_ANALYSIS,
        "alert__received_at__lt": end,
    }
    made = _covered(Assessment.objects, "alert__").filter(
        created_at__gte=OuterRef("stopped_at"), created_at__lt=end, **near
    )
    begun = _covered(OutboxEntry.objects, "alert__").filter(
        started_at__gt=OuterRef("stopped_at"), started_at__lt=end, **near
    )
    in_work = _covered(Alert.objects, "").filter(state=AlertState.ANALYSING)
    rows = stops.annotate(
        left=_number(made), last_at=_last(made), begun=_number(begun), still=_number(in_work)
    )
    return [
        Halting(
            stop=stop,
            left=stop.left,
            last_at=stop.last_at,
            begun=stop.begun,
            in_work=stop.still if stop.state == StopState.IN_FORCE else 0,
        )
        for stop in rows
    ]


def stop_figures(stops: QuerySet[Stop], *, now: datetime) -> StopFigures:
    """The STOPs pressed within COUNTED_OVER."""
    found = haltings_of(stops.filter(stopped_at__gte=now - COUNTED_OVER), now=now)
    seconds = [one.seconds for one in found if one.seconds is not None]
    return StopFigures(
        pressed=len(found),
        in_force=sum(one.stop.state == StopState.IN_FORCE for one in found),
        median_seconds=median(seconds) if seconds else None,
        longest_seconds=max(seconds, default=None),
        begun=sum(one.begun for one in found),
    )


def _covered(rows: Any, alert: str) -> QuerySet[Any]:
    """Those whose alert's camera the outer STOP covers; `alert` is the way from a row to its alert."""
    site = ExpressionWrapper(OuterRef("site_id"), output_field=UUIDField())
    camera = ExpressionWrapper(OuterRef("camera_id"), output_field=UUIDField())
    named: QuerySet[Any] = rows.filter(tenant=OuterRef("tenant")).annotate(of_site=site, of=camera)
    return named.filter(
        Q(of_site__isnull=True) | Q(**{f"{alert}site_id": F("of_site")}),
        Q(of__isnull=True) | Q(**{f"{alert}camera_id": F("of")}),
    ).order_by()


def _number(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.values("tenant").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _last(rows: QuerySet[Any]) -> Subquery:
    return Subquery(rows.values("tenant").annotate(last=Max("created_at")).values("last"))
