"""Codes and figures of watchlists in words for people."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext, gettext_noop

FINDINGS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "gate_is_open": (
            gettext_noop("The legal gate is complete and valid"),
            gettext_noop("The legal gate is shut"),
        ),
        "theft_is_confirmed": (
            gettext_noop("A person confirmed theft, and no correction supersedes it"),
            gettext_noop("The confirmation of theft does not stand"),
        ),
        "no_open_objection": (
            gettext_noop("Nobody's objection is open"),
            gettext_noop("An objection is open"),
        ),
        "not_staff": (gettext_noop("Declared: not staff"), gettext_noop("Not declared: not staff")),
        "not_a_minor": (gettext_noop("Declared: an adult"), gettext_noop("Not declared: an adult")),
        "not_vulnerable": (
            gettext_noop("Declared: not a vulnerable person"),
            gettext_noop("Not declared: not vulnerable"),
        ),
        "no_other_entry": (
            gettext_noop("No other open entry from this alert"),
            gettext_noop("This alert has another entry"),
        ),
        "one_face": (
            gettext_noop("Exactly one face in the picture"),
            gettext_noop("Not exactly one face in the picture"),
        ),
        "face_pixels": (
            gettext_noop("The face is large enough"),
            gettext_noop("The face is too small"),
        ),
        "sharpness": (
            gettext_noop("The picture is sharp enough"),
            gettext_noop("The picture is not sharp enough"),
        ),
        "pose": (
            gettext_noop("The face looks towards the camera"),
            gettext_noop("The face is turned too far away"),
        ),
        "light": (
            gettext_noop("The face is lit well enough"),
            gettext_noop("The face is too dark or too bright"),
        ),
        "not_a_duplicate": (
            gettext_noop("Not alike to an entry in force"),
            gettext_noop("So alike to an entry in force that it may be the same person"),
        ),
    }
)
ENDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "confirmation_corrected": gettext_noop(
            "The confirmation of theft behind it was corrected."
        ),
        "objection": gettext_noop(
            "The person objected; until that is decided nothing is compared."
        ),
        "erased": gettext_noop("The person's data was erased."),
        "gate_withdrawn": gettext_noop("The legal gate was withdrawn."),
        "not_reviewed": gettext_noop("Nobody reviewed it in time."),
        "term_ended": gettext_noop("Its term ended."),
        "not_approved_in_time": gettext_noop("Nobody approved it within 30 days."),
        "refused_by_person": gettext_noop("A person refused the proposal."),
        "withdrawn": gettext_noop("The proposer withdrew it."),
        "by_person": gettext_noop("A person stopped it."),
        "different_person": gettext_noop("Both said: a different person."),
        "no_agreement": gettext_noop("The two people did not agree."),
        "cannot_tell": gettext_noop("At least one could not tell."),
        "entry_suspended": gettext_noop("The entry was suspended."),
        "entry_ended": gettext_noop("The entry ended."),
    }
)


def finding_words(code: str, *, passed: bool) -> str:
    """A check in words; one we do not know is named."""
    named = code.replace("_", " ").capitalize()
    if code not in FINDINGS:
        return named if passed else gettext("%(check)s: not met") % {"check": named}
    good, bad = FINDINGS[code]
    return gettext(good if passed else bad)


def ended_words(code: str) -> str:
    """Why an entry or a lead is as it is; a check's code says what was not met."""
    if not code:
        return ""
    known = ENDED.get(code)
    return gettext(known) if known else f"{finding_words(code, passed=False)}."


def alike_words(rate: float) -> str:
    """A false match rate as people: "of 1,000 people not on the list, 3 would look this alike".

    The base grows until at least one person is counted, up to ten million.
    """
    if rate <= 0:
        return gettext(
            "none of the pairs of different people that were measured look this alike; "
            "how rare it is, is not known yet"
        )
    base = 1_000
    while rate * base < 0.95 and base < 10_000_000:
        base *= 10
    count = max(1, round(rate * base))
    return gettext("of %(base)s people not on the list, %(count)s would look this alike") % {
        "base": f"{base:,}",
        "count": f"{count:,}",
    }
