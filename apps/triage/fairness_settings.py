"""A tenant's own thresholds of aggregate fairness. The law sets none, so each is the tenant's to defend.

Standard library only: part of the triage policy, which workflows may read.
"""

from dataclasses import dataclass
from enum import StrEnum

from apps.triage.wording import gettext_noop


class FairnessVerdict(StrEnum):
    """`insufficient_n` is no pass: too few judged alerts to tell either way."""

    WITHIN = "within"
    BEYOND = "beyond"
    INSUFFICIENT_N = "insufficient_n"


class FairnessMeasure(StrEnum):
    """What is compared between groups: shares of the judged alerts of an audit sample."""

    FALSE_ALARM = "false_alarm"
    ESCALATED = "escalated"
    OVERRIDDEN = "overridden"


@dataclass(frozen=True, kw_only=True)
class FairnessSettings:
    """Thresholds and error rates.

    `largest_difference` (0..1) is how far a group's rate may lie from the overall rate;
    `largest_ratio` (> 1, None: not used) how many times larger or smaller it may be; a group with
    fewer than `least_rows` judged alerts is never given a pass. `confidence` is that of all
    differences of one attribute together; `alarm_error` the chance that the sequential test of
    one attribute and detector ever raises a false alarm, however often it is looked at.
    """

    largest_difference: float = 0.05
    largest_ratio: float | None = None
    least_rows: int = 30
    confidence: float = 0.95
    alarm_error: float = 0.05

    def __post_init__(self) -> None:
        if not 0 < self.largest_difference < 1:
            raise ValueError(gettext_noop("0 < largest difference < 1 is needed"))
        if self.largest_ratio is not None and not 1 < self.largest_ratio <= 100:
            raise ValueError(gettext_noop("1 < largest ratio ≤ 100 is needed, or none"))
        if self.least_rows < 2:
            raise ValueError(gettext_noop("a group needs at least 2 judged alerts"))
        if not 0.5 <= self.confidence < 1:
            raise ValueError(gettext_noop("0.5 ≤ confidence < 1 is needed"))
        if not 0 < self.alarm_error <= 0.5:
            raise ValueError(gettext_noop("0 < alarm error ≤ 0.5 is needed"))
