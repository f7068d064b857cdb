"""Every state machine of Second Look, each as one table.

The tables feed the code that moves a row (`Machine.require`), the database triggers (migrations read `transitions`), the
documentation and the tests. Standard library only: workflows import this module inside Temporal's sandbox.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Strategy(StrEnum):
    """What triage proposes to do with an alert. Only a person acts on it."""

    ESCALATE = "escalate"
    VERIFY = "verify"
    ARCHIVE = "archive"


class Verdict(StrEnum):
    """The person's disposition of an alert."""

    THEFT_CONFIRMED = "theft_confirmed"
    FALSE_ALARM = "false_alarm"
    INCONCLUSIVE = "inconclusive"
    BENIGN_EXPLAINED = "benign_explained"


class AlertState(StrEnum):
    RECEIVED = "received"
    ANALYSING = "analysing"
    AWAITING_REVIEW = "awaiting_review"
    ARCHIVED = "archived"
    MODEL_REVIEW = "model_review"
    RESOLVED = "resolved"


class ClipState(StrEnum):
    """Where an alert's footage is; an alert without a clip has no row. `refused` leaves the alert to a person."""

    PENDING = "pending"
    SPOOLED = "spooled"
    STORED = "stored"
    REFUSED = "refused"
    MISSING = "missing"
    DELETED = "deleted"


class CaseFileState(StrEnum):
    """An export of a case. `ready` is written and waits for an administrator to release it."""

    REQUESTED = "requested"
    READY = "ready"
    RELEASED = "released"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class TaskState(StrEnum):
    """A human task. Nothing here is ever reached because time has passed, except the reminders beside it."""

    OPEN = "open"
    DONE = "done"
    WITHDRAWN = "withdrawn"


class ItemState(StrEnum):
    """A review item. `dissolved`: its alerts were united with another item."""

    OPEN = "open"
    DECIDED = "decided"
    DISSOLVED = "dissolved"


class AttemptState(StrEnum):
    """A decision attempt: prepared by one request, submitted by the next, applied by the workflow."""

    PREPARED = "prepared"
    SUBMITTED = "submitted"
    APPLIED = "applied"
    REFUSED = "refused"
    EXPIRED = "expired"


class CaseState(StrEnum):
    OPEN = "open"
    UNDER_INVESTIGATION = "under_investigation"
    SUBMITTED_FOR_APPROVAL = "submitted_for_approval"
    APPROVED = "approved"
    REPORTED = "reported"
    CLOSED = "closed"
    REOPENED = "reopened"


class OutboxState(StrEnum):
    WAITING = "waiting"
    STARTED = "started"


class WebhookState(StrEnum):
    """An address of an integrator. `paused`: it failed too often, and a person has to switch it on again."""

    ACTIVE = "active"
    OFF = "off"
    PAUSED = "paused"


class DeliveryState(StrEnum):
    """One event on its way to one webhook. `given_up` can be sent again by a person."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class MailState(StrEnum):
    """A notification on its way to a person's mailbox. `dropped`: the person was no member any more."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


class EntryState(StrEnum):
    """A watchlist entry. Only a second person's confirmation makes it `active`; time can only end it."""

    PROPOSED = "proposed"
    CHECKING = "checking"
    AWAITING_APPROVAL = "awaiting_approval"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    DISABLED = "disabled"
    REFUSED = "refused"


class LeadState(StrEnum):
    """A sighting lead: two people judge it apart; `confirmed` only when both say the same person."""

    OPEN = "open"
    JUDGED_ONCE = "judged_once"
    CONFIRMED = "confirmed"
    CLOSED = "closed"


class ReportState(StrEnum):
    """A report or statement. Every wording is kept; `signed` binds one of them to the person whose it is."""

    DRAFT = "draft"
    EDITED = "edited"
    SIGNED = "signed"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class StopState(StrEnum):
    """A STOP of the machine. Only a person puts it in force, only a person lifts it."""

    IN_FORCE = "in_force"
    LIFTED = "lifted"


class RequestState(StrEnum):
    """A data subject's request. Preparing and approving (or erasing) are two people's acts."""

    RECEIVED = "received"
    SEARCHING = "searching"
    PREPARED = "prepared"
    APPROVED = "approved"
    DISCLOSED = "disclosed"
    ANSWERED = "answered"
    ERASED = "erased"
    REFUSED = "refused"


