"""The work in a case: whose it is, its notes, its tasks, and the kind of offence it is about."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.audit.events import Actor, Event
from apps.cases.models import Case, CaseTask, Note, NoteVersion, TaskKind
from apps.cases.offences import offences
from apps.cases.operations.changing import UnableToChangeCase, lock_case, required, tell
from apps.people.operations import seal
from apps.sites.queries import allows


def assign_case(*, actor: Actor, case: Case, assignee: UUID | None, reason: str = "") -> None:
    """Give the case to somebody of its site, or to nobody. Raises UnableToChangeCase."""
    _check_worker(case, assignee)
    with transaction.atomic():
        lock_case(case)
        Case.objects.filter(id=case.id).update(assignee=assignee)
        tell(actor, Event.CASE_ASSIGNED, case, reason=reason, to=str(assignee or "nobody"))


def add_note(
    *,
    actor: Actor,
    case: Case,
    text: str,
    incident_id: UUID | None = None,
    person_id: UUID | None = None,
    now: datetime,
) -> Note:
    """Write a note, pinned to the case, one of its incidents or somebody in it (sealed under their key).

    Raises UnableToChangeCase.
    """
    text = required(text, "what there is to note")
    if incident_id and person_id:
        raise UnableToChangeCase(gettext("Pin the note to one thing: a happening or a person."))
    with transaction.atomic():
        locked = lock_case(case)
        incident = locked.incidents.filter(id=incident_id).first() if incident_id else None
        person = locked.people.filter(id=person_id, ended_at=None).first() if person_id else None
        if (incident_id and not incident) or (person_id and not person):
            raise UnableToChangeCase(gettext("What the note is pinned to is not in this case."))
        note = Note.objects.create(
            tenant_id=case.tenant_id,
            case=locked,
            incident=incident,
            person=person,
            written_by=person_of(actor),
            written_at=now,
        )
        _word(actor=actor, note=note, number=1, text=text, now=now)
        tell(actor, Event.CASE_NOTE_ADDED, case, written=str(note.id))
    return note


def edit_note(
    *, actor: Actor, case: Case, note_id: UUID, text: str, base: int, now: datetime
) -> NoteVersion:
    """Write the next wording; `base` is the number of the one that was edited. Raises UnableToChangeCase."""
    text = required(text, "what there is to note")
    with transaction.atomic():
        lock_case(case)
        note = Note.objects.filter(id=note_id, case=case).first()
        if note is None:
            raise UnableToChangeCase(gettext("The note is not in this case."))
        last = note.versions.aggregate(last=Max("number"))["last"]
        if last != base:
            raise UnableToChangeCase(
                gettext("Somebody else rewrote this note meanwhile. Read it first.")
            )
        version = _word(actor=actor, note=note, number=base + 1, text=text, now=now)
        tell(actor, Event.CASE_NOTE_CHANGED, case, written=str(note.id), version=base + 1)
    return version


def _word(*, actor: Actor, note: Note, number: int, text: str, now: datetime) -> NoteVersion:
    person = note.person.person if note.person else None
    if person and person.is_erased:
        raise UnableToChangeCase(
            gettext("This person's data was erased; nothing more is kept about them.")
        )
    return NoteVersion.objects.create(
        tenant_id=note.tenant_id,
        note=note,
        number=number,
        text="" if person else text,
        text_sealed=seal(person, text) if person else None,
        written_by=person_of(actor),
        written_at=now,
    )


def add_task(
    *,
    actor: Actor,
    case: Case,
    title: str,
    due_at: datetime | None = None,
    assignee: UUID | None = None,
    now: datetime,
) -> CaseTask:
    """Add something to be done. Raises UnableToChangeCase."""
    title = required(title, "what is to be done")
    _check_worker(case, assignee)
    with transaction.atomic():
        task = CaseTask.objects.create(
            tenant_id=case.tenant_id,
            case=lock_case(case),
            title=title,
            due_at=due_at,
            assignee=assignee,
            made_by=person_of(actor),
            made_at=now,
        )
        given = str(assignee or "nobody")
        tell(actor, Event.CASE_TASK_ADDED, case, task=str(task.id), to=given)
    return task


def plan_task(
    *,
    actor: Actor,
    case: Case,
    task_id: UUID,
    due_at: datetime | None,
    assignee: UUID | None,
) -> None:
    """Say when an open task is due and whose it is; None: no end, nobody. Raises UnableToChangeCase."""
    _check_worker(case, assignee)
    with transaction.atomic():
        lock_case(case)
        waiting = CaseTask.objects.filter(id=task_id, case=case, done_at__isnull=True)
        if waiting.update(due_at=due_at, assignee=assignee) != 1:
            raise UnableToChangeCase(
                gettext("The task is not open any more. Look at the case again.")
            )
        due = due_at.isoformat() if due_at else "open"
        given = str(assignee or "nobody")
        tell(actor, Event.CASE_TASK_PLANNED, case, task=str(task_id), to=given, due=due)


def set_task_done(
    *, actor: Actor, case: Case, task_id: UUID, done: bool, reason: str = "", now: datetime
) -> None:
    """Mark a task done, or open again. Raises UnableToChangeCase when somebody else was faster."""
    with transaction.atomic():
        lock_case(case)
        waiting = CaseTask.objects.filter(id=task_id, case=case, done_at__isnull=done)
        by, at = (person_of(actor), now) if done else (None, None)
        if waiting.update(done_by=by, done_at=at) != 1:
            raise UnableToChangeCase(
                gettext("The task is not as you saw it. Look at the case again.")
            )
        event = Event.CASE_TASK_DONE if done else Event.CASE_TASK_REOPENED
        tell(actor, event, case, reason=reason, task=str(task_id))


def set_offence(
    *, actor: Actor, case: Case, offence: str, fields: Mapping[str, str], now: datetime
) -> None:
    """Say what kind of offence it is: its checklist is added once, its fields are kept. Raises UnableToChangeCase."""
    kind = offences().get(offence)
    if kind is None:
        raise UnableToChangeCase(gettext("There is no such kind of offence."))
    kept = {key: str(fields.get(key, "")).strip()[:300] for key in kind.fields}
    template = f"{kind.key}@{kind.version}"
    with transaction.atomic():
        locked = lock_case(case)
        Case.objects.filter(id=case.id).update(
            offence=kind.key, offence_version=kind.version, offence_fields=kept
        )
        if not locked.tasks.filter(template=template).exists():
            wanted = [(TaskKind.WORK, words) for words in kind.tasks]
            wanted += [(TaskKind.EXHIBIT, words) for words in kind.exhibits]
            CaseTask.objects.bulk_create(
                CaseTask(
                    tenant_id=case.tenant_id,
                    case=locked,
                    kind=task_kind,
                    title=words,
                    template=template,
                    made_by=person_of(actor),
                    made_at=now,
                )
                for task_kind, words in wanted
            )
        tell(actor, Event.CASE_OFFENCE_SET, case, offence=kind.key, version=kind.version)


def _check_worker(case: Case, user_id: UUID | None) -> None:
    if user_id is None:
        return
    user = User.objects.filter(id=user_id, tenant_id=case.tenant_id, is_active=True).first()
    if user is None or not allows(user, Permission.EDIT_CASES, case.site_id):
        raise UnableToChangeCase(gettext("This person does not work on cases of this site."))


def person_of(actor: Actor) -> UUID:
    if actor.user_id is None:
        raise UnableToChangeCase(gettext("Only a person works on a case."))
    return UUID(str(actor.user_id))
