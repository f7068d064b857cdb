"""A case file from its request to its end: written, kept until it is released, withdrawn or over, then removed.

What is true is in the database; the run looks, has done what comes next, and waits. It cannot release: a signal makes it
look again and says nothing else, and time only ever ends a file. Terminating a run loses nothing, it is started again.
"""

from datetime import timedelta
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
        CaseFileEnd,
        CaseFileRef,
        CaseFileStanding,
        CaseFileStart,
        CaseFileStep,
    )
    from workflows.looking_again import LookingRun

_WORK: Final[dict[CaseFileStep, Declared[CaseFileRef, Any]]] = {
    CaseFileStep.WRITE: WRITE_CASE_FILE,
    CaseFileStep.REMOVE: REMOVE_CASE_FILE,
}


@workflow.defn(name="CaseFileWorkflow")
class CaseFileWorkflow(LookingRun):
    """One case file. Workflow id `case-file/<uuid>`."""

    PAUSE = timedelta(minutes=2)

    @workflow.init
    def __init__(self, start: CaseFileStart) -> None:
        super().__init__()
        self._start = start
        self._file = CaseFileRef(tenant_id=start.tenant_id, file_id=start.file_id)

    @workflow.run
    async def run(self, start: CaseFileStart) -> CaseFileEnd:
        while (standing := await self.look(self._ask)).step is not CaseFileStep.DONE:
            if standing.step is CaseFileStep.WAIT:
                await self.until(standing.wake_at)
            elif not await self._worked(standing.step):
                await self.pause()
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(self._start)
        return CaseFileEnd(state=standing.state)

    async def _ask(self) -> CaseFileStanding:
        return await ADVANCE_CASE_FILE.start(self._file)

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
