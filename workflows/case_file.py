"""A case file from its request to its end: written, kept until it is released, withdrawn or over, then removed.

What is true is in the database; the run looks, has done what comes next, and waits. It cannot release: a signal makes it
look again and says nothing else, and time only ever ends a file. Terminating a run loses nothing, it is started again.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from workflows.activities import Declared
    from workflows.case_file_activities import (
        ADVANCE_CASE_FILE,
        REMOVE_CASE_FILE,
        WRITE_CASE_FILE,
    )
    from workflows.case_file_messages import (
        LOOK_AGAIN,
        CaseFileEnd,
        CaseFileRef,
        CaseFileStanding,
        CaseFileStart,
        CaseFileStep,
    )

# Between two tries of a step that did not work in spite of its retries.
PAUSE: Final = timedelta(minutes=2)

_WORK: Final[dict[CaseFileStep, Declared[CaseFileRef, Any]]] = {
    CaseFileStep.WRITE: WRITE_CASE_FILE,
    CaseFileStep.REMOVE: REMOVE_CASE_FILE,
}


@workflow.defn(name="CaseFileWorkflow")
class CaseFileWorkflow:
    """One case file. Workflow id `case-file/<uuid>`."""

    @workflow.init
    def __init__(self, start: CaseFileStart) -> None:
        self._start = start
        self._file = CaseFileRef(tenant_id=start.tenant_id, file_id=start.file_id)
        self._asked = self._taken = 0

    @workflow.run
    async def run(self, start: CaseFileStart) -> CaseFileEnd:
        while (standing := await self._look()).step is not CaseFileStep.DONE:
            if standing.step is CaseFileStep.WAIT:
                await self._until(standing.wake_at)
            elif not await self._worked(standing.step):
                await self._until(workflow.now() + PAUSE)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(self._start)
        return CaseFileEnd(state=standing.state)

    @workflow.signal(name=LOOK_AGAIN)
    def look_again(self) -> None:
        """Carries no authority: whoever sends it makes the run read the database, nothing else."""
        self._asked += 1

    async def _look(self) -> CaseFileStanding:
        """Never before the database answers, whatever it takes."""
        self._taken = self._asked
        while True:
            try:
                standing = await ADVANCE_CASE_FILE.start(self._file)
            except ActivityError as failure:
                if is_cancelled_exception(failure):
                    raise
                await self._until(workflow.now() + PAUSE)
                continue
            until = f" until {standing.wake_at:%Y-%m-%d %H:%M} UTC" if standing.wake_at else ""
            details = f"{standing.state.value}; next: {standing.step.value}{until}"
            workflow.set_current_details(details)
            return standing

    async def _worked(self, step: CaseFileStep) -> bool:
        activity = _WORK[step]
        try:
            await activity.start(self._file)
        except ActivityError as failure:
            if is_cancelled_exception(failure):
                raise
            workflow.set_current_details(f"**{activity.name}** failed; it is tried again.")
            return False
        return True

    async def _until(self, moment: datetime | None) -> None:
        """Wait for a signal, and no longer than until `moment`."""
        wait = None if moment is None else max(timedelta(), moment - workflow.now())
        try:
            await workflow.wait_condition(lambda: self._asked > self._taken, timeout=wait)
        except TimeoutError:
            return
