"""What may be chosen when false-positive rates are pooled and their states told. Standard library only."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ReliabilitySettings:
    """Choices of `fit_reliability`, `find_bad_segments` and `drift_of`; a tenant may change each.

    A segment is red from P(false-positive rate > `limit`) = `red_from` on, green up to
    `green_up_to`, amber between. It is unknown while fewer than `least_labels` labels speak for
    it, counting what the labels of its camera, site and conditions are worth for it, or while it
    has fewer than `least_own_labels` of its own. Alerts older than `window_days` at the time of
    the fit are left out (None: none are).

    The search: a found segment has at least `least_support` labels (with fewer, twice the network's
    rate cannot be told from chance among thousands of slices) and at most `most_conditions`
    conditions; of all that are named, at most the share `false_discovery_rate`
    is expected to be no worse than the rest.
    """

    limit: float = 0.25
    red_from: float = 0.80
    green_up_to: float = 0.20
    least_labels: int = 12
    least_own_labels: int = 1
    window_days: float | None = None
    least_support: int = 60
    most_conditions: int = 3
    false_discovery_rate: float = 0.05

    def __post_init__(self) -> None:
        if not 0 < self.limit < 1:
            raise ValueError("0 < limit < 1 is needed")
        if not 0 < self.green_up_to < self.red_from < 1:
            raise ValueError("0 < green up to < red from < 1 is needed")
        if not 1 <= self.least_labels <= 10_000:
            raise ValueError("1 ≤ least labels ≤ 10,000 is needed")
        if not 0 <= self.least_own_labels <= self.least_labels:
            raise ValueError("0 ≤ least own labels ≤ least labels is needed")
        if self.window_days is not None and not 0 < self.window_days < math.inf:
            raise ValueError("a window is a positive number of days, or None")
        if self.least_support < 2:
            raise ValueError("a found segment has at least 2 labels")
        if not 1 <= self.most_conditions <= 3:
            raise ValueError("1 ≤ most conditions ≤ 3 is needed")
        if not 0 < self.false_discovery_rate <= 0.5:
            raise ValueError("0 < false discovery rate ≤ 0.5 is needed")


DEFAULT_RELIABILITY = ReliabilitySettings()
