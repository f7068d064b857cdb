"""From a proposal to its end: checks, another person's approval, reviews, expiry.

What is true is in the database; the run looks, has done what comes next, and waits. It cannot approve: a signal makes it
look again and says nothing else, and time only ever ends an entry. Terminating a run loses nothing, it is started again.
"""

from datetime import datetime, timedelta
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
        LOOK_AGAIN,
        EnrolmentEnd,
        EnrolmentStart,
        EntryRef,
        EntryStanding,
        EntryStep,
        NoteEntry,
    )

# Between two tries of a step that did not work or left everything as it was.
PAUSE: Final = timedelta(minutes=10)

_WORK: Final[dict[EntryStep, Declared[EntryRef, Any]]] = {
    EntryStep.CHECK_IMAGES: CHECK_ENROLMENT,
    EntryStep.ENROL: ENROL_FACE,
}


@workflow.defn(name="WatchlistEnrolmentWorkflow")
class WatchlistEnrolmentWorkflow:
    """One watchlist entry, from its proposal until it is refused, disabled or expired."""

    @workflow.init
    def __init__(self, start: EnrolmentStart) -> None:
        self._start = start
        self._entry = EntryRef(tenant_id=start.tenant_id, entry_id=start.entry_id)
        self._asked = self._taken = 0

    @workflow.run
    async def run(self, start: EnrolmentStart) -> EnrolmentEnd:
        tried = None
        while (standing := await self._look()).step is not EntryStep.DONE:
            if standing.step is EntryStep.WAIT:
                await self._until(standing.wake_at)
                tried = None
            elif standing.step is tried or not await self._worked(standing.step):
                await self._until(workflow.now() + PAUSE)
                tried = None
            else:
                tried = standing.step
            self._begin_anew_when_long()
        return EnrolmentEnd(state=standing.state)

    async def _look(self) -> EntryStanding:
        """Never before the database answers: whatever it takes, and visibly so."""
        self._taken = self._asked
        while True:
            try:
                standing = await ADVANCE_ENTRY.start(self._entry)
            except ActivityError as failure:
                if is_cancelled_exception(failure):
                    raise
                await self._until(workflow.now() + PAUSE)
                continue
            self._show(standing)
            return standing

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

    async def _until(self, moment: datetime | None) -> None:
        """Wait for a signal, and no longer than until `moment`."""
        wait = None if moment is None else max(timedelta(), moment - workflow.now())

        def news() -> bool:
            return self._asked > self._taken

        try:
            await workflow.wait_condition(news, timeout=wait)
        except TimeoutError:
            return

    def _begin_anew_when_long(self) -> None:
        """A history may not grow for ever; the next run reads where the entry stands."""
        if workflow.info().is_continue_as_new_suggested():
            workflow.continue_as_new(self._start)

    def _show(self, standing: EntryStanding) -> None:
        until = f" until {standing.wake_at:%Y-%m-%d %H:%M} UTC" if standing.wake_at else ""
        workflow.set_current_details(f"{standing.state.value}; next: {standing.step.value}{until}")

    @workflow.signal(name=LOOK_AGAIN)
    def look_again(self) -> None:
        """Something changed in the database. Carries no authority: it has the run look, nothing else."""
        self._asked += 1
