"""The story of a thing in words: its audit events, oldest first, with people's names in place of ids."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

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
MACHINES = {"system": "Second Look", "detector": "the detector"}

WORDS: dict[str, tuple[str, str]] = {
    Event.ALERT_RECEIVED: ("inbox", "Alert received"),
    Event.ALERT_CLIP_STORED: ("video", "Clip stored and hashed"),
    Event.ALERT_CLIP_REFUSED: ("video-off", "Clip refused"),
    Event.ALERT_CLIP_PENDING: ("clock", "Clip pending"),
    Event.ALERT_ANALYSING: ("scan-search", "Analysis started"),
    Event.ALERT_ANALYSED: ("scan-search", "Analysed"),
    Event.ALERT_RECORD_CHAINED: ("link", "Assessment recorded in the chain"),
    Event.ALERT_RECORD_MISSING: ("triangle-alert", "Left analysis without its chained record"),
    Event.ALERT_ROUTED: ("arrow-right", "Routed by triage"),
    Event.ALERT_ARCHIVED: ("archive", "Archived by triage"),
    Event.ALERT_AUDIT_SAMPLED: ("list-checks", "Drawn for a random audit"),
    Event.ALERT_MODEL_REVIEW: ("scan-search", "Sent to model review"),
    Event.ALERT_STEP_FAILED: ("triangle-alert", "A step failed"),
    Event.ALERT_STEP_RECOVERED: ("circle-check", "The step succeeded"),
    Event.ALERT_WORKFLOW_STARTED: ("activity", "Workflow started"),
    Event.ALERT_WORKFLOW_RESTARTED: ("activity", "Workflow started again"),
    Event.ALERT_RESOLVED: ("circle-check", "Resolved"),
    Event.ALERT_CORRECTED: ("refresh-cw", "Corrected"),
    Event.ALERT_CONFLICTING_DELIVERY: ("triangle-alert", "Conflicting second delivery refused"),
    Event.ALERT_VIEWED: ("eye", "Alert opened"),
    Event.CLIP_VIEWED: ("video", "Clip handed to the player"),
    Event.CLIP_PLAYED: ("play", "Clip played"),
    Event.CLIP_BLURRED: ("eye", "Copy with faces blurred made"),
    Event.CLIP_REVEALED: ("eye", "Faces revealed to this person"),
    Event.CLIP_COVERED: ("eye", "Faces covered again"),
    Event.TASK_OPENED: ("list-checks", "Human task opened"),
    Event.TASK_REMINDED: ("bell-ring", "Reminder sent: task overdue"),
    Event.TASK_REASSIGNED: ("users", "Task handed to somebody else"),
    Event.TASK_ESCALATED: ("bell-ring", "A lead was asked"),
    Event.TASK_CLAIMED: ("circle-user", "Task taken"),
    Event.TASK_RELEASED: ("circle-user", "Task given back"),
    Event.TASK_CLOSED: ("list-checks", "Task closed"),
    Event.ITEM_JOINED: ("users", "Joined with alerts of the same happening"),
    Event.ITEM_LEAD_CHANGED: ("arrow-right", "Stands for the item now"),
    Event.ITEM_SPLIT: ("refresh-cw", "Split from the item"),
    Event.ITEM_DECIDED: ("circle-check", "Item decided"),
    Event.ATTEMPT_PREPARED: ("key-round", "Decision prepared"),
    Event.ATTEMPT_SUBMITTED: ("key-round", "Decision submitted"),
    Event.ATTEMPT_APPLIED: ("circle-check", "Decision applied"),
    Event.ATTEMPT_REFUSED: ("ban", "Decision refused"),
    Event.ATTEMPT_EXPIRED: ("hourglass", "Decision expired unused"),
    Event.CONFIRMATION_RECORDED: ("circle-check", "Confirmation recorded"),
    Event.DISPOSITION_RECORDED: ("circle-check", "Disposition recorded"),
    Event.DISPOSITION_SUPERSEDED: ("refresh-cw", "Disposition superseded"),
    Event.ALERT_BLIND_JUDGED: ("eye", "Judged before the proposal was shown"),
    Event.INTERVENTION_RECORDED: ("handshake", "Act on the floor authorised"),
    Event.INTERVENTION_OUTCOME_RECORDED: ("handshake", "Outcome on the floor recorded"),
    Event.INTERVENTION_COMPLAINT_RECORDED: ("circle-alert", "Complaint recorded"),
    Event.INTERVENTION_COMPLAINT_SETTLED: ("scale", "Complaint settled"),
    Event.INTERVENTION_CORRECTED: ("refresh-cw", "Record of an intervention corrected"),
    Event.INTERVENTION_VIEWED: ("eye", "Intervention opened"),
    Event.INCIDENT_OPENED: ("flag", "Incident opened"),
    Event.INCIDENT_SUPERSEDED: (
        "refresh-cw",
        "Confirmation taken back: the incident is superseded",
    ),
    Event.CASE_OPENED: ("briefcase", "Case opened"),
    Event.CASE_STATE_CHANGED: ("arrow-right", "Case moved on"),
    Event.CASE_ASSIGNED: ("circle-user", "Case given to somebody"),
    Event.CASE_NOTE_ADDED: ("file-text", "Note written"),
    Event.CASE_NOTE_CHANGED: ("file-text", "Note rewritten; the old wording is kept"),
    Event.CASE_TASK_ADDED: ("list-checks", "Task added"),
    Event.CASE_TASK_PLANNED: ("clock", "Task planned"),
    Event.CASE_TASK_DONE: ("circle-check", "Task done"),
    Event.CASE_TASK_REOPENED: ("refresh-cw", "Task opened again"),
    Event.CASE_OFFENCE_SET: ("flag", "Kind of offence set, its checklist added"),
    Event.CASE_PERSON_ADDED: ("users", "Somebody added to the case"),
    Event.CASE_PERSON_REMOVED: ("users", "Somebody taken off the case"),
    Event.CASE_PERSON_FORGOTTEN: ("users", "Texts about a person erased"),
    Event.CASE_ALERT_LINKED: ("link", "Related alert linked"),
    Event.CASE_ALERT_UNLINKED: ("link", "Link to an alert taken back"),
    Event.CASE_LINKED: ("link", "Linked with another case"),
    Event.CASE_UNLINKED: ("link", "Link with another case taken back"),
    Event.CASE_MERGED: ("layers", "Cases merged"),
    Event.CASE_SPLIT: ("layers", "Incidents taken into another case"),
    Event.CASE_MERGE_UNDONE: ("layers", "Merge undone"),
    Event.CASE_VIEWED: ("eye", "Case opened on screen"),
    Event.EVIDENCE_ACQUIRED: ("package-check", "Evidence acquired"),
    Event.EVIDENCE_DERIVED: ("file-check", "Working copy derived"),
    Event.EVIDENCE_HELD: ("lock-keyhole", "Hold placed: nothing of it is deleted"),
    Event.EVIDENCE_HOLD_RELEASED: ("key-round", "Hold released"),
    Event.EVIDENCE_DELETED: ("archive", "Deleted when its period was over"),
    Event.EVIDENCE_VIEWED: ("eye", "Evidence handed out to be seen"),
    Event.EVIDENCE_EXPORTED: ("package-check", "Evidence put into a case file"),
    Event.EVIDENCE_CHECKED: ("shield-check", "Read again and compared with its digest"),
    Event.EVIDENCE_DIGEST_MISMATCH: ("triangle-alert", "Evidence is not as it was acquired"),
    Event.EXHIBIT_SEALED: ("lock-keyhole", "Exhibit sealed"),
    Event.EXHIBIT_VIEWED: ("eye", "Exhibit viewed"),
    Event.EXHIBIT_DOWNLOADED: ("download", "Exhibit downloaded"),
    Event.DOSSIER_REQUESTED: ("file-text", "Dossier asked for"),
    Event.DOSSIER_RENDERED: ("file-text", "Dossier rendered"),
    Event.DOSSIER_CHECKED: (
        "circle-check",
        "Dossier checked against register, signature and chain",
    ),
    Event.DOSSIER_VIEWED: ("file-text", "Dossier viewed"),
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
    return WORDS.get(event, ("circle-dashed", _plain(event)))


def who_acted(event: AuditEvent, names: dict[str, str]) -> tuple[str, str]:
    """The person's name and the role used; for machines their name alone. `names` is of `names_of`."""
    who = names.get(event.actor) or MACHINES.get(event.role, "a former colleague")
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
        words = f"{words}, {played / 1000:.1f} s of the clip played"
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
