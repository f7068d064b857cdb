"""The activities of a case file's workflow: name, queue, time-outs and retries in one table."""

from datetime import timedelta
from typing import Final

from workflows.activities import (
    DATABASE_RETRIES,
    SIGN_OF_LIFE,
    STORE_RETRIES,
    Declared,
    TaskQueue,
)
from workflows.case_file_messages import CaseFileRef, CaseFileStanding

# Looks at the case file, ends one whose time is over, and says what comes next.
ADVANCE_CASE_FILE: Final = Declared(
    name="advance_case_file",
    message=CaseFileRef,
    answer=CaseFileStanding,
    start_to_close=timedelta(seconds=20),
    retries=DATABASE_RETRIES,
)

# Writes the archive into the object store. A case of 5 GB takes minutes; whoever waits sees how far it is.
WRITE_CASE_FILE: Final = Declared(
    name="write_case_file",
    message=CaseFileRef,
    answer=type(None),
    queue=TaskQueue.EXPORTS,
    start_to_close=timedelta(hours=2),
    heartbeat=SIGN_OF_LIFE,
    retries=STORE_RETRIES,
)

REMOVE_CASE_FILE: Final = Declared(
    name="remove_case_file",
    message=CaseFileRef,
    answer=type(None),
    queue=TaskQueue.EXPORTS,
    start_to_close=timedelta(minutes=2),
    heartbeat=SIGN_OF_LIFE,
    retries=STORE_RETRIES,
)
