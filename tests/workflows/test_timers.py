"""Stories that take days to a year, told in seconds on the time-skipping server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from apps.triage.states import AlertState
from tests.harness.orchestration import TimeSkipping
from tests.workflows.fakes import Desk, a_start, resolved, utc, waiting
from workers.temporal import sandbox
from workflows import visibility
from workflows.activities import TaskQueue
from workflows.messages import (
    CLIP_ARRIVED,
    DECIDE,
    LOOK_AGAIN,
    RETRY_STEP,
    ClipStanding,
    Decide,
    DecisionAnswer,
    Refusal,
    Stage,
    Standing,
    TaskStep,
    TriageStart,
    workflow_id,
)
from workflows.triage import AlertTriageWorkflow


@dataclass
class Theatre:
    env: WorkflowEnvironment
    desk: Desk

    async def begin(self, start: TriageStart) -> WorkflowHandle[Any, Any]:
        return await self.env.client.start_workflow(
            AlertTriageWorkflow.run,
            start,
            id=workflow_id(start.alert_id),
            task_queue=TaskQueue.TRIAGE.value,
            search_attributes=visibility.at_start(start),
        )

    async def until(self, condition: Callable[[], Any], *, every: float = 1) -> None:
        """Let workflow time pass until `condition` holds."""
        for _ in range(600):
            if condition():
                return
            await self.env.sleep(every)
            await asyncio.sleep(0.01)
        raise AssertionError("it never came to that")

    async def now(self) -> Any:
        return utc(await self.env.get_current_time())


@asynccontextmanager
async def theatre(make: TimeSkipping, desk: Desk) -> AsyncIterator[Theatre]:
    async with AsyncExitStack() as stack:
        env = await stack.enter_async_context(make())
        for queue in TaskQueue:
            worker = Worker(
                env.client,
                task_queue=queue.value,
                workflows=[AlertTriageWorkflow] if queue is TaskQueue.TRIAGE else [],
                activities=desk.activities(),
                workflow_runner=sandbox(),
            )
            await stack.enter_async_context(worker)
        yield Theatre(env, desk)


def decision(start: TriageStart, attempt_id: str = "") -> Decide:
    return Decide(
        tenant_id=start.tenant_id,
        alert_id=start.alert_id,
        attempt_id=attempt_id or str(uuid4()),
    )


def test_a_year_of_silence_approves_nothing(time_skipping_env: TimeSkipping) -> None:
    async def story() -> None:
        desk, start, attempt = Desk(), a_start(), str(uuid4())
        async with theatre(time_skipping_env, desk) as stage:
            desk.standing = waiting(await stage.now())
            desk.answers[attempt] = DecisionAnswer(code="applied", resolved=True)
            first_run = await stage.begin(start)
            await stage.env.sleep(timedelta(days=366))
            run = stage.env.client.get_workflow_handle(first_run.id)
            assert (await run.describe()).status is WorkflowExecutionStatus.RUNNING
            assert not desk.all_of("apply_decision")
            assert not desk.all_of("open_case")
            steps = [message.step for message in desk.all_of("take_task_step")]
            assert steps[:3] == [TaskStep.REMIND, TaskStep.REASSIGN, TaskStep.ESCALATE]
            assert set(steps[3:]) == {TaskStep.REMIND}
            assert 360 <= len(steps) <= 380
            message = decision(start, attempt)
            answer = await run.execute_update(DECIDE, message, id=attempt)
            assert answer["code"] == "applied"
            assert (await run.result())["state"] == AlertState.RESOLVED

    asyncio.run(story())


def test_the_lead_is_asked_half_a_period_after_the_task_was_due(
    time_skipping_env: TimeSkipping,
) -> None:
    async def story() -> None:
        desk = Desk()
        async with theatre(time_skipping_env, desk) as stage:
            began = await stage.now()
            desk.standing = waiting(began, sla=timedelta(minutes=20))
            await stage.begin(a_start())
            await stage.env.sleep(timedelta(minutes=31))
            found = [(m.step, m.at - began) for m in desk.all_of("take_task_step")]
        assert found == [
            (TaskStep.REMIND, timedelta(minutes=10)),
            (TaskStep.REASSIGN, timedelta(minutes=20)),
            (TaskStep.ESCALATE, timedelta(minutes=30)),
        ]

    asyncio.run(story())


@pytest.mark.parametrize("forged", ["not a uuid", "2ACFDBDC-9714-4379-81DB-07B94698F96E", ""])
def test_a_malformed_update_is_turned_away_before_anything_is_written(
    time_skipping_env: TimeSkipping, forged: str
) -> None:
    async def story() -> None:
        desk, start = Desk(), a_start()
        async with theatre(time_skipping_env, desk) as stage:
            desk.standing = waiting(await stage.now())
            run = await stage.begin(start)
            await stage.until(lambda: desk.all_of("assess_and_route"))
            message = Decide(tenant_id=start.tenant_id, alert_id=start.alert_id, attempt_id=forged)
            with pytest.raises(WorkflowUpdateFailedError) as refusal:
                await run.execute_update(DECIDE, message)
            cause = refusal.value.cause
            assert isinstance(cause, ApplicationError)
            assert cause.type == Refusal.MALFORMED
            assert not desk.all_of("apply_decision")

    asyncio.run(story())


def test_an_update_for_another_alert_is_turned_away(time_skipping_env: TimeSkipping) -> None:
    async def story() -> None:
        desk, start = Desk(), a_start()
        async with theatre(time_skipping_env, desk) as stage:
            desk.standing = waiting(await stage.now())
            run = await stage.begin(start)
            await stage.until(lambda: desk.all_of("assess_and_route"))
            with pytest.raises(WorkflowUpdateFailedError):
                await run.execute_update(DECIDE, decision(a_start()))
            assert not desk.all_of("apply_decision")

    asyncio.run(story())


def test_a_second_decision_after_the_first_is_turned_away(time_skipping_env: TimeSkipping) -> None:
    async def story() -> None:
        desk, start, first = Desk(), a_start(), str(uuid4())
        async with theatre(time_skipping_env, desk) as stage:
            desk.standing = waiting(await stage.now())
            desk.answers[first] = DecisionAnswer(code="applied", resolved=True)
            desk.failures["render_dossier"] = 1  # keeps the run open for a while
            run = await stage.begin(start)
            await stage.until(lambda: desk.all_of("assess_and_route"))
            await run.execute_update(DECIDE, decision(start, first))
            with pytest.raises(WorkflowUpdateFailedError) as refusal:
                await run.execute_update(DECIDE, decision(start))
            cause = refusal.value.cause
            assert isinstance(cause, ApplicationError)
            assert cause.type == Refusal.ALREADY_DECIDED

    asyncio.run(story())


def test_a_refused_decision_leaves_the_alert_waiting(time_skipping_env: TimeSkipping) -> None:
    async def story() -> None:
        desk, start = Desk(), a_start()
        async with theatre(time_skipping_env, desk) as stage:
            desk.standing = waiting(await stage.now())
            run = await stage.begin(start)
            await stage.until(lambda: desk.all_of("assess_and_route"))
            answer = await run.execute_update(DECIDE, decision(start), result_type=DecisionAnswer)
            assert answer == DecisionAnswer(code="unknown")
            await stage.env.sleep(timedelta(days=2))
            assert (await run.describe()).status is WorkflowExecutionStatus.RUNNING

    asyncio.run(story())


def test_an_announced_clip_is_waited_for_and_then_done_without(
    time_skipping_env: TimeSkipping,
) -> None:
    async def story() -> None:
        desk = Desk(clips=[ClipStanding.ANNOUNCED])
        async with theatre(time_skipping_env, desk) as stage:
            began = await stage.now()
            desk.standing = waiting(began)
            run = await stage.begin(a_start(clip_expected=True, clip_wait_seconds=600))
            await stage.until(lambda: desk.all_of("assess_and_route"), every=30)
            assert await stage.now() - began >= timedelta(seconds=600)
            assert desk.all_of("acquire_clip")[-1].give_up
            assert not desk.all_of("analyse_clip")
            # It comes after all: stored, analysed, and the alert assessed anew, not moved.
            desk.clips = [ClipStanding.STORED]
            await run.signal(CLIP_ARRIVED)
            await stage.until(lambda: len(desk.all_of("assess_and_route")) == 2)
            assert desk.all_of("analyse_clip")
            assert [m.again for m in desk.all_of("assess_and_route")] == [False, True]

    asyncio.run(story())


def test_a_clip_that_comes_in_time_is_analysed_before_the_assessment(
    time_skipping_env: TimeSkipping,
) -> None:
    async def story() -> None:
        desk = Desk(clips=[ClipStanding.ANNOUNCED])
        async with theatre(time_skipping_env, desk) as stage:
            run = await stage.begin(a_start(clip_expected=True, clip_wait_seconds=600))
            await stage.until(lambda: desk.all_of("acquire_clip"))
            desk.clips = [ClipStanding.STORED]
            await run.signal(CLIP_ARRIVED)
            await run.result()
        names = [name for name, _ in desk.asked if name != "acquire_clip"]
        assert names[:3] == ["analyse_clip", "assess_and_route", "blur_clip"]

    asyncio.run(story())


def test_nobody_waits_for_the_blurred_copy_and_one_that_fails_is_noted(
    time_skipping_env: TimeSkipping,
) -> None:
    async def story() -> None:
        desk = Desk(clips=[ClipStanding.STORED])
        desk.failures["blur_clip"] = 1
        async with theatre(time_skipping_env, desk) as stage:
            desk.standing = waiting(await stage.now())
            run = await stage.begin(a_start(clip_expected=True))
            await stage.until(lambda: desk.all_of("note_footage"))
            noted = desk.all_of("note_footage")[0]
            assert (noted.step, noted.kind) == ("blur_clip", "StorageUnavailable")
            assert desk.all_of("assess_and_route")
            assert not desk.all_of("note_step")
            await stage.env.sleep(timedelta(hours=8))
            assert len(desk.all_of("blur_clip")) == 1
            await run.signal(RETRY_STEP)
            await stage.until(lambda: len(desk.all_of("blur_clip")) == 2)

    asyncio.run(story())


def test_an_alert_whose_clip_could_not_be_blurred_still_ends(
    time_skipping_env: TimeSkipping,
) -> None:
    async def story() -> None:
        desk = Desk(clips=[ClipStanding.STORED])
        desk.failures["blur_clip"] = 1
        async with theatre(time_skipping_env, desk) as stage:
            run = await stage.begin(a_start(clip_expected=True))
            assert (await run.result()).state is AlertState.ARCHIVED
            assert len(desk.all_of("note_footage")) == 1

    asyncio.run(story())


def test_a_store_that_is_down_keeps_the_clip_pending_until_it_is_back(
    time_skipping_env: TimeSkipping,
) -> None:
    async def story() -> None:
        desk = Desk(clips=[ClipStanding.PENDING])
        async with theatre(time_skipping_env, desk) as stage:
            desk.standing = waiting(await stage.now())
            await stage.begin(a_start(clip_expected=True, clip_wait_seconds=60))
            await stage.until(lambda: desk.all_of("assess_and_route"), every=10)
            tries = len(desk.all_of("acquire_clip"))
            await stage.env.sleep(timedelta(minutes=30))
            assert len(desk.all_of("acquire_clip")) >= tries + 25
            desk.clips = [ClipStanding.STORED]
            await stage.until(lambda: desk.all_of("analyse_clip"), every=20)

    asyncio.run(story())


def test_an_archived_alert_does_not_forget_a_clip_the_store_would_not_take(
    time_skipping_env: TimeSkipping,
) -> None:
    async def story() -> None:
        desk = Desk(clips=[ClipStanding.PENDING])
        async with theatre(time_skipping_env, desk) as stage:
            run = await stage.begin(a_start(clip_expected=True, clip_wait_seconds=10))
            await stage.env.sleep(timedelta(hours=1))
            assert (await run.describe()).status is WorkflowExecutionStatus.RUNNING
            desk.clips = [ClipStanding.STORED]
            assert (await run.result()).state is AlertState.ARCHIVED
            assert desk.all_of("analyse_clip")

    asyncio.run(story())


def test_a_clip_nobody_can_analyse_does_not_keep_the_alert_from_people(
    time_skipping_env: TimeSkipping,
) -> None:
    async def story() -> None:
        desk = Desk(clips=[ClipStanding.STORED])
        desk.failures["analyse_clip"] = 1
        async with theatre(time_skipping_env, desk) as stage:
            desk.standing = waiting(await stage.now())
            run = await stage.begin(a_start(clip_expected=True))
            await stage.until(lambda: desk.all_of("assess_and_route"))
            noted = desk.all_of("note_step")[0]
            assert (noted.failed_step, noted.failed_kind) == (
                "analyse_clip",
                "StorageUnavailable",
            )
            await run.signal(RETRY_STEP)
            await stage.until(lambda: len(desk.all_of("analyse_clip")) == 2)

    asyncio.run(story())


@pytest.mark.parametrize("step", ["open_case", "seal_exhibits", "render_dossier"])
def test_a_step_that_fails_is_shown_and_tried_again_until_it_works(
    time_skipping_env: TimeSkipping, step: str
) -> None:
    async def story() -> None:
        desk = Desk(standing=resolved(theft=True))
        desk.failures[step] = 3
        async with theatre(time_skipping_env, desk) as stage:
            run = await stage.begin(a_start())
            await run.result()
        assert len(desk.all_of(step)) == 4
        notes = desk.all_of("note_step")
        assert [note.failed_step for note in notes] == [step, step, step, ""]
        assert {name for name, _ in desk.asked} >= {"open_case", "seal_exhibits", "render_dossier"}

    asyncio.run(story())


def test_asking_for_a_retry_does_not_wait_for_the_timer(time_skipping_env: TimeSkipping) -> None:
    async def story() -> None:
        desk = Desk(standing=resolved(theft=False))
        desk.failures["render_dossier"] = 1
        async with theatre(time_skipping_env, desk) as stage:
            run = await stage.begin(a_start())
            while not desk.all_of("note_step"):
                await asyncio.sleep(0.05)
            await run.signal(RETRY_STEP)
            await asyncio.wait_for(run.result(), 20)
        assert not desk.all_of("open_case")

    asyncio.run(story())


def test_a_restarted_run_goes_on_from_where_the_alert_stands(
    time_skipping_env: TimeSkipping,
) -> None:
    """Already reminded and reassigned by the run before it: only what is left is done."""

    async def story() -> None:
        desk = Desk(clips=[ClipStanding.STORED])
        async with theatre(time_skipping_env, desk) as stage:
            now = await stage.now()
            standing = waiting(now - timedelta(minutes=16))
            desk.standing = type(standing)(
                **(vars(standing) | {"reminded": True, "reassigned": True})
            )
            await stage.begin(a_start())
            await stage.env.sleep(timedelta(minutes=8))
        assert [m.step for m in desk.all_of("take_task_step")] == [TaskStep.ESCALATE]

    asyncio.run(story())


def test_operations_read_the_stage_in_the_temporal_ui(time_skipping_env: TimeSkipping) -> None:
    async def story() -> None:
        desk, start = Desk(), a_start()
        async with theatre(time_skipping_env, desk) as stage:
            desk.standing = waiting(await stage.now())
            run = await stage.begin(start)
            await stage.until(lambda: desk.all_of("assess_and_route"))
            found = (await run.describe()).typed_search_attributes
            assert found[visibility.STAGE] == Stage.REVIEW
            assert found[visibility.STRATEGY] == "verify"
            assert found[visibility.TENANT] == start.tenant_id
            assert found[visibility.DUE_AT] == desk.standing.due_at

    asyncio.run(story())


def test_a_nudge_decides_nothing_and_has_the_database_read_again(
    time_skipping_env: TimeSkipping,
) -> None:
    async def story() -> None:
        desk, start = Desk(), a_start()
        async with theatre(time_skipping_env, desk) as stage:
            desk.standing = waiting(await stage.now())
            run = await stage.begin(start)
            await stage.until(lambda: desk.all_of("assess_and_route"))
            await run.signal(LOOK_AGAIN)
            await stage.until(lambda: len(desk.all_of("assess_and_route")) == 2)
            assert (await run.describe()).status is WorkflowExecutionStatus.RUNNING
            assert not desk.all_of("render_dossier")
            desk.standing = Standing(state=AlertState.RESOLVED, theft_confirmed=True)
            await run.signal(LOOK_AGAIN)
            assert (await run.result()).state == AlertState.RESOLVED
        assert desk.all_of("open_case")
        assert not desk.all_of("apply_decision")

    asyncio.run(story())
