"""The story of a thing in words: its audit events, oldest first, with people's names in place of ids."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext, gettext_noop

from apps.accounts.models import User
from apps.alerts.models import Alert
from apps.audit.events import Event, Subject
from apps.audit.queries import AuditEvent, events_of
from apps.cases.models import Case
from apps.reviews.overrides import override_words
from apps.triage.states import AlertState

# While an alert waits to be judged blind, these would give the machine's verdict away.
TELLING = {Event.ALERT_ROUTED, Event.ALERT_ARCHIVED, Event.ALERT_AUDIT_SAMPLED}

# Roles behind which no person stands.
MACHINES = {"system": "Second Look", "detector": gettext_noop("the detector")}

WORDS: dict[str, tuple[str, str]] = {
    Event.ALERT_RECEIVED: ("inbox", gettext_noop("Alert received")),
    Event.ALERT_CLIP_STORED: ("video", gettext_noop("Clip stored and hashed")),
    Event.ALERT_CLIP_REFUSED: ("video-off", gettext_noop("Clip refused")),
    Event.ALERT_CLIP_PENDING: ("clock", gettext_noop("Clip pending")),
    Event.ALERT_ANALYSING: ("scan-search", gettext_noop("Analysis started")),
    Event.ALERT_ANALYSED: ("scan-search", gettext_noop("Analysed")),
    Event.ALERT_RECORD_CHAINED: ("link", gettext_noop("Assessment recorded in the chain")),
    Event.ALERT_RECORD_MISSING: (
        "triangle-alert",
        gettext_noop("Left analysis without its chained record"),
    ),
    Event.ALERT_ROUTED: ("arrow-right", gettext_noop("Routed by triage")),
    Event.ALERT_ARCHIVED: ("archive", gettext_noop("Archived by triage")),
    Event.ALERT_AUDIT_SAMPLED: ("list-checks", gettext_noop("Drawn for a random audit")),
    Event.ALERT_MODEL_REVIEW: ("scan-search", gettext_noop("Sent to model review")),
    Event.ALERT_STEP_FAILED: ("triangle-alert", gettext_noop("A step failed")),
    Event.ALERT_STEP_RECOVERED: ("circle-check", gettext_noop("The step succeeded")),
    Event.ALERT_WORKFLOW_STARTED: ("activity", gettext_noop("Workflow started")),
    Event.ALERT_WORKFLOW_RESTARTED: ("activity", gettext_noop("Workflow started again")),
    Event.ALERT_RESOLVED: ("circle-check", gettext_noop("Resolved")),
    Event.ALERT_CORRECTED: ("refresh-cw", gettext_noop("Corrected")),
    Event.ALERT_CONFLICTING_DELIVERY: (
        "triangle-alert",
        gettext_noop("Conflicting second delivery refused"),
    ),
    Event.ALERT_NOTE_WRITTEN: ("file-text", gettext_noop("Note written")),
    Event.ALERT_NOTE_REWRITTEN: (
        "file-text",
        gettext_noop("Note rewritten; the old wording is kept"),
    ),
    Event.ALERT_VIEWED: ("eye", gettext_noop("Alert opened")),
    Event.CLIP_VIEWED: ("video", gettext_noop("Clip handed to the player")),
    Event.CLIP_PLAYED: ("play", gettext_noop("Clip played")),
    Event.CLIP_BLURRED: ("eye", gettext_noop("Copy with faces blurred made")),
    Event.CLIP_REVEALED: ("eye", gettext_noop("Faces revealed to this person")),
    Event.CLIP_COVERED: ("eye", gettext_noop("Faces covered again")),
    Event.TASK_OPENED: ("list-checks", gettext_noop("Human task opened")),
    Event.TASK_REMINDED: ("bell-ring", gettext_noop("Reminder sent: task overdue")),
    Event.TASK_REASSIGNED: ("users", gettext_noop("Task handed to somebody else")),
    Event.TASK_ESCALATED: ("bell-ring", gettext_noop("A lead was asked")),
    Event.TASK_CLAIMED: ("circle-user", gettext_noop("Task taken")),
    Event.TASK_RELEASED: ("circle-user", gettext_noop("Task given back")),
    Event.TASK_CLOSED: ("list-checks", gettext_noop("Task closed")),
    Event.ITEM_JOINED: ("users", gettext_noop("Joined with alerts of the same happening")),
    Event.ITEM_LEAD_CHANGED: ("arrow-right", gettext_noop("Stands for the item now")),
    Event.ITEM_SPLIT: ("refresh-cw", gettext_noop("Split from the item")),
    Event.ITEM_DECIDED: ("circle-check", gettext_noop("Item decided")),
    Event.ATTEMPT_PREPARED: ("key-round", gettext_noop("Decision prepared")),
    Event.ATTEMPT_SUBMITTED: ("key-round", gettext_noop("Decision submitted")),
    Event.ATTEMPT_APPLIED: ("circle-check", gettext_noop("Decision applied")),
    Event.ATTEMPT_REFUSED: ("ban", gettext_noop("Decision refused")),
    Event.ATTEMPT_EXPIRED: ("hourglass", gettext_noop("Decision expired unused")),
    Event.CONFIRMATION_RECORDED: ("circle-check", gettext_noop("Confirmation recorded")),
    Event.DISPOSITION_RECORDED: ("circle-check", gettext_noop("Disposition recorded")),
    Event.DISPOSITION_SUPERSEDED: ("refresh-cw", gettext_noop("Disposition superseded")),
    Event.ALERT_BLIND_JUDGED: ("eye", gettext_noop("Judged before the proposal was shown")),
    Event.INTERVENTION_RECORDED: ("handshake", gettext_noop("Act on the floor authorised")),
    Event.INTERVENTION_OUTCOME_RECORDED: (
        "handshake",
        gettext_noop("Outcome on the floor recorded"),
    ),
    Event.INTERVENTION_COMPLAINT_RECORDED: ("circle-alert", gettext_noop("Complaint recorded")),
    Event.INTERVENTION_COMPLAINT_SETTLED: ("scale", gettext_noop("Complaint settled")),
    Event.INTERVENTION_CORRECTED: (
        "refresh-cw",
        gettext_noop("Record of an intervention corrected"),
    ),
    Event.INTERVENTION_VIEWED: ("eye", gettext_noop("Intervention opened")),
    Event.INCIDENT_OPENED: ("flag", gettext_noop("Incident opened")),
    Event.INCIDENT_SUPERSEDED: (
        "refresh-cw",
        gettext_noop("Confirmation taken back: the incident is superseded"),
    ),
    Event.CASE_OPENED: ("briefcase", gettext_noop("Case opened")),
    Event.CASE_STATE_CHANGED: ("arrow-right", gettext_noop("Case moved on")),
    Event.CASE_ASSIGNED: ("circle-user", gettext_noop("Case given to somebody")),
    Event.CASE_NOTE_ADDED: ("file-text", gettext_noop("Note written")),
    Event.CASE_NOTE_CHANGED: ("file-text", gettext_noop("Note rewritten; the old wording is kept")),
    Event.CASE_TASK_ADDED: ("list-checks", gettext_noop("Task added")),
    Event.CASE_TASK_PLANNED: ("clock", gettext_noop("Task planned")),
    Event.CASE_TASK_DONE: ("circle-check", gettext_noop("Task done")),
    Event.CASE_TASK_REOPENED: ("refresh-cw", gettext_noop("Task opened again")),
    Event.CASE_OFFENCE_SET: ("flag", gettext_noop("Kind of offence set, its checklist added")),
    Event.CASE_PERSON_ADDED: ("users", gettext_noop("Somebody added to the case")),
    Event.CASE_PERSON_REMOVED: ("users", gettext_noop("Somebody taken off the case")),
    Event.CASE_PERSON_FORGOTTEN: ("users", gettext_noop("Texts about a person erased")),
    Event.CASE_ALERT_LINKED: ("link", gettext_noop("Related alert linked")),
    Event.CASE_ALERT_UNLINKED: ("link", gettext_noop("Link to an alert taken back")),
    Event.CASE_LINKED: ("link", gettext_noop("Linked with another case")),
    Event.CASE_UNLINKED: ("link", gettext_noop("Link with another case taken back")),
    Event.CASE_MERGED: ("layers", gettext_noop("Cases merged")),
    Event.CASE_SPLIT: ("layers", gettext_noop("Incidents taken into another case")),
    Event.CASE_MERGE_UNDONE: ("layers", gettext_noop("Merge undone")),
    Event.CASE_VIEWED: ("eye", gettext_noop("Case opened on screen")),
    Event.EVIDENCE_ACQUIRED: ("package-check", gettext_noop("Evidence acquired")),
    Event.EVIDENCE_DERIVED: ("file-check", gettext_noop("Working copy derived")),
    Event.EVIDENCE_HELD: ("lock-keyhole", gettext_noop("Hold placed: nothing of it is deleted")),
    Event.EVIDENCE_HOLD_RELEASED: ("key-round", gettext_noop("Hold released")),
    Event.EVIDENCE_DELETED: ("archive", gettext_noop("Deleted when its period was over")),
    Event.EVIDENCE_VIEWED: ("eye", gettext_noop("Evidence handed out to be seen")),
    Event.EVIDENCE_EXPORTED: ("package-check", gettext_noop("Evidence put into a case file")),
    Event.EVIDENCE_CHECKED: (
        "shield-check",
        gettext_noop("Read again and compared with its digest"),
    ),
    Event.EVIDENCE_DIGEST_MISMATCH: (
        "triangle-alert",
        gettext_noop("Evidence is not as it was acquired"),
    ),
    Event.EXHIBIT_SEALED: ("lock-keyhole", gettext_noop("Exhibit sealed")),
    Event.EXHIBIT_VIEWED: ("eye", gettext_noop("Exhibit viewed")),
    Event.EXHIBIT_DOWNLOADED: ("download", gettext_noop("Exhibit downloaded")),
    Event.DOSSIER_REQUESTED: ("file-text", gettext_noop("Dossier asked for")),
    Event.DOSSIER_RENDERED: ("file-text", gettext_noop("Dossier rendered")),
    Event.DOSSIER_CHECKED: (
        "circle-check",
        gettext_noop("Dossier checked against register, signature and chain"),
    ),
    Event.DOSSIER_VIEWED: ("file-text", gettext_noop("Dossier viewed")),
}


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One line of a history; `index` is its place in the audit chain, None while it waits for one."""

    at: datetime
    icon: str
    words: str
    who: str
    role: str
    channel: str
    reason: str
    index: int | None


