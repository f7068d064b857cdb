"""What a minute is worth while others wait: 0 while all fit, else what the marginal alert saves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.triage.shadow_price import MinutePrice, minute_price

WAITING = st.lists(st.tuples(st.floats(-5, 50), st.floats(0.1, 10)), max_size=30)


def priced(waiting: list[tuple[float, float]], free: float, plain: float = 0.5) -> MinutePrice:
    columns = np.array(waiting, dtype=np.float64).reshape(-1, 2)
    return minute_price(
        value=columns[:, 0], minutes=columns[:, 1], free_minutes=free, plain_price=plain
    )


def test_while_everything_fits_a_minute_costs_its_plain_price() -> None:
    assert priced([(3.0, 2.0), (1.0, 2.0)], free=4.0).price == 0.0


def test_the_first_alert_that_does_not_fit_sets_the_price() -> None:
    found = priced([(8.0, 2.0), (3.0, 2.0), (1.0, 2.0)], free=3.0)

    assert (found.price, found.marginal_value, found.worth_minutes) == (2.5, 3.0, 6.0)


def test_alerts_not_worth_a_look_on_a_quiet_day_raise_no_price() -> None:
    assert priced([(0.4, 2.0), (-3.0, 2.0)], free=0.0).price == 0.0


def test_nobody_waits() -> None:
    assert priced([], free=0.0).price == 0.0


@given(WAITING, st.floats(0, 100), st.floats(0, 50))
def test_more_people_never_raise_the_price(
    waiting: list[tuple[float, float]], free: float, more: float
) -> None:
    assert priced(waiting, free + more).price <= priced(waiting, free).price


@given(WAITING, st.floats(0, 100))
def test_the_order_of_waiting_never_changes_the_price(
    waiting: list[tuple[float, float]], free: float
) -> None:
    assert priced(waiting, free) == priced(waiting[::-1], free)


@given(WAITING, st.floats(0, 100))
def test_at_the_price_what_is_worth_more_fits(
    waiting: list[tuple[float, float]], free: float
) -> None:
    found = priced(waiting, free)
    still = sum(minutes for value, minutes in waiting if value > max(found.price, 0) + 0.5 + 1e-9)

    assert still <= free * (1 + 1e-6) + 1e-6


@pytest.mark.parametrize(
    ("waiting", "free"), [([(float("nan"), 1.0)], 1.0), ([(1.0, 0.0)], 1.0), ([(1.0, 1.0)], -1.0)]
)
def test_nonsense_is_refused(waiting: list[tuple[float, float]], free: float) -> None:
    with pytest.raises(ValueError, match=r"."):
        priced(waiting, free)
