"""The words of the audit chain: who acted, through what, on which thing.

Standard library only, so that every layer (pure code, workflows, admin) can name an event.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

# Events that belong to no tenant (a sign-in of nobody we know, a delivery from an unknown
# source) form a chain of their own under the nil UUID.
NO_TENANT: Final = UUID(int=0)

_OPAQUE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}")
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Channel(StrEnum):
    """Through which door an act came; the only field in which two equal acts may differ."""

    SCREEN = "screen"
    ADMIN = "admin"
    API = "api"
    ASSISTANT = "assistant"
    SYSTEM = "system"


class Event(StrEnum):
    """One vocabulary for everything that happened, was refused or was looked at."""

    ALERT_RECEIVED = "alert:received"
    ALERT_CLIP_STORED = "alert:clip_stored"
    ALERT_CLIP_REFUSED = "alert:clip_refused"
    ALERT_CLIP_PENDING = "alert:clip_pending"
    ALERT_ANALYSING = "alert:analysing"
    ALERT_ANALYSED = "alert:analysed"
    ALERT_RECORD_CHAINED = "alert:record_chained"
    ALERT_RECORD_MISSING = (
        "alert:record_missing"  # it left analysis without its chained record: an alarm
    )
    ALERT_ROUTED = "alert:routed"
    ALERT_ARCHIVED = "alert:archived"
    ALERT_AUDIT_SAMPLED = "alert:audit_sampled"
    ALERT_MODEL_REVIEW = "alert:model_review"
    ALERT_STEP_FAILED = "alert:step_failed"
    ALERT_STEP_RECOVERED = "alert:step_recovered"
    ALERT_WORKFLOW_STARTED = "alert:workflow_started"
    ALERT_WORKFLOW_RESTARTED = "alert:workflow_restarted"
    ALERT_RESOLVED = "alert:resolved"
    ALERT_CORRECTED = "alert:corrected"
    ALERT_CONFLICTING_DELIVERY = "alert:conflicting_delivery"
    ALERT_VIEWED = "alert:viewed"
    ALERT_BLIND_JUDGED = "alert:blind_judged"  # before the machine's proposal was shown

    INTAKE_REFUSED = "intake:refused"

    TASK_OPENED = "task:opened"
    TASK_REMINDED = "task:reminded"
    TASK_REASSIGNED = "task:reassigned"
    TASK_ESCALATED = "task:escalated"
    TASK_SECOND_LOOK = "task:second_look_asked"
    TASK_CLAIMED = "task:claimed"
    TASK_RELEASED = "task:released"
    TASK_CLOSED = "task:closed"

    ITEM_JOINED = "item:joined"
    ITEM_LEAD_CHANGED = "item:lead_changed"
    ITEM_SPLIT = "item:split"
    ITEM_DECIDED = "item:decided"

    ATTEMPT_PREPARED = "attempt:prepared"
    ATTEMPT_SUBMITTED = "attempt:submitted"
    ATTEMPT_APPLIED = "attempt:applied"
    ATTEMPT_REFUSED = "attempt:refused"
    ATTEMPT_EXPIRED = "attempt:expired"

    CONFIRMATION_RECORDED = "confirmation:recorded"
    DISPOSITION_RECORDED = "disposition:recorded"
    DISPOSITION_SUPERSEDED = "disposition:superseded"
    INTERVENTION_RECORDED = "intervention:recorded"
    INTERVENTION_OUTCOME_RECORDED = "intervention:outcome_recorded"
    INTERVENTION_COMPLAINT_RECORDED = "intervention:complaint_recorded"
    INTERVENTION_COMPLAINT_SETTLED = "intervention:complaint_settled"
    INTERVENTION_CORRECTED = "intervention:corrected"
    INTERVENTION_VIEWED = "intervention:viewed"

    ALERT_NOTE_WRITTEN = "alert:note_written"
    ALERT_NOTE_REWRITTEN = "alert:note_rewritten"
    INCIDENT_OPENED = "incident:opened"
    INCIDENT_SUPERSEDED = "incident:superseded"
    CASE_OPENED = "case:opened"
    CASE_STATE_CHANGED = "case:state_changed"
    CASE_INCIDENT_LINKED = "case:incident_linked"
    CASE_NOTE_ADDED = "case:note_added"
    CASE_NOTE_CHANGED = "case:note_changed"
    CASE_TASK_ADDED = "case:task_added"
    CASE_TASK_PLANNED = "case:task_planned"
    CASE_TASK_DONE = "case:task_done"
    CASE_TASK_REOPENED = "case:task_reopened"
    CASE_OFFENCE_SET = "case:offence_set"
    CASE_PERSON_ADDED = "case:person_added"
    CASE_PERSON_REMOVED = "case:person_removed"
    CASE_PERSON_FORGOTTEN = "case:person_forgotten"
    CASE_ALERT_LINKED = "case:alert_linked"
    CASE_ALERT_UNLINKED = "case:alert_unlinked"
    CASE_LINKED = "case:linked"
    CASE_UNLINKED = "case:unlinked"
    CASE_MERGED = "case:merged"
    CASE_SPLIT = "case:split"
    CASE_MERGE_UNDONE = "case:merge_undone"
    CASE_ASSIGNED = "case:assigned"
    CASE_VIEWED = "case:viewed"
    CASE_FILE_REQUESTED = "case_file:requested"
    CASE_FILE_WRITTEN = "case_file:written"
    CASE_FILE_FAILED = "case_file:failed"
    CASE_FILE_RELEASED = "case_file:released"
    CASE_FILE_DOWNLOADED = "case_file:downloaded"
    CASE_FILE_WITHDRAWN = "case_file:withdrawn"
    CASE_FILE_EXPIRED = "case_file:expired"
    CASE_FILE_REMOVED = "case_file:removed"
    CASE_FILE_RECIPIENT_TOLD = "case_file:recipient_told"

    EVIDENCE_ACQUIRED = "evidence:acquired"
    EVIDENCE_DERIVED = "evidence:derived"
    EVIDENCE_DELETED = "evidence:deleted"
    EVIDENCE_VIEWED = "evidence:viewed"
    EVIDENCE_EXPORTED = "evidence:exported"
    EVIDENCE_CHECKED = "evidence:checked"
    EVIDENCE_SWEPT = "evidence:swept"
    EVIDENCE_HELD = "evidence:held"
    EVIDENCE_HOLD_RELEASED = "evidence:hold_released"
    EVIDENCE_DIGEST_MISMATCH = "evidence:digest_mismatch"
    RETENTION_DRAFTED = "retention:drafted"
    RETENTION_ACTIVATED = "retention:activated"
    RETENTION_DISCARDED = "retention:discarded"
    RETENTION_TRIED = "retention:tried"
    RETENTION_RAN = "retention:ran"
    RECORDING_DELETED = "recording:deleted"
    EXHIBIT_SEALED = "exhibit:sealed"
    EXHIBIT_VIEWED = "exhibit:viewed"
    EXHIBIT_DOWNLOADED = "exhibit:downloaded"
    CLIP_VIEWED = "clip:viewed"
    CLIP_PLAYED = "clip:played"
    CLIP_REVEALED = "clip:revealed"
    CLIP_COVERED = "clip:covered"
    CLIP_BLURRED = "clip:blurred"
    CLIP_EXPLAINED = "clip:explained"
    CLIP_BEFORE_CUT = "clip:before_cut"
    RECORDING_REGISTERED = "recording:registered"
    DOSSIER_REQUESTED = "dossier:requested"
    DOSSIER_RENDERED = "dossier:rendered"
    DOSSIER_CHECKED = "dossier:checked"
    DOSSIER_VIEWED = "dossier:viewed"

    WATCHLIST_GATE_CHANGED = "watchlist:gate_changed"
    ENTRY_PROPOSED = "watchlist_entry:proposed"
    ENTRY_CHECKED = "watchlist_entry:checked"
    ENTRY_APPROVED = "watchlist_entry:approved"
    ENTRY_REFUSED = "watchlist_entry:refused"
    ENTRY_RENEWED = "watchlist_entry:renewed"
    ENTRY_REVIEW_DUE = "watchlist_entry:review_due"
    ENTRY_DISABLED = "watchlist_entry:disabled"
    ENTRY_SUSPENDED = "watchlist_entry:suspended"
    ENTRY_EXPIRED = "watchlist_entry:expired"
    ENTRY_ERASED = "watchlist_entry:erased"
    ENTRY_ENROLLED = "watchlist_entry:enrolled"
    ENTRY_RENEWAL_PROPOSED = "watchlist_entry:renewal_proposed"
    ENTRY_RENEWAL_REFUSED = "watchlist_entry:renewal_refused"
    ENTRY_OBJECTION_RECEIVED = "watchlist_entry:objection_received"
    ENTRY_OBJECTION_DECIDED = "watchlist_entry:objection_decided"
    ENTRY_WORKFLOW_STARTED = "watchlist_entry:workflow_started"
    ENTRY_VIEWED = "watchlist_entry:viewed"
    ENTRY_IMAGE_VIEWED = "watchlist_entry:image_viewed"
    FACES_COMPARED = "faces:compared"
    LEAD_RAISED = "sighting_lead:raised"
    LEAD_VIEWED = "sighting_lead:viewed"
    LEAD_JUDGED = "sighting_lead:judged"
    LEAD_CLOSED = "sighting_lead:closed"
    SIGHTING_CONFIRMED = "sighting:confirmed"
    PERSON_HISTORY_VIEWED = "sighting:history_viewed"

    REPORT_DRAFTED = "report:drafted"
    REPORT_EDITED = "report:edited"
    REPORT_REDRAFTED = "report:redrafted"
    REPORT_SIGNED = "report:signed"
    REPORT_SUPERSEDED = "report:superseded"
    REPORT_WITHDRAWN = "report:withdrawn"
    REPORT_RENDERED = "report:rendered"
    REPORT_VIEWED = "report:viewed"

    PERSON_ADDED = "person:added"
    PERSON_RENAMED = "person:renamed"
    PERSON_VIEWED = "person:viewed"
    PERSON_KEY_DESTROYED = "person:key_destroyed"
    SUBJECT_REQUEST_RECEIVED = "subject_request:received"
    SUBJECT_REQUEST_IDENTIFIED = "subject_request:identified"
    SUBJECT_REQUEST_EXTENDED = "subject_request:extended"
    SUBJECT_REQUEST_VIEWED = "subject_request:viewed"
    SUBJECT_REQUEST_SEARCHED = "subject_request:searched"
    SUBJECT_REQUEST_FOUND = "subject_request:found"
    SUBJECT_REQUEST_FINDING_JUDGED = "subject_request:finding_judged"
    SUBJECT_REQUEST_PREPARED = "subject_request:prepared"
    SUBJECT_REQUEST_PACKAGE_WRITTEN = "subject_request:package_written"
    SUBJECT_REQUEST_PACKAGE_FAILED = "subject_request:package_failed"
    SUBJECT_REQUEST_PACKAGE_FETCHED = "subject_request:package_fetched"
    SUBJECT_REQUEST_PACKAGE_REMOVED = "subject_request:package_removed"
    SUBJECT_REQUEST_APPROVED = "subject_request:approved"
    SUBJECT_REQUEST_RETURNED = "subject_request:returned"
    SUBJECT_REQUEST_DISCLOSED = "subject_request:disclosed"
    SUBJECT_REQUEST_REFUSED = "subject_request:refused"
    SUBJECT_REQUEST_ANSWERED = "subject_request:answered"
    SUBJECT_REQUEST_DUE = "subject_request:due"
    ERASURE_ASKED = "erasure:asked"
    ERASURE_REFUSED = "erasure:refused"
    ERASURE_EXECUTED = "erasure:executed"
    ERASURE_CONTINUED = "erasure:continued"
    ERASURE_COMPLETED = "erasure:completed"
    ERASURE_RECIPIENT_TOLD = "erasure:recipient_told"
    ACCESS_LOG_VIEWED = "access_log:viewed"
    ACCESS_LOG_EXPORTED = "access_log:exported"

    ACCESS_DENIED = "access:denied"
    ACCESS_SIGNED_IN = "access:signed_in"
    ACCESS_SIGNED_OUT = "access:signed_out"
    ACCESS_SIGN_IN_FAILED = "access:sign_in_failed"
    ACCESS_REAUTHENTICATED = "access:reauthenticated"
    ACCESS_REAUTHENTICATION_FAILED = "access:reauthentication_failed"
    ACCESS_CREDENTIAL_CHANGED = "access:credential_changed"

    TENANT_CREATED = "tenant:created"
    TENANT_CHANGED = "tenant:changed"
    USER_CREATED = "user:created"
    USER_CHANGED = "user:changed"
    USER_DEACTIVATED = "user:deactivated"
    USER_TRAINED = "user:trained"
    USER_TRAINING_REVOKED = "user:training_revoked"
    GRANT_CHANGED = "grant:changed"
    SETTINGS_CHANGED = "settings:changed"
    COST_MODEL_CHANGED = "cost_model:changed"
    POLICY_CHANGED = "policy:changed"
    POLICY_DRAFTED = "policy:drafted"
    BACKTEST_STARTED = "backtest:started"
    RELIABILITY_REFRESHED = "reliability:refreshed"
    HISTORY_IMPORTED = "history:imported"
    FAIRNESS_SAMPLE_IMPORTED = "fairness:sample_imported"
    FAIRNESS_ALARM_RAISED = "fairness:alarm_raised"
    FAIRNESS_ALARM_CLOSED = "fairness:alarm_closed"
    TRAINING_EXPORTED = "training:exported"
    SOURCE_CREATED = "source:created"
    SOURCE_CHANGED = "source:changed"
    SOURCE_SECRET_ROTATED = "source:secret_rotated"  # noqa: S105 - the name of an event
    SITE_CREATED = "site:created"
    SITE_CHANGED = "site:changed"
    CAMERA_CREATED = "camera:created"
    CAMERA_CHANGED = "camera:changed"
    CAMERAS_LINKED = "camera:linked"
    CAMERAS_UNLINKED = "camera:unlinked"
    ZONE_CREATED = "zone:created"
    ZONE_CHANGED = "zone:changed"
    ZONE_REMOVED = "zone:removed"
    ROSTER_CHANGED = "roster:changed"
    CAMERA_PICTURE_CHANGED = "camera:picture_changed"
    CAMERAS_PLACED = "site:cameras_placed"  # where they hang on the site's plan
    SITE_PLAN_CHANGED = "site:plan_changed"
    WEBHOOK_CREATED = "webhook:created"
    WEBHOOK_CHANGED = "webhook:changed"
    WEBHOOK_SECRET_ROTATED = "webhook:secret_rotated"  # noqa: S105 - the name of an event
    WEBHOOK_PINGED = "webhook:pinged"
    WEBHOOK_DELIVERED = "webhook:delivered"
    WEBHOOK_GIVEN_UP = "webhook:given_up"
    WEBHOOK_PAUSED = "webhook:paused"
    WEBHOOK_RETRIED = "webhook:retried"

    MACHINE_STOPPED = "machine:stopped"
    MACHINE_RESUMED = "machine:resumed"
    RISK_REGISTER_CHANGED = "risk_register:changed"
    RISK_REVIEW_DUE = "risk_register:review_due"
    SYSTEM_CARD_VERSIONED = "system_card:versioned"
    NOTICE_PUBLISHED = "notice:published"
    NOTICE_RENDERED = "notice:rendered"
    SYSTEM_INCIDENT_REPORTED = "system_incident:reported"
    SYSTEM_INCIDENT_MOVED = "system_incident:moved"
    SYSTEM_INCIDENT_DUE = "system_incident:due"
    SYSTEM_INCIDENT_VIEWED = "system_incident:viewed"
    RECORDS_EXPORT_REQUESTED = "records_export:requested"
    RECORDS_EXPORT_WRITTEN = "records_export:written"
    RECORDS_EXPORT_FAILED = "records_export:failed"
    RECORDS_EXPORT_DOWNLOADED = "records_export:downloaded"
    TECHNICAL_FILE_WRITTEN = "technical_file:written"

    VIEW_SAVED = "saved_view:saved"
    VIEW_DELETED = "saved_view:deleted"
    NOTIFICATIONS_READ = "notifications:read"
    NOTIFICATIONS_CHOSEN = "notifications:chosen"

    AUDIT_CHECK_ASKED = "audit:check_asked"
    AUDIT_CHECK_ENDED = "audit:check_ended"
    AUDIT_SEARCHED = "audit:searched"

    OPERATIONS_ACTED = "operations:acted"  # something was changed through Temporal's UI

    RECORD_CREATED = "record:created"
    RECORD_CHANGED = "record:changed"
    RECORD_DELETED = "record:deleted"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acted: the person (or None for the system), the role used, and through what.

    ``session`` is an opaque reference (never the session key itself), "" when there is none.
    Raises ValueError for a role or session that could carry free text.
    """

    tenant_id: UUID
    user_id: UUID | int | None
    role: str
    channel: Channel
    session: str = ""

    def __post_init__(self) -> None:
        if not _WORD.fullmatch(self.role):
            raise ValueError(f"a role is one lower-case word, not {self.role!r}")
        if self.session and not _OPAQUE.fullmatch(self.session):
            raise ValueError("a session reference is opaque: letters, digits and ._:/- only")

    @classmethod
    def system(cls, tenant_id: UUID = NO_TENANT) -> "Actor":
        """Return the actor of timers, sweepers and workflows."""
        return cls(tenant_id=tenant_id, user_id=None, role="system", channel=Channel.SYSTEM)


@dataclass(frozen=True)
class Subject:
    """The thing acted upon: a kind (one of design.md's words) and an opaque id."""

    kind: str
    id: UUID | int | str

    def __post_init__(self) -> None:
        if not _WORD.fullmatch(self.kind):
            raise ValueError(f"a subject's kind is one lower-case word, not {self.kind!r}")
        if not _OPAQUE.fullmatch(str(self.id)):
            raise ValueError("a subject's id is opaque: letters, digits and ._:/- only")

    def __iter__(self) -> Iterator[str]:
        """Yield kind and id as text."""
        yield self.kind
        yield str(self.id)
