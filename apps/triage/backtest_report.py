"""What a backtest says: figures side by side with intervals where sampling makes them, and its limits in words.

Everything here encodes to JSON (`apps.triage.decoding`), so a stored report reads back as it was.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from apps.triage.cost_model import CostModel

LEAST_EFFECTIVE_LABELS = 30.0
"""Below this many labels' worth of information an estimate from verdicts is "not known yet"."""
_Z95 = 1.6448536269514722
_ITEM_SLICES, _WRONG_SLICES = 10, 30


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A total estimated from verdicts, with its 5th and 95th percentile; None where too little is known.

    `effective_labels` is Kish's (Σw)² / Σw² of the weights w = 1 / sampling probability.
    """

    labels: int
    effective_labels: float
    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Moments:
    """Sums over labelled alerts with weight w and quantity y, for one estimate."""

    labels: int
    weight: float
    weight_squared: float
    total: float
    squared_total: float
    squared_square: float

    def estimate(self, *, alerts: int) -> Estimate:
        """The total over `alerts` by the ratio estimator Σwy / Σw (Hájek 1971).

        Its variance is linearised, Σw²(y − mean)² / (Σw)²; the interval is the normal one.
        """
        if self.weight <= 0:
            return Estimate(labels=self.labels, effective_labels=0.0)
        effective = self.weight**2 / self.weight_squared
        if effective < LEAST_EFFECTIVE_LABELS:
            return Estimate(labels=self.labels, effective_labels=effective)
        mean = self.total / self.weight
        spread = self.squared_square - 2 * mean * self.squared_total
        spread += mean**2 * self.weight_squared
        error = math.sqrt(max(spread, 0.0)) / self.weight
        return Estimate(
            labels=self.labels,
            effective_labels=effective,
            value=alerts * mean,
            low=alerts * (mean - _Z95 * error),
            high=alerts * (mean + _Z95 * error),
        )


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one set of decisions costs over the period, in the currency of the model it is measured by.

    `expected_cost` = `value_lost` + `wrong_cost` + `minutes_cost`, with its 5th and 95th percentile
    over the ranges of item value and wrong-intervention cost; `minutes` includes `audit_minutes`, the
    blind audit of archived alerts. `wrong_interventions` and `thefts_unconfirmed` are expected numbers.
    The `by_verdicts` fields rest on what people found, not on probabilities.
    """

    expected_cost: float
    low: float
    high: float
    value_lost: float
    wrong_cost: float
    minutes_cost: float
    minutes: float
    audit_minutes: float
    wrong_interventions: float
    thefts_unconfirmed: float
    cost_by_verdicts: Estimate
    wrong_by_verdicts: Estimate
    value_lost_by_verdicts: Estimate


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Both sets of decisions measured by one cost model; `change` is draft − active, alert by alert."""

    measured_by: str
    active: Figures
    draft: Figures
    change: Figures


@dataclass(frozen=True, kw_only=True)
class Change:
    """So many alerts move from one outcome to another; equal ones stay where they are."""

    before: str
    after: str
    count: int


@dataclass(frozen=True, kw_only=True)
class SegmentLine:
    """One value of one dimension, side by side, measured by the draft's cost model."""

    dimension: str
    name: str
    alerts: int
    changed: int
    active_outcomes: Mapping[str, int]
    draft_outcomes: Mapping[str, int]
    active_cost: float
    draft_cost: float
    active_minutes: float
    draft_minutes: float
    active_wrong: float
    draft_wrong: float
    active_value_lost: float
    draft_value_lost: float
    change_by_verdicts: Estimate


@dataclass(frozen=True, kw_only=True)
class FairnessLine:
    """How many alerts a fairness check held back; the same under every policy, for it stands before costs."""

    passed: int
    failed: int
    not_assessable: int
    verified_at_most: int


@dataclass(frozen=True, kw_only=True)
class BacktestReport:
    """A period decided again under a draft beside the active versions."""

    alerts: int
    labels: int
    effective_labels: float
    uncalibrated: int
    currency: str
    active_outcomes: Mapping[str, int]
    draft_outcomes: Mapping[str, int]
    changes: tuple[Change, ...]
    by_draft_model: Comparison
    by_active_model: Comparison
    fairness: FairnessLine
    segments: tuple[SegmentLine, ...]
    cannot_know: tuple[str, ...]

    @property
    def changed(self) -> int:
        """How many alerts would be decided otherwise."""
        return sum(one.count for one in self.changes if one.before != one.after)


def cost_range(
    *, lost: float, wrong: float, certain: float, model: CostModel
) -> tuple[float, float]:
    """The 5th and 95th percentile of lost · V + wrong · W + certain over the model's ranges.

    `lost` items, `wrong` interventions; V and W log-normal and independent, each at the middles of
    10 and 30 equal slices of probability, as in `apps.triage.economics.cost_intervals`.
    """
    items = model.item_value.quantiles(_middles(_ITEM_SLICES))
    wrongs = model.wrong_intervention.quantiles(_middles(_WRONG_SLICES))
    grid = sorted(lost * item + wrong * amount + certain for item in items for amount in wrongs)
    return grid[int(len(grid) * 0.05)], grid[int(len(grid) * 0.95) - 1]


def limits_in_words(
    *, alerts: int, labels: int, effective: float, uncalibrated: int, other_thresholds: bool
) -> tuple[str, ...]:
    """What a backtest of this period cannot know; `other_thresholds`: of states, fidelity or fairness."""
    said = [
        "Archived alerts have a verdict only where the blind audit drew them. Figures by verdicts "
        "weigh each label by the inverse of its sampling probability: "
        f"{labels:,} labels on {alerts:,} alerts tell as much as {effective:,.0f} drawn evenly.",
        "Nobody judged these alerts under the draft. How often a person confirms or is wrong is "
        "taken from the cost model.",
        "Probability, sequence, reliability and fairness of each alert are those of its time, and "
        "so is the value of a minute while others waited.",
        "Rates by group come only from the separate audit sample, which names no alert: what the "
        "draft changes for a group is not known.",
    ]
    if other_thresholds:
        said.append(
            "The draft has other limits for red segments, explanations or fairness. Which alerts "
            "would have had another state by them is not known, so they change nothing here."
        )
    if uncalibrated:
        said.append(
            f"{uncalibrated:,} alerts had no calibrated probability; they are decided on the assumed "
            "one, and verified at most."
        )
    return tuple(said)


def _middles(slices: int) -> list[float]:
    return [(index + 0.5) / slices for index in range(slices)]