class EvidenceState(StrEnum):
    """An evidence item's bytes. `deleting` is decided and on its way; the row with its digests stays for good."""

    KEPT = "kept"
    DELETING = "deleting"
    DELETED = "deleted"


class HoldState(StrEnum):
    """A hold on evidence. Only a person puts it in force, only a person releases it."""

    IN_FORCE = "in_force"
    RELEASED = "released"


class RetentionState(StrEnum):
    """A version of a tenant's retention periods; one is active."""

    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"
    DISCARDED = "discarded"


class SystemIncidentState(StrEnum):
    """An incident of the system itself. `notified`: an authority was told; `closed` has findings."""

    OPEN = "open"
    NOTIFIED = "notified"
    CLOSED = "closed"


class RecordsExportState(StrEnum):
    """An archive of records: asked for, being written, and then there or not."""

    REQUESTED = "requested"
    WRITING = "writing"
    READY = "ready"
    FAILED = "failed"


class UnableToMove(Exception):
    """A row may not move between these two states."""


@dataclass(frozen=True)
class Machine:
    """A state machine: where rows may be born and where each state may lead."""

    name: str
    initial: frozenset[str]
    transitions: Mapping[str, frozenset[str]]

    def __post_init__(self) -> None:
        known = set(self.transitions)
        for targets in (self.initial, *self.transitions.values()):
            if not targets <= known:
                raise ValueError(
                    f"{self.name}: {sorted(targets - known)} are not states of the table"
                )

    @property
    def states(self) -> tuple[str, ...]:
        return tuple(self.transitions)

    @property
    def terminal(self) -> frozenset[str]:
        return frozenset(
            state for state, targets in self.transitions.items() if not targets - {state}
        )

    def allows(self, old: str, new: str) -> bool:
        return new in self.transitions[old]

    def require(self, old: str, new: str) -> None:
        """Raise `UnableToMove` unless the table has the arrow `old` → `new`."""
        if not self.allows(old, new):
            raise UnableToMove(f"{self.name}: {old} → {new} is not in the table")

    def sources_of(self, new: str) -> frozenset[str]:
        """The states from which `new` can be reached in one step."""
        return frozenset(old for old, targets in self.transitions.items() if new in targets)


def _machine(name: str, *, initial: set[str], arrows: Mapping[str, set[str]]) -> Machine:
    return Machine(
        name=name,
        initial=frozenset(map(str, initial)),
        transitions={str(old): frozenset(map(str, new)) for old, new in arrows.items()},
    )


ALERT = _machine(
    "alert",
    initial={AlertState.RECEIVED},
    arrows={
        AlertState.RECEIVED: {AlertState.ANALYSING},
        AlertState.ANALYSING: {
            AlertState.AWAITING_REVIEW,
            AlertState.ARCHIVED,
            AlertState.MODEL_REVIEW,
        },
        AlertState.AWAITING_REVIEW: {AlertState.RESOLVED},
        AlertState.ARCHIVED: {AlertState.AWAITING_REVIEW},
        AlertState.MODEL_REVIEW: {AlertState.AWAITING_REVIEW, AlertState.RESOLVED},
        AlertState.RESOLVED: {AlertState.RESOLVED},
    },
)

CLIP = _machine(
    "clip",
    initial={ClipState.PENDING, ClipState.SPOOLED},
    arrows={
        ClipState.PENDING: {
            ClipState.SPOOLED,
            ClipState.STORED,
            ClipState.REFUSED,
            ClipState.MISSING,
        },
        ClipState.SPOOLED: {ClipState.STORED, ClipState.REFUSED, ClipState.MISSING},
        ClipState.STORED: {ClipState.REFUSED, ClipState.DELETED},
        ClipState.DELETED: set(),
        ClipState.REFUSED: set(),
        ClipState.MISSING: {ClipState.SPOOLED},
    },
)

TASK = _machine(
    "human task",
    initial={TaskState.OPEN},
    arrows={
        TaskState.OPEN: {TaskState.DONE, TaskState.WITHDRAWN},
        TaskState.DONE: set(),
        TaskState.WITHDRAWN: set(),
    },
)

ITEM = _machine(
    "review item",
    initial={ItemState.OPEN},
    arrows={
        ItemState.OPEN: {ItemState.DECIDED, ItemState.DISSOLVED},
        ItemState.DECIDED: set(),
        ItemState.DISSOLVED: set(),
    },
)

