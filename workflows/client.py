"""How apps reach Temporal: plain blocking calls that answer within `RPC_SECONDS`, whatever the server does.

One lazily connected client a process, on an event loop of its own in a background thread. Process start-up calls
`configure`; nothing connects before the first call.
"""

import asyncio
import gc
import os
import threading
from collections.abc import Coroutine, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar
from uuid import uuid4

from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowUpdateFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RetryConfig, RPCError, RPCStatusCode

from workflows import visibility
from workflows.activities import TaskQueue
from workflows.case_file_messages import LOOK_AGAIN as LOOK_AT_CASE_FILE
from workflows.case_file_messages import CaseFileStart, case_file_workflow_id
from workflows.codec import data_converter
from workflows.enrolment_messages import LOOK_AGAIN as LOOK_AT_ENTRY
from workflows.enrolment_messages import EnrolmentStart, enrolment_workflow_id
from workflows.messages import (
    CLIP_ARRIVED,
    DECIDE,
    LOOK_AGAIN,
    RETRY_STEP,
    Decide,
    DecisionAnswer,
    Refusal,
    RunState,
    RunStatus,
    TriageStart,
    workflow_id,
)

RPC_SECONDS: Final = 5.0
TRIAGE_WORKFLOW: Final = "AlertTriageWorkflow"
ENROLMENT_WORKFLOW: Final = "WatchlistEnrolmentWorkflow"
CASE_FILE_WORKFLOW: Final = "CaseFileWorkflow"
_NOT_YET_SECONDS: Final = 0.25

_STATUSES: Final = {
    WorkflowExecutionStatus.RUNNING: RunStatus.RUNNING,
    WorkflowExecutionStatus.COMPLETED: RunStatus.COMPLETED,
    WorkflowExecutionStatus.FAILED: RunStatus.FAILED,
    WorkflowExecutionStatus.CANCELED: RunStatus.CANCELLED,
    WorkflowExecutionStatus.TERMINATED: RunStatus.TERMINATED,
    WorkflowExecutionStatus.TIMED_OUT: RunStatus.TIMED_OUT,
    WorkflowExecutionStatus.CONTINUED_AS_NEW: RunStatus.RUNNING,
}

Result = TypeVar("Result")


class TemporalUnreachable(Exception):
    """Temporal did not answer in time; whether it acted is not known. Try again."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where Temporal is, and the keys that encrypt payloads (none: readable)."""

    address: str
    namespace: str = "default"
    codec_keys: tuple[str, ...] = ()


