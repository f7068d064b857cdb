"""What one more operator minute is worth while alerts wait: the price that lets the rest fit.

Filling scarce minutes with alerts is a fractional knapsack (G. B. Dantzig, "Discrete-variable
extremum problems", Operations Research 5, 1957): take them in falling order of the expected loss
avoided per minute until the minutes are used up. The dual of the minutes, what one more would save,
is the loss avoided per minute of the marginal alert, the first that does not fit any more. Beyond
the price a minute costs anyway, that is its shadow price: 0 while everything fits.
"""

import math
from dataclasses import dataclass

import numpy as np

from apps.triage.cost_model import LARGEST_AMOUNT
from apps.triage.tables import Floats

FITS = 1e-9


@dataclass(frozen=True, kw_only=True)
class MinutePrice:
    """The shadow price of a minute, in the cost model's currency, and what it follows from.

    `marginal_value` is the expected loss avoided per minute of the marginal alert, None while all
    fit. `worth_minutes` counts the minutes of waiting alerts that are worth their plain price.
    """

    price: float
    free_minutes: float
    worth_minutes: float
    waiting: int
    marginal_value: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.price <= LARGEST_AMOUNT:
            raise ValueError(f"the shadow price of a minute is within 0..{LARGEST_AMOUNT:g}")
        if (self.price > 0) and self.marginal_value is None:
            raise ValueError("a price follows from a marginal alert")


def minute_price(
    *, value: Floats, minutes: Floats, free_minutes: float, plain_price: float
) -> MinutePrice:
    """Return the price while alerts wait with `value` [n] (expected loss avoided per minute, before
    the minutes are paid) and `minutes` [n] > 0 each, and `free_minutes` ≥ 0 are left for them.

    `plain_price` is what a minute costs anyway: an alert worth less is not looked at even on a
    quiet day, and takes no part. Raises ValueError for figures that are not finite.
    """
    if value.shape != minutes.shape or value.ndim != 1:
        raise ValueError("value and minutes are columns of one length")
    if not (np.isfinite(value).all() and np.isfinite(minutes).all() and (minutes > 0).all()):
        raise ValueError("values are finite, minutes finite and above 0")
    if not math.isfinite(free_minutes) or free_minutes < 0 or plain_price < 0:
        raise ValueError("free minutes and the plain price are not negative")
    worth = np.flatnonzero(value > plain_price)
    order = worth[np.lexsort([minutes[worth], -value[worth]])]
    used = np.cumsum(minutes[order])
    total = float(used[-1]) if len(used) else 0.0
    over = np.flatnonzero(used > free_minutes * (1 + FITS) + FITS)
    marginal = float(value[order[over[0]]]) if len(over) else None
    price = 0.0 if marginal is None else min(marginal - plain_price, LARGEST_AMOUNT)
    return MinutePrice(
        price=price,
        free_minutes=free_minutes,
        worth_minutes=total,
        waiting=len(value),
        marginal_value=marginal,
    )
