"""Flip points: at which value of one quantity, all others held, would the choice change?

The expected cost of an option is a straight line in the false-positive rate, in the item value and
in the wrong-intervention cost. Seen from the chosen option, another one takes over where the
difference of the two lines reaches zero; the nearest such point on either side is the flip point.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from apps.triage.cost_model import LARGEST_AMOUNT, CostModel
from apps.triage.economics import STRATEGY_OPTIONS, Floats, option_terms
from apps.triage.states import Strategy

_STRATEGIES = len(STRATEGY_OPTIONS)


class Quantity(StrEnum):
    FALSE_POSITIVE_RATE = "false_positive_rate"
    ITEM_VALUE = "item_value"
    WRONG_INTERVENTION_COST = "wrong_intervention_cost"


@dataclass(frozen=True, kw_only=True)
class FlipPoint:
    """Beyond `at` on the side away from `now`, the cheapest allowed strategy becomes `becomes`.

    Rates are 0..1; amounts are means of their ranges in the cost model's currency, and flips that
    no amount up to a thousand million would reach are left out.
    """

    quantity: Quantity
    now: float
    at: float
    becomes: Strategy

    @property
    def rising(self) -> bool:
        """True when the flip lies above today's value."""
        return self.at >= self.now


@dataclass(frozen=True, kw_only=True)
class _Lines:
    """cost = level + slope · x over [alerts, 3 strategies], at `now` [alerts], for 0 ≤ x ≤ top."""

    quantity: Quantity
    level: Floats
    slope: Floats
    now: Floats
    top: float


def flip_points(
    *,
    probability: Floats,
    minute_shadow_price: Floats,
    allowed: npt.NDArray[np.bool_],
    chosen: npt.NDArray[np.intp],
    model: CostModel,
) -> list[tuple[FlipPoint, ...]]:
    """Return the flip points of every alert, nearest below and nearest above for each quantity.

    `allowed` [alerts, 3] and `chosen` [alerts] index `STRATEGY_OPTIONS`; `chosen` must be the
    cheapest allowed option, otherwise costs did not decide and nothing about costs would flip it.
    """
    found: list[list[FlipPoint]] = [[] for _ in probability]
    for lines in _all_lines(probability, minute_shadow_price, model):
        for index, point in _flips_of(lines, allowed, chosen):
            found[index].append(point)
    return [tuple(points) for points in found]


def _all_lines(
    probability: Floats, minute_shadow_price: Floats, model: CostModel
) -> tuple[_Lines, ...]:
    terms = option_terms(model)
    theft = probability[:, np.newaxis]
    lost, wrong = terms.lost_share[:_STRATEGIES], terms.wrong_share[:_STRATEGIES]
    price = (model.minute_price + minute_shadow_price)[:, np.newaxis]
    fixed = terms.minutes[:_STRATEGIES] * price
    item, wrong_cost = model.item_value.mean, model.wrong_intervention.mean
    return (
        _Lines(
            quantity=Quantity.FALSE_POSITIVE_RATE,
            level=lost * item + fixed,
            slope=np.broadcast_to(wrong * wrong_cost - lost * item, fixed.shape),
            now=1 - probability,
            top=1.0,
        ),
        _Lines(
            quantity=Quantity.ITEM_VALUE,
            level=(1 - theft) * (wrong * wrong_cost) + fixed,
            slope=theft * lost,
            now=np.full(len(probability), item),
            top=LARGEST_AMOUNT,
        ),
        _Lines(
            quantity=Quantity.WRONG_INTERVENTION_COST,
            level=theft * (lost * item) + fixed,
            slope=(1 - theft) * wrong,
            now=np.full(len(probability), wrong_cost),
            top=LARGEST_AMOUNT,
        ),
    )


def _flips_of(
    lines: _Lines, allowed: npt.NDArray[np.bool_], chosen: npt.NDArray[np.intp]
) -> Iterator[tuple[int, FlipPoint]]:
    rows = np.arange(len(chosen))
    gap = lines.level - lines.level[rows, chosen][:, np.newaxis]
    tilt = lines.slope - lines.slope[rows, chosen][:, np.newaxis]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        root = -gap / tilt
    other = allowed & (np.arange(_STRATEGIES) != chosen[:, np.newaxis])
    usable = other & np.isfinite(root) & (root >= 0) & (root <= lines.top)
    below = np.where(usable & (tilt > 0), np.minimum(root, lines.now[:, np.newaxis]), -np.inf)
    above = np.where(usable & (tilt < 0), np.maximum(root, lines.now[:, np.newaxis]), np.inf)
    for nearest, at in ((below.argmax(axis=1), below), (above.argmin(axis=1), above)):
        for index in np.flatnonzero(np.isfinite(at[rows, nearest])):
            yield (
                int(index),
                FlipPoint(
                    quantity=lines.quantity,
                    now=float(lines.now[index]),
                    at=float(at[index, nearest[index]]),
                    becomes=Strategy(STRATEGY_OPTIONS[nearest[index]].value),
                ),
            )