ATTEMPT = _machine(
    "decision attempt",
    initial={AttemptState.PREPARED},
    arrows={
        AttemptState.PREPARED: {AttemptState.SUBMITTED, AttemptState.REFUSED, AttemptState.EXPIRED},
        AttemptState.SUBMITTED: {AttemptState.APPLIED, AttemptState.REFUSED, AttemptState.EXPIRED},
        AttemptState.APPLIED: set(),
        AttemptState.REFUSED: set(),
        AttemptState.EXPIRED: set(),
    },
)

CASE = _machine(
    "case",
    initial={CaseState.OPEN},
    arrows={
        CaseState.OPEN: {CaseState.UNDER_INVESTIGATION, CaseState.CLOSED},
        CaseState.UNDER_INVESTIGATION: {CaseState.SUBMITTED_FOR_APPROVAL, CaseState.CLOSED},
        CaseState.SUBMITTED_FOR_APPROVAL: {CaseState.APPROVED, CaseState.UNDER_INVESTIGATION},
        CaseState.APPROVED: {CaseState.REPORTED, CaseState.CLOSED},
        CaseState.REPORTED: {CaseState.CLOSED},
        CaseState.CLOSED: {CaseState.REOPENED},
        CaseState.REOPENED: {CaseState.UNDER_INVESTIGATION, CaseState.CLOSED},
    },
)

OUTBOX = _machine(
    "outbox entry",
    initial={OutboxState.WAITING},
    arrows={
        OutboxState.WAITING: {OutboxState.STARTED},
        OutboxState.STARTED: {OutboxState.WAITING},
    },
)

_ENTRY_ENDS = {EntryState.EXPIRED, EntryState.DISABLED}

ENTRY = _machine(
    "watchlist entry",
    initial={EntryState.PROPOSED},
    arrows={
        EntryState.PROPOSED: {EntryState.CHECKING, EntryState.REFUSED, EntryState.DISABLED},
        EntryState.CHECKING: {
            EntryState.AWAITING_APPROVAL,
            EntryState.REFUSED,
            EntryState.DISABLED,
        },
        EntryState.AWAITING_APPROVAL: {
            EntryState.ACTIVE,
            EntryState.REFUSED,
            EntryState.DISABLED,
        },
        EntryState.ACTIVE: {EntryState.SUSPENDED, *_ENTRY_ENDS},
        EntryState.SUSPENDED: {EntryState.ACTIVE, *_ENTRY_ENDS},
        EntryState.EXPIRED: set(),
        EntryState.DISABLED: set(),
        EntryState.REFUSED: set(),
    },
)

LEAD = _machine(
    "sighting lead",
    initial={LeadState.OPEN},
    arrows={
        LeadState.OPEN: {LeadState.JUDGED_ONCE, LeadState.CLOSED},
        LeadState.JUDGED_ONCE: {LeadState.CONFIRMED, LeadState.CLOSED},
        LeadState.CONFIRMED: set(),
        LeadState.CLOSED: set(),
    },
)

CASE_FILE = _machine(
    "case file",
    initial={CaseFileState.REQUESTED},
    arrows={
        CaseFileState.REQUESTED: {
            CaseFileState.READY,
            CaseFileState.FAILED,
            CaseFileState.WITHDRAWN,
        },
        CaseFileState.READY: {
            CaseFileState.RELEASED,
            CaseFileState.WITHDRAWN,
            CaseFileState.EXPIRED,
        },
        CaseFileState.RELEASED: {CaseFileState.WITHDRAWN, CaseFileState.EXPIRED},
        CaseFileState.FAILED: {CaseFileState.REQUESTED, CaseFileState.WITHDRAWN},
        CaseFileState.WITHDRAWN: set(),
        CaseFileState.EXPIRED: set(),
    },
)

REPORT = _machine(
    "report",
    initial={ReportState.DRAFT},
    arrows={
        ReportState.DRAFT: {ReportState.EDITED, ReportState.SIGNED, ReportState.WITHDRAWN},
        ReportState.EDITED: {ReportState.EDITED, ReportState.SIGNED, ReportState.WITHDRAWN},
        ReportState.SIGNED: {ReportState.SUPERSEDED, ReportState.WITHDRAWN},
        ReportState.SUPERSEDED: set(),
        ReportState.WITHDRAWN: set(),
    },
)

