"""A code upgrade in mid-flight: runs that were started by every released version go on."""

import base64
from pathlib import Path

import pytest

from tests.workflows.histories import FOLDER, personal_words_in, replays

RECORDED = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_history_replays(path: Path) -> None:
    assert replays(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_history_holds_no_personal_data(path: Path) -> None:
    assert personal_words_in(path.read_text(encoding="utf-8")) == []


def test_the_first_release_is_recorded_with_and_without_a_clip() -> None:
    stories = {path.stem for path in RECORDED}
    assert stories >= {"1-false-alarm-without-clip", "1-theft-with-clip"}


def test_a_history_of_another_procedure_does_not_replay() -> None:
    """The check can fail: an activity that today's workflow would not ask for is noticed."""
    text = (FOLDER / "1-false-alarm-without-clip.json").read_text(encoding="utf-8")
    assert not replays(text.replace('"assess_and_route"', '"guess_and_route"'))


def test_personal_words_are_found_inside_payloads() -> None:
    text = (FOLDER / "1-false-alarm-without-clip.json").read_text(encoding="utf-8")
    hidden = base64.b64encode("Señora García".encode()).decode()
    assert personal_words_in(text.replace('"data": "', f'"data": "{hidden}", "data": "', 1))


def test_a_run_that_was_settled_with_another_is_recorded() -> None:
    text = (FOLDER / "2-settled-with-another.json").read_text(encoding="utf-8")
    assert '"look_again"' in text