def history_of_alert(alert: Alert) -> list[Moment]:
    """Everything that happened to an alert, its tasks, attempts and evidence."""
    kinds = {
        "alert": [alert.id],
        "task": alert.tasks.values_list("id", flat=True),
        "attempt": alert.attempts.values_list("id", flat=True),
        "disposition": alert.dispositions.values_list("id", flat=True),
        "evidence_item": alert.evidence_items.values_list("id", flat=True),
    }
    hidden = TELLING if alert.sampled_blind and alert.state == AlertState.AWAITING_REVIEW else set()
    events = _events(alert.tenant_id, kinds)
    return _moments(events, hidden=hidden, proposal=alert.strategy)


def history_of_case(case: Case) -> list[Moment]:
    """Everything that happened to a case, its incidents and its exhibits."""
    exhibits = list(case.exhibits.values_list("id", "item_id"))
    kinds = {
        "case": [case.id],
        "incident": case.incidents.values_list("id", flat=True),
        "exhibit": [exhibit for exhibit, _ in exhibits],
        "evidence_item": [item for _, item in exhibits],
    }
    return _moments(_events(case.tenant_id, kinds), hidden=set())


def _events(tenant_id: UUID, kinds: dict[str, Iterable[UUID]]) -> list[AuditEvent]:
    subjects = [Subject(kind, str(id_)) for kind, ids in kinds.items() for id_ in ids]
    return events_of(tenant_id=tenant_id, subjects=subjects)


