import json
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.triage.canonical import (
    NotCanonical,
    canonical_bytes,
    canonical_digest,
    canonical_json,
    plain,
    significant,
)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(-(2.0**52), 2.0**52, allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abcé\x00_", max_size=5), inner),
    max_leaves=20,
)


class Colour(StrEnum):
    RED = "red"


def test_keys_are_sorted_and_no_white_space_is_written():
    assert canonical_json({"b": [1, 2.5], "a": "é"}) == '{"a":"é","b":[1,2.5]}'


def test_the_digest_is_the_sha256_of_the_utf8_bytes():
    assert canonical_bytes({}) == b"{}"
    assert (
        canonical_digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    )


def test_numbers_that_json_readers_take_for_equal_have_one_form():
    assert canonical_json([1.0, -0.0, 1, 1e15]) == "[1,0,1,1000000000000000]"


def test_floats_are_rounded_to_twelve_significant_digits():
    assert canonical_json(0.1 + 0.2) == "0.3"
    assert canonical_json(1234567.1234567) == "1234567.12346"
    assert significant(-0.0) == 0


def test_ids_times_and_enum_members_become_their_text():
    madrid = timezone(timedelta(hours=1))
    at = datetime(2026, 11, 22, 9, 0, tzinfo=madrid)
    assert plain({"id": UUID(int=1), "at": at, "is": Colour.RED, "utc": at.astimezone(UTC)}) == {
        "id": "00000000-0000-0000-0000-000000000001",
        "at": "2026-11-22T08:00:00.000000Z",
        "is": "red",
        "utc": "2026-11-22T08:00:00.000000Z",
    }


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        2**53 + 1,
        1e300,
        "\ud800",
        {"\ud800": 1},
        {1: 2},
        b"bytes",
        {1, 2},
        object(),
        datetime(2026, 11, 22),  # noqa: DTZ001 - the missing timezone is what is refused
    ],
)
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(NotCanonical):
        canonical_json({"value": value} if not isinstance(value, dict) else value)


def test_endless_nesting_is_refused_before_the_stack_ends():
    value = []
    for _ in range(10_000):
        value = [value]
    with pytest.raises(NotCanonical, match="deeper"):
        canonical_json(value)


@given(json_values)
def test_a_round_trip_through_json_changes_nothing(value):
    text = canonical_json(value)
    assert canonical_json(json.loads(text)) == text
    assert canonical_json(json.loads(json.dumps(value))) == text


@given(st.dictionaries(st.text("abc", max_size=3), st.integers(0, 9)))
def test_the_order_of_keys_does_not_matter(value):
    assert canonical_digest(dict(reversed(value.items()))) == canonical_digest(value)
