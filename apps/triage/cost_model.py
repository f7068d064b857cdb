"""The cost model of a tenant: what a look, a wrong intervention and a lost item cost.

Every shipped number is an assumption with its source in `SOURCES`; `CostModel.assumed` lists which
are still assumptions, until the tenant's own double reviews and records replace them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from types import MappingProxyType

from apps.triage.wording import gettext_noop

SMALLEST_AMOUNT = 0.01
LARGEST_AMOUNT = 1e9
WIDEST_RATIO = 10_000
SHORTEST_MINUTES = 0.01
_STANDARD_NORMAL = NormalDist()
_Z95 = _STANDARD_NORMAL.inv_cdf(0.95)


@dataclass(frozen=True, kw_only=True)
class MoneyRange:
    """An uncertain amount: log-normal with `low` and `high` as 5th and 95th percentile.

    With μ = (ln low + ln high) / 2 and σ = (ln high − ln low) / (2 · 1.6449) the median is e^μ and
    the mean e^(μ + σ²/2). Equal bounds mean a certain amount.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise ValueError(gettext_noop("a range of money has finite ends"))
        if not SMALLEST_AMOUNT <= self.low <= self.high <= LARGEST_AMOUNT:
            raise ValueError(
                f"{SMALLEST_AMOUNT:g} ≤ low ≤ high ≤ {LARGEST_AMOUNT:g} is needed, "
                f"not {self.low}, {self.high}"
            )
        if self.high > WIDEST_RATIO * self.low:
            raise ValueError(
                gettext_noop("a range over more than four powers of ten has no usable mean")
            )

    @property
    def sigma(self) -> float:
        return (math.log(self.high) - math.log(self.low)) / (2 * _Z95)

    @property
    def mean(self) -> float:
        """The expected amount."""
        return self._at(self.sigma / 2)

    def quantiles(self, shares: Sequence[float]) -> tuple[float, ...]:
        """Return the amount at each cumulative share, 0 < share < 1."""
        return tuple(self._at(_STANDARD_NORMAL.inv_cdf(share)) for share in shares)

    def _at(self, deviations: float) -> float:
        middle = (math.log(self.low) + math.log(self.high)) / 2
        return math.exp(middle + self.sigma * deviations)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One kind of human judgement: operator minutes it takes, when it comes, and how good it is.

    `sensitivity` is the share of thefts it confirms, `specificity` the share of everything else it
    does not; `delay_minutes` runs from the alert until somebody on the floor could act.
    """

    minutes: float
    delay_minutes: float
    sensitivity: float
    specificity: float

    def __post_init__(self) -> None:
        _require_within(minutes=self.minutes, low=SHORTEST_MINUTES, high=480)
        _require_within(delay_minutes=self.delay_minutes, low=0, high=10_080)
        _require_within(sensitivity=self.sensitivity, low=0, high=1)
        _require_within(specificity=self.specificity, low=0, high=1)


@dataclass(frozen=True, kw_only=True)
class RecoveryPoint:
    """The share of an item's value recovered when somebody acts `after_minutes` after the alert."""

    after_minutes: float
    share: float

    def __post_init__(self) -> None:
        _require_within(after_minutes=self.after_minutes, low=0, high=10_080)
        _require_within(share=self.share, low=0, high=1)


