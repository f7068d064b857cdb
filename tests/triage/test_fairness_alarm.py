"""The sequential test: honest under weekly looks, quick when there is something to see."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.triage.decoding import decode, encode
from apps.triage.fairness_alarm import AuditStream, SequentialTest, alarm_bound, sequential_test
from apps.triage.fairness_settings import FairnessMeasure, FairnessSettings

SETTINGS = FairnessSettings(largest_difference=0.05, alarm_error=0.05)
MEASURE = FairnessMeasure.FALSE_ALARM


def drawn(
    *,
    rates: dict[str, float],
    weeks: int,
    each_week: int,
    seed: int,
    shares: tuple[float, ...] = (),
) -> AuditStream:
    """Weekly samples in which each group's alerts were false at its rate."""
    chance = np.random.default_rng(seed)
    size = weeks * each_week
    group = chance.choice(np.array(list(rates)), size=size, p=shares or None)
    limit = np.array([rates[one] for one in group])
    week = np.repeat(np.arange(weeks), each_week)
    return AuditStream(
        arrival=week,
        week=week,
        order=chance.random(size),
        group=group,
        happened=chance.random(size) < limit,
    )


def run(stream: AuditStream) -> SequentialTest:
    return sequential_test(measure=MEASURE, stream=stream, settings=SETTINGS)


def part(stream: AuditStream, rows: np.ndarray) -> AuditStream:
    return AuditStream(
        arrival=stream.arrival[rows],
        week=stream.week[rows],
        order=stream.order[rows],
        group=stream.group[rows],
        happened=stream.happened[rows],
    )


@pytest.mark.parametrize(
    ("rates", "shares"),
    [
        # on the edge of the null: a group exactly δ from the overall rate
        ({"a": 0.15, "b": 0.25}, (0.5, 0.5)),
        ({"a": 0.50, "b": 0.60}, (0.5, 0.5)),
        ({"a": 0.20, "b": 0.2625}, (0.8, 0.2)),
        ({"a": 0.20, "b": 0.25, "c": 0.30}, (0.3, 0.4, 0.3)),
    ],
)
def test_false_alarms_stay_below_the_stated_error_however_often_one_looks(
    rates: dict[str, float], shares: tuple[float, ...]
) -> None:
    runs = 300
    alarms = sum(
        run(drawn(rates=rates, weeks=26, each_week=60, seed=seed, shares=shares)).crossed
        is not None
        for seed in range(runs)
    )
    # one measure may use a third of the 5%: at most 5 are expected of 300
    assert alarms <= 5


def test_a_clear_difference_is_found_within_weeks() -> None:
    weeks = []
    for seed in range(40):
        found = run(drawn(rates={"a": 0.15, "b": 0.45}, weeks=26, each_week=60, seed=seed))
        assert found.crossed is not None
        assert (found.group, found.is_higher) in {("a", False), ("b", True)}
        weeks.append(found.crossed + 1)
    assert np.median(weeks) <= 12


def test_testing_every_week_says_what_testing_once_at_the_end_says() -> None:
    stream = drawn(rates={"a": 0.2, "b": 0.4, "c": 0.3}, weeks=12, each_week=40, seed=7)
    whole = run(stream)
    for week in (3, 6, 9):
        early = run(part(stream, stream.arrival < week))
        assert [one.e_value for one in early.path] == pytest.approx(
            [one.e_value for one in whole.path[:week]]
        )


def test_a_group_that_turns_up_later_changes_nothing_before_it() -> None:
    stream = drawn(rates={"a": 0.2, "b": 0.4}, weeks=6, each_week=40, seed=3)
    group = stream.group.astype("<U8")
    group[(stream.arrival >= 4) & (stream.order < 0.3)] = "new"
    later = AuditStream(
        arrival=stream.arrival,
        week=stream.week,
        order=stream.order,
        group=group,
        happened=stream.happened,
    )
    before, after = run(part(stream, stream.arrival < 4)), run(later)
    assert [one.e_value for one in before.path] == pytest.approx(
        [one.e_value for one in after.path[:4]]
    )


def test_a_file_sorted_by_outcome_raises_no_alarm_by_its_order() -> None:
    alarms = 0
    for seed in range(60):
        stream = drawn(rates={"a": 0.3, "b": 0.3}, weeks=10, each_week=60, seed=seed)
        by_outcome = np.lexsort((stream.happened, stream.week))
        alarms += run(part(stream, by_outcome)).crossed is not None
    assert alarms == 0


def test_nothing_to_compare_is_no_evidence() -> None:
    alone = run(drawn(rates={"a": 0.9}, weeks=5, each_week=50, seed=1))
    assert (alone.e_value, alone.crossed, alone.match_count) == (1.0, None, 0)
    apart = drawn(rates={"a": 0.9, "b": 0.1}, weeks=2, each_week=50, seed=1)
    never_together = AuditStream(
        arrival=apart.arrival,
        week=apart.week,
        order=apart.order,
        group=np.where(apart.week == 0, "a", "b"),
        happened=apart.happened,
    )
    assert run(never_together).e_value == pytest.approx(1.0)


def test_the_bound_shares_the_error_between_the_measures() -> None:
    assert alarm_bound(SETTINGS) == pytest.approx(60)


@pytest.mark.parametrize("weeks", [4, 200])
def test_a_test_survives_being_stored_however_strong_its_evidence(weeks: int) -> None:
    found = run(drawn(rates={"a": 0.1, "b": 0.6}, weeks=weeks, each_week=60, seed=2))
    assert encode(decode(SequentialTest, encode(found))) == encode(found)


@given(
    outcomes=st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from("abc"), st.booleans()), min_size=1, max_size=80
    ),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None)
def test_evidence_is_finite_positive_and_does_not_depend_on_the_order_of_the_rows(
    outcomes: list[tuple[int, str, bool]], seed: int
) -> None:
    week, group, happened = (np.array(column) for column in zip(*outcomes, strict=True))
    order = np.random.default_rng(seed).random(len(week))
    stream = AuditStream(arrival=week, week=week, order=order, group=group, happened=happened)
    found = run(stream)
    assert np.isfinite(found.e_value)
    assert found.e_value > 0
    assert run(part(stream, np.arange(len(week))[::-1])) == found
