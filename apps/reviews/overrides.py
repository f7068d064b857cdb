"""When a person went against the machine: one table of proposal and verdict, read by every screen and record."""

from enum import StrEnum
from typing import Final

from django.utils.translation import gettext, gettext_noop

from apps.triage.states import Strategy, Verdict


class Stance(StrEnum):
    """How a verdict stands to what the machine had proposed."""

    WITH = "with"
    AGAINST = "against"
    NEITHER = "neither"  # the machine asked (verify, model review), or the person could not tell


_PROPOSED: Final = {
    Strategy.ESCALATE: gettext_noop("against the machine's proposal to escalate"),
    Strategy.ARCHIVE: gettext_noop("against the machine's proposal to archive"),
}
_TABLE: Final = {
    (Strategy.ESCALATE, Verdict.THEFT_CONFIRMED): Stance.WITH,
    (Strategy.ESCALATE, Verdict.FALSE_ALARM): Stance.AGAINST,
    (Strategy.ESCALATE, Verdict.BENIGN_EXPLAINED): Stance.AGAINST,
    (Strategy.ARCHIVE, Verdict.THEFT_CONFIRMED): Stance.AGAINST,
    (Strategy.ARCHIVE, Verdict.FALSE_ALARM): Stance.WITH,
    (Strategy.ARCHIVE, Verdict.BENIGN_EXPLAINED): Stance.WITH,
}


def stance_of(proposal: str, verdict: str) -> Stance:
    """How `verdict` stands to the proposal (a strategy, "" for none)."""
    try:
        return _TABLE.get((Strategy(proposal), Verdict(verdict)), Stance.NEITHER)
    except ValueError:
        return Stance.NEITHER


def override_words(proposal: str, verdict: str) -> str:
    """ "against the machine's proposal to archive" for an override, else ""."""
    if stance_of(proposal, verdict) is not Stance.AGAINST:
        return ""
    return gettext(_PROPOSED[Strategy(proposal)])
