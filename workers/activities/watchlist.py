"""The enrolment workflow's database side: messages in, one operation, messages out."""

from uuid import UUID

from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.watchlists.operations import advancing, enrolment
from workflows.enrolment_activities import ADVANCE_ENTRY, NOTE_ENTRY
from workflows.enrolment_messages import EntryRef, EntryStanding, NoteEntry

_STEPS = {
    "check_enrolment": "The pictures could not be checked",
    "enrol_face": "The face could not be enrolled",
}
_WORDS = {
    "timeout": "it did not finish in time",
    "StorageUnavailable": "the object store does not answer",
    "ModelRefused": "a model file is not the registered one",
}


@ADVANCE_ENTRY.implemented_by
def advance_entry(message: EntryRef) -> EntryStanding:
    with tenant_scope(message.tenant_id):
        return advancing.advance_entry(entry_id=UUID(message.entry_id), now=timezone.now())


@NOTE_ENTRY.implemented_by
def note_entry(message: NoteEntry) -> None:
    step = _STEPS.get(message.step, "A step did not work")
    why = _WORDS.get(message.kind, f"it failed ({message.kind})")
    with tenant_scope(message.tenant_id):
        enrolment.note_entry(
            entry_id=UUID(message.entry_id), note=f"{step}: {why}. It is tried again."
        )
