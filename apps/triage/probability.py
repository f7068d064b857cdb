"""How likely theft is, and on what that number rests: a calibrator, or openly a prior.

A detector's score is never a probability here. Until a calibrator has been fitted on dispositions,
the probability is a documented prior and every screen says "not known yet (N labels)".
"""

import math
from dataclasses import dataclass
from enum import StrEnum


class ProbabilityBasis(StrEnum):
    CALIBRATED = "calibrated"
    PRIOR = "prior"


@dataclass(frozen=True, kw_only=True)
class TheftProbability:
    """P(theft | alert) with its 5th and 95th percentile, all 0..1, and where it comes from.

    `version` names the calibrator or the prior; `label_count` counts the dispositions behind it.
    """

    mean: float
    low: float
    high: float
    basis: ProbabilityBasis
    version: str
    label_count: int = 0

    def __post_init__(self) -> None:
        if not all(math.isfinite(number) for number in (self.mean, self.low, self.high)):
            raise ValueError("a probability and its interval must be finite numbers")
        if not 0 <= self.low <= self.mean <= self.high <= 1:
            raise ValueError(
                f"0 ≤ low ≤ mean ≤ high ≤ 1 is needed, not {self.low}, {self.mean}, {self.high}"
            )
        if self.label_count < 0:
            raise ValueError("a label count must not be negative")
        if not self.version:
            raise ValueError("a probability names the version of its calibrator or prior")

    @property
    def calibrated(self) -> bool:
        return self.basis is ProbabilityBasis.CALIBRATED

    @property
    def false_positive_rate(self) -> float:
        """The share of alerts like this that are false, 0..1."""
        return 1 - self.mean


@dataclass(frozen=True, kw_only=True)
class Prior:
    """What is assumed about P(theft) before any label: an assumption, versioned, with its source."""

    version: str
    mean: float
    low: float
    high: float
    source: str

    def probability(self, *, label_count: int = 0) -> TheftProbability:
        """The probability of an alert whose detector version has no calibrator yet."""
        return TheftProbability(
            mean=self.mean,
            low=self.low,
            high=self.high,
            basis=ProbabilityBasis.PRIOR,
            version=self.version,
            label_count=label_count,
        )


UNIFORM_PRIOR = Prior(
    version="uniform-1",
    mean=0.5,
    low=0.05,
    high=0.95,
    source=(
        "Assumption: Beta(1, 1), Laplace's uniform prior. It claims nothing about this store or "
        "detector; its 90% interval runs from 0.05 to 0.95."
    ),
)
