"""Codes and figures of watchlists in words for people."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

FINDINGS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "gate_is_open": ("The legal gate is complete and valid", "The legal gate is shut"),
        "theft_is_confirmed": (
            "A person confirmed theft, and no correction supersedes it",
            "The confirmation of theft does not stand",
        ),
        "no_open_objection": ("Nobody's objection is open", "An objection is open"),
        "not_staff": ("Declared: not staff", "Not declared: not staff"),
        "not_a_minor": ("Declared: an adult", "Not declared: an adult"),
        "not_vulnerable": ("Declared: not a vulnerable person", "Not declared: not vulnerable"),
        "no_other_entry": ("No other open entry from this alert", "This alert has another entry"),
        "one_face": ("Exactly one face in the picture", "Not exactly one face in the picture"),
        "face_pixels": ("The face is large enough", "The face is too small"),
        "sharpness": ("The picture is sharp enough", "The picture is not sharp enough"),
        "pose": ("The face looks towards the camera", "The face is turned too far away"),
        "light": ("The face is lit well enough", "The face is too dark or too bright"),
        "not_a_duplicate": (
            "Not alike to an entry in force",
            "So alike to an entry in force that it may be the same person",
        ),
    }
)
ENDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "confirmation_corrected": "The confirmation of theft behind it was corrected.",
        "objection": "The person objected; until that is decided nothing is compared.",
        "erased": "The person's data was erased.",
        "gate_withdrawn": "The legal gate was withdrawn.",
        "not_reviewed": "Nobody reviewed it in time.",
        "term_ended": "Its term ended.",
        "not_approved_in_time": "Nobody approved it within 30 days.",
        "refused_by_person": "A person refused the proposal.",
        "withdrawn": "The proposer withdrew it.",
        "by_person": "A person stopped it.",
        "different_person": "Both said: a different person.",
        "no_agreement": "The two people did not agree.",
        "cannot_tell": "At least one could not tell.",
        "entry_suspended": "The entry was suspended.",
        "entry_ended": "The entry ended.",
    }
)


def finding_words(code: str, *, passed: bool) -> str:
    """A check in words; one we do not know is named."""
    named = code.replace("_", " ").capitalize()
    good, bad = FINDINGS.get(code, (named, f"{named}: not met"))
    return good if passed else bad


def ended_words(code: str) -> str:
    """Why an entry or a lead is as it is; a check's code says what was not met."""
    if not code:
        return ""
    return ENDED.get(code) or f"{finding_words(code, passed=False)}."


def alike_words(rate: float) -> str:
    """A false match rate as people: "of 1,000 people not on the list, 3 would look this alike".

    The base grows until at least one person is counted, up to ten million.
    """
    if rate <= 0:
        return (
            "none of the pairs of different people that were measured look this alike; "
            "how rare it is, is not known yet"
        )
    base = 1_000
    while rate * base < 0.95 and base < 10_000_000:
        base *= 10
    count = max(1, round(rate * base))
    return f"of {base:,} people not on the list, {count:,} would look this alike"
