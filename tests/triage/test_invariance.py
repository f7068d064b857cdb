"""The per-alert fairness record: what was tried, by how much the score moved, and what follows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.triage.decoding import decode, encode
from apps.triage.fairness import (
    AppearanceChange,
    FairnessFinding,
    FairnessState,
    failed_by_alarm,
    judge_invariance,
    not_assessable,
)

SHARES = st.floats(0, 1)


def test_a_score_that_stays_within_the_tolerance_passes_and_says_what_was_tried() -> None:
    found = judge_invariance(
        score=0.8, changed={"darker skin": 0.79, "other clothing": 0.83}, tolerance=0.05, method="m"
    )

    assert found.state is FairnessState.PASSED
    assert [(one.name, one.score_change) for one in found.tried] == [
        ("darker skin", -0.01),
        ("other clothing", 0.03),
    ]


def test_a_score_that_moves_further_fails_with_the_worst_change() -> None:
    found = judge_invariance(
        score=0.8, changed={"darker skin": 0.9, "other clothing": 0.8}, tolerance=0.05, method="m"
    )

    assert found.state is FairnessState.FAILED
    assert found.reason == "darker skin: +0.10, at most ±0.05 is allowed"


def test_an_open_alarm_fails_and_names_the_alarm() -> None:
    found = failed_by_alarm(alarm="an-id", reason="an alarm is open")

    assert (found.state, found.alarm) == (FairnessState.FAILED, "an-id")
    assert decode(FairnessFinding, encode(found)) == found


def test_what_was_stored_before_has_no_new_fields() -> None:
    stored = encode(not_assessable(reason="no adapter"), schema=1)

    assert stored == {"state": "not_assessable", "reason": "no adapter", "method": ""}
    assert decode(FairnessFinding, stored).tried == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"tolerance": 0.05},
        {"tried": (AppearanceChange(name="a", score_change=0.1),)},
        {"tolerance": 0.05, "tried": (AppearanceChange(name="a", score_change=0.1),)},
        {"alarm": "an-id"},
    ],
)
def test_a_finding_that_contradicts_itself_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        FairnessFinding(state=FairnessState.PASSED, method="m", **fields)  # type: ignore[arg-type]


def test_nothing_tried_is_no_result() -> None:
    with pytest.raises(ValueError, match="at least one"):
        judge_invariance(score=0.5, changed={}, tolerance=0.05, method="m")


@given(SHARES, st.dictionaries(st.sampled_from("abc"), SHARES, min_size=1), st.floats(0.001, 0.5))
def test_it_passes_exactly_when_no_change_moves_the_score_too_far(
    score: float, changed: dict[str, float], tolerance: float
) -> None:
    found = judge_invariance(score=score, changed=changed, tolerance=tolerance, method="m")

    assert (found.state is FairnessState.PASSED) == (found.largest_change <= tolerance)
