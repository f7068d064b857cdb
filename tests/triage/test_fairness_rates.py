"""Rates by group: what is a pass, what is a failure, and what cannot be told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.triage.decoding import decode, encode
from apps.triage.fairness_rates import (
    AttributeReport,
    FairnessReport,
    GroupRate,
    JudgedAlerts,
    report_fairness,
    wilson,
)
from apps.triage.fairness_settings import FairnessMeasure, FairnessSettings, FairnessVerdict

DEFAULTS = FairnessSettings()


def judged(**groups: tuple[int, int]) -> JudgedAlerts:
    """Rows of each group: (false alarms, all). Nothing was escalated or overridden."""
    names = [name for name, (_, count) in groups.items() for _ in range(count)]
    false = [row < events for events, count in groups.values() for row in range(count)]
    nothing = np.zeros(len(names), dtype=bool)
    return JudgedAlerts(
        group=np.array(names),
        happened={
            FairnessMeasure.FALSE_ALARM: np.array(false),
            FairnessMeasure.ESCALATED: nothing,
            FairnessMeasure.OVERRIDDEN: nothing,
        },
    )


def report(chosen: FairnessSettings = DEFAULTS, **groups: tuple[int, int]) -> AttributeReport:
    found = report_fairness(sample={"attribute": judged(**groups)}, settings=chosen)
    return found.attributes[0]


def rate_of(found: AttributeReport, name: str) -> GroupRate:
    return next(one for one in found.measures[0].groups if one.group == name)


def test_wilsons_interval_agrees_with_published_figures() -> None:
    # Newcombe, Statistics in Medicine 1998, 17:857, table I, method 3: 81/263 and 0/20.
    assert wilson(events=81, count=263, z=1.959964) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(events=0, count=20, z=1.959964) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_newcombes_difference_agrees_with_published_figures() -> None:
    # Newcombe 1998, 17:873, table II, method 10: 56/70 − 48/80 is 0.2 with 0.0524 to 0.3339.
    alone = FairnessSettings(confidence=1 - 0.05 * 3)  # undoes the correction for three measures
    found = rate_of(report(alone, a=(56, 70), b=(48, 80)), "a")
    rest_share = 80 / 150
    assert found.difference == pytest.approx(0.2 * rest_share)
    assert found.difference_low == pytest.approx(0.0524 * rest_share, abs=5e-5)
    assert found.difference_high == pytest.approx(0.3339 * rest_share, abs=5e-5)


def test_equal_rates_in_many_alerts_are_within() -> None:
    found = report(a=(400, 2000), b=(400, 2000))
    assert found.verdict is FairnessVerdict.WITHIN
    assert found.measures[0].largest_difference == pytest.approx(0)
    assert found.measures[0].smallest_ratio == pytest.approx(1)


def test_a_clear_difference_is_beyond() -> None:
    found = report(a=(400, 2000), b=(800, 2000))
    assert found.verdict is FairnessVerdict.BEYOND
    assert found.measures[0].largest_difference == pytest.approx(0.1)
    assert rate_of(found, "b").difference_low > DEFAULTS.largest_difference


def test_equal_rates_in_few_alerts_are_no_pass() -> None:
    assert report(a=(4, 20), b=(4, 20)).verdict is FairnessVerdict.INSUFFICIENT_N
    assert report(a=(20, 100), b=(20, 100)).verdict is FairnessVerdict.INSUFFICIENT_N


def test_one_small_group_blocks_the_pass_of_all() -> None:
    found = report(a=(400, 2000), b=(400, 2000), c=(2, 10))
    assert found.verdict is FairnessVerdict.INSUFFICIENT_N
    assert rate_of(found, "c").verdict is FairnessVerdict.INSUFFICIENT_N
    assert rate_of(found, "a").verdict is FairnessVerdict.WITHIN


def test_a_single_group_is_compared_with_nobody() -> None:
    assert report(a=(400, 4000)).verdict is FairnessVerdict.INSUFFICIENT_N


def test_a_ratio_matters_only_where_the_tenant_says_so() -> None:
    groups = {"a": (100, 4000), "b": (20, 4000)}
    assert report(**groups).verdict is FairnessVerdict.WITHIN
    strict = FairnessSettings(largest_ratio=1.25)
    assert report(strict, **groups).verdict is FairnessVerdict.BEYOND


def test_what_never_happened_has_no_ratio_and_a_difference_of_nothing() -> None:
    escalated = report(a=(400, 2000), b=(400, 2000)).measures[1]
    assert escalated.smallest_ratio is None
    assert all(one.ratio is None and one.ratio_low is None for one in escalated.groups)
    assert escalated.verdict is FairnessVerdict.WITHIN


def test_more_groups_make_each_comparison_stricter() -> None:
    two = rate_of(report(a=(400, 2000), b=(400, 2000)), "a")
    four = rate_of(report(a=(400, 2000), b=(200, 1000), c=(100, 500), d=(100, 500)), "a")
    assert four.difference_high > two.difference_high


def test_a_report_survives_being_stored() -> None:
    found = report_fairness(
        sample={"hall": judged(a=(40, 200), b=(50, 200), c=(0, 3))}, settings=DEFAULTS
    )
    assert encode(decode(FairnessReport, encode(found))) == encode(found)


@pytest.mark.parametrize(
    "wrong",
    [
        {"largest_difference": 0.0},
        {"largest_ratio": 1.0},
        {"least_rows": 1},
        {"confidence": 1.0},
        {"alarm_error": 0.0},
        {"largest_difference": float("nan")},
    ],
)
def test_thresholds_without_meaning_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"needed|at least"):
        FairnessSettings(**wrong)


def test_a_row_without_a_group_is_refused() -> None:
    with pytest.raises(ValueError, match="every row its group"):
        judged(**{"": (1, 4)})


@given(
    counts=st.lists(
        st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=40, deadline=None)
def test_every_rate_lies_in_its_interval_and_every_difference_in_its_own(
    counts: list[tuple[int, int]],
) -> None:
    found = report(**{f"g{number}": one for number, one in enumerate(counts)})
    for group in found.measures[0].groups:
        assert 0 <= group.low <= group.rate <= group.high <= 1
        assert group.difference_low - 1e-12 <= group.difference <= group.difference_high + 1e-12
        if group.ratio_low is not None:
            assert group.ratio_low <= group.ratio + 1e-12
            assert group.ratio <= group.ratio_high + 1e-12


@given(events=st.tuples(st.integers(0, 50), st.integers(0, 50)), times=st.integers(2, 60))
@settings(max_examples=40, deadline=None)
def test_more_of_the_same_never_widens_an_interval(events: tuple[int, int], times: int) -> None:
    few = rate_of(report(a=(events[0], 50), b=(events[1], 50)), "a")
    many = rate_of(
        report(a=(events[0] * times, 50 * times), b=(events[1] * times, 50 * times)), "a"
    )
    assert many.difference_high - many.difference_low <= few.difference_high - few.difference_low
