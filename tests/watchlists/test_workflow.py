"""Months of an entry in seconds; and a real run that is told late, killed, started again and replayed."""

import asyncio
import base64
import json
import os
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone
from temporalio import activity
from temporalio.client import Client, WorkflowHandle, WorkflowHistory
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from apps.accounts.tenancy import tenant_scope
from apps.triage.states import EntryState
from apps.watchlists.models import EntryRun, FaceEmbedding, WatchlistEntry
from apps.watchlists.operations import advancing
from apps.watchlists.operations.ending import disable_entry
from apps.watchlists.operations.runs import find_lost_runs, tell_waiting
from tests.harness.orchestration import TimeSkipping
from tests.watchlists.people import actor, approve, check_images, enrol, fill, propose
from tests.workflows.conftest import Crew, wait_until
from tests.workflows.conftest import crew as crew  # a fixture
from tests.world import World, make_world
from workers.temporal import sandbox
from workflows import client, visibility
from workflows.activities import TaskQueue
from workflows.enrolment_activities import (
    ADVANCE_ENTRY,
    CHECK_ENROLMENT,
    ENROL_FACE,
    NOTE_ENTRY,
)
from workflows.enrolment_messages import (
    LOOK_AGAIN,
    EnrolmentStart,
    EntryRef,
    EntryStanding,
    EntryStep,
    ImagesChecked,
    NoteEntry,
    enrolment_workflow_id,
)
from workflows.messages import RunStatus
from workflows.watchlist import WatchlistEnrolmentWorkflow

FOLDER = Path(__file__).parent / "recorded"
pytestmark = pytest.mark.timeout(600)
CANARIES = ("red cap", "Three thefts", "example.test", "Gran V", "Retailer")


def replays(text: str) -> bool:
    async def replay() -> bool:
        replayer = Replayer(workflows=[WatchlistEnrolmentWorkflow], workflow_runner=sandbox())
        history = WorkflowHistory.from_json("watchlist/recorded", text)
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        return result.replay_failure is None

    return asyncio.run(replay())


def personal_words_in(text: str) -> list[str]:
    payloads = re.findall(r'"data": "([A-Za-z0-9+/=]*)"', text)
    everything = text + "".join(base64.b64decode(one).decode(errors="replace") for one in payloads)
    return [canary for canary in CANARIES if canary in everything]


# --- months in seconds


@dataclass
class Desk:
    """What the database would say, by the server's clock; an approval is a flag that a person sets."""

    days: int = 90
    review_days: int = 30
    approved_at: datetime | None = None
    state: EntryState = EntryState.CHECKING
    enrolled: bool = False
    ended_at: datetime | None = None
    failures: int = 0
    asked: list[str] = field(default_factory=list)

    def activities(self) -> list[Callable[..., Any]]:
        return [self.advance, self.check, self.enrol, self.note]

    @ADVANCE_ENTRY.implemented_by
    async def advance(self, message: EntryRef) -> EntryStanding:
        self.asked.append("advance")
        now = activity.info().scheduled_time
        if self.state is EntryState.CHECKING:
            return EntryStanding(state=self.state, step=EntryStep.CHECK_IMAGES)
        if self.approved_at is None:
            return EntryStanding(
                state=self.state, step=EntryStep.WAIT, wake_at=now + timedelta(days=30)
            )
        review = self.approved_at + timedelta(days=self.review_days)
        if now >= review:
            self.state, self.ended_at = EntryState.DISABLED, now
            return EntryStanding(state=self.state, step=EntryStep.DONE)
        step = EntryStep.WAIT if self.enrolled else EntryStep.ENROL
        return EntryStanding(state=self.state, step=step, wake_at=review)

    @CHECK_ENROLMENT.implemented_by
    async def check(self, message: EntryRef) -> ImagesChecked:
        self.asked.append("check")
        if self.failures:
            self.failures -= 1
            raise ApplicationError("down", type="StorageUnavailable", non_retryable=True)
        self.state = EntryState.AWAITING_APPROVAL
        return ImagesChecked(passed=True)

    @ENROL_FACE.implemented_by
    async def enrol(self, message: EntryRef) -> None:
        self.asked.append("enrol")
        self.enrolled = True

    @NOTE_ENTRY.implemented_by
    async def note(self, message: NoteEntry) -> None:
        self.asked.append(f"note {message.kind}")


@asynccontextmanager
async def theatre(make: TimeSkipping, desk: Desk) -> AsyncIterator[WorkflowEnvironment]:
    async with AsyncExitStack() as stack:
        env = await stack.enter_async_context(make())
        for queue in (TaskQueue.TRIAGE, TaskQueue.INFERENCE):
            worker = Worker(
                env.client,
                task_queue=queue.value,
                workflows=[WatchlistEnrolmentWorkflow] if queue is TaskQueue.TRIAGE else [],
                activities=desk.activities(),
                workflow_runner=sandbox(),
            )
            await stack.enter_async_context(worker)
        yield env