STOP = _machine(
    "stop",
    initial={StopState.IN_FORCE},
    arrows={StopState.IN_FORCE: {StopState.LIFTED}, StopState.LIFTED: set()},
)

SUBJECT_REQUEST = _machine(
    "subject request",
    initial={RequestState.RECEIVED},
    arrows={
        RequestState.RECEIVED: {RequestState.SEARCHING, RequestState.REFUSED},
        RequestState.SEARCHING: {
            RequestState.PREPARED,
            RequestState.ANSWERED,
            RequestState.REFUSED,
        },
        RequestState.PREPARED: {
            RequestState.SEARCHING,
            RequestState.APPROVED,
            RequestState.ERASED,
            RequestState.REFUSED,
        },
        RequestState.APPROVED: {RequestState.SEARCHING, RequestState.DISCLOSED},
        RequestState.DISCLOSED: set(),
        RequestState.ANSWERED: set(),
        RequestState.ERASED: set(),
        RequestState.REFUSED: set(),
    },
)

EVIDENCE = _machine(
    "evidence item",
    initial={EvidenceState.KEPT},
    arrows={
        EvidenceState.KEPT: {EvidenceState.DELETING},
        EvidenceState.DELETING: {EvidenceState.DELETED, EvidenceState.KEPT},
        EvidenceState.DELETED: set(),
    },
)

HOLD = _machine(
    "hold",
    initial={HoldState.IN_FORCE},
    arrows={HoldState.IN_FORCE: {HoldState.RELEASED}, HoldState.RELEASED: set()},
)

RETENTION = _machine(
    "retention rules",
    initial={RetentionState.DRAFT},
    arrows={
        RetentionState.DRAFT: {RetentionState.ACTIVE, RetentionState.DISCARDED},
        RetentionState.ACTIVE: {RetentionState.RETIRED},
        RetentionState.RETIRED: set(),
        RetentionState.DISCARDED: set(),
    },
)

SYSTEM_INCIDENT = _machine(
    "system incident",
    initial={SystemIncidentState.OPEN},
    arrows={
        SystemIncidentState.OPEN: {SystemIncidentState.NOTIFIED, SystemIncidentState.CLOSED},
        SystemIncidentState.NOTIFIED: {SystemIncidentState.CLOSED},
        SystemIncidentState.CLOSED: set(),
    },
)

RECORDS_EXPORT = _machine(
    "records export",
    initial={RecordsExportState.REQUESTED},
    arrows={
        RecordsExportState.REQUESTED: {RecordsExportState.WRITING},
        RecordsExportState.WRITING: {RecordsExportState.READY, RecordsExportState.FAILED},
        RecordsExportState.READY: set(),
        RecordsExportState.FAILED: {RecordsExportState.REQUESTED},
    },
)

WEBHOOK = _machine(
    "webhook",
    initial={WebhookState.ACTIVE},
    arrows={
        WebhookState.ACTIVE: {WebhookState.OFF, WebhookState.PAUSED},
        WebhookState.OFF: {WebhookState.ACTIVE},
        WebhookState.PAUSED: {WebhookState.ACTIVE, WebhookState.OFF},
    },
)

DELIVERY = _machine(
    "webhook delivery",
    initial={DeliveryState.WAITING},
    arrows={
        DeliveryState.WAITING: {DeliveryState.DELIVERED, DeliveryState.GIVEN_UP},
        DeliveryState.DELIVERED: {DeliveryState.WAITING},
        DeliveryState.GIVEN_UP: {DeliveryState.WAITING},
    },
)

NOTIFICATION_MAIL = _machine(
    "notification mail",
    initial={MailState.WAITING},
    arrows={
        MailState.WAITING: {MailState.SENT, MailState.FAILED, MailState.DROPPED},
        MailState.SENT: set(),
        MailState.FAILED: set(),
        MailState.DROPPED: set(),
    },
)

MACHINES = (
    ALERT,
    CLIP,
    TASK,
    ATTEMPT,
    CASE,
    OUTBOX,
    ENTRY,
    LEAD,
    CASE_FILE,
    REPORT,
    STOP,
    SUBJECT_REQUEST,
    EVIDENCE,
    HOLD,
    RETENTION,
    SYSTEM_INCIDENT,
    RECORDS_EXPORT,
    WEBHOOK,
    DELIVERY,
    NOTIFICATION_MAIL,
)
