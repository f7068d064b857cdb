"""What the page of a case shows of the work in it: people, notes, tasks, connections, acts and one timeline."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.permissions import Permission
from apps.audit.events import Event
from apps.cases.history import WORDS, Moment, history_of_case
from apps.cases.models import (
    Case,
    CaseAct,
    CasePerson,
    CaseRelation,
    CaseTask,
    Incident,
    Note,
    NoteVersion,
    PersonRole,
)
from apps.cases.offences import offences
from apps.cases.queries import is_overdue, links_of
from apps.people.operations import unseal
from apps.people.queries import ERASED, name_of
from apps.sites.queries import people_of_site
from apps.triage.vocabulary import label_words

FILTERS = (
    ("", _("Everything")),
    ("happened", _("What happened")),
    ("note", _("Notes")),
    ("task", _("Tasks")),
    ("record", _("Record")),
)
TOLD_BY_THEMSELVES = {
    WORDS[event][1]
    for event in (Event.CASE_NOTE_ADDED, Event.CASE_TASK_ADDED, Event.CASE_TASK_DONE)
}


@dataclass(frozen=True, kw_only=True)
class PersonCard:
    """Somebody in the case as this viewer may read them."""

    row: CasePerson
    called: str
    observed: str


@dataclass(frozen=True, kw_only=True)
class NoteCard:
    """A note: its wordings, oldest first, readable or said to be erased, and what it is pinned to."""

    id: UUID
    pin: str
    number: int
    text: str
    versions: list[tuple[NoteVersion, str]]
    written_by: UUID
    written_at: datetime


@dataclass(frozen=True, kw_only=True)
class TaskCard:
    """A task, and whether it is open after the moment it was due."""

    row: CaseTask
    is_overdue: bool


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the timeline; `alert_id` leads to its media."""

    at: datetime
    kind: str
    icon: str
    words: str
    by: UUID | None = None
    alert_id: UUID | None = None
    moment: Moment | None = None


def workbench_of(
    case: Case, *, may_view: bool, incidents: list[Incident], now: datetime
) -> dict[str, Any]:
    """People, notes and tasks; names and sealed words only for those who may view evidence."""
    people = case.people.filter(ended_at=None).select_related("person")
    first = F("due_at").asc(nulls_last=True)
    tasks = case.tasks.order_by(
        F("done_at").asc(nulls_first=True), first, "made_at", "kind", "title"
    )
    return {
        "people": [_person(row, may_view) for row in people],
        "notes": notes_of(case, may_view=may_view),
        "tasks": [TaskCard(row=one, is_overdue=is_overdue(one, now=now)) for one in tasks],
        "incidents": incidents,
        "offence": offences().get(case.offence),
        "offence_facts": _facts(case),
        "offences": offences().values(),
        "roles": PersonRole.choices,
        "workers": people_of_site(case.site, Permission.EDIT_CASES),
    }


def related_to(case: Case) -> dict[str, Any]:
    """The alerts and cases linked with a case, and the merges and splits it took part in."""
    acts = CaseAct.objects.filter(Q(source=case) | Q(target=case))
    return {
        "alert_links": list(case.alert_links.filter(ended_at=None).select_related("alert__camera")),
        "case_links": links_of(case),
        "acts": list(acts.select_related("source", "target")),
        "relations": CaseRelation.choices,
    }


def timeline_of(case: Case, *, may_view: bool, shown: str) -> dict[str, Any]:
    """One timeline of what happened, was noted, done and recorded; `shown` is the tab."""
    notes, tasks = notes_of(case, may_view=may_view), list(case.tasks.all())
    lines = _lines(case, notes, tasks, list(case.incidents.select_related("alert__camera")))
    return {
        "lines": [line for line in lines if _is_shown(line, shown)],
        "filters": FILTERS,
        "shown": shown,
    }


def _is_shown(line: Line, shown: str) -> bool:
    """Whether the line belongs under the tab; not the twin of a note or task under "Everything"."""
    if shown:
        return line.kind == shown
    return line.moment is None or line.words not in map(gettext, TOLD_BY_THEMSELVES)


def _facts(case: Case) -> list[tuple[str, str, str]]:
    kind = offences().get(case.offence)
    words = kind.fields if kind else {}
    return [(key, words[key], case.offence_fields.get(key, "")) for key in words]


def _person(row: CasePerson, may_view: bool) -> PersonCard:
    if not may_view:
        return PersonCard(row=row, called=row.person.reference, observed="")
    sealed = row.observed_sealed if not row.person.is_erased else None
    return PersonCard(
        row=row,
        called=name_of(row.person),
        observed=unseal(row.person, bytes(sealed)) if sealed else "",
    )


def notes_of(case: Case, *, may_view: bool) -> list[NoteCard]:
    """The notes of a case with every wording, in one query."""
    about = ("note__person__person", "note__incident__alert")
    rows = NoteVersion.objects.filter(note__case=case).select_related(*about)
    rows = rows.order_by("note__written_at", "note_id", "number")
    by_note = groupby(rows, key=lambda row: row.note)
    return [_note(note, list(versions), may_view) for note, versions in by_note]


def _note(note: Note, versions: list[NoteVersion], may_view: bool) -> NoteCard:
    person = note.person.person if note.person else None
    read = [(one, _words(one, person, may_view)) for one in versions]
    pin = person.reference if person else note.incident.alert.reference if note.incident else ""
    return NoteCard(
        id=note.id,
        pin=pin,
        number=versions[-1].number,
        text=read[-1][1],
        versions=read,
        written_by=note.written_by,
        written_at=note.written_at,
    )


def _words(version: NoteVersion, person: Any, may_view: bool) -> str:
    if person is None:
        return version.text
    if person.is_erased or version.text_sealed is None:
        return gettext(ERASED)
    if not may_view:
        return gettext("Words about a person are not part of your role.")
    return unseal(person, bytes(version.text_sealed))


def _lines(case: Case, notes: list[NoteCard], tasks: list[Any], incidents: list[Any]) -> list[Line]:
    lines = [
        Line(
            at=one.occurred_at,
            kind="happened",
            icon="video",
            words=f"{label_words(one.alert.label)}, {one.alert.camera.name}",
            alert_id=one.alert_id,
        )
        for one in incidents
    ]
    for note in notes:
        words, by = note.text, note.written_by
        lines.append(Line(at=note.written_at, kind="note", icon="file-text", words=words, by=by))
    for task in tasks:
        icon = "circle-check" if task.done_at else "list-checks"
        words = f"{'Done' if task.done_at else 'To do'}: {task.title}"
        at, by = task.done_at or task.made_at, task.done_by or task.made_by
        lines.append(Line(at=at, kind="task", icon=icon, words=words, by=by))
    lines.extend(
        Line(at=moment.at, kind="record", icon=moment.icon, words=moment.words, moment=moment)
        for moment in history_of_case(case)
    )
    return sorted(lines, key=lambda line: line.at)
