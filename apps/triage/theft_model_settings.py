"""What may be chosen when the theft model is fitted, each choice with its reason."""

import math
from dataclasses import dataclass

MINIMUM_LABELS = 50
MINIMUM_OF_EACH = 5


@dataclass(frozen=True, kw_only=True)
class TheftModelSettings:
    """Choices of `fit_theft_model`.

    `minimum_labels`: a detector version with fewer labels, or with fewer than `minimum_of_each`
    of theft or of false alarm, is not calibrated: its alerts keep the documented prior.
    `sensitivity` and `specificity` are those of the people who judge (cost model): a label is a
    judgement, not the truth. `half_life_days`: a label of that age counts half, because stores and
    detectors drift. `largest_weight` truncates the inverse sampling
    probabilities of the recalibration (Lee, Lessler, Stuart 2011): one lucky audit must not speak
    for a hundred alerts. `score_knots` and `signal_knots` count the bends of the transforms;
    two signals that at least `least_pair_share` of the alerts have both of get a product.
    """

    minimum_labels: int = MINIMUM_LABELS
    minimum_of_each: int = MINIMUM_OF_EACH
    sensitivity: float = 0.95
    specificity: float = 0.9935
    half_life_days: float = 60.0
    largest_weight: float = 20.0
    score_knots: int = 4
    signal_knots: int = 3
    least_pair_share: float = 0.03
    rounds: int = 8

    def __post_init__(self) -> None:
        if min(self.minimum_labels, self.minimum_of_each, self.rounds) < 1:
            raise ValueError("minimum labels and rounds are at least 1")
        if not (0.5 < self.sensitivity <= 1 and 0.5 < self.specificity <= 1):
            raise ValueError("judgements better than chance are needed: 0.5 < s, t ≤ 1")
        if not 0 < self.half_life_days < math.inf or self.largest_weight < 1:
            raise ValueError("the half-life is positive and the largest weight is at least 1")
        if min(self.score_knots, self.signal_knots) < 0:
            raise ValueError("numbers of knots are not negative")


DEFAULT_SETTINGS = TheftModelSettings()
