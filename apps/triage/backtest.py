"""A past period decided again under a draft, beside the versions that are active.

Both sides decide with what was known of each alert at its time (`apps.triage.decision.decide_batch`).
Their decisions are then measured by one cost model, once the draft's and once the active one's, so
that a dearer price alone never looks like a worse decision. Cost and counts are given twice: expected,
from the probabilities; and by verdicts, from labels weighted by the inverse of their sampling
probability (Horvitz and Thompson 1952; as a ratio, Hájek 1971), which needs no probability to be right.

Alerts arrive in chunks and only sums are kept, so a period of any length fits in memory.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from apps.triage.backtest_report import (
    BacktestReport,
    Change,
    Comparison,
    Estimate,
    FairnessLine,
    Figures,
    Moments,
    SegmentLine,
    cost_range,
    limits_in_words,
)
from apps.triage.cost_model import CostModel
from apps.triage.decision import (
    OUTCOMES,
    DecidedBatch,
    DecisionBatch,
    Outcome,
    TriagePolicy,
    decide_batch,
)
from apps.triage.economics import STRATEGY_OPTIONS, Floats, Option, option_terms
from apps.triage.fairness import FairnessState
from apps.triage.tables import Labels, Texts

CHUNK_ALERTS = 50_000
"""A good size of a chunk: large enough for numpy, small enough for a worker's memory."""
GROUPED_BY = ("site", "camera", "lighting", "daypart", "detector")
MOST_LINES = 200
"""Of one dimension only so many values are reported: those where most is decided otherwise."""
_VERIFY = STRATEGY_OPTIONS.index(Option.VERIFY)
_SIDES = ("active", "draft")
_BY_VERDICTS = ("cost", "wrong", "value")
_Sums = dict[str, float]
_Columns = dict[str, Floats]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What alerts are decided by."""

    model: CostModel
    policy: TriagePolicy


@dataclass(frozen=True, kw_only=True)
class Groups:
    """One dimension of a chunk: `codes` [n] index `names`."""

    names: tuple[str, ...]
    codes: npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class PastAlerts:
    """A chunk of alerts as they were known when they were decided, and what people found later.

    `groups` has the dimensions of `GROUPED_BY`; all columns have one length.
    """

    batch: DecisionBatch
    labels: Labels
    groups: Mapping[str, Groups]

    def __post_init__(self) -> None:
        size = len(self)
        if len(self.labels) != size or any(len(g.codes) != size for g in self.groups.values()):
            raise ValueError("all columns of past alerts have one length")
        if tuple(self.groups) != GROUPED_BY:
            raise ValueError(f"past alerts are grouped by {', '.join(GROUPED_BY)}, in that order")

    def __len__(self) -> int:
        return len(self.batch.probability)


def groups_of(values: Texts) -> Groups:
    """Return a text column as codes."""
    names, codes = np.unique(values, return_inverse=True)
    return Groups(names=tuple(str(name) for name in names), codes=codes.astype(np.intp))


def backtest(
    *,
    chunks: Iterable[PastAlerts],
    active: Choice,
    draft: Choice,
    progress: Callable[[int], None] | None = None,
) -> BacktestReport:
    """Return the period's report. `progress` is told the alerts done after each chunk.

    Raises ValueError when the two cost models are in different currencies. Takes about 2 s for a
    million alerts on one core; memory does not grow with the period.
    """
    if active.model.currency != draft.model.currency:
        raise ValueError("both cost models need one currency to be compared")
    tally = _Tally(active=active, draft=draft)
    for chunk in chunks:
        tally.add(chunk)
        if progress:
            progress(tally.alerts)
    return tally.report()


@dataclass(kw_only=True)
class _Segments:
    """Sums by value of one dimension; a value gets its row when it first appears."""

    rows: dict[str, int] = field(default_factory=dict)
    sums: dict[str, Floats] = field(default_factory=dict)

    def add(self, groups: Groups, columns: _Columns) -> None:
        at = np.array([self.rows.setdefault(n, len(self.rows)) for n in groups.names], np.intp)
        codes, size = at[groups.codes], len(self.rows)
        for name, column in columns.items():
            new: Floats = np.bincount(codes, weights=column, minlength=size).astype(np.float64)
            known = self.sums.get(name)
            if known is not None:
                new[: len(known)] += known
            self.sums[name] = new

    def lines(self, dimension: str) -> list[SegmentLine]:
        found = [
            _segment_line(dimension, name, {key: float(c[at]) for key, c in self.sums.items()})
            for name, at in sorted(self.rows.items())
        ]
        kept = [one for one in found if one.alerts]
        return sorted(kept, key=lambda one: (-one.changed, -one.alerts, one.name))[:MOST_LINES]


@dataclass(kw_only=True)
class _Tally:
    active: Choice
    draft: Choice
    alerts: int = 0
    counts: npt.NDArray[np.int64] = field(
        default_factory=lambda: np.zeros((len(OUTCOMES), len(OUTCOMES)), np.int64)
    )
    fairness: dict[str, int] = field(default_factory=lambda: dict.fromkeys(FairnessState, 0))
    held_back: int = 0
    uncalibrated: int = 0
    by_draft: _Sums = field(default_factory=dict)
    by_active: _Sums = field(default_factory=dict)
    segments: dict[str, _Segments] = field(
        default_factory=lambda: {name: _Segments() for name in GROUPED_BY}
    )

    def add(self, chunk: PastAlerts) -> None:
        decided = {side: self._decided(side, chunk) for side in _SIDES}
        pairs = decided["active"].outcome * len(OUTCOMES) + decided["draft"].outcome
        size = len(OUTCOMES)
        self.counts += np.bincount(pairs, minlength=size * size).reshape(size, size)
        self.alerts += len(chunk)
        self._count_fairness(chunk.batch, decided["draft"])
        columns = _columns(chunk, decided, self.draft.model)
        _add_up(self.by_draft, columns)
        if self.active.model == self.draft.model:
            _add_up(self.by_active, columns)
        else:
            _add_up(self.by_active, _columns(chunk, decided, self.active.model))
        grouped = columns | _outcome_columns(decided)
        for name, groups in chunk.groups.items():
            self.segments[name].add(groups, grouped)

    def _decided(self, side: str, chunk: PastAlerts) -> DecidedBatch:
        choice = self.active if side == "active" else self.draft
        return decide_batch(batch=chunk.batch, model=choice.model, policy=choice.policy)

    def _count_fairness(self, batch: DecisionBatch, decided: DecidedBatch) -> None:
        for state in FairnessState:
            self.fairness[state] += int(np.count_nonzero(batch.fairness == state))
        not_assessable = batch.fairness == FairnessState.NOT_ASSESSABLE
        verified = decided.outcome == OUTCOMES.index(Outcome.VERIFY)
        self.held_back += int(np.count_nonzero(not_assessable & verified))
        self.uncalibrated += int(np.count_nonzero(~batch.calibrated))

    def report(self) -> BacktestReport:
        moments = _moments(self.by_draft, "active.cost")
        estimate = moments.estimate(alerts=self.alerts)
        lines = [line for name in GROUPED_BY for line in self.segments[name].lines(name)]
        return BacktestReport(
            alerts=self.alerts,
            labels=moments.labels,
            effective_labels=estimate.effective_labels,
            uncalibrated=self.uncalibrated,
            currency=self.draft.model.currency,
            active_outcomes=_outcome_counts(self.counts.sum(axis=1)),
            draft_outcomes=_outcome_counts(self.counts.sum(axis=0)),
            changes=tuple(
                Change(before=before.value, after=after.value, count=int(self.counts[at, to]))
                for at, before in enumerate(OUTCOMES)
                for to, after in enumerate(OUTCOMES)
            ),
            by_draft_model=_comparison(self.by_draft, self.draft.model, self.alerts),
            by_active_model=_comparison(self.by_active, self.active.model, self.alerts),
            fairness=FairnessLine(
                passed=self.fairness[FairnessState.PASSED],
                failed=self.fairness[FairnessState.FAILED],
                not_assessable=self.fairness[FairnessState.NOT_ASSESSABLE],
                verified_at_most=self.held_back,
            ),
            segments=tuple(lines),
            cannot_know=limits_in_words(
                alerts=self.alerts,
                labels=moments.labels,
                effective=estimate.effective_labels,
                uncalibrated=self.uncalibrated,
                other_thresholds=_thresholds(self.active.policy) != _thresholds(self.draft.policy),
            ),
        )


def _thresholds(policy: TriagePolicy) -> TriagePolicy:
    """A policy without what a backtest replays of it."""
    return replace(policy, version="any", audit_share=1.0, raised_audit_share=1.0)


def _columns(chunk: PastAlerts, decided: Mapping[str, DecidedBatch], model: CostModel) -> _Columns:
    """Every quantity that is summed, one column each, both sides measured by `model`."""
    known = ~np.isnan(chunk.labels.theft)
    weight = np.where(known, 1 / chunk.labels.sampling_probability, 0.0)
    found = np.where(known, chunk.labels.theft, 0.0)
    columns = {
        "alerts": np.ones(len(chunk)),
        "labels": known.astype(np.float64),
        "w": weight,
        "w2": weight * weight,
    }
    by_verdict: dict[str, _Columns] = {}
    for side in _SIDES:
        expected = _quantities(chunk.batch.probability, chunk.batch, decided[side], model)
        columns |= {f"{side}.{name}": column for name, column in expected.items()}
        by_verdict[side] = _quantities(found, chunk.batch, decided[side], model)
    for name in _BY_VERDICTS:
        active, draft = by_verdict["active"][name], by_verdict["draft"][name]
        for key, y in (("active", active), ("draft", draft), ("change", draft - active)):
            weighted = weight * y
            columns[f"{key}.{name}.wy"] = weighted
            columns[f"{key}.{name}.w2y"] = weight * weighted
            columns[f"{key}.{name}.w2yy"] = weighted * weighted
    return columns


def _quantities(
    theft: Floats, batch: DecisionBatch, decided: DecidedBatch, model: CostModel
) -> _Columns:
    """Cost and its parts for `theft` [n], a probability or a verdict. A model review costs what a
    verification does: somebody watches the clip either way.
    """
    terms = option_terms(model)
    review = decided.outcome == OUTCOMES.index(Outcome.MODEL_REVIEW)
    option = np.where(review, _VERIFY, decided.chosen)
    price = model.minute_price + batch.minute_shadow_price
    lost = theft * terms.lost_share[option]
    wrong = (1 - theft) * terms.wrong_share[option]
    audit = decided.audit_share * terms.minutes[_VERIFY]
    minutes = terms.minutes[option] + audit
    value = lost * model.item_value.mean
    minutes_cost = minutes * price
    return {
        "cost": value + wrong * model.wrong_intervention.mean + minutes_cost,
        "value": value,
        "lost": lost,
        "wrong": wrong,
        "minutes": minutes,
        "audit": audit,
        "minutes_cost": minutes_cost,
        "unconfirmed": theft * (1 - _sensitivity(model)[option]),
    }


def _sensitivity(model: CostModel) -> Floats:
    return np.array([0.0, model.verify.sensitivity, model.escalate.sensitivity])


def _outcome_columns(decided: Mapping[str, DecidedBatch]) -> _Columns:
    columns = {
        f"{side}.{outcome}": (decided[side].outcome == at).astype(np.float64)
        for side in _SIDES
        for at, outcome in enumerate(OUTCOMES)
    }
    changed = decided["active"].outcome != decided["draft"].outcome
    return columns | {"changed": changed.astype(np.float64)}


def _add_up(sums: _Sums, columns: _Columns) -> None:
    for name, column in columns.items():
        sums[name] = sums.get(name, 0.0) + float(column.sum())


def _outcome_counts(counts: npt.NDArray[np.int64]) -> dict[str, int]:
    return {outcome.value: int(counts[at]) for at, outcome in enumerate(OUTCOMES)}


def _moments(sums: Mapping[str, float], name: str) -> Moments:
    return Moments(
        labels=round(sums.get("labels", 0.0)),
        weight=sums.get("w", 0.0),
        weight_squared=sums.get("w2", 0.0),
        total=sums.get(f"{name}.wy", 0.0),
        squared_total=sums.get(f"{name}.w2y", 0.0),
        squared_square=sums.get(f"{name}.w2yy", 0.0),
    )


def _comparison(sums: _Sums, model: CostModel, alerts: int) -> Comparison:
    sides = {side: {n: sums.get(f"{side}.{n}", 0.0) for n in _SUMMED} for side in _SIDES}
    change = {name: sides["draft"][name] - sides["active"][name] for name in _SUMMED}

    def figures(key: str, total: Mapping[str, float]) -> Figures:
        return _figures(total, model, [_moments(sums, f"{key}.{n}") for n in _BY_VERDICTS], alerts)

    return Comparison(
        measured_by=model.version,
        active=figures("active", sides["active"]),
        draft=figures("draft", sides["draft"]),
        change=figures("change", change),
    )


_SUMMED = ("cost", "value", "lost", "wrong", "minutes", "audit", "minutes_cost", "unconfirmed")


def _figures(
    total: Mapping[str, float], model: CostModel, moments: list[Moments], alerts: int
) -> Figures:
    low, high = cost_range(
        lost=total["lost"], wrong=total["wrong"], certain=total["minutes_cost"], model=model
    )
    cost, wrong, value = (one.estimate(alerts=alerts) for one in moments)
    return Figures(
        expected_cost=total["cost"],
        low=low,
        high=high,
        value_lost=total["value"],
        wrong_cost=total["wrong"] * model.wrong_intervention.mean,
        minutes_cost=total["minutes_cost"],
        minutes=total["minutes"],
        audit_minutes=total["audit"],
        wrong_interventions=total["wrong"],
        thefts_unconfirmed=total["unconfirmed"],
        cost_by_verdicts=cost,
        wrong_by_verdicts=wrong,
        value_lost_by_verdicts=value,
    )


def _segment_line(dimension: str, name: str, sums: Mapping[str, float]) -> SegmentLine:
    alerts = round(sums["alerts"])
    estimate: Estimate = _moments(sums, "change.cost").estimate(alerts=alerts)
    outcomes = {
        side: {outcome.value: round(sums[f"{side}.{outcome}"]) for outcome in OUTCOMES}
        for side in _SIDES
    }
    return SegmentLine(
        dimension=dimension,
        name=name,
        alerts=alerts,
        changed=round(sums["changed"]),
        active_outcomes=outcomes["active"],
        draft_outcomes=outcomes["draft"],
        active_cost=sums["active.cost"],
        draft_cost=sums["draft.cost"],
        active_minutes=sums["active.minutes"],
        draft_minutes=sums["draft.minutes"],
        active_wrong=sums["active.wrong"],
        draft_wrong=sums["draft.wrong"],
        active_value_lost=sums["active.value"],
        draft_value_lost=sums["draft.value"],
        change_by_verdicts=estimate,
    )
