"""What goes before what: more reasons to keep a thing never let it go earlier."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.evidence.retention_rules import (
    DEFAULT_RULES,
    DEFAULTS,
    FLOOR_DAYS,
    LONGEST_DAYS,
    RECORDS,
    Category,
    Facts,
    Ground,
    PeriodRefused,
    Rules,
    require_period,
    standing,
)

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.datetimes(
    min_value=datetime(2024, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
WORDS = st.sampled_from(["", "something"])
SOME = st.lists(st.sampled_from(["one", "two"]), max_size=2).map(tuple)
CATEGORIES = st.sampled_from(list(Category))
DAYS = st.fixed_dictionaries(
    {
        category: st.integers(FLOOR_DAYS if category.value in RECORDS else 1, LONGEST_DAYS)
        for category in Category
    }
)
RULES = DAYS.map(lambda days: Rules(number=1, days=days))
FACTS = st.builds(
    Facts,
    category=CATEGORIES,
    began_at=st.none() | MOMENTS,
    made_from=st.none() | CATEGORIES,
    legal_holds=SOME,
    undecided=WORDS,
    open_case=WORDS,
    locked_until=st.none() | MOMENTS,
    pending=SOME,
)
FREE = Facts(category=Category.CLIP_RESOLVED, began_at=BEGIN)
REASONS = [
    ("legal_holds", ("a hold",)),
    ("undecided", "nobody decided"),
    ("open_case", "a case is open"),
    ("locked_until", BEGIN + timedelta(days=1_000)),
    ("pending", ("a request",)),
]


@PATIENT
@given(facts=FACTS, rules=RULES, now=MOMENTS)
def test_what_only_a_person_can_end_is_never_due(facts: Facts, rules: Rules, now: datetime) -> None:
    found = standing(facts, rules=rules)
    needs_a_person = facts.legal_holds or facts.undecided or facts.open_case or facts.pending
    if needs_a_person or facts.began_at is None:
        assert found.due_at is None
        assert not found.is_due(now)
        assert found.decisive.until is None


@PATIENT
@given(facts=FACTS, rules=RULES, reason=st.sampled_from(REASONS))
def test_one_more_reason_never_brings_the_end_nearer(
    facts: Facts, rules: Rules, reason: tuple[str, object]
) -> None:
    name, value = reason
    before = standing(facts, rules=rules).due_at
    after = standing(replace(facts, **{name: value}), rules=rules).due_at
    if name == "locked_until" and facts.locked_until is not None:
        return
    assert after is None or (before is not None and after >= before)


@PATIENT
@given(facts=FACTS, rules=RULES)
def test_nothing_is_due_before_its_lock_or_its_period(facts: Facts, rules: Rules) -> None:
    found = standing(facts, rules=rules)
    if found.due_at is None:
        return
    assert facts.began_at is not None
    assert found.due_at >= facts.began_at + timedelta(days=found.days)
    assert facts.locked_until is None or found.due_at >= facts.locked_until


@PATIENT
@given(facts=FACTS, rules=RULES)
def test_a_derived_file_is_kept_no_longer_than_its_footage(facts: Facts, rules: Rules) -> None:
    found = standing(facts, rules=rules)
    limit = rules.days[facts.category]
    if facts.made_from is not None:
        limit = min(limit, rules.days[facts.made_from])
    assert found.days == limit


@PATIENT
@given(facts=FACTS, rules=RULES)
def test_the_reason_that_is_shown_is_the_strongest_of_those_that_decide(
    facts: Facts, rules: Rules
) -> None:
    found = standing(facts, rules=rules)
    order = list(Ground)
    deciding = [one for one in found.obstacles if one.until == found.due_at]
    assert found.decisive in deciding
    assert order.index(found.decisive.ground) == min(order.index(one.ground) for one in deciding)


@pytest.mark.parametrize("position", range(len(REASONS)), ids=[name for name, _ in REASONS])
def test_each_reason_alone_is_named(position: int) -> None:
    name, value = REASONS[position]
    expected = [
        Ground.HOLD,
        Ground.UNDECIDED,
        Ground.CASE_OPEN,
        Ground.OBJECT_LOCK,
        Ground.PENDING,
    ][position]
    found = standing(replace(FREE, **{name: value}), rules=DEFAULT_RULES)
    assert found.decisive.ground is expected


@PATIENT
@given(days=st.integers(max_value=FLOOR_DAYS - 1), category=st.sampled_from(sorted(RECORDS)))
def test_logs_and_records_are_refused_below_half_a_year_and_told_why(
    days: int, category: str
) -> None:
    with pytest.raises(PeriodRefused, match="183 days"):
        require_period(category=Category(category), days=days)
    with pytest.raises(PeriodRefused):
        Rules(number=1, days=DEFAULT_RULES.days | {Category(category): days})


def test_the_defaults_are_complete_and_each_has_its_reason() -> None:
    assert set(DEFAULTS) == set(Category)
    assert all(default.reason and default.words for default in DEFAULTS.values())
    with pytest.raises(PeriodRefused, match="No period"):
        Rules(number=1, days={Category.STILL: 5})
