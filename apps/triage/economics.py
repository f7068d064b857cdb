"""Expected cost of each option, with interval, and the points at which the choice would flip.

For an alert with P = P(theft), item value V, wrong-intervention cost W (independent) and an option
with sensitivity s, specificity t, recovered share r, minutes m and price c of a minute:

    cost = P · V · (1 − s·r)  +  (1 − P) · W · (1 − t)  +  m · c

the value not recovered, the wrong interventions and the minutes. The cost is linear in each of P,
V and W, so the expectation takes their means. `archive` has s = 0, t = 1, m = 0;
`intervene_unverified` (never offered, for comparison) has s = r = 1, t = 0, m = 0. This is the
expected-cost rule of decision theory (Elkan, "The foundations of cost-sensitive learning", IJCAI
2001) with human judgement as an imperfect second test.

Arrays run over alerts, then over `OPTIONS`. Every operation on them is elementwise or a selection
in float64, so a batch gives bit for bit what its alerts give alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from apps.triage.cost_model import CostModel, Judgement, MoneyRange, default_cost_model

__all__ = [
    "OPTIONS",
    "STRATEGY_OPTIONS",
    "CostModel",
    "Floats",
    "Judgement",
    "MoneyRange",
    "Option",
    "OptionTerms",
    "cost_intervals",
    "cost_parts",
    "default_cost_model",
    "expected_costs",
    "option_terms",
]

Floats = npt.NDArray[np.float64]

# 10 and 30 equal slices of probability, each at its middle: 0.05 and 0.95 are among the middles, so
# an option that depends on one uncertain amount gets exactly that amount's own 5% and 95%.
PROBABILITY_SLICES = 10
ITEM_SLICES = 10
WRONG_SLICES = 30
_LOW_SHARE, _HIGH_SHARE = 0.05, 0.95
_CHUNK = 64


class Option(StrEnum):
    """What could be done with an alert; the first three are strategies, least intrusive first."""

    ARCHIVE = "archive"
    VERIFY = "verify"
    ESCALATE = "escalate"
    INTERVENE_UNVERIFIED = "intervene_unverified"


OPTIONS: tuple[Option, ...] = tuple(Option)
STRATEGY_OPTIONS: tuple[Option, ...] = OPTIONS[:3]


@dataclass(frozen=True, kw_only=True)
class OptionTerms:
    """A cost model as coefficients over `OPTIONS`: arrays of shape [4]."""

    lost_share: Floats
    wrong_share: Floats
    minutes: Floats


def option_terms(model: CostModel) -> OptionTerms:
    """Return 1 − s·r, 1 − t and the minutes of every option."""
    verify, escalate = model.verify, model.escalate
    return OptionTerms(
        lost_share=np.array([1.0, _lost(model, verify), _lost(model, escalate), 0.0]),
        wrong_share=np.array([0.0, 1 - verify.specificity, 1 - escalate.specificity, 1.0]),
        minutes=np.array([0.0, verify.minutes, escalate.minutes, 0.0]),
    )


def cost_parts(
    *, probability: Floats, minute_shadow_price: Floats, model: CostModel
) -> tuple[Floats, Floats, Floats]:
    """Return value not recovered, wrong interventions and minutes: three arrays [alerts, 4].

    `probability` and `minute_shadow_price` have shape [alerts]; amounts in the model's currency.
    """
    terms = option_terms(model)
    theft = probability[:, np.newaxis]
    lost = theft * (terms.lost_share * model.item_value.mean)
    wrong = (1 - theft) * (terms.wrong_share * model.wrong_intervention.mean)
    minutes = terms.minutes * (model.minute_price + minute_shadow_price)[:, np.newaxis]
    return lost, wrong, minutes


def expected_costs(*, probability: Floats, minute_shadow_price: Floats, model: CostModel) -> Floats:
    """Return the expected cost of every option, [alerts, 4], in the model's currency."""
    lost, wrong, minutes = cost_parts(
        probability=probability, minute_shadow_price=minute_shadow_price, model=model
    )
    return lost + wrong + minutes


def cost_intervals(
    *,
    probability: Floats,
    low: Floats,
    high: Floats,
    minute_shadow_price: Floats,
    model: CostModel,
) -> tuple[Floats, Floats]:
    """Return the 5th and 95th percentile of every option's cost, two arrays [alerts, 4].

    P, V and W are each replaced by the middles of equal slices of probability (V and W
    log-normal, P through `low`, mean and `high` by two straight-sided normal halves, cut at 0 and
    1); the cost is evaluated on the full grid of 10 × 10 × 30 equally likely points, and the
    percentiles are picked from the sorted result. No random numbers: the same input gives the
    same interval.
    """
    lows, highs = [], []
    for start in range(0, len(probability), _CHUNK):
        part = slice(start, start + _CHUNK)
        nodes = _probability_nodes(probability[part], low[part], high[part])
        fixed = (
            option_terms(model).minutes
            * ((model.minute_price + minute_shadow_price[part])[:, np.newaxis])
        )
        at_low, at_high = _grid_percentiles(nodes, model)
        lows.append(at_low + fixed)
        highs.append(at_high + fixed)
    if not lows:
        return np.empty((0, len(OPTIONS))), np.empty((0, len(OPTIONS)))
    return np.concatenate(lows), np.concatenate(highs)


def _grid_percentiles(nodes: Floats, model: CostModel) -> tuple[Floats, Floats]:
    """[alerts, P slices] → the two percentiles over the grid, [alerts, 4], minutes left out."""
    terms = option_terms(model)
    items = _amounts(model.item_value, ITEM_SLICES)
    wrongs = _amounts(model.wrong_intervention, WRONG_SLICES)
    lost_by_item = (terms.lost_share[:, np.newaxis] * items)[:, np.newaxis, :]
    wrong_by_cost = (terms.wrong_share[:, np.newaxis] * wrongs)[:, np.newaxis, :]
    theft = nodes[:, np.newaxis, :, np.newaxis]
    lost, wrong = theft * lost_by_item, (1 - theft) * wrong_by_cost
    grid = lost[..., :, np.newaxis] + wrong[..., np.newaxis, :]
    flat = grid.reshape(len(nodes), len(OPTIONS), -1)
    points = flat.shape[-1]
    first, last = int(points * _LOW_SHARE), int(points * _HIGH_SHARE) - 1
    ordered = np.partition(flat, (first, last), axis=-1)
    return ordered[..., first], ordered[..., last]


def _probability_nodes(mean: Floats, low: Floats, high: Floats) -> Floats:
    """[alerts] → [alerts, P slices]: exactly `low` and `high` at 5% and 95%."""
    z95 = NormalDist().inv_cdf(_HIGH_SHARE)
    steps = np.array([NormalDist().inv_cdf(s) / z95 for s in _middles(PROBABILITY_SLICES)])
    width = np.where(steps > 0, (high - mean)[:, np.newaxis], (mean - low)[:, np.newaxis])
    nodes: Floats = np.clip(mean[:, np.newaxis] + steps * width, 0.0, 1.0)
    return nodes


def _amounts(amount: MoneyRange, slices: int) -> Floats:
    return np.array(_quantiles(amount, slices))


@lru_cache(maxsize=256)
def _quantiles(amount: MoneyRange, slices: int) -> tuple[float, ...]:
    return amount.quantiles(_middles(slices))


def _middles(slices: int) -> Sequence[float]:
    return [(index + 0.5) / slices for index in range(slices)]


def _lost(model: CostModel, judgement: Judgement) -> float:
    return 1 - judgement.sensitivity * model.recovered_share(judgement)
