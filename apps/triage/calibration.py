"""From a score to P(theft): isotonic or Platt calibration on labels that were not drawn evenly.

Alerts that look like theft are looked at more often, so the share of thefts among labelled alerts
is not the share among all. Every label therefore counts with the inverse of the probability with
which it came to a person (Horvitz and Thompson 1952; for calibration under selection Zadrozny and
Elkan 2002). Pure: arrays in, a JSON-able dataclass out, no clock and no chance.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import optimize, stats
from scipy.special import expit

from apps.triage.tables import Floats, Labels

MINIMUM_LABELS = 50
ISOTONIC_LABELS = 1000
"""Effective labels from which the isotonic curve is used: below about 1,000 it overfits where
Platt's two parameters do not (Niculescu-Mizil and Caruana 2005)."""
LARGEST_WEIGHT = 50.0
"""Inverse probabilities are cut here: one label drawn with 1 in 1,000 must not be the whole curve."""
NORMAL_95 = 1.6448536269514722
EDGE = 0.001
PLATT_KNOTS = 65
PLATT_PRECISION = np.array([0.01, 0.01])
STEPS = 50


class CalibrationMethod(StrEnum):
    ISOTONIC = "isotonic"
    PLATT = "platt"


class UnableToCalibrate(ValueError):
    """Too few labels; `labels_needed` says how many more."""

    def __init__(self, labels_needed: int) -> None:
        super().__init__(f"{labels_needed} more labels are needed for a calibration")
        self.labels_needed = labels_needed


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """P(theft) of n scores with the 5th and 95th percentile, each in 0..1 and rising with the score."""

    mean: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, kw_only=True)
class Calibrator:
    """A fitted curve: straight lines between `knots` (scores, rising), flat outside them.

    `missing` holds low, mean and high of an alert without a score (NaN): the share of theft among
    all. `effective_count` is Kish's effective number of labels after weighting.
    """

    version: str
    method: CalibrationMethod
    as_of: float
    label_count: int
    effective_count: float
    knots: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    missing: tuple[float, ...]

    def __post_init__(self) -> None:
        if len({len(one) for one in (self.knots, self.mean, self.low, self.high)}) != 1:
            raise ValueError("knots, mean, low and high have one length")
        if not self.knots or list(self.knots) != sorted(set(self.knots)):
            raise ValueError("knots are rising scores, at least one")
        if any(list(one) != sorted(one) for one in (self.mean, self.low, self.high)):
            raise ValueError("a calibration never falls when the score rises")
        for low, mean, high in (*zip(self.low, self.mean, self.high, strict=True), self.missing):
            if not 0 <= low <= mean <= high <= 1:
                raise ValueError("0 ≤ low ≤ mean ≤ high ≤ 1 is needed")

    def apply(self, scores: Floats) -> Calibrated:
        """P(theft) of every score; equal scores get equal numbers, NaN gets `missing`."""
        none = np.isnan(scores)
        low, mean, high = (
            np.where(none, empty, np.interp(np.where(none, 0.0, scores), self.knots, curve))
            for empty, curve in zip(self.missing, (self.low, self.mean, self.high), strict=True)
        )
        return Calibrated(mean=mean, low=np.minimum(low, mean), high=np.maximum(high, mean))


def inverse_probability_weights(
    sampling_probability: Floats, *, largest: float = LARGEST_WEIGHT
) -> Floats:
    """1/p cut at `largest`, scaled so that they add up to Kish's (Σw)²/Σw² effective labels. [n]"""
    weight = np.minimum(1 / sampling_probability, largest)
    if not len(weight):
        return weight
    effective: Floats = weight * (weight.sum() / (weight @ weight))
    return effective


def fit_calibrator(
    *,
    score: Floats,
    labels: Labels,
    as_of: float,
    sensitivity: float = 1.0,
    specificity: float = 1.0,
    weighted: bool = True,
    version: str = "cal-1",
) -> Calibrator:
    """Fit on the labels known by `as_of`; later ones change nothing, nor does the order of rows.

    Sensitivity and specificity are those of the people who judged (Rogan and Gladen 1978).
    `weighted=False` ignores how labels came about, for comparison. Raises UnableToCalibrate with
    fewer than 50 labels that have a score, ValueError for arrays of different lengths.
    """
    if score.shape != labels.theft.shape:
        raise ValueError("scores and labels have one length")
    known = np.flatnonzero(labels.known_by(as_of) & ~np.isnan(score))
    if len(known) < MINIMUM_LABELS:
        raise UnableToCalibrate(MINIMUM_LABELS - len(known))
    theft, chance = labels.theft[known], labels.sampling_probability[known]
    order = np.lexsort([chance, theft, score[known]])
    score, theft, chance = score[known][order], theft[order], chance[order]
    weight = inverse_probability_weights(chance) if weighted else np.ones(len(score))
    isotonic = weight.sum() >= ISOTONIC_LABELS
    method = CalibrationMethod.ISOTONIC if isotonic else CalibrationMethod.PLATT
    curve = _isotonic(score, theft, weight) if isotonic else _platt(score, theft, weight)
    knots, low, mean, high = curve
    people = (sensitivity, specificity)
    return Calibrator(
        version=version,
        method=method,
        as_of=as_of,
        label_count=len(known),
        effective_count=_rounded(weight.sum()),
        knots=_numbers(knots),
        mean=_numbers(_truth(mean, *people)),
        low=_numbers(np.minimum.accumulate(_truth(low, *people)[::-1])[::-1]),
        high=_numbers(np.maximum.accumulate(_truth(high, *people))),
        missing=_numbers(_truth(_beta(weight.sum(), weight @ theft), *people)),
    )


