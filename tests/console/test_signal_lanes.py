"""The lanes under the player: what was measured on somebody is drawn there, and only there."""

from types import SimpleNamespace
from typing import Any

from apps.console.alert_page import _lanes
from apps.triage.explanation import SignalLine


def line(name: str, value: float | None, *, counts: bool = False) -> SignalLine:
    return SignalLine(
        name=name,
        words=name,
        weight="",
        why="",
        amount="",
        counts=counts,
        value=value,
        confidence=None if value is None else 0.8,
        start_seconds=1.0,
        end_seconds=2.0,
        usual="",
    )


def lanes(*lines: SignalLine) -> list[dict[str, Any]]:
    return _lanes(SimpleNamespace(explanation=SimpleNamespace(signals=lines)))  # type: ignore[arg-type]


def test_a_signal_seen_on_one_person_is_not_called_unmeasurable_because_of_another() -> None:
    found = lanes(line("reach", None), line("reach", 0.7), line("hand_to_bag", None))
    assert [(one["label"], one["measurable"]) for one in found] == [
        ("reach", True),
        ("hand_to_bag", False),
    ]


def test_what_counts_comes_first() -> None:
    found = lanes(line("crouch", 0.9), line("reach", 0.2, counts=True))
    assert [one["label"] for one in found] == ["reach", "crouch"]


def test_without_an_explanation_there_are_no_lanes() -> None:
    assert _lanes(None) == []
