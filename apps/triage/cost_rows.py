"""The four rows that are always shown for an alert, and what a minute of attention is worth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from apps.triage.cost_model import CostModel
from apps.triage.economics import OPTIONS, Option, cost_intervals, cost_parts, option_terms
from apps.triage.probability import TheftProbability


@dataclass(frozen=True, kw_only=True)
class CostRow:
    """One option of one alert, in the cost model's currency.

    `expected` = `lost_value` + `wrong_interventions` + `minutes_cost`, with `low` and `high` as its
    5th and 95th percentile. `loss_avoided` is what is saved against intervening unverified, and
    `ratio_to_item_value` the same as a multiple of the expected item value.
    """

    option: Option
    expected: float
    low: float
    high: float
    lost_value: float
    wrong_interventions: float
    operator_minutes: float
    minutes_cost: float
    loss_avoided: float
    ratio_to_item_value: float


def cost_rows(
    *, probability: TheftProbability, minute_shadow_price: float, model: CostModel
) -> tuple[CostRow, ...]:
    """Return the four rows of one alert, most intrusive first: a batch of one."""
    mean, shadow = np.array([probability.mean]), np.array([minute_shadow_price])
    parts = cost_parts(probability=mean, minute_shadow_price=shadow, model=model)
    lost, wrong, minutes = (part[0] for part in parts)
    low, high = cost_intervals(
        probability=mean,
        low=np.array([probability.low]),
        high=np.array([probability.high]),
        minute_shadow_price=shadow,
        model=model,
    )
    expected = lost + wrong + minutes
    avoided = expected[OPTIONS.index(Option.INTERVENE_UNVERIFIED)] - expected
    spent = option_terms(model).minutes
    return tuple(
        CostRow(
            option=option,
            expected=float(expected[at]),
            low=float(low[0, at]),
            high=float(high[0, at]),
            lost_value=float(lost[at]),
            wrong_interventions=float(wrong[at]),
            operator_minutes=float(spent[at]),
            minutes_cost=float(minutes[at]),
            loss_avoided=float(avoided[at]),
            ratio_to_item_value=float(avoided[at]) / model.item_value.mean,
        )
        for at, option in reversed(list(enumerate(OPTIONS)))
    )


def loss_avoided_per_minute(*, rows: Sequence[CostRow], option: Option) -> float:
    """Return (cost of archiving − cost of `option` without its minutes) / its minutes.

    What one operator minute spent on this alert is expected to save against not looking at all;
    negative where a look costs more than it saves, 0 for an option that takes no minutes. It orders
    the queue.
    """
    costs = {row.option: row for row in rows}
    looked = costs[option]
    if looked.operator_minutes == 0:
        return 0.0
    without_minutes = looked.lost_value + looked.wrong_interventions
    return (costs[Option.ARCHIVE].expected - without_minutes) / looked.operator_minutes
