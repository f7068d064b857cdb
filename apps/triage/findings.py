"""What a surrogate and a counterfactual say of one alert, as a record keeps it.

Values only: they are made in `apps.triage.surrogate` and `apps.triage.counterfactual`.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from apps.triage.behaviour import require_behaviour


@dataclass(frozen=True, kw_only=True)
class RuleCondition:
    """What a rule asks of one feature: `at_least` ≤ value < `below`, each None where unbounded.

    `or_missing`: it also holds where the signal was not observed. With `observed` False nothing
    but that is asked for. `is_signal` is False for a condition of the scene ("lighting low").
    """

    feature: str
    at_least: float | None = None
    below: float | None = None
    or_missing: bool = False
    observed: bool = True
    is_signal: bool = True

    def __post_init__(self) -> None:
        if not self.observed and not (self.or_missing and self.at_least is self.below is None):
            raise ValueError("a signal that is not observed has no bounds")
        bounds = [bound for bound in (self.at_least, self.below) if bound is not None]
        if not all(map(math.isfinite, bounds)) or bounds != sorted(set(bounds)):
            raise ValueError("the bounds of a rule are finite, the lower one below the upper one")

    def holds(self, value: float) -> bool:
        """Does `value` (NaN: not observed) satisfy it?"""
        if math.isnan(value):
            return self.or_missing
        if not self.observed:
            return False
        return (self.at_least is None or value >= self.at_least) and (
            self.below is None or value < self.below
        )


@dataclass(frozen=True, kw_only=True)
class SurrogateFinding:
    """The rule of the surrogate (twin) that an alert falls under, and how good rule and twin are.

    The twin imitates "detector score ≥ `score_threshold`"; `raises` is its answer here, `agrees`
    whether the detector's was the same (None without a score). The rule is one for alerts of
    `label`, "" for labels too rare to have their own. `support` of `alert_count` such alerts fell
    under the rule; of `label_count` labelled ones the share `precision` (`low` to `high`, 90%
    interval, weighted by inverse sampling probability) was confirmed, None without labels.
    `fidelity` is the share of `held_out` later alerts on which twin and detector agreed, with its
    90% interval, beside what always answering the more frequent way reaches (`majority`) and
    Cohen's `kappa`; `raised_fidelity` the same among those the detector raised.
    """

    version: str
    label: str
    rule: str
    conditions: tuple[RuleCondition, ...]
    score_threshold: float
    raises: bool
    agrees: bool | None
    support: int
    alert_count: int
    label_count: int
    precision: float | None
    low: float | None
    high: float | None
    fidelity: float
    fidelity_low: float
    fidelity_high: float
    raised_fidelity: float | None
    majority: float
    kappa: float
    held_out: int
    fidelity_floor: float
    reliable: bool

    def __post_init__(self) -> None:
        require_behaviour(one.feature for one in self.conditions if one.is_signal)
        if not 0 <= self.support <= self.alert_count or self.label_count < 0:
            raise ValueError("a rule's support is a part of the alerts")
        if (self.precision is None) != (self.label_count == 0):
            raise ValueError("a precision is given exactly when there are labels")
        _require_ordered(self.low, self.precision, self.high)
        _require_ordered(self.fidelity_low, self.fidelity, self.fidelity_high)


class CounterfactualState(StrEnum):
    """Whether removing signals takes the alert below the threshold."""

    FOUND = "found"
    NONE_FOUND = "none_found"
    BELOW_ALREADY = "below_already"
    NOT_COMPUTABLE = "not_computable"


class CounterfactualMethod(StrEnum):
    """Through what the alert was scored again: the detector itself, or the surrogate's rule."""

    MODEL = "model"
    SURROGATE = "surrogate"


@dataclass(frozen=True, kw_only=True)
class Removal:
    """The score without one signal; None where the model gave none."""

    signal: str
    score: float | None


@dataclass(frozen=True, kw_only=True)
class CounterfactualFinding:
    """What would clear an alert: removals of behaviour signals, never of identity or place.

    `removals` holds the score after each single removal, `smallest` the fewest signals whose
    removal takes the score below `threshold`, `score_after` what is left then. `proven_smallest`
    is False where not every set was tried. `fidelity` and `reliable` are the surrogate's, None
    where the detector itself was asked. `score` is on the scale of the method: the detector's
    score, or the share of alerts under the surrogate's rule that the detector raised.
    """

    state: CounterfactualState
    method: CounterfactualMethod
    version: str
    score: float | None
    threshold: float
    removals: tuple[Removal, ...] = ()
    smallest: tuple[str, ...] = ()
    score_after: float | None = None
    proven_smallest: bool = True
    fidelity: float | None = None
    reliable: bool | None = None

    def __post_init__(self) -> None:
        require_behaviour(self.smallest)
        require_behaviour(one.signal for one in self.removals)
        found = self.state is CounterfactualState.FOUND
        if found != bool(self.smallest) or found != (self.score_after is not None):
            raise ValueError("signals to remove are named exactly when a way was found")
        if self.score_after is not None and not self.score_after < self.threshold:
            raise ValueError("what was found lies below the threshold")
        by_surrogate = self.method is CounterfactualMethod.SURROGATE
        if (self.fidelity is not None) != by_surrogate or (self.reliable is None) == by_surrogate:
            raise ValueError("a counterfactual through a surrogate states its fidelity, no other")


def _require_ordered(low: float | None, middle: float | None, high: float | None) -> None:
    given = [figure for figure in (low, middle, high) if figure is not None]
    if len(given) not in (0, 3):
        raise ValueError("a share comes with both ends of its interval")
    if not all(math.isfinite(figure) and 0 <= figure <= 1 for figure in given):
        raise ValueError("shares lie within 0..1")
    if given != sorted(given):
        raise ValueError("0 ≤ low ≤ share ≤ high ≤ 1 is needed")