def _moments(events: list[AuditEvent], *, hidden: set[Event], proposal: str = "") -> list[Moment]:
    names = names_of(event.actor for event in events)
    return [
        _moment(event, names, proposal)
        for event in sorted(events, key=lambda event: event.occurred_at)
        if event.event not in hidden
    ]


def words_of(event: str) -> tuple[str, str]:
    """An event's icon and its words."""
    known = WORDS.get(event)
    return (known[0], gettext(known[1])) if known else ("circle-dashed", _plain(event))


def who_acted(event: AuditEvent, names: dict[str, str]) -> tuple[str, str]:
    """The person's name and the role used; for machines their name alone. `names` is of `names_of`."""
    who = names.get(event.actor) or gettext(
        MACHINES.get(event.role, gettext_noop("a former colleague"))
    )
    return who, "" if event.role in MACHINES else event.role.replace("_", " ")


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """The names of those among the actors who are people of this tenant."""
    ids = {actor for actor in actors if _is_uuid(actor)}
    return {str(user.id): user.display_name for user in User.objects.filter(id__in=ids)}


def _moment(event: AuditEvent, names: dict[str, str], proposal: str) -> Moment:
    icon, words = words_of(event.event)
    if event.event == Event.DISPOSITION_RECORDED:
        against = override_words(proposal, str(event.details.get("verdict", "")))
        words = f"{words}, {against}" if against else words
    played = event.details.get("viewed_ms")
    if event.event == Event.CONFIRMATION_RECORDED and isinstance(played, int):
        words = gettext("%(words)s, %(seconds)s s of the clip played") % {
            "words": words,
            "seconds": f"{played / 1000:.1f}",
        }
    who, role = who_acted(event, names)
    return Moment(
        at=event.occurred_at,
        icon=icon,
        words=words,
        who=who,
        role=role,
        channel=event.channel,
        reason=event.reason,
        index=event.index,
    )


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _plain(event: str) -> str:
    kind, _, act = event.partition(":")
    return f"{kind.capitalize()} {act.replace('_', ' ')}"
