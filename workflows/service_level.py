"""When a human task is reminded of, given to somebody else, and shown to a lead. Pure; decides nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from workflows.messages import TaskStep

LONGEST_SILENCE: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """A task's times, and which steps were already taken (by an earlier run, say)."""

    opened_at: datetime
    due_at: datetime
    reminded: bool = False
    reassigned: bool = False
    escalated: bool = False

    def __post_init__(self) -> None:
        if self.due_at <= self.opened_at:
            raise ValueError("a task is due after it was opened")

    def steps(self, *, now: datetime) -> Iterator[tuple[TaskStep, datetime]]:
        """Endless: remind at half time, reassign when due, escalate half a period later, then remind at doubling
        intervals of at most a day, for as long as nobody decides. Of the reminders that lie before `now` none is
        made up for, of the three steps before them every one that was not taken.
        """
        period = self.due_at - self.opened_at
        escalate_at = self.due_at + period / 2
        planned = (
            (TaskStep.REMIND, self.opened_at + period / 2, self.reminded),
            (TaskStep.REASSIGN, self.due_at, self.reassigned),
            (TaskStep.ESCALATE, escalate_at, self.escalated),
        )
        yield from ((step, at) for step, at, taken in planned if not taken)
        reminders = _reminders(after=escalate_at, every=period)
        yield from ((step, at) for step, at in reminders if at > now)


def _reminders(*, after: datetime, every: timedelta) -> Iterator[tuple[TaskStep, datetime]]:
    while True:
        every = min(every, LONGEST_SILENCE)
        after += every
        yield TaskStep.REMIND, after
        every *= 2
