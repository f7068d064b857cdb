import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.triage.cost_model import (
    SOURCES,
    CostModel,
    Judgement,
    MoneyRange,
    RecoveryPoint,
    default_cost_model,
)
from apps.triage.cost_rows import cost_rows
from apps.triage.decoding import UnableToDecode, decode, encode
from apps.triage.economics import OPTIONS, Option, cost_intervals, expected_costs
from tests.triage.strategies import cost_models, money_ranges, probabilities, shadow_prices, shares

ARCHIVE, VERIFY, ESCALATE, INTERVENE = range(4)


def costs(model, *probability, shadow=0.0):
    theft = np.array(probability, dtype=np.float64)
    return expected_costs(
        probability=theft, minute_shadow_price=np.full_like(theft, shadow), model=model
    )


def test_the_formula_by_hand():
    model = replace(
        default_cost_model(),
        item_value=MoneyRange(low=80, high=80),
        wrong_intervention=MoneyRange(low=10_000, high=10_000),
    )
    archive, verify, escalate, intervene = costs(model, 0.86)[0]
    assert archive == pytest.approx(0.86 * 80)
    assert verify == pytest.approx(0.86 * 80 * (1 - 0.95 * 0.6) + 0.14 * 0.0065 * 10_000 + 0.75)
    assert escalate == pytest.approx(0.86 * 80 * 0.03 + 0.14 * 0.017 * 10_000 + 2)
    assert intervene == pytest.approx(0.14 * 10_000)


def test_a_range_is_log_normal_between_its_5th_and_95th_percentile():
    wrong = default_cost_model().wrong_intervention
    assert wrong.quantiles([0.05, 0.5, 0.95]) == pytest.approx((800, 40_000_000**0.5, 50_000))
    assert wrong.mean == pytest.approx(13_935.87, abs=0.01)


def test_the_shadow_price_is_added_to_the_price_of_a_minute():
    model = default_cost_model()
    busy, quiet = costs(model, 0.5, shadow=2.0)[0], costs(model, 0.5)[0]
    assert busy - quiet == pytest.approx([0, 3, 8, 0])


def test_recovery_runs_straight_between_its_points_and_level_after_the_last():
    model = replace(
        default_cost_model(),
        recovery=(
            RecoveryPoint(after_minutes=0, share=1),
            RecoveryPoint(after_minutes=4, share=0.6),
            RecoveryPoint(after_minutes=8, share=0.2),
        ),
    )
    after = [replace(model.verify, delay_minutes=minutes) for minutes in (0, 1, 4, 6, 8, 60)]
    assert [model.recovered_share(one) for one in after] == pytest.approx(
        [1, 0.9, 0.6, 0.4, 0.2, 0.2]
    )


def test_every_default_is_marked_as_an_assumption_with_its_source():
    model = default_cost_model()
    assert set(model.assumed) == set(SOURCES)
    assert all(SOURCES.values())


def test_a_cost_model_survives_storage():
    model = default_cost_model()
    assert decode(CostModel, encode(model)) == model


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"minute_price": "0.5"}, "minute_price: float is needed"),
        ({"minute_price": math.nan}, "minute_price"),
        ({"minute_price": 10**400}, "too large"),
        ({"colour": 1}, "unknown"),
        ({"verify": {}}, "missing"),
        ({"item_value": {"low": 120, "high": 45}}, "low ≤ high"),
        ({"recovery": 1}, "a list is needed"),
    ],
)
def test_a_stored_cost_model_that_is_not_one_is_refused_naming_the_place(change, says):
    with pytest.raises(UnableToDecode, match=says):
        decode(CostModel, {**encode(default_cost_model()), **change})


def test_a_missing_parameter_is_named():
    stored = encode(default_cost_model())
    del stored["currency"]
    with pytest.raises(UnableToDecode, match=r"\['currency'\] missing"):
        decode(CostModel, stored)


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-1, 1), (2, 1), (1, 1e5), (1e9, 2e9), (1, math.inf), (math.nan, 1)]
)
def test_a_range_refuses_nonsense(low, high):
    with pytest.raises(ValueError, match=r"."):
        MoneyRange(low=low, high=high)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"minutes": 0},
        {"minutes": -1},
        {"delay_minutes": math.inf},
        {"sensitivity": 1.01},
        {"specificity": math.nan},
    ],
)
def test_a_judgement_refuses_nonsense(nonsense):
    with pytest.raises(ValueError, match=r"."):
        replace(default_cost_model().verify, **nonsense)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"version": ""},
        {"currency": "eur"},
        {"currency": "EURO"},
        {"minute_price": -0.1},
        {"recovery": ()},
        {"recovery": (RecoveryPoint(after_minutes=1, share=1),)},
        {"assumed": ("colour",)},
        {"escalate": Judgement(minutes=4, delay_minutes=0, sensitivity=0.97, specificity=0.999)},
        {"escalate": Judgement(minutes=4, delay_minutes=9, sensitivity=0.97, specificity=0.98)},
        {
            "recovery": (
                RecoveryPoint(after_minutes=0, share=0.5),
                RecoveryPoint(after_minutes=5, share=0.6),
            )
        },
    ],
)
def test_a_cost_model_refuses_nonsense(nonsense):
    with pytest.raises(ValueError, match=r"."):
        replace(default_cost_model(), **nonsense)


