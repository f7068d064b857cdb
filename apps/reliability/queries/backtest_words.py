"""A backtest's report as tables: both sides, their difference, and its interval, in words and amounts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop

from apps.triage.backtest_report import BacktestReport, Comparison, Estimate, Figures, SegmentLine
from apps.triage.decision import OUTCOMES
from apps.triage.phrasing import money, of_100
from apps.triage.reasons import not_known_yet

_Shown = Callable[[float], str]
DIMENSION_WORDS: Mapping[str, str] = {
    "site": gettext_noop("Site"),
    "camera": gettext_noop("Camera"),
    "lighting": gettext_noop("Lighting"),
    "daypart": gettext_noop("Time of day"),
    "detector": gettext_noop("Detector"),
}


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """One figure on both sides. `note` says what an interval is of, or that it is not known yet.

    `figures` are the plain numbers of both sides, for a drawing; None where one of them is not known yet. `short` is
    what stands under its bar, for a row that is drawn.
    """

    words: str
    active: str
    draft: str
    change: str
    note: str = ""
    figures: tuple[float, float] | None = None
    short: str = ""


@dataclass(frozen=True, kw_only=True)
class SegmentRow:
    """One segment side by side."""

    name: str
    alerts: int
    changed: int
    shares: tuple[str, str]
    cost: TableRow
    minutes: TableRow
    wrong: TableRow
    by_verdicts: str

    @property
    def cost_change(self) -> float | None:
        """Draft less active, in the report's currency."""
        both = self.cost.figures
        return None if both is None else both[1] - both[0]


def outcome_rows(report: BacktestReport) -> list[tuple[str, TableRow]]:
    """How many alerts each outcome has on both sides, with its share."""
    return [
        (
            outcome.value,
            TableRow(
                words=outcome.value,
                active=_share(report.active_outcomes[outcome], report.alerts),
                draft=_share(report.draft_outcomes[outcome], report.alerts),
                change=_signed(
                    report.draft_outcomes[outcome] - report.active_outcomes[outcome], _count
                ),
                figures=(report.active_outcomes[outcome], report.draft_outcomes[outcome]),
            ),
        )
        for outcome in OUTCOMES
    ]


def figure_rows(measured: Comparison, *, currency: str) -> list[TableRow]:
    """Expected figures, then the same by verdicts."""

    def amount(value: float) -> str:
        return money(value, currency=currency)

    change = measured.change
    spread = gettext("%(low)s to %(high)s over the ranges of the cost model") % {
        "low": _signed(change.low, amount),
        "high": _signed(change.high, amount),
    }
    return [
        _expected(
            measured,
            gettext("Expected cost"),
            lambda one: one.expected_cost,
            amount,
            spread,
            gettext("all of it"),
        ),
        _expected(
            measured,
            gettext("of it: value lost"),
            lambda one: one.value_lost,
            amount,
            short=gettext("value lost"),
        ),
        _expected(
            measured,
            gettext("of it: wrong interventions"),
            lambda one: one.wrong_cost,
            amount,
            short=gettext("wrong interventions"),
        ),
        _expected(
            measured,
            gettext("of it: operator minutes"),
            lambda one: one.minutes_cost,
            amount,
            short=gettext("operator minutes"),
        ),
        _expected(measured, gettext("Wrong interventions, expected"), _wrong, _decimal),
        _expected(measured, gettext("Thefts not confirmed, expected"), _unconfirmed, _decimal),
        _expected(measured, gettext("Operator minutes"), lambda one: one.minutes, _count),
        _expected(measured, gettext("of it: blind audit"), lambda one: one.audit_minutes, _count),
        _judged(measured, gettext("Cost by verdicts"), lambda one: one.cost_by_verdicts, amount),
        _judged(
            measured,
            gettext("Wrong interventions by verdicts"),
            lambda one: one.wrong_by_verdicts,
            _decimal,
        ),
        _judged(
            measured,
            gettext("Value lost by verdicts"),
            lambda one: one.value_lost_by_verdicts,
            amount,
        ),
    ]


