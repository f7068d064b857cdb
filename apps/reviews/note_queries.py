"""Notes on an alert as its page shows them: each in its newest wording, with the earlier ones."""

from dataclasses import dataclass

from apps.alerts.models import Alert
from apps.reviews.models import AlertNote


@dataclass(frozen=True, kw_only=True)
class Note:
    """`newest` stands; `earlier` are its former wordings, oldest first."""

    newest: AlertNote
    earlier: tuple[AlertNote, ...]


def notes_of(alert: Alert) -> list[Note]:
    """In the order in which they were first written; one query."""
    wordings = {one.id: one for one in AlertNote.objects.filter(alert=alert)}
    superseded = {one.supersedes_id for one in wordings.values()}
    notes = []
    for newest in (one for one in wordings.values() if one.id not in superseded):
        earlier, before = list[AlertNote](), newest.supersedes_id
        while before is not None:
            earlier.insert(0, wordings[before])
            before = wordings[before].supersedes_id
        notes.append(Note(newest=newest, earlier=tuple(earlier)))
    return sorted(notes, key=lambda note: (note.earlier or (note.newest,))[0].written_at)


def wording_of(alert: Alert, note_id: object) -> AlertNote | None:
    """A wording of a note of this alert."""
    return AlertNote.objects.filter(alert=alert, id=str(note_id)).first()
