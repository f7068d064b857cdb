"""The fairness finding of one alert: did the score depend on how a person looks?

The check (metamorphic testing: T. Y. Chen et al., ACM Computing Surveys 51, 2018): the detector
scores the clip again after only the appearance of people was changed (skin tone, clothing) while
posture and motion stay. A score that moves by more than the tolerance fails. A detector that cannot
be asked to score again is not assessable, and so verified at most.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from apps.triage.canonical import significant
from apps.triage.decoding import SINCE_2, SINCE_3
from apps.triage.vocabulary_of_looks import change_words
from apps.triage.wording import gettext

MOST_CHANGES = 64


class FairnessState(StrEnum):
    """`not_assessable` is the honest state where the detector cannot be run again; never "clear"."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_ASSESSABLE = "not_assessable"


@dataclass(frozen=True, kw_only=True)
class AppearanceChange:
    """One change of appearance that was tried, and by how much the score moved (-1..1).

    `picture` is the file of one frame after the change, beside the analysis; "" where none was kept.
    """

    name: str
    score_change: float
    picture: str = field(default="", metadata=SINCE_3)

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a change of appearance has a name")
        if not (math.isfinite(self.score_change) and abs(self.score_change) <= 1):
            raise ValueError("a score moves by -1..1")


@dataclass(frozen=True, kw_only=True)
class LeftOutChange:
    """A change that was not tried, and why in words."""

    name: str
    why: str

    def __post_init__(self) -> None:
        if not (self.name and self.why):
            raise ValueError("a change that was left out has a name and a reason")


@dataclass(frozen=True, kw_only=True)
class Questions:
    """How the answers of an invariance check came about: see `FairnessFinding`. `pictures`: change → file."""

    scorer: str
    frames: tuple[float, ...]
    picture: str = ""
    pictures: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[LeftOutChange, ...] = ()
    input_is_joints: bool = False


@dataclass(frozen=True, kw_only=True)
class FairnessFinding:
    """The result of the invariance check and, unless it passed, why in words.

    `tolerance` (0..1) is the largest move of the score that still passes, `tried` every change of
    appearance with its result: both None and empty where the check was not run. `alarm` is the id
    of the open fairness alarm of this detector, "" without one: an alarm fails every alert.

    `score` is the answer of `scorer` to the unchanged frames at `frames` (seconds), `picture` the file of one of them,
    `left_out` what could not be tried and why. With `input_is_joints` the detector never sees a picture: age
    and gender can reach it through the body's proportions alone; without it they are not assessed.
    """

    state: FairnessState
    reason: str = ""
    method: str = ""
    tolerance: float | None = field(default=None, metadata=SINCE_2)
    tried: tuple[AppearanceChange, ...] = field(default=(), metadata=SINCE_2)
    alarm: str = field(default="", metadata=SINCE_2)
    scorer: str = field(default="", metadata=SINCE_3)
    score: float | None = field(default=None, metadata=SINCE_3)
    frames: tuple[float, ...] = field(default=(), metadata=SINCE_3)
    picture: str = field(default="", metadata=SINCE_3)
    left_out: tuple[LeftOutChange, ...] = field(default=(), metadata=SINCE_3)
    input_is_joints: bool = field(default=False, metadata=SINCE_3)

    def __post_init__(self) -> None:
        if self.state is not FairnessState.PASSED and not self.reason:
            raise ValueError(f"a fairness finding '{self.state}' says why")
        if self.state is FairnessState.PASSED and not self.method:
            raise ValueError("a fairness finding 'passed' names the method that was run")
        if (self.tolerance is None) != (not self.tried) or len(self.tried) > MOST_CHANGES:
            raise ValueError(f"1 to {MOST_CHANGES} changes are tried against a tolerance, or none")
        if self.tolerance is not None and not 0 < self.tolerance <= 1:
            raise ValueError("0 < tolerance ≤ 1 is needed")
        if self.alarm and self.state is not FairnessState.FAILED:
            raise ValueError("while an alarm is open no alert passes the fairness check")
        if self.score is not None and not (math.isfinite(self.score) and 0 <= self.score <= 1):
            raise ValueError("scores lie within 0..1")
        if (self.score is None) != (not self.scorer):
            raise ValueError("a score names who gave it")
        if self.state is FairnessState.PASSED and self.largest_change > (self.tolerance or 1.0):
            raise ValueError("a score that moved beyond the tolerance did not pass")

    @property
    def largest_change(self) -> float:
        """The largest move of the score in either direction, 0 where nothing was tried."""
        return max((abs(one.score_change) for one in self.tried), default=0.0)


def not_assessable(*, reason: str) -> FairnessFinding:
    """The finding where the check could not be run."""
    return FairnessFinding(state=FairnessState.NOT_ASSESSABLE, reason=reason)


def failed_by_alarm(*, alarm: str, reason: str) -> FairnessFinding:
    """The finding while a fairness alarm of the detector is open: its model is reviewed first."""
    return FairnessFinding(
        state=FairnessState.FAILED,
        reason=reason,
        method="sequential test on the offline audit sample",
        alarm=alarm,
    )


def judge_invariance(
    *,
    score: float,
    changed: Mapping[str, float],
    tolerance: float,
    method: str,
    questions: Questions | None = None,
) -> FairnessFinding:
    """The finding for a clip scored `score`, and `changed` (name of the change → score) after.

    Scores are 0..1, `tolerance` is the tenant's. Raises ValueError when nothing was tried or a
    score is outside 0..1.
    """
    if not changed:
        raise ValueError("an invariance check tries at least one change of appearance")
    if not all(math.isfinite(one) and 0 <= one <= 1 for one in (score, *changed.values())):
        raise ValueError("scores lie within 0..1")
    pictures = questions.pictures if questions else {}
    tried = tuple(
        AppearanceChange(
            name=name,
            score_change=significant(changed[name] - score),
            picture=pictures.get(name, ""),
        )
        for name in sorted(changed)
    )
    worst = max(tried, key=lambda one: abs(one.score_change))
    passed = abs(worst.score_change) <= tolerance
    found = FairnessFinding(
        state=FairnessState.PASSED if passed else FairnessState.FAILED,
        reason="" if passed else moved_words(worst, tolerance),
        method=method,
        tolerance=tolerance,
        tried=tried,
    )
    return _asked(found, score, questions) if questions else found


def _asked(found: FairnessFinding, score: float, questions: Questions) -> FairnessFinding:
    return replace(
        found,
        scorer=questions.scorer,
        score=significant(score),
        frames=questions.frames,
        picture=questions.picture,
        left_out=questions.left_out,
        input_is_joints=questions.input_is_joints,
    )


def moved_words(worst: AppearanceChange, tolerance: float) -> str:
    """How far the worst change moved the score, and what is allowed."""
    change = worst.score_change
    # As many digits as it takes to show that it is more than what is allowed: −0.053 against ±0.05.
    digits = next((n for n in range(2, 7) if abs(round(change, n)) > tolerance), 6)
    return gettext("%(change)s: %(move)s, at most ±%(tolerance)s is allowed") % {
        "change": change_words(worst.name),
        "move": f"{change:+.{digits}f}",
        "tolerance": f"{tolerance:g}",
    }