@given(cost_models(), shares, shares)
def test_costs_are_monotone_in_the_probability_of_theft(model, one, other):
    at_low, at_high = costs(model, *sorted((one, other)))
    slack = 1e-9 * (1 + np.abs(at_low) + np.abs(at_high))
    assert at_high[ARCHIVE] >= at_low[ARCHIVE] - slack[ARCHIVE]
    assert at_high[INTERVENE] <= at_low[INTERVENE] + slack[INTERVENE]


@given(cost_models(), probabilities(), shadow_prices)
def test_every_row_is_finite_not_negative_and_the_sum_of_its_parts(model, probability, shadow):
    for row in cost_rows(probability=probability, minute_shadow_price=shadow, model=model):
        parts = row.lost_value + row.wrong_interventions + row.minutes_cost
        assert row.expected == pytest.approx(parts)
        numbers = [value for value in vars(row).values() if isinstance(value, float)]
        assert all(math.isfinite(number) for number in numbers)
        assert 0 <= row.low <= row.high
        assert row.expected >= 0


@given(cost_models(), probabilities())
def test_archiving_never_costs_more_than_the_item_and_nothing_is_saved_beyond_it(
    model, probability
):
    rows = {
        row.option: row
        for row in cost_rows(probability=probability, minute_shadow_price=0.0, model=model)
    }
    archive = rows[Option.ARCHIVE]
    assert archive.expected <= model.item_value.mean * (1 + 1e-12)
    for row in rows.values():
        assert row.lost_value <= archive.lost_value * (1 + 1e-12)


@given(money_ranges())
def test_the_mean_of_a_range_lies_above_its_median(amount):
    assert amount.mean >= amount.quantiles([0.5])[0] * (1 - 1e-12)


def test_with_one_uncertain_amount_the_interval_is_that_amounts_own():
    model = default_cost_model()
    one, none = np.array([1.0]), np.array([0.0])
    low, high = cost_intervals(
        probability=none, low=none, high=none, minute_shadow_price=none, model=model
    )
    assert (low[0, INTERVENE], high[0, INTERVENE]) == pytest.approx((800, 50_000))
    low, high = cost_intervals(
        probability=one, low=one, high=one, minute_shadow_price=none, model=model
    )
    assert (low[0, ARCHIVE], high[0, ARCHIVE]) == pytest.approx((45, 120))


def test_the_interval_agrees_with_a_million_random_draws():
    model = default_cost_model()
    rng = np.random.default_rng(20261122)
    draws = 1_000_000

    def amounts(amount):
        middle = math.log(amount.low * amount.high) / 2
        return np.exp(middle + amount.sigma * rng.standard_normal(draws))

    z = rng.standard_normal(draws) / 1.6448536
    theft = np.clip(np.where(z > 0, 0.86 + z * 0.05, 0.86 + z * 0.07), 0, 1)
    drawn = theft * amounts(model.item_value) * (1 - 0.95 * 0.6)
    drawn += (1 - theft) * amounts(model.wrong_intervention) * 0.0065 + 0.75
    low, high = cost_intervals(
        probability=np.array([0.86]),
        low=np.array([0.79]),
        high=np.array([0.91]),
        minute_shadow_price=np.zeros(1),
        model=model,
    )
    assert (low[0, VERIFY], high[0, VERIFY]) == pytest.approx(
        tuple(np.quantile(drawn, [0.05, 0.95])), rel=0.04
    )


@given(cost_models(), st.lists(st.tuples(probabilities(), shadow_prices), min_size=1, max_size=70))
@settings(max_examples=20)
def test_a_batch_costs_bit_for_bit_what_its_alerts_cost_alone(model, alerts):
    theft = np.array([one.mean for one, _ in alerts])
    spread = {
        "low": np.array([one.low for one, _ in alerts]),
        "high": np.array([one.high for one, _ in alerts]),
    }
    shadow = np.array([price for _, price in alerts])
    whole = expected_costs(probability=theft, minute_shadow_price=shadow, model=model)
    lows, highs = cost_intervals(
        probability=theft, **spread, minute_shadow_price=shadow, model=model
    )
    for at, (probability, price) in enumerate(alerts):
        rows = cost_rows(probability=probability, minute_shadow_price=price, model=model)
        for row in rows:
            column = OPTIONS.index(row.option)
            assert row.expected == whole[at, column]
            assert (row.low, row.high) == (lows[at, column], highs[at, column])


def test_an_empty_batch_has_empty_intervals():
    nothing = np.empty(0)
    low, high = cost_intervals(
        probability=nothing,
        low=nothing,
        high=nothing,
        minute_shadow_price=nothing,
        model=default_cost_model(),
    )
    assert low.shape == high.shape == (0, 4)
