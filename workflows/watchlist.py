"""From a proposal to its end: checks, another person's approval, reviews, expiry.

What is true is in the database; the run looks, has done what comes next, and waits. It cannot approve: a signal makes it
look again and says nothing else, and time only ever ends an entry. Terminating a run loses nothing, it is started again.
"""

from datetime import timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from workflows.activities import Declared
    from workflows.enrolment_activities import (
        ADVANCE_ENTRY,
        CHECK_ENROLMENT,
        ENROL_FACE,
        NOTE_ENTRY,
    )
    from workflows.enrolment_messages import (
        EnrolmentEnd,
        EnrolmentStart,
        EntryRef,
        EntryStanding,
        EntryStep,
        NoteEntry,
    )
    from workflows.looking_again import LookingRun

_WORK: Final[dict[EntryStep, Declared[EntryRef, Any]]] = {
    EntryStep.CHECK_IMAGES: CHECK_ENROLMENT,
    EntryStep.ENROL: ENROL_FACE,
}


@workflow.defn(name="WatchlistEnrolmentWorkflow")
class WatchlistEnrolmentWorkflow(LookingRun):
    """One watchlist entry, from its proposal until it is refused, disabled or expired."""

    PAUSE = timedelta(minutes=10)

    @workflow.init
    def __init__(self, start: EnrolmentStart) -> None:
        super().__init__()
        self._start = start
        self._entry = EntryRef(tenant_id=start.tenant_id, entry_id=start.entry_id)

    @workflow.run
    async def run(self, start: EnrolmentStart) -> EnrolmentEnd:
        tried = None
        while (standing := await self.look(self._ask)).step is not EntryStep.DONE:
            if standing.step is EntryStep.WAIT:
                await self.until(standing.wake_at)
                tried = None
            elif standing.step is tried or not await self._worked(standing.step):
                await self.pause()
                tried = None
            else:
                tried = standing.step
            self._begin_anew_when_long()
        return EnrolmentEnd(state=standing.state)

    async def _ask(self) -> EntryStanding:
        return await ADVANCE_ENTRY.start(self._entry)

    async def _worked(self, step: EntryStep) -> bool:
        activity = _WORK[step]
        try:
            await activity.start(self._entry)
        except ActivityError as failure:
            if is_cancelled_exception(failure):
                raise
            cause = getattr(failure.cause, "type", None) or "timeout"
            await self._note(activity.name, kind=cause)
            return False
        return True

    async def _note(self, step: str, *, kind: str) -> None:
        await NOTE_ENTRY.start(
            NoteEntry(
                tenant_id=self._start.tenant_id,
                entry_id=self._start.entry_id,
                step=step,
                kind=kind,
            )
        )

    def _begin_anew_when_long(self) -> None:
        """A history may not grow for ever; the next run reads where the entry stands."""
        if workflow.info().is_continue_as_new_suggested():
            workflow.continue_as_new(self._start)