def segment_rows(
    report: BacktestReport, *, dimension: str, names: Mapping[str, str]
) -> list[SegmentRow]:
    """The segments of one dimension, those with most changes first. `names` are of sites and cameras."""
    return [
        _segment(line, report.currency, names)
        for line in report.segments
        if line.dimension == dimension
    ]


def changes_matrix(report: BacktestReport) -> list[tuple[str, list[int]]]:
    """From (rows) to (columns), both in the order of `OUTCOMES`."""
    counts = {(one.before, one.after): one.count for one in report.changes}
    return [
        (before.value, [counts.get((before.value, after.value), 0) for after in OUTCOMES])
        for before in OUTCOMES
    ]


def _segment(line: SegmentLine, currency: str, names: Mapping[str, str]) -> SegmentRow:
    def amount(value: float) -> str:
        return money(value, currency=currency)

    return SegmentRow(
        name=names.get(line.name, line.name) or gettext("not known"),
        alerts=line.alerts,
        changed=line.changed,
        shares=(
            _looked_at(line.active_outcomes, line.alerts),
            _looked_at(line.draft_outcomes, line.alerts),
        ),
        cost=_pair("cost", line.active_cost, line.draft_cost, amount),
        minutes=_pair("minutes", line.active_minutes, line.draft_minutes, _count),
        wrong=_pair("wrong", line.active_wrong, line.draft_wrong, _decimal),
        by_verdicts=_interval(line.change_by_verdicts, amount),
    )


def _expected(
    measured: Comparison,
    words: str,
    pick: Callable[[Figures], float],
    shown: _Shown,
    note: str = "",
    short: str = "",
) -> TableRow:
    active, draft = pick(measured.active), pick(measured.draft)
    return TableRow(
        words=words,
        active=shown(active),
        draft=shown(draft),
        change=_signed(pick(measured.change), shown),
        note=note,
        figures=(active, draft),
        short=short,
    )


def _judged(
    measured: Comparison, words: str, pick: Callable[[Figures], Estimate], shown: _Shown
) -> TableRow:
    change = pick(measured.change)
    if change.value is None:
        unknown = not_known_yet(change.labels)
        return TableRow(words=words, active="–", draft="–", change="–", note=unknown)
    return TableRow(
        words=words,
        active=_value(pick(measured.active), shown),
        draft=_value(pick(measured.draft), shown),
        change=_signed(change.value, shown),
        note=_interval(change, shown),
    )


def _pair(words: str, active: float, draft: float, shown: _Shown) -> TableRow:
    return TableRow(
        words=words,
        active=shown(active),
        draft=shown(draft),
        change=_signed(draft - active, shown),
        figures=(active, draft),
    )


def _interval(found: Estimate, shown: _Shown) -> str:
    if found.low is None or found.high is None:
        return not_known_yet(found.labels)
    return gettext("%(low)s to %(high)s, %(labels)s labels") % {
        "low": _signed(found.low, shown),
        "high": _signed(found.high, shown),
        "labels": f"{found.labels:,}",
    }


def _value(found: Estimate, shown: _Shown) -> str:
    return "–" if found.value is None else shown(found.value)


def _looked_at(outcomes: Mapping[str, int], alerts: int) -> str:
    """How many of 100 come to a person at once."""
    return of_100(1 - outcomes["archive"] / alerts) if alerts else "–"


def _share(count: int, total: int) -> str:
    if not total:
        return "0"
    return gettext("%(count)s (%(share)s of 100)") % {
        "count": f"{count:,}",
        "share": of_100(count / total),
    }


def _signed(value: float, shown: _Shown) -> str:
    text = shown(abs(value))
    nothing = not any(digit in text for digit in "123456789")
    return "±0" if nothing else f"{'+' if value > 0 else '−'}{text}"


def _wrong(one: Figures) -> float:
    return one.wrong_interventions


def _unconfirmed(one: Figures) -> float:
    return one.thefts_unconfirmed


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _decimal(value: float) -> str:
    return f"{value:,.1f}"


def dimensions_of(report: BacktestReport) -> Sequence[tuple[str, str]]:
    """The dimensions with their words."""
    found = {line.dimension for line in report.segments}
    return [(name, gettext(words)) for name, words in DIMENSION_WORDS.items() if name in found]
