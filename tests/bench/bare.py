"""The baseline: a workflow that runs N activities that do nothing, and its worker process."""

import asyncio
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

QUEUE = "bench-bare"


@activity.defn
def nothing(number: int) -> int:
    return number


@workflow.defn
class BareWorkflow:
    @workflow.run
    async def run(self, activities: int) -> int:
        for number in range(activities):
            await workflow.execute_activity(
                nothing, number, start_to_close_timeout=timedelta(seconds=30)
            )
        return activities


async def main(address: str) -> None:
    client = await Client.connect(address)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with ThreadPoolExecutor(8) as pool:
        worker = Worker(
            client,
            task_queue=QUEUE,
            workflows=[BareWorkflow],
            activities=[nothing],
            activity_executor=pool,
        )
        async with worker:
            await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