async def begin(env: WorkflowEnvironment) -> WorkflowHandle[Any, Any]:
    start = EnrolmentStart(
        tenant_id="00000000-0000-0000-0000-000000000001",
        entry_id="00000000-0000-0000-0000-000000000002",
        reference="W-TEST",
    )
    return await env.client.start_workflow(
        WatchlistEnrolmentWorkflow.run,
        start,
        id=enrolment_workflow_id(start.entry_id),
        task_queue=TaskQueue.TRIAGE.value,
        search_attributes=visibility.of_tenant(start.tenant_id),
    )


async def until(
    env: WorkflowEnvironment, condition: Callable[[], Any], *, every: float = 60
) -> None:
    for _ in range(600):
        if condition():
            return
        await env.sleep(every)
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to that")


def test_a_year_of_waiting_approves_nothing(time_skipping_env: TimeSkipping) -> None:
    async def story() -> None:
        desk = Desk()
        async with theatre(time_skipping_env, desk) as env:
            await begin(env)
            await until(env, lambda: desk.state is EntryState.AWAITING_APPROVAL)
            await env.sleep(timedelta(days=365))
            await until(env, lambda: desk.asked.count("advance") > 10)
            assert desk.state is EntryState.AWAITING_APPROVAL
            assert "enrol" not in desk.asked

    asyncio.run(story())


def test_after_the_approval_it_enrols_waits_and_is_disabled_unreviewed(
    time_skipping_env: TimeSkipping,
) -> None:
    async def story() -> None:
        desk = Desk()
        async with theatre(time_skipping_env, desk) as env:
            run = await begin(env)
            await until(env, lambda: desk.state is EntryState.AWAITING_APPROVAL)
            desk.approved_at, desk.state = await env.get_current_time(), EntryState.ACTIVE
            await run.signal(LOOK_AGAIN)
            await until(env, lambda: desk.enrolled)
            end = await run.result()
            assert end.state is EntryState.DISABLED
            assert desk.ended_at is not None
            passed = desk.ended_at - desk.approved_at
            assert timedelta(days=30) <= passed < timedelta(days=31)

    asyncio.run(story())


def test_a_signal_alone_puts_nothing_in_force(time_skipping_env: TimeSkipping) -> None:
    async def story() -> None:
        desk = Desk()
        async with theatre(time_skipping_env, desk) as env:
            run = await begin(env)
            await until(env, lambda: desk.state is EntryState.AWAITING_APPROVAL)
            looks = desk.asked.count("advance")
            for _ in range(5):
                await run.signal(LOOK_AGAIN)
            await until(env, lambda: desk.asked.count("advance") > looks)
            assert desk.state is EntryState.AWAITING_APPROVAL
            assert "enrol" not in desk.asked

    asyncio.run(story())


def test_a_step_that_fails_is_noted_and_tried_again(time_skipping_env: TimeSkipping) -> None:
    async def story() -> None:
        desk = Desk(failures=2)
        async with theatre(time_skipping_env, desk) as env:
            await begin(env)
            await until(env, lambda: desk.state is EntryState.AWAITING_APPROVAL)
            assert desk.asked.count("note StorageUnavailable") == 2
            assert desk.asked.count("check") == 3

    asyncio.run(story())


# --- the real thing


@pytest.fixture
def shop(transactional_db: None) -> World:
    world = make_world()
    with tenant_scope(world.tenant.id):
        fill(world.compliance, now=timezone.now())
    return world


def tell(world: World, *, minutes: float = 10) -> int:
    """What the sweeper does each second; here in the tenant's scope."""

    with tenant_scope(world.tenant.id):
        return tell_waiting(now=timezone.now() + timedelta(minutes=minutes))


def look(world: World, entry: WatchlistEntry) -> WatchlistEntry:
    with tenant_scope(world.tenant.id):
        return WatchlistEntry.objects.get(id=entry.id)


@contextmanager
def _its_own_connection() -> Iterator[None]:
    try:
        yield
    finally:
        connections.close_all()


@asynccontextmanager
async def inference(world: World) -> AsyncIterator[None]:
    """The inference worker's two activities, with the product's own operations behind them."""

    @CHECK_ENROLMENT.implemented_by
    def check(message: EntryRef) -> ImagesChecked:
        with _its_own_connection(), tenant_scope(message.tenant_id):
            check_images(WatchlistEntry.objects.get(id=message.entry_id))
        return ImagesChecked(passed=True)

    @ENROL_FACE.implemented_by
    def store(message: EntryRef) -> None:
        with _its_own_connection(), tenant_scope(message.tenant_id):
            enrol(WatchlistEntry.objects.get(id=message.entry_id))

    connected = await Client.connect(settings.TEMPORAL_ADDRESS)
    with ThreadPoolExecutor(2) as threads:
        worker = Worker(
            connected,
            task_queue=TaskQueue.INFERENCE.value,
            activities=[check, store],
            activity_executor=threads,
        )
        async with worker:
            yield


