"""What the runs of case files and of watchlist entries share: look at the database, wait, look again.

Such a run holds no facts and no authority. A signal makes it look and says nothing else; terminating it loses nothing.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from workflows.messages import LOOK_AGAIN


class Standing(Protocol):
    """Where the thing stands, what comes next, and until when to wait (None: for a signal)."""

    @property
    def state(self) -> StrEnum: ...
    @property
    def step(self) -> StrEnum: ...
    @property
    def wake_at(self) -> datetime | None: ...


Found = TypeVar("Found", bound=Standing)


class LookingRun:
    """A run that looks, has done what comes next, and waits. A subclass says for how long between two tries."""

    PAUSE: ClassVar[timedelta]

    def __init__(self) -> None:
        self._asked = self._taken = 0

    @workflow.signal(name=LOOK_AGAIN)
    def look_again(self) -> None:
        """Something changed in the database. Carries no authority: it has the run look, nothing else."""
        self._asked += 1

    async def look(self, ask: Callable[[], Awaitable[Found]]) -> Found:
        """Where it stands: never before the database answers, whatever it takes, and visibly so."""
        self._taken = self._asked
        while True:
            try:
                standing = await ask()
            except ActivityError as failure:
                if is_cancelled_exception(failure):
                    raise
                await self.pause()
                continue
            until = f" until {standing.wake_at:%Y-%m-%d %H:%M} UTC" if standing.wake_at else ""
            workflow.set_current_details(
                f"{standing.state.value}; next: {standing.step.value}{until}"
            )
            return standing

    async def pause(self) -> None:
        """Wait before the next try, or for a signal."""
        await self.until(workflow.now() + self.PAUSE)

    async def until(self, moment: datetime | None) -> None:
        """Wait for a signal, and no longer than until `moment`."""
        wait = None if moment is None else max(timedelta(), moment - workflow.now())
        try:
            await workflow.wait_condition(lambda: self._asked > self._taken, timeout=wait)
        except TimeoutError:
            return
