"""The per-alert fairness record: what was tried, by how much the score moved, and what follows."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.triage.decoding import decode, encode
from apps.triage.fairness import (
    AppearanceChange,
    FairnessFinding,
    FairnessState,
    LeftOutChange,
    Questions,
    failed_by_alarm,
    judge_invariance,
    not_assessable,
)
from apps.triage.fairness_words import fairness_lines
from apps.triage.invariance_section import fairness_of
from apps.triage.vocabulary_of_looks import change_words

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


@pytest.mark.parametrize(
    ("changed", "said"),
    [(0.747, "-0.053"), (0.7496, "-0.0504"), (0.854, "+0.054"), (0.66, "-0.14")],
)
def test_the_sentence_has_the_digits_that_show_it_is_more_than_allowed(
    changed: float, said: str
) -> None:
    found = judge_invariance(
        score=0.8, changed={"darker skin": changed}, tolerance=0.05, method="m"
    )
    assert found.reason == f"darker skin: {said}, at most ±0.05 is allowed"


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


def test_the_record_says_who_was_asked_about_which_frames_and_what_was_not_tried() -> None:
    questions = Questions(
        scorer="adapter of kiosk 9",
        frames=(1.0, 1.2),
        picture="before.jpg",
        pictures={"skin_tone_farthest": "skin.jpg"},
        left_out=(LeftOutChange(name="clothing_hue_150", why="no colour"),),
        input_is_joints=True,
    )
    found = judge_invariance(
        score=0.5,
        changed={"skin_tone_farthest": 0.52},
        tolerance=0.05,
        method="m",
        questions=questions,
    )

    assert (found.score, found.scorer, found.frames) == (0.5, "adapter of kiosk 9", (1.0, 1.2))
    assert (found.picture, found.tried[0].picture) == ("before.jpg", "skin.jpg")
    assert decode(FairnessFinding, encode(found)) == found


@pytest.mark.parametrize("schema", [1, 2])
def test_records_of_earlier_schemas_keep_their_form(schema: int) -> None:
    found = judge_invariance(score=0.5, changed={"a": 0.52}, tolerance=0.05, method="m")
    stored = encode(found, schema=schema)

    assert not {"scorer", "score", "frames", "picture", "left_out", "input_is_joints"} & set(stored)
    if schema == 2:
        assert stored["tried"] == [{"name": "a", "score_change": 0.02}]
        assert decode(FairnessFinding, stored) == found


SECTION = {
    "state": "assessed",
    "reason": "",
    "scorer": "adapter of kiosk 9",
    "method": "m",
    "input": "frames",
    "score": 0.5,
    "frames": [1.0],
    "before_key": "tenants/t/alerts/a/working/before.jpg",
    "changes": [{"name": "skin_tone_farthest", "score": 0.52, "image_key": "x/working/skin.jpg"}],
    "left_out": [],
}


def test_the_section_of_an_analysis_is_judged_by_the_tenants_tolerance() -> None:
    loose, strict = (fairness_of(SECTION, tolerance=tolerance) for tolerance in (0.05, 0.01))

    assert (loose.state, strict.state) == (FairnessState.PASSED, FairnessState.FAILED)
    assert loose.tried[0].picture == "skin.jpg"
    assert fairness_lines(strict).tried[0].too_far
    assert "not assessed" in fairness_lines(loose).age_and_gender
    assert "joints" in fairness_lines(replace(loose, input_is_joints=True)).age_and_gender


def test_a_check_that_could_not_be_run_says_why() -> None:
    found = fairness_of(
        {"state": "not_assessable", "reason": "The detector did not answer in 5 s."}, tolerance=0.05
    )

    assert found.state is FairnessState.NOT_ASSESSABLE
    assert fairness_lines(found).verdict == "Not assessable: The detector did not answer in 5 s."


@pytest.mark.parametrize("key", sorted(SECTION))
def test_a_section_that_cannot_be_read_never_passes(key: str) -> None:
    broken = {name: value for name, value in SECTION.items() if name != key}
    if key == "reason":
        broken["changes"] = [{"name": "skin", "score": float("nan"), "image_key": ""}]

    assert fairness_of(broken, tolerance=0.05).state is FairnessState.NOT_ASSESSABLE


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("skin_tone_farthest", "skin tone towards the far end of the Monk scale"),
        ("skin_tone_9", "skin tone towards Monk tone 9"),
        ("clothing_hue_150", "clothing colour turned by 150°"),
        ("brightness_0.7", "light on the person × 0.7"),
        ("body_scale_1.15", "width of the body × 1.15"),
        ("darker skin", "darker skin"),
    ],
)
def test_changes_have_words(name: str, words: str) -> None:
    assert change_words(name) == words