@dataclass
class _Link:
    """This process's connection. The loop's thread is a daemon: it holds nothing that must be saved."""

    server: Server
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    client: Client | None = None
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._serve, name="temporal", daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        self.loop.run_forever()
        self.loop.close()

    def call(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run `work` on the loop. Raises TemporalUnreachable when it is not done in time."""
        future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, RPC_SECONDS), self.loop)
        try:
            return future.result(RPC_SECONDS + 1)
        except (TimeoutError, FutureTimeout, RPCTimeoutOrCancelledError) as error:
            raise TemporalUnreachable("Temporal did not answer in time") from error
        except RPCError as error:
            raise TemporalUnreachable(f"Temporal answered {error.status.name}") from error
        except RuntimeError as error:  # a lazy client that cannot connect says so with this
            raise TemporalUnreachable("Temporal cannot be reached") from error

    async def connected(self) -> Client:
        if self.client is None:
            self.client = await Client.connect(
                self.server.address,
                namespace=self.server.namespace,
                data_converter=data_converter(self.server.codec_keys),
                lazy=True,
                connect_timeout=timedelta(seconds=2),
                retry_config=RetryConfig(max_elapsed_time_millis=int(RPC_SECONDS * 1000)),
            )
        return self.client

    async def run_of(self, alert_id: object) -> WorkflowHandle[Any, Any]:
        return (await self.connected()).get_workflow_handle(workflow_id(alert_id))

    def stop(self) -> None:
        self.client = None
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(RPC_SECONDS)


_server: Server | None = None
_link: _Link | None = None
_guard = threading.Lock()


def configure(server: Server) -> None:
    """Say where Temporal is; an open connection to another server is let go."""
    global _server
    if server != _server:
        close()
        _server = server


def close() -> None:
    """Let go of the connection; the next call makes a new one."""
    global _link
    with _guard:
        link, _link = _link, None
    if link is not None:
        link.stop()
        gc.collect()


def start_triage(start: TriageStart) -> str:
    """Start an alert's run and return its id; a run that exists already is a success.

    A finished run is never repeated while Temporal remembers it; a failed or terminated one may be. Raises
    TemporalUnreachable.
    """
    return _connection().call(_start(_connection(), start))


def start_all(starts: Sequence[TriageStart]) -> list[str | None]:
    """`start_triage` for several at once; None in the place of each that Temporal did not answer for."""
    link = _connection()
    try:
        return link.call(_start_all(link, starts))
    except TemporalUnreachable:
        return [None] * len(starts)


def send_decision(
    *, tenant_id: object, alert_id: object, attempt_id: object, afresh: bool = False
) -> DecisionAnswer | None:
    """Send the Update `decide`, whose id is the attempt's, and return what became of it.

    None: not known yet. It may still be applied; send the same attempt again until it is settled or expired. Temporal
    answers a repeated id from memory: with `afresh` the Update gets an id of its own, and the run is really asked.
    """
    link = _connection()
    message = Decide(tenant_id=str(tenant_id), alert_id=str(alert_id), attempt_id=str(attempt_id))
    update_id = f"{attempt_id}/{uuid4()}" if afresh else str(attempt_id)
    try:
        return link.call(_decide(link, message, update_id=update_id))
    except TemporalUnreachable:
        return None


def clip_arrived(alert_id: object) -> None:
    """Tell a waiting run to look for its clip now. Carries no authority; losing it costs a little time."""
    _signal(alert_id, CLIP_ARRIVED)


def retry_step(alert_id: object) -> None:
    """Tell a run to try its failed step again now."""
    _signal(alert_id, RETRY_STEP)


def look_again(alert_id: object) -> None:
    """Tell a waiting run that its alert may be settled. Carries no authority; the sweeper repeats it."""
    _signal(alert_id, LOOK_AGAIN)


def describe(alert_id: object) -> RunState:
    """What Temporal knows of the alert's latest run. Raises TemporalUnreachable."""
    link = _connection()
    return link.call(_describe(link, workflow_id(alert_id)))


@dataclass(frozen=True, kw_only=True)
class _Told:
    """A run that does what the database says, and the signal that makes it look."""

    workflow: str
    id: str
    signal: str
    summary: str


def tell_entry(start: EnrolmentStart) -> str:
    """Start a watchlist entry's run, or have the running one look again; return the run's id.

    Repeating it is harmless: a run does what the database says. Raises TemporalUnreachable.
    """
    told = _Told(
        workflow=ENROLMENT_WORKFLOW,
        id=enrolment_workflow_id(start.entry_id),
        signal=LOOK_AT_ENTRY,
        summary=f"Watchlist entry {start.reference}",
    )
    link = _connection()
    return link.call(_tell(link, start, told))


def describe_entry(entry_id: object) -> RunState:
    """What Temporal knows of the entry's latest run. Raises TemporalUnreachable."""
    link = _connection()
    return link.call(_describe(link, enrolment_workflow_id(entry_id)))


def tell_case_file(start: CaseFileStart) -> str:
    """Start a case file's run, or have the running one look again; return the run's id.

    Repeating it is harmless: a run does what the database says. Raises TemporalUnreachable.
    """
    told = _Told(
        workflow=CASE_FILE_WORKFLOW,
        id=case_file_workflow_id(start.file_id),
        signal=LOOK_AT_CASE_FILE,
        summary=f"Case file {start.reference}",
    )
    link = _connection()
    return link.call(_tell(link, start, told))


def describe_case_file(file_id: object) -> RunState:
    """What Temporal knows of the case file's latest run. Raises TemporalUnreachable."""
    link = _connection()
    return link.call(_describe(link, case_file_workflow_id(file_id)))


async def _start(link: _Link, start: TriageStart) -> str:
    client = await link.connected()
    try:
        handle = await client.start_workflow(
            TRIAGE_WORKFLOW,
            start,
            id=workflow_id(start.alert_id),
            task_queue=TaskQueue.TRIAGE.value,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=visibility.at_start(start),
            static_summary=visibility.summary(start),
            static_details=visibility.details(start),
            rpc_timeout=timedelta(seconds=RPC_SECONDS),
        )
    except WorkflowAlreadyStartedError as error:
        return error.run_id or ""
    return handle.first_execution_run_id or handle.result_run_id or ""


async def _start_all(link: _Link, starts: Sequence[TriageStart]) -> list[str | None]:
    """All within the time of one: what has not answered by then is not known, the rest is."""
    tasks = [asyncio.create_task(_start(link, start)) for start in starts]
    done, late = await asyncio.wait(tasks, timeout=RPC_SECONDS - 0.5) if tasks else (set(), set())
    for task in late:
        task.cancel()
    return [task.result() if task in done and not task.exception() else None for task in tasks]


async def _decide(link: _Link, message: Decide, *, update_id: str) -> DecisionAnswer | None:
    """A run that has just routed the alert may need a moment to see it: "not waiting" is asked again."""
    run = await link.run_of(message.alert_id)
    while True:
        try:
            answer: DecisionAnswer = await run.execute_update(
                DECIDE,
                message,
                id=update_id,
                result_type=DecisionAnswer,
                rpc_timeout=timedelta(seconds=RPC_SECONDS),
            )
            return answer
        except WorkflowUpdateFailedError as error:
            refusal = _refusal(error)
            if refusal is not Refusal.NOT_WAITING:
                return DecisionAnswer(code=refusal.value) if refusal else None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return DecisionAnswer(code=Refusal.NO_RUN.value)
            raise
        await asyncio.sleep(_NOT_YET_SECONDS)


def _refusal(error: WorkflowUpdateFailedError) -> Refusal | None:
    kind = error.cause.type if isinstance(error.cause, ApplicationError) else None
    return Refusal(kind) if kind in set(Refusal) else None


async def _tell(link: _Link, start: EnrolmentStart | CaseFileStart, run: _Told) -> str:
    """Start the run, or wake the one that runs."""
    client = await link.connected()
    handle = await client.start_workflow(
        run.workflow,
        start,
        id=run.id,
        task_queue=TaskQueue.TRIAGE.value,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal=run.signal,
        search_attributes=visibility.of_tenant(start.tenant_id),
        static_summary=run.summary,
        rpc_timeout=timedelta(seconds=RPC_SECONDS),
    )
    return handle.first_execution_run_id or handle.result_run_id or ""


async def _describe(link: _Link, run_name: str) -> RunState:
    run = (await link.connected()).get_workflow_handle(run_name)
    try:
        found = await run.describe(rpc_timeout=timedelta(seconds=RPC_SECONDS))
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return RunState(status=RunStatus.MISSING)
        raise
    status = _STATUSES.get(found.status or WorkflowExecutionStatus.RUNNING, RunStatus.RUNNING)
    return RunState(status=status, run_id=found.run_id)


def _signal(alert_id: object, name: str) -> None:
    link = _connection()
    try:
        link.call(_send_signal(link, alert_id, name))
    except TemporalUnreachable:
        return


async def _send_signal(link: _Link, alert_id: object, name: str) -> None:
    run = await link.run_of(alert_id)
    await run.signal(name, rpc_timeout=timedelta(seconds=RPC_SECONDS))


def _connection() -> _Link:
    global _link
    with _guard:
        if _server is None:
            raise RuntimeError("workflows.client.configure was not called in this process")
        if _link is None:
            _link = _Link(_server)
        return _link


def _forget_after_fork() -> None:
    """A forked child has neither the parent's thread nor its sockets."""
    global _link
    _link = None


os.register_at_fork(after_in_child=_forget_after_fork)
