"""A backtest's report as tables: both sides, their difference, and its interval, in words and amounts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from apps.triage.backtest_report import BacktestReport, Comparison, Estimate, Figures, SegmentLine
from apps.triage.decision import OUTCOMES
from apps.triage.phrasing import money, of_100
from apps.triage.reasons import not_known_yet

_Shown = Callable[[float], str]
DIMENSION_WORDS: Mapping[str, str] = {
    "site": "Site",
    "camera": "Camera",
    "lighting": "Lighting",
    "daypart": "Time of day",
    "detector": "Detector",
}


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """One figure on both sides. `note` says what an interval is of, or that it is not known yet.

    `figures` are the plain numbers of both sides, for a drawing; None where one of them is not known yet.
    """

    words: str
    active: str
    draft: str
    change: str
    note: str = ""
    figures: tuple[float, float] | None = None


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
    spread = (
        f"{_signed(change.low, amount)} to {_signed(change.high, amount)} over the ranges "
        "of the cost model"
    )
    return [
        _expected(measured, "Expected cost", lambda one: one.expected_cost, amount, spread),
        _expected(measured, "of it: value lost", lambda one: one.value_lost, amount),
        _expected(measured, "of it: wrong interventions", lambda one: one.wrong_cost, amount),
        _expected(measured, "of it: operator minutes", lambda one: one.minutes_cost, amount),
        _expected(measured, "Wrong interventions, expected", _wrong, _decimal),
        _expected(measured, "Thefts not confirmed, expected", _unconfirmed, _decimal),
        _expected(measured, "Operator minutes", lambda one: one.minutes, _count),
        _expected(measured, "of it: blind audit", lambda one: one.audit_minutes, _count),
        _judged(measured, "Cost by verdicts", lambda one: one.cost_by_verdicts, amount),
        _judged(
            measured,
            "Wrong interventions by verdicts",
            lambda one: one.wrong_by_verdicts,
            _decimal,
        ),
        _judged(measured, "Value lost by verdicts", lambda one: one.value_lost_by_verdicts, amount),
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
        name=names.get(line.name, line.name) or "not known",
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
) -> TableRow:
    active, draft = pick(measured.active), pick(measured.draft)
    return TableRow(
        words=words,
        active=shown(active),
        draft=shown(draft),
        change=_signed(pick(measured.change), shown),
        note=note,
        figures=(active, draft),
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
    return f"{_signed(found.low, shown)} to {_signed(found.high, shown)}, {found.labels:,} labels"


def _value(found: Estimate, shown: _Shown) -> str:
    return "–" if found.value is None else shown(found.value)


def _looked_at(outcomes: Mapping[str, int], alerts: int) -> str:
    """How many of 100 come to a person at once."""
    return of_100(1 - outcomes["archive"] / alerts) if alerts else "–"


def _share(count: int, total: int) -> str:
    return f"{count:,} ({of_100(count / total)} of 100)" if total else "0"


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
    return [(name, words) for name, words in DIMENSION_WORDS.items() if name in found]
