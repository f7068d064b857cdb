"""The fairness finding of one alert in words: what was tried, what it did to the score, and what was not."""

from dataclasses import dataclass
from typing import Final

from apps.triage.fairness import (
    AppearanceChange,
    FairnessFinding,
    FairnessState,
    moved_words,
)
from apps.triage.phrasing import signed
from apps.triage.recorded_words import recorded
from apps.triage.vocabulary_of_looks import change_words
from apps.triage.wording import gettext, gettext_noop

BY_CONSTRUCTION: Final = gettext_noop(
    "Age and gender: this detector is given the joints of people and no picture, so neither can reach it except "
    "through movement and the proportions of a body; its width was changed here."
)
NOT_ASSESSED: Final = gettext_noop(
    "Age and gender: not assessed. This check does not change how old or of which gender somebody looks."
)


@dataclass(frozen=True, kw_only=True)
class TriedLine:
    """A change, the score after it and its move; `picture` is a file, "" without one."""

    words: str
    score: str
    move: str
    picture: str
    too_far: bool


@dataclass(frozen=True, kw_only=True)
class FairnessLines:
    """Empty texts are not shown. `tried` is empty where the check was not run."""

    verdict: str
    tried: tuple[TriedLine, ...]
    before: str
    picture: str
    allowed: str
    left_out: tuple[str, ...]
    age_and_gender: str

    @property
    def sentence(self) -> str:
        """Everything that was tried in one sentence; "" where nothing was."""
        if not self.tried:
            return ""
        moves = "; ".join(f"{one.words} {one.move}" for one in self.tried)
        return gettext(
            "Changes of appearance and the move of the score: %(moves)s. %(allowed)s."
        ) % {
            "moves": moves,
            "allowed": self.allowed,
        }


def fairness_lines(finding: FairnessFinding) -> FairnessLines:
    """The words for a finding."""
    return FairnessLines(
        verdict=_verdict(finding),
        tried=tuple(_line(one, finding) for one in finding.tried),
        before="" if finding.score is None else f"{finding.score:.2f}",
        picture=finding.picture,
        allowed=_allowed(finding.tolerance),
        left_out=tuple(
            f"{change_words(one.name)}: {recorded(one.why)}" for one in finding.left_out
        ),
        age_and_gender=gettext(BY_CONSTRUCTION if finding.input_is_joints else NOT_ASSESSED),
    )


def _line(one: AppearanceChange, finding: FairnessFinding) -> TriedLine:
    after = None if finding.score is None else finding.score + one.score_change
    return TriedLine(
        words=change_words(one.name),
        score="" if after is None else f"{after:.2f}",
        move=signed(one.score_change),
        picture=one.picture,
        too_far=abs(one.score_change) > (finding.tolerance or 1.0),
    )


def _verdict(finding: FairnessFinding) -> str:
    if finding.state is FairnessState.PASSED:
        return gettext(
            "The score did not move by more than is allowed when only appearance was changed."
        )
    if finding.alarm:
        sentence = gettext("The detector's model is reviewed first: %(reason)s")
    elif finding.state is FairnessState.FAILED:
        sentence = gettext("The score moved when only appearance was changed: %(reason)s")
    else:
        sentence = gettext("Not assessable: %(reason)s")
    return sentence % {"reason": _reason(finding)}


def _reason(finding: FairnessFinding) -> str:
    if finding.state is FairnessState.FAILED and not finding.alarm and finding.tried:
        worst = max(finding.tried, key=lambda one: abs(one.score_change))
        return moved_words(worst, finding.tolerance or 1.0)
    return recorded(finding.reason)


def _allowed(tolerance: float | None) -> str:
    if tolerance is None:
        return ""
    return gettext("Allowed: %(tolerance)s in either direction") % {"tolerance": f"{tolerance:g}"}
