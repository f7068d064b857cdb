"""The activities of the enrolment workflow: name, queue, time-outs and retries in one table."""

from datetime import timedelta
from typing import Final

from workflows.activities import (
    ANALYSIS_RETRIES,
    DATABASE_RETRIES,
    NOTE_RETRIES,
    SIGN_OF_LIFE,
    Declared,
    TaskQueue,
)
from workflows.enrolment_messages import EntryRef, EntryStanding, ImagesChecked, NoteEntry

# Looks at the entry, takes what is due (exclusion checks, reminders, ends) and says what comes next.
ADVANCE_ENTRY: Final = Declared(
    name="advance_entry",
    message=EntryRef,
    answer=EntryStanding,
    start_to_close=timedelta(seconds=20),
    retries=DATABASE_RETRIES,
)

# Measures the pictures of a proposal. No face vector is kept: before the approval there is nothing to keep it for.
CHECK_ENROLMENT: Final = Declared(
    name="check_enrolment",
    message=EntryRef,
    answer=ImagesChecked,
    queue=TaskQueue.INFERENCE,
    start_to_close=timedelta(minutes=5),
    heartbeat=SIGN_OF_LIFE,
    retries=ANALYSIS_RETRIES,
)

# Stores the face vectors of an approved entry.
ENROL_FACE: Final = Declared(
    name="enrol_face",
    message=EntryRef,
    answer=type(None),
    queue=TaskQueue.INFERENCE,
    start_to_close=timedelta(minutes=5),
    heartbeat=SIGN_OF_LIFE,
    retries=ANALYSIS_RETRIES,
)

NOTE_ENTRY: Final = Declared(
    name="note_entry",
    message=NoteEntry,
    answer=type(None),
    start_to_close=timedelta(seconds=20),
    retries=NOTE_RETRIES,
)
