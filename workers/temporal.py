"""A Temporal worker process: which activities a queue has, how many at once, and how it starts and stops."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any, Final

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.client import Client
from temporalio.runtime import OpenTelemetryConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from workers.interceptor import BEAT_SECONDS, ActivityInterceptor
from workflows import visibility
from workflows.activities import TaskQueue
from workflows.case_file import CaseFileWorkflow
from workflows.codec import data_converter
from workflows.triage import AlertTriageWorkflow
from workflows.watchlist import WatchlistEnrolmentWorkflow

GRACE: Final = timedelta(seconds=10)
_RETRY_SECONDS: Final = 2.0
_SAY_EVERY: Final = 5

logger = logging.getLogger(__name__)
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Station:
    """What one worker process does: the activities of some modules, `slots` of them at once, and perhaps workflows."""

    queue: TaskQueue
    modules: tuple[str, ...]
    slots: int
    workflows: tuple[type, ...] = ()

    def __post_init__(self) -> None:
        if self.slots < 1:
            raise ValueError("a worker needs at least one slot")

    def activities(self) -> list[Callable[..., Any]]:
        """Import the modules, only now: inference libraries belong into the inference process alone."""
        found: list[Callable[..., Any]] = []
        for name in self.modules:
            members = vars(import_module(name)).values()
            found += [m for m in members if hasattr(m, "__temporal_activity_definition")]
        return found


_MODULES: Final = {
    TaskQueue.TRIAGE: (
        *("assessing", "clips", "reviewing", "casework"),
        *("watchlist", "case_files"),
    ),
    TaskQueue.INFERENCE: ("footage", "blurring", "matching", "enrolment", "cutting_before"),
    TaskQueue.EXPLANATIONS: ("explaining",),
    TaskQueue.EXPORTS: ("documents", "case_file_writing"),
}


WORKFLOWS: Final = (AlertTriageWorkflow, WatchlistEnrolmentWorkflow, CaseFileWorkflow)


def station_of(queue: TaskQueue, *, slots: int) -> Station:
    """The table of queues; only the triage worker runs workflows."""
    return Station(
        queue=queue,
        modules=tuple(f"workers.activities.{name}" for name in _MODULES[queue]),
        slots=slots,
        workflows=WORKFLOWS if queue is TaskQueue.TRIAGE else (),
    )


def worker_of(client: Client, station: Station) -> Worker:
    """A worker that is not started yet. Its workflows run in the sandbox; only their own declarations pass through."""
    return Worker(
        client,
        task_queue=station.queue.value,
        workflows=list(station.workflows),
        activities=station.activities(),
        activity_executor=ThreadPoolExecutor(
            max_workers=station.slots, thread_name_prefix=station.queue.value
        ),
        max_concurrent_activities=station.slots,
        interceptors=[ActivityInterceptor()],
        workflow_runner=sandbox(),
        graceful_shutdown_timeout=GRACE,
        max_heartbeat_throttle_interval=timedelta(seconds=BEAT_SECONDS),
    )


def sandbox() -> SandboxedWorkflowRunner:
    """Declarations are constants: reloading them for every run would cost milliseconds and find nothing."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(
            "workflows", "apps.triage.states"
        )
    )


async def run(
    *,
    address: str,
    namespace: str,
    codec_keys: Sequence[str],
    station: Station,
    metrics_url: str,
    stop: asyncio.Event,
    say: Say,
) -> None:
    """Work until `stop` is set; wait for a Temporal that does not answer yet, and say so.

    Running activities get ten seconds to end; what does not is repeated elsewhere, which is safe.
    """
    client = await connected(
        address=address,
        namespace=namespace,
        codec_keys=codec_keys,
        metrics_url=metrics_url,
        stop=stop,
        say=say,
    )
    if client is None:
        return
    if station.workflows:
        await register_search_attributes(client, say=say)
    async with worker_of(client, station):
        say(f"{station.queue} worker ready")
        await stop.wait()
        say(f"{station.queue} worker stopping")


async def connected(
    *,
    address: str,
    namespace: str,
    codec_keys: Sequence[str],
    metrics_url: str,
    stop: asyncio.Event,
    say: Say,
) -> Client | None:
    """A connected client; None when `stop` was set before Temporal answered."""
    converter, runtime, tries = data_converter(codec_keys), _runtime(metrics_url), 0
    while not stop.is_set():
        try:
            return await Client.connect(
                address, namespace=namespace, data_converter=converter, runtime=runtime
            )
        except (RuntimeError, RPCError):
            if tries % _SAY_EVERY == 0:
                say(f"Temporal at {address} does not answer yet; trying again")
            tries += 1
        try:
            await asyncio.wait_for(stop.wait(), _RETRY_SECONDS)
        except TimeoutError:
            continue
    return None


async def register_search_attributes(client: Client, *, say: Say) -> None:
    """Add our search attributes where a server lacks them; without them no run can start."""
    wanted = {
        **dict.fromkeys(
            (
                a.name
                for a in (visibility.TENANT, visibility.SITE, visibility.STAGE, visibility.STRATEGY)
            ),
            IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
        ),
        visibility.DUE_AT.name: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
    }
    operator = client.operator_service
    try:
        known = await operator.list_search_attributes(
            ListSearchAttributesRequest(namespace=client.namespace)
        )
        missing = {
            name: kind for name, kind in wanted.items() if name not in known.custom_attributes
        }
        if missing:
            await operator.add_search_attributes(
                AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
            )
    except RPCError as error:
        say(
            f"search attributes could not be registered ({error.status.name}): ask whoever runs Temporal"
        )


def _runtime(metrics_url: str) -> Runtime:
    """Metrics go where OTEL_EXPORTER_OTLP_ENDPOINT says, and nowhere without it."""
    metrics = OpenTelemetryConfig(url=metrics_url) if metrics_url else None
    return Runtime(telemetry=TelemetryConfig(metrics=metrics))
