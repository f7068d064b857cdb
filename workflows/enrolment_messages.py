"""What passes between the enrolment workflow and its activities: ids, states and moments, nothing about a person.

Standard library only. A field added later needs a default, so that recorded histories still replay.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from apps.triage.states import EntryState

WORKFLOW_ID_PREFIX: Final = "watchlist/"
LOOK_AGAIN: Final = "look_again"


def enrolment_workflow_id(entry_id: object) -> str:
    """The one workflow id of a watchlist entry."""
    return f"{WORKFLOW_ID_PREFIX}{entry_id}"


@dataclass(frozen=True, kw_only=True)
class EnrolmentStart:
    """Carry an entry from its proposal to its end. `reference` is its short name (W-1A2B3C4D)."""

    tenant_id: str
    entry_id: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class EntryRef:
    """One entry of one tenant: all that most activities need."""

    tenant_id: str
    entry_id: str


class EntryStep(StrEnum):
    """What the database says comes next. None of them approves: that is a person's transaction."""

    CHECK_IMAGES = "check_images"
    ENROL = "enrol"
    WAIT = "wait"
    DONE = "done"


@dataclass(frozen=True, kw_only=True)
class EntryStanding:
    """Where an entry stands and when to look again at the latest; None: when somebody says so."""

    state: EntryState
    step: EntryStep
    wake_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ImagesChecked:
    """Whether every picture passed; which did not and why is in the database."""

    passed: bool


@dataclass(frozen=True, kw_only=True)
class NoteEntry:
    """A step on the entry did not work in spite of its retries; `kind` is the kind of error, "" once it works."""

    tenant_id: str
    entry_id: str
    step: str
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class EnrolmentEnd:
    """How the entry ended."""

    state: EntryState
