"""How far probabilities can be believed: reliability diagram, ECE, Brier score and skill.

Every figure is weighted by inverse sampling probability, so that it is about all alerts and not
about those that somebody chose to look at.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from apps.triage.calibration import LARGEST_WEIGHT
from apps.triage.tables import Bools, Floats, Labels

BINS = 10


@dataclass(frozen=True, kw_only=True)
class ReliabilityBin:
    """Alerts of neighbouring probabilities: what was predicted, what was found, how many.

    `low` and `high` are the 5th and 95th percentile of the found share (Beta posterior on the
    effective labels); `share` is the bin's share of all alerts.
    """

    predicted: float
    found: float
    low: float
    high: float
    share: float
    label_count: int


@dataclass(frozen=True, kw_only=True)
class CalibrationReport:
    """Expected calibration error (Naeini et al. 2015), Brier score (1950), and its skill.

    The skill is 1 − Brier ÷ the Brier score of always saying `base_rate`; None where that is 0.
    """

    label_count: int
    effective_count: float
    base_rate: float
    expected_calibration_error: float
    brier: float
    brier_skill: float | None
    bins: tuple[ReliabilityBin, ...]


def evaluate(
    *,
    mean: Floats,
    labels: Labels,
    rows: Bools,
    bins: int = BINS,
    largest_weight: float = LARGEST_WEIGHT,
) -> CalibrationReport:
    """Judge the probabilities `mean` by the labels of these rows, in bins of equal weight.

    Raises ValueError when no row has a label or a probability lies outside 0..1.
    """
    used = np.flatnonzero(rows & ~np.isnan(labels.theft))
    if not len(used):
        raise ValueError("no labelled alert to judge by")
    guess, theft = mean[used], labels.theft[used]
    if not ((guess >= 0) & (guess <= 1)).all():
        raise ValueError("probabilities lie within 0..1")
    chance = labels.sampling_probability[used]
    order = np.lexsort([chance, theft, guess])
    guess, theft = guess[order], theft[order]
    weight = np.minimum(1 / chance[order], largest_weight)
    share = weight / weight.sum()
    base = float(share @ theft)
    brier = float(share @ (guess - theft) ** 2)
    usual = base * (1 - base)
    diagram = _diagram(guess, theft, weight, bins)
    error = sum(one.share * abs(one.predicted - one.found) for one in diagram)
    return CalibrationReport(
        label_count=len(used),
        effective_count=float(weight.sum() ** 2 / (weight @ weight)),
        base_rate=base,
        expected_calibration_error=float(error),
        brier=brier,
        brier_skill=1 - brier / usual if usual > 0 else None,
        bins=diagram,
    )


def _diagram(guess: Floats, theft: Floats, weight: Floats, bins: int) -> tuple[ReliabilityBin, ...]:
    middle = (np.cumsum(weight) - weight / 2) / weight.sum()
    _, first = np.unique(guess, return_index=True)
    ties = np.repeat(middle[first], np.diff(np.append(first, len(guess))))
    place = np.minimum((ties * bins).astype(int), bins - 1)
    return tuple(_bin(guess, theft, weight, place == index) for index in np.unique(place))


def _bin(guess: Floats, theft: Floats, weight: Floats, mine: Bools) -> ReliabilityBin:
    share = weight[mine] / weight[mine].sum()
    found = float(np.clip(share @ theft[mine], 0.0, 1.0))
    count = 1 / float(share @ share)
    low, high = stats.beta.ppf([0.05, 0.95], 0.5 + count * found, 0.5 + count * (1 - found))
    return ReliabilityBin(
        predicted=float(share @ guess[mine]),
        found=found,
        low=min(float(low), found),
        high=max(float(high), found),
        share=float(weight[mine].sum() / weight.sum()),
        label_count=int(mine.sum()),
    )