def _isotonic(score: Floats, theft: Floats, weight: Floats) -> tuple[Floats, ...]:
    """Blocks of pooled adjacent violators; each a Beta posterior (Jeffreys) on its effective labels."""
    values, place = np.unique(score, return_inverse=True)
    total = np.bincount(place, weight)
    squares = np.bincount(place, weight**2)
    thefts = np.bincount(place, weight * theft)
    fitted = optimize.isotonic_regression(thefts / total, weights=total)
    starts = fitted.blocks[:-1]
    heavy = np.add.reduceat(total, starts)
    count = heavy**2 / np.add.reduceat(squares, starts)
    share = np.add.reduceat(thefts, starts) / heavy
    centre = np.add.reduceat(total * values, starts) / heavy
    low, mean, high = _beta(count, count * share)
    again = optimize.isotonic_regression(mean, weights=count + 1).x
    return centre, np.minimum(low, again), again, np.maximum(high, again)


def _beta(count: Floats, thefts: Floats) -> Floats:
    """5th percentile, mean, 95th percentile of Beta(½ + thefts, ½ + rest). [3, ...]"""
    alpha, beta = 0.5 + thefts, 0.5 + np.maximum(count - thefts, 0.0)
    mean = alpha / (alpha + beta)
    low, high = stats.beta.ppf(0.05, alpha, beta), stats.beta.ppf(0.95, alpha, beta)
    return np.array([np.minimum(low, mean), mean, np.maximum(high, mean)])


def _platt(score: Floats, theft: Floats, weight: Floats) -> tuple[Floats, ...]:
    """Platt's sigmoid of the score's log-odds with his smoothed targets; interval by Laplace."""
    thefts = float(weight @ theft)
    rest = float(weight.sum()) - thefts
    target = np.where(theft == 1, (thefts + 1) / (thefts + 2), 1 / (rest + 2))
    design = np.column_stack([np.ones(len(score)), _log_odds(score)])
    found, covariance = _sigmoid(design, target, weight)
    knots = np.unique(np.concatenate([np.linspace(0, 1, PLATT_KNOTS), [EDGE, 1 - EDGE]]))
    columns = np.column_stack([np.ones(len(knots)), _log_odds(knots)])
    odds = columns @ found
    spread = NORMAL_95 * np.sqrt(np.einsum("ij,jk,ik->i", columns, covariance, columns))
    mean = expit(odds)
    low = np.minimum.accumulate(expit(odds - spread)[::-1])[::-1]
    return knots, low, mean, np.maximum.accumulate(expit(odds + spread))


def _sigmoid(design: Floats, target: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Intercept and slope (held at 0 or above) under a wide Gaussian prior, and their covariance."""
    found = np.zeros(2)
    for _ in range(STEPS):
        theft = expit(design @ found)
        gradient = design.T @ (weight * (target - theft)) - PLATT_PRECISION * found
        spread = np.maximum(weight * theft * (1 - theft), 1e-12)
        curvature = design.T @ (design * spread[:, None]) + np.diag(PLATT_PRECISION)
        step = np.clip(np.linalg.solve(curvature, gradient), -2.0, 2.0)
        found = found + step
        if np.abs(step).max() < 1e-10:
            break
    if found[1] < 0:
        share = float(np.clip((weight @ target) / weight.sum(), EDGE, 1 - EDGE))
        found = np.array([np.log(share / (1 - share)), 0.0])
    return found, np.linalg.inv(curvature)


def _log_odds(score: Floats) -> Floats:
    held = np.clip(score, EDGE, 1 - EDGE)
    return np.asarray(np.log(held / (1 - held)))


def _truth(said: Floats, sensitivity: float, specificity: float) -> Floats:
    """P(theft) from P(a person says theft): Rogan and Gladen (1978), held within 0..1."""
    corrected = (said - (1 - specificity)) / (sensitivity + specificity - 1)
    return np.asarray(np.clip(corrected, 0.0, 1.0))


def _rounded(number: float) -> float:
    return float(f"{number:.12g}")


def _numbers(values: Floats) -> tuple[float, ...]:
    return tuple(_rounded(float(one)) for one in values)
