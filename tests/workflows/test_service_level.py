"""When reminders come: a timetable that never ends and never decides."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.messages import TaskStep
from workflows.service_level import LONGEST_SILENCE, Timetable

OPENED = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)
periods = st.timedeltas(min_value=timedelta(seconds=30), max_value=timedelta(days=7))


@given(period=periods)
def test_steps_come_in_order_and_silence_never_lasts_longer_than_a_day(period: timedelta) -> None:
    table = Timetable(opened_at=OPENED, due_at=OPENED + period)
    steps = list(islice(table.steps(now=OPENED), 60))
    assert [step for step, _ in steps[:3]] == [
        TaskStep.REMIND,
        TaskStep.REASSIGN,
        TaskStep.ESCALATE,
    ]
    assert {step for step, _ in steps[3:]} == {TaskStep.REMIND}
    moments = [at for _, at in steps]
    assert all(earlier < later for earlier, later in pairwise(moments))
    assert all(b - a <= LONGEST_SILENCE for a, b in pairwise(moments[2:]))


@given(period=periods, passed=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=900)))
def test_a_late_run_makes_up_for_steps_but_not_for_reminders(
    period: timedelta, passed: timedelta
) -> None:
    now = OPENED + passed
    steps = list(islice(Timetable(opened_at=OPENED, due_at=OPENED + period).steps(now=now), 5))
    assert len([at for _, at in steps if at <= now]) <= 3


def test_a_task_is_due_after_it_was_opened() -> None:
    with pytest.raises(ValueError, match="after"):
        Timetable(opened_at=OPENED, due_at=OPENED)
