"""Footage nobody had announced: a recording of the alert's time comes in while people wait with the alert."""

import asyncio
from uuid import uuid4

from temporalio.client import WorkflowExecutionStatus

from apps.triage.states import AlertState
from tests.harness.orchestration import TimeSkipping
from tests.workflows.fakes import Desk, a_start, waiting
from tests.workflows.test_timers import decision, theatre
from workflows.messages import CLIP_ARRIVED, DECIDE, ClipStanding, DecisionAnswer


def test_a_recording_that_comes_late_is_cut_analysed_and_assessed_again(
    time_skipping_env: TimeSkipping,
) -> None:
    async def story() -> None:
        desk, start, attempt = Desk(clips=[ClipStanding.STORED]), a_start(), str(uuid4())
        desk.answers[attempt] = DecisionAnswer(code="applied", resolved=True)
        async with theatre(time_skipping_env, desk) as stage:
            desk.standing = waiting(await stage.now())
            run = await stage.begin(start)
            await stage.until(lambda: desk.all_of("assess_and_route"))
            assert not desk.all_of("acquire_clip")
            await run.signal(CLIP_ARRIVED)
            await run.signal(CLIP_ARRIVED)
            await stage.until(lambda: desk.all_of("cut_before"))
            first, again = desk.all_of("assess_and_route")
            assert (first.again, again.again) == (False, True)
            assert len(desk.all_of("acquire_clip")) == len(desk.all_of("analyse_clip")) == 1
            await run.execute_update(DECIDE, decision(start, attempt), id=attempt)
            assert (await run.result()).state == AlertState.RESOLVED

    asyncio.run(story())


def test_a_nudge_without_footage_changes_nothing(time_skipping_env: TimeSkipping) -> None:
    async def story() -> None:
        desk, start = Desk(clips=[ClipStanding.NONE]), a_start()
        async with theatre(time_skipping_env, desk) as stage:
            desk.standing = waiting(await stage.now())
            run = await stage.begin(start)
            await stage.until(lambda: desk.all_of("assess_and_route"))
            await run.signal(CLIP_ARRIVED)
            await stage.until(lambda: desk.all_of("acquire_clip"))
            assert (await run.describe()).status is WorkflowExecutionStatus.RUNNING
        assert len(desk.all_of("assess_and_route")) == 1
        assert not desk.all_of("analyse_clip")

    asyncio.run(story())
