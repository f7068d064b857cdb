"""What people said before the machine's proposal was shown, beside what others said who saw it."""

from dataclasses import dataclass
from datetime import datetime
from statistics import NormalDist
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext, gettext_noop

from apps.accounts.models import User
from apps.alerts.models import Alert, Disposition
from apps.reviews.models import BlindJudgement
from apps.reviews.pace import counted_alerts
from apps.reviews.words import VERDICT_WORDS
from apps.triage.fairness_rates import wilson
from apps.triage.states import Strategy, Verdict

Z95: Final = NormalDist().inv_cdf(0.975)


_STANDS: Final = {
    True: gettext_noop("which agrees"),
    False: gettext_noop("which does not agree"),
    None: gettext_noop("which says neither yes nor no"),
}
_PROPOSALS: Final = {
    Strategy.ESCALATE: gettext_noop("to escalate"),
    Strategy.VERIFY: gettext_noop("to verify first"),
    Strategy.ARCHIVE: gettext_noop("to archive"),
}


def judged_first_words(alert: Alert) -> str:
    """How the first judgement of an alert stands to what was not shown; "" where nobody judged it so."""
    found = BlindJudgement.objects.filter(alert=alert).first()
    if found is None:
        return ""
    proposed, verdict = _PROPOSALS[Strategy(found.proposed)], VERDICT_WORDS[Verdict(found.verdict)]
    return gettext(
        "Judged before the proposal was shown: %(verdict)s. The machine had proposed %(proposed)s, "
        "%(stands)s."
    ) % {
        "verdict": gettext(verdict),
        "proposed": gettext(proposed),
        "stands": gettext(_STANDS[found.agrees]),
    }


def was_judged_first() -> Exists:
    """Whether a verdict was given before the proposal was shown, as a condition of a query of dispositions."""
    return Exists(BlindJudgement.objects.filter(disposition=OuterRef("pk")))


@dataclass(frozen=True, kw_only=True)
class Rate:
    """`events` of `count`, as a share with its 95% Wilson interval; None while there is nothing to count."""

    events: int
    count: int

    @property
    def share(self) -> float | None:
        return self.events / self.count if self.count else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return wilson(events=self.events, count=self.count, z=Z95) if self.count else None

    @property
    def words(self) -> str:
        """Such as "14 of 100 (9–21), 120 alerts"."""
        if self.interval is None or self.share is None:
            return gettext("not known yet (0 alerts)")
        low, high = (f"{100 * end:.0f}" for end in self.interval)
        return gettext("%(share)s of 100 (%(low)s–%(high)s), %(count)s alerts") % {
            "share": f"{100 * self.share:.0f}",
            "low": low,
            "high": high,
            "count": self.count,
        }


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One proposal of the machine: what people said before it was shown, and what others said who saw it.

    `agreement` counts judgements for or against the proposal; where the machine only asked for a look, or the person
    could not tell, there is neither. `first` and `shown` are thefts confirmed among those who could tell.
    """

    proposal: Strategy
    agreement: Rate
    undecided: int
    first: Rate
    shown: Rate

    @property
    def difference(self) -> tuple[float, float, float] | None:
        """Shown − first in thefts confirmed, with its 95% interval (Newcombe 1998, method 10); None without either."""
        if not (self.first.interval and self.shown.interval):
            return None
        first, shown = self.first.share or 0.0, self.shown.share or 0.0
        (low_f, high_f), (low_s, high_s) = self.first.interval, self.shown.interval
        between = shown - first
        below = ((shown - low_s) ** 2 + (high_f - first) ** 2) ** 0.5
        above = ((high_s - shown) ** 2 + (first - low_f) ** 2) ** 0.5
        return between, between - below, between + above

    @property
    def difference_words(self) -> str:
        """Such as "+8 of 100 (−3 to +19)"; what is not known says so."""
        if self.difference is None:
            return gettext("not known yet")
        middle, low, high = (f"{100 * one:+.0f}".replace("-", "−") for one in self.difference)
        return gettext("%(middle)s of 100 (%(low)s to %(high)s)") % {
            "middle": middle,
            "low": low,
            "high": high,
        }


def comparisons(user: User, *, since: datetime) -> list[Comparison]:
    """For each strategy that people judged, over the alerts of the person's sites decided since then."""
    alerts = counted_alerts(user)
    judged = BlindJudgement.objects.filter(alert__in=alerts, judged_at__gte=since)
    first = {row["proposed"]: row for row in _counted(judged, "proposed", "verdict")}
    told: dict[str, dict[str, Any]] = {
        row["proposed"]: dict(row)
        for row in judged.order_by()
        .values("proposed")
        .annotate(
            for_it=Count("alert", filter=Q(agrees=True)),
            told=Count("alert", filter=Q(agrees__isnull=False)),
            undecided=Count("alert", filter=Q(agrees__isnull=True)),
        )
    }
    seen = Disposition.objects.filter(
        ~was_judged_first(), alert__in=alerts, decided_at__gte=since, supersedes__isnull=True
    )
    shown = {row["alert__strategy"]: row for row in _counted(seen, "alert__strategy", "verdict")}
    return [
        Comparison(
            proposal=one,
            agreement=_rate(told.get(one), "for_it", "told"),
            undecided=told.get(one, {}).get("undecided", 0),
            first=_rate(first.get(one), "thefts", "clear"),
            shown=_rate(shown.get(one), "thefts", "clear"),
        )
        for one in Strategy
        if one in first or one in shown
    ]


def _counted(rows: QuerySet[Any], by: str, verdict: str) -> Any:
    clear = ~Q(**{verdict: Verdict.INCONCLUSIVE})
    thefts = Q(**{verdict: Verdict.THEFT_CONFIRMED})
    counted = rows.order_by().values(by)
    return counted.annotate(clear=Count("pk", filter=clear), thefts=Count("pk", filter=thefts))


def _rate(row: dict[str, Any] | None, events: str, count: str) -> Rate:
    return Rate(events=row[events], count=row[count]) if row else Rate(events=0, count=0)
