"""What passes between workflows, activities and callers: ids and object keys, never media or personal data.

Standard library only: workflows import this module inside Temporal's sandbox, and every word of it can be read in the
Temporal UI. A field added later needs a default, so that recorded histories still replay.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from apps.triage.states import AlertState

WORKFLOW_ID_PREFIX: Final = "alert/"
DECIDE: Final = "decide"
CLIP_ARRIVED: Final = "clip_arrived"
RETRY_STEP: Final = "retry_step"
LOOK_AGAIN: Final = "look_again"
SETTLED_TOGETHER: Final = "settled_together"


def workflow_id(alert_id: object) -> str:
    """The one workflow id of an alert."""
    return f"{WORKFLOW_ID_PREFIX}{alert_id}"


@dataclass(frozen=True, kw_only=True)
class TriageStart:
    """Start an alert's triage. `reference` is its short name (A-1A2B3C4D); waits are in seconds."""

    tenant_id: str
    alert_id: str
    site_id: str
    reference: str
    clip_expected: bool = False
    clip_wait_seconds: int = 600


@dataclass(frozen=True, kw_only=True)
class AlertRef:
    """One alert of one tenant: all that most activities need."""

    tenant_id: str
    alert_id: str


class ClipStanding(StrEnum):
    """Where an alert's clip is, as far as the workflow has to know.

    `announced`: its sender still has it. `pending`: we have it, the object store does not.
    """

    NONE = "none"
    ANNOUNCED = "announced"
    PENDING = "pending"
    STORED = "stored"
    REFUSED = "refused"
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class AcquireClip:
    """Bring the clip to the object store; with `give_up` an announced clip that never came is written off."""

    tenant_id: str
    alert_id: str
    give_up: bool = False


@dataclass(frozen=True, kw_only=True)
class ClipFound:
    """`routed`: the alert has left analysis already, nobody waits for this clip."""

    standing: ClipStanding
    analysed: bool = False
    routed: bool = False


@dataclass(frozen=True, kw_only=True)
class Assess:
    """Assess and route. With `again` an alert that already waits for a person is assessed anew, and not moved.

    `with_clip` False saves looking for a clip that was never announced.
    """

    tenant_id: str
    alert_id: str
    again: bool = False
    with_clip: bool = True


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where an alert stands in the database: what a run, first or restarted, goes on from."""

    state: AlertState
    strategy: str = ""
    theft_confirmed: bool = False
    task_id: str = ""
    opened_at: datetime | None = None
    due_at: datetime | None = None
    reminded: bool = False
    reassigned: bool = False
    escalated: bool = False


class TaskStep(StrEnum):
    """What a service-level timer does to a human task. None of them decides anything."""

    REMIND = "remind"
    REASSIGN = "reassign"
    ESCALATE = "escalate"


@dataclass(frozen=True, kw_only=True)
class TakeTaskStep:
    """Remind, reassign or escalate, once for the moment `at`."""

    tenant_id: str
    alert_id: str
    task_id: str
    step: TaskStep
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Decide:
    """The Update `decide`: nothing but the id of an attempt that the database knows."""

    tenant_id: str
    alert_id: str
    attempt_id: str


@dataclass(frozen=True, kw_only=True)
class DecisionAnswer:
    """What became of an attempt: "applied" or why not, and whether the alert is decided now."""

    code: str
    resolved: bool = False
    theft_confirmed: bool = False


class Refusal(StrEnum):
    """Codes with which a run itself turns an Update away, before anything is written; `no_run`: there is none."""

    MALFORMED = "malformed"
    NOT_WAITING = "not_waiting"
    ALREADY_DECIDED = "already_decided"
    NO_RUN = "no_run"


class Stage(StrEnum):
    """What a run is doing, in the words of the Temporal UI and of the alert's page."""

    RECEIVED = "received"
    CLIP_ANNOUNCED = "waiting for the clip"
    CLIP_PENDING = "clip pending"
    ANALYSIS = "waiting for the analysis"
    ASSESSMENT = "assessing"
    REVIEW = "waiting for a person"
    ARCHIVED = "archived"
    CASE = "opening the case"
    SEALING = "sealing the exhibits"
    DOSSIER = "writing the dossier"
    DONE = "done"


@dataclass(frozen=True, kw_only=True)
class NoteStep:
    """Show what the workflow is doing, or which step failed and with what kind of error."""

    tenant_id: str
    alert_id: str
    stage: Stage
    failed_step: str = ""
    failed_kind: str = ""


@dataclass(frozen=True, kw_only=True)
class NoteFootage:
    """A step that looks closer at the clip did not work in spite of its retries; `kind` is the kind of error."""

    tenant_id: str
    alert_id: str
    step: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class CaseOpened:
    case_id: str


@dataclass(frozen=True, kw_only=True)
class SealExhibits:
    tenant_id: str
    alert_id: str
    case_id: str


@dataclass(frozen=True, kw_only=True)
class TriageEnd:
    """How a run ended: the alert's last state."""

    state: AlertState


class RunStatus(StrEnum):
    """What Temporal says of an alert's latest run."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TERMINATED = "terminated"
    TIMED_OUT = "timed_out"
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class RunState:
    status: RunStatus
    run_id: str = ""

    @property
    def has_vanished(self) -> bool:
        """Whether nothing carries this alert any more although nobody finished it."""
        return self.status not in (RunStatus.RUNNING, RunStatus.COMPLETED)
