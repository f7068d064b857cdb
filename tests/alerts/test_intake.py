"""Reading what strangers send: whatever the bytes, an alert or a refusal that says where and why."""

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.intake import (
    AlertIntake,
    ClipDelivery,
    Fault,
    NotAnAlert,
    delivery_digest,
    plain_name,
    raised_by_person,
    read_alert,
)
from apps.alerts.strict_json import NotStrictJson, read_json, unsafe_character

SOURCE = UUID("3fa85f64-5717-4562-b3fc-2c963f66afa6")
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ALERT: dict[str, Any] = {
    "camera": "aisle-7",
    "detector": {"id": "acme", "version": "1"},
    "label": "concealment",
    "camera_at": "2026-03-01T12:00:00Z",
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def read(**changes: Any) -> AlertIntake:
    return read_alert(json.dumps(ALERT | changes).encode(), key="k", source_id=SOURCE)


def faults_of(raw: bytes) -> tuple[Fault, ...] | None:
    """What is wrong with it; None when it is an alert, which is then in order."""
    try:
        intake = read_alert(raw, key="k", source_id=SOURCE)
    except NotAnAlert as error:
        return error.faults
    assert intake.score is None or 0 <= intake.score <= 1
    assert not unsafe_character(intake.label)
    return None


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_in_words(raw: bytes) -> None:
    faults = faults_of(raw)
    assert faults
    assert all(fault.message for fault in faults)


@given(st.sampled_from(sorted([*ALERT, "score", "signals", "saliency_grid", "clip"])), json_values)
def test_any_value_in_any_field_is_read_or_refused_in_words(field: str, value: object) -> None:
    faults = faults_of(json.dumps(ALERT | {field: value}).encode("utf-8", "surrogatepass"))
    assert faults is None or all(fault.message for fault in faults)


@given(json_values)
def test_strict_json_reads_what_json_wrote_or_refuses(value: object) -> None:
    raw = json.dumps(value).encode("utf-8", "surrogatepass")
    try:
        found = read_json(raw)
    except NotStrictJson:
        return
    assert found == value or (isinstance(value, float) and math.isclose(found, value))  # type: ignore[arg-type]


def test_a_deep_body_is_refused_without_recursion() -> None:
    for levels in (17, 1000, 500_000):
        with pytest.raises(NotStrictJson, match="nested"):
            read_json(b"[" * levels + b"]" * levels)


def test_a_duplicate_key_is_named() -> None:
    with pytest.raises(NotStrictJson) as error:
        read_json(b'{"a": {"camera": 1, "camera": 2}}')
    assert error.value.path == "camera"


def test_numbers_keep_their_value_or_are_refused() -> None:
    assert read_json(b"9007199254740992") == 2**53
    for raw in (b"9007199254740993", b"-1e400", b"1" * 4000):
        with pytest.raises(NotStrictJson):
            read_json(raw)


def test_an_announced_clip_says_how_it_comes() -> None:
    assert read(clip={"delivery": "follows"}).delivery is ClipDelivery.FOLLOWS
    assert read(clip={"delivery": "upload", "name": "../a.mp4"}).clip_name == "a.mp4"
    assert read(clip=None).delivery is ClipDelivery.NONE


def test_a_clip_sent_along_cannot_be_announced_otherwise() -> None:
    raw = json.dumps(ALERT | {"clip": {"delivery": "upload"}}).encode()
    with pytest.raises(NotAnAlert, match=r"clip\.delivery"):
        read_alert(raw, key="k", source_id=SOURCE, clip_sha256="0" * 64)


def test_offsets_are_understood_and_stored_in_utc() -> None:
    moment = read(camera_at="2026-03-01T13:30:00.250+01:30").camera_at
    assert (moment, moment.utcoffset()) == (NOW + timedelta(microseconds=250_000), timedelta(0))


def test_skew_is_flagged_beyond_five_minutes_either_way() -> None:
    intake = read()
    for seconds, flagged in ((-301, True), (-300, False), (300, False), (301, True)):
        assert intake.skewed(received_at=NOW + timedelta(seconds=seconds)) is flagged


def test_the_digest_covers_the_clip() -> None:
    digests = {delivery_digest(b"a"), delivery_digest(b"b"), delivery_digest(b"a", clip_sha256="c")}
    assert len(digests) == 3


def test_a_second_press_of_the_button_states_the_same() -> None:
    def press(moment: datetime, *, is_now: bool) -> str:
        return raised_by_person(
            key="k", camera="c", label="l", camera_at=moment, camera_at_is_now=is_now
        ).digest

    later = NOW + timedelta(seconds=2)
    assert press(NOW, is_now=True) == press(later, is_now=True)
    assert press(NOW, is_now=False) != press(later, is_now=False)


def test_a_person_is_told_what_is_wrong_too() -> None:
    with pytest.raises(NotAnAlert, match="label"):
        raised_by_person(key="k", camera="c", label="", camera_at=NOW)
    with pytest.raises(NotAnAlert, match="score"):
        raised_by_person(key="k", camera="c", label="l", camera_at=NOW, score=7)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\clips\\a.mp4", "a.mp4"),
        ("a\x00b\n.mp4", "ab\n.mp4"),
        ("x" * 300, "x" * 200),
        ("\u202egpj.mp4", "\u202egpj.mp4"),
    ],
)
def test_file_names_are_made_plain(name: str, kept: str) -> None:
    assert plain_name(name) == kept


@pytest.mark.parametrize("key", ["", "a.b", "a b", "x" * 201, "ü"])
def test_a_key_is_plain(key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        AlertIntake(key=key, digest="0" * 64, camera="c", label="l", camera_at=NOW)
