"""What passes between a case file's workflow and its activities: ids and moments.

Standard library only. A field added later needs a default, so that recorded histories still replay.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from apps.triage.states import CaseFileState

WORKFLOW_ID_PREFIX: Final = "case-file/"
LOOK_AGAIN: Final = "look_again"


def case_file_workflow_id(file_id: object) -> str:
    """The one workflow id of a case file."""
    return f"{WORKFLOW_ID_PREFIX}{file_id}"


@dataclass(frozen=True, kw_only=True)
class CaseFileStart:
    """Carry a case file from its request to its end. `reference` is its short name (F-1A2B3C4D)."""

    tenant_id: str
    file_id: str
    reference: str


@dataclass(frozen=True, kw_only=True)
class CaseFileRef:
    """One case file of one tenant."""

    tenant_id: str
    file_id: str


class CaseFileStep(StrEnum):
    """What the database says comes next. None of them releases: that is a person's transaction."""

    WRITE = "write"
    REMOVE = "remove"
    WAIT = "wait"
    DONE = "done"


@dataclass(frozen=True, kw_only=True)
class CaseFileStanding:
    """Where a case file stands and when to look again at the latest; None: when somebody says so."""

    state: CaseFileState
    step: CaseFileStep
    wake_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class CaseFileEnd:
    """How the case file ended."""

    state: CaseFileState
