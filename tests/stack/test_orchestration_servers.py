"""Both Temporal servers run a workflow with our search attributes and a validated Update."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from tests.harness.orchestration import TimeSkipping

STAGE = SearchAttributeKey.for_keyword("SecondLookStage")


@workflow.defn
class Waiting:
    """Waits ten days, or for somebody to say stop."""

    def __init__(self) -> None:
        self.stopped = False

    @workflow.run
    async def run(self) -> str:
        workflow.upsert_search_attributes([STAGE.value_set("waiting")])
        try:
            await workflow.wait_condition(lambda: self.stopped, timeout=timedelta(days=10))
        except TimeoutError:
            return "ten days passed"
        return "stopped"

    @workflow.update
    def stop(self, word: str) -> str:
        self.stopped = True
        return word

    @stop.validator
    def check(self, word: str) -> None:
        if word != "please":
            raise ValueError("say please")


async def started(client: Client, queue: str):
    attributes = TypedSearchAttributes([SearchAttributePair(STAGE, "started")])
    return await client.start_workflow(
        Waiting.run, id=f"waiting/{uuid4()}", task_queue=queue, search_attributes=attributes
    )


def worker(client: Client, queue: str) -> Worker:
    return Worker(
        client,
        task_queue=queue,
        workflows=[Waiting],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )


def test_ten_days_pass_at_once_on_the_time_skipping_server(time_skipping_env: TimeSkipping) -> None:
    async def story() -> str:
        async with time_skipping_env() as env, worker(env.client, "skipping"):
            return await (await started(env.client, "skipping")).result()

    assert asyncio.run(story()) == "ten days passed"


def test_an_update_is_validated_and_answered_on_the_development_server(
    temporal_server: str,
) -> None:
    async def story() -> str:
        client = await Client.connect(temporal_server)
        queue = f"queue-{uuid4()}"
        async with worker(client, queue):
            handle = await started(client, queue)
            with pytest.raises(WorkflowUpdateFailedError):
                await handle.execute_update(Waiting.stop, "now")
            assert await handle.execute_update(Waiting.stop, "please") == "please"
            return await handle.result()

    assert asyncio.run(story()) == "stopped"