@dataclass(frozen=True, kw_only=True)
class CostModel:
    """Everything the expected costs depend on. Amounts are in `currency` (ISO 4217).

    `recovery` is read as straight lines between its points, level after the last one. Escalation
    must not be more specific than verification: that is what makes a dearer wrong intervention
    never lead to a more intrusive strategy. Nor may it come later: it interrupts at once.
    """

    version: str
    currency: str
    wrong_intervention: MoneyRange
    item_value: MoneyRange
    minute_price: float
    escalate: Judgement
    verify: Judgement
    recovery: tuple[RecoveryPoint, ...]
    assumed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.version:
            raise ValueError(gettext_noop("a cost model has a version"))
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            raise ValueError(f"currency {self.currency!r} is not a three-letter code such as EUR")
        _require_within(minute_price=self.minute_price, low=0, high=LARGEST_AMOUNT)
        _require_falling(self.recovery)
        if self.escalate.specificity > self.verify.specificity:
            raise ValueError(gettext_noop("escalation must not be more specific than verification"))
        if self.escalate.delay_minutes > self.verify.delay_minutes:
            raise ValueError(gettext_noop("escalation must not come later than verification"))
        unknown = set(self.assumed) - set(SOURCES)
        if unknown:
            raise ValueError(f"{sorted(unknown)} are no parameters of a cost model")

    def recovered_share(self, judgement: Judgement) -> float:
        """The share of the item's value still recovered after `judgement`'s delay."""
        before = self.recovery[0]
        for after in self.recovery[1:]:
            if judgement.delay_minutes <= after.after_minutes:
                run = after.after_minutes - before.after_minutes
                passed = (judgement.delay_minutes - before.after_minutes) / run
                return before.share + (after.share - before.share) * passed
            before = after
        return before.share


SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "wrong_intervention": gettext_noop(
            "Second Look design assumption: from an apology with a voucher and staff time to a "
            "settlement with legal costs. No published distribution was found; your complaints "
            "and interventions replace it."
        ),
        "item_value": gettext_noop(
            "Second Look design assumption for one concealed item in a mixed store; replace it "
            "with your shrinkage records."
        ),
        "minute_price": gettext_noop(
            "Second Look design assumption: about 30 an hour, all costs included."
        ),
        "escalate.minutes": gettext_noop(
            "Second Look design assumption; replaced by recorded handling times."
        ),
        "escalate.delay_minutes": gettext_noop(
            "By construction: the operator is interrupted at once."
        ),
        "escalate.sensitivity": gettext_noop(
            "Second Look design assumption; replaced by your double reviews."
        ),
        "escalate.specificity": gettext_noop(
            "Second Look design assumption: lower than for verification, because the judgement is "
            "made under time pressure; replaced by your double reviews."
        ),
        "verify.minutes": gettext_noop(
            "Second Look design assumption; replaced by recorded handling times."
        ),
        "verify.delay_minutes": gettext_noop(
            "Second Look design assumption; replaced by recorded waiting times."
        ),
        "verify.sensitivity": gettext_noop(
            "Second Look design assumption; replaced by your double reviews."
        ),
        "verify.specificity": gettext_noop(
            "Second Look design assumption; replaced by your double reviews."
        ),
        "recovery": gettext_noop(
            "Second Look design assumption: all of the value while the person is still in the "
            "store, 0.6 of it after the delay of a verification; replaced by your outcomes."
        ),
    }
)


def default_cost_model() -> CostModel:
    """Return the shipped cost model in euros: every parameter an assumption, see `SOURCES`."""
    return CostModel(
        version="default-1",
        currency="EUR",
        wrong_intervention=MoneyRange(low=800, high=50_000),
        item_value=MoneyRange(low=45, high=120),
        minute_price=0.50,
        escalate=Judgement(minutes=4, delay_minutes=0, sensitivity=0.97, specificity=0.983),
        verify=Judgement(minutes=1.5, delay_minutes=5, sensitivity=0.95, specificity=0.9935),
        recovery=(
            RecoveryPoint(after_minutes=0, share=1.0),
            RecoveryPoint(after_minutes=5, share=0.6),
        ),
        assumed=tuple(SOURCES),
    )


def _require_within(*, low: float, high: float, **named: float) -> None:
    for name, number in named.items():
        if not math.isfinite(number) or not low <= number <= high:
            raise ValueError(f"{name} {number} is outside {low:g}..{high:g}")


def _require_falling(recovery: tuple[RecoveryPoint, ...]) -> None:
    if not recovery or recovery[0].after_minutes != 0:
        raise ValueError(gettext_noop("recovery starts with the share recovered after 0 minutes"))
    for before, after in pairwise(recovery):
        if after.after_minutes <= before.after_minutes or after.share > before.share:
            raise ValueError(gettext_noop("recovery runs forward in minutes and never rises"))
