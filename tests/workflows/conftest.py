"""Real workers on the real development server, in this process, for a database of the test's own."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from temporalio.client import Client

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert, Clip
from apps.alerts.spool import spool_clip
from tests.world import World, make_world
from workers import temporal
from workflows import client
from workflows.activities import TaskQueue
from workflows.messages import TriageStart

PATIENCE_SECONDS = 60.0
CLIP = Path("workers/inference/clips/pets2009-walkway.mp4")


@dataclass
class Crew:
    """Worker processes of a test, as threads; each can be stopped like a process told to."""

    running: dict[TaskQueue, tuple[threading.Thread, asyncio.AbstractEventLoop, asyncio.Event]] = (
        field(default_factory=dict)
    )

    def start(self, queue: TaskQueue) -> None:
        if queue is TaskQueue.INFERENCE:  # what is seen in a clip is explained, too
            self.start(TaskQueue.EXPLANATIONS)
        ready, holder = threading.Event(), {}

        async def work() -> None:
            holder["loop"], holder["stop"] = asyncio.get_running_loop(), asyncio.Event()
            await temporal.run(
                address=settings.TEMPORAL_ADDRESS,
                namespace=settings.TEMPORAL_NAMESPACE,
                codec_keys=settings.TEMPORAL_CODEC_KEYS,
                station=temporal.station_of(queue, slots=4),
                metrics_url="",
                stop=holder["stop"],
                say=lambda words: ready.set() if words.endswith("ready") else None,
            )
            connections.close_all()

        thread = threading.Thread(target=asyncio.run, args=(work(),))
        thread.start()
        assert ready.wait(PATIENCE_SECONDS)
        self.running[queue] = thread, holder["loop"], holder["stop"]  # type: ignore[assignment]

    def stop(self, queue: TaskQueue) -> None:
        thread, loop, stop = self.running.pop(queue)
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()

    def stop_all(self) -> None:
        for queue in list(self.running):
            self.stop(queue)


@pytest.fixture
def crew(transactional_db: None, temporal_server: str, s3: dict[str, str]) -> Iterator[Crew]:
    """Nobody works yet: start who the story needs. Runs of other stories are terminated, before and after."""
    client.configure(client.Server(address=settings.TEMPORAL_ADDRESS))
    asyncio.run(terminate_everything())
    found = Crew()
    with ExitStack() as stack:
        stack.callback(client.close)
        stack.callback(lambda: asyncio.run(terminate_everything()))
        stack.callback(found.stop_all)
        yield found


async def terminate_everything() -> None:
    connected = await Client.connect(settings.TEMPORAL_ADDRESS)
    async for run in connected.list_workflows("ExecutionStatus = 'Running'"):
        await connected.get_workflow_handle(run.id).terminate("the test is over")


@pytest.fixture
def shop(transactional_db: None) -> World:
    return make_world()


def start_of(alert: Alert, **changes: Any) -> TriageStart:
    values: dict[str, Any] = {
        "tenant_id": str(alert.tenant_id),
        "alert_id": str(alert.id),
        "site_id": str(alert.site_id),
        "reference": alert.reference,
    }
    return TriageStart(**(values | changes))


def spool(alert: Alert, content: bytes) -> None:
    """Put footage where intake puts it, and say so on the alert's clip."""
    clip = spool_clip([content], original_name="till.mp4")
    Clip.objects.filter(alert=alert).update(
        spool_name=clip.spool_name,
        sha256=clip.sha256,
        size_bytes=clip.size_bytes,
        container=clip.container,
    )


def look(alert: Alert) -> Alert:
    with tenant_scope(alert.tenant_id):
        return Alert.objects.select_related("clip").get(id=alert.id)


def wait_until(condition: Callable[[], Any], *, seconds: float = PATIENCE_SECONDS) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        if found := condition():
            return found
        assert time.monotonic() < deadline, f"nothing within {seconds:.0f} s"
        time.sleep(0.05)