def in_background(
    world: World, done: threading.Event, ready: threading.Event
) -> Callable[[], None]:
    async def work() -> None:
        async with inference(world):
            ready.set()
            while not done.is_set():
                await asyncio.sleep(0.05)

    return lambda: asyncio.run(work())


@pytest.fixture
def inferring(crew: Crew, shop: World) -> Iterator[None]:
    done, ready = threading.Event(), threading.Event()
    thread = threading.Thread(target=in_background(shop, done, ready))
    thread.start()
    assert ready.wait(300)
    yield
    done.set()
    thread.join(60)


def test_an_entry_is_carried_from_its_proposal_to_its_enrolment_and_its_end(
    crew: Crew, shop: World, inferring: None
) -> None:
    crew.start(TaskQueue.TRIAGE)
    with tenant_scope(shop.tenant.id):
        entry = propose(shop)
    assert tell(shop) == 1
    wait_until(lambda: look(shop, entry).state == EntryState.AWAITING_APPROVAL, seconds=240)

    with tenant_scope(shop.tenant.id):
        approve(look(shop, entry), shop.compliance, now=timezone.now())
    tell(shop)
    wait_until(lambda: _vectors(shop) == 1, seconds=240)
    assert client.describe_entry(entry.id).status is RunStatus.RUNNING
    first = asyncio.run(_history(entry))
    asyncio.run(_terminate(entry))
    with tenant_scope(shop.tenant.id):
        assert find_lost_runs(now=timezone.now() + timedelta(minutes=20)) == 1
    assert tell(shop, minutes=30) == 1
    assert client.describe_entry(entry.id).status is RunStatus.RUNNING
    with tenant_scope(shop.tenant.id):
        stopped = look(shop, entry)
        disable_entry(
            actor=actor(shop.compliance),
            user=shop.compliance,
            entry=stopped,
            reason="The person moved away.",
            now=timezone.now(),
        )
    tell(shop, minutes=40)
    wait_until(lambda: client.describe_entry(entry.id).status is RunStatus.COMPLETED, seconds=240)
    assert _vectors(shop) == 0
    for number, text in enumerate((first, asyncio.run(_history(entry))), start=1):
        assert replays(text)
        assert personal_words_in(text) == []
        _keep(text, name=f"1-{'enrolled' if number == 1 else 'restarted-and-stopped'}")


def test_with_temporal_away_the_proposal_is_safe_and_told_later(
    transactional_db: None, shop: World
) -> None:

    client.configure(client.Server(address="127.0.0.1:9"))
    try:
        with tenant_scope(shop.tenant.id):
            entry = propose(shop)
        assert tell(shop) == 0
        with tenant_scope(shop.tenant.id):
            run = EntryRun.objects.get(entry=entry)
            assert (run.state, run.last_error) == ("waiting", "Temporal does not answer")
            standing = advancing.advance_entry(entry_id=entry.id, now=timezone.now())
            assert standing.step is EntryStep.CHECK_IMAGES
    finally:
        client.close()


RECORDED = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_recorded_history_replays(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert replays(text)
    assert personal_words_in(text) == []
    assert not replays(text.replace('"advance_entry"', '"approve_entry"'))


def test_a_release_is_recorded() -> None:
    assert {path.stem for path in RECORDED} >= {"1-enrolled", "1-restarted-and-stopped"}


def _vectors(world: World) -> int:
    with tenant_scope(world.tenant.id):
        return FaceEmbedding.objects.count()


def _keep(text: str, *, name: str) -> None:
    """Write a history when asked to record. Never replace the one of a release."""
    if os.environ.get("RECORD_HISTORIES"):
        FOLDER.mkdir(exist_ok=True)
        anonymous = re.sub(r'"identity": "[^"]*"', '"identity": "recorded"', text)
        (FOLDER / f"{name}.json").write_text(anonymous + "\n", encoding="utf-8")


async def _terminate(entry: WatchlistEntry) -> None:
    connected = await Client.connect(settings.TEMPORAL_ADDRESS)
    await connected.get_workflow_handle(enrolment_workflow_id(entry.id)).terminate("killed")


async def _history(entry: WatchlistEntry) -> str:
    connected = await Client.connect(settings.TEMPORAL_ADDRESS)
    run = connected.get_workflow_handle(enrolment_workflow_id(entry.id))
    return json.dumps(json.loads((await run.fetch_history()).to_json()), indent=1)
