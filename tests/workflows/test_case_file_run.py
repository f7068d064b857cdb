"""A case file's run on the real server: written, released, over, its bytes gone; told of every change, found when lost."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from temporalio.client import Client

from apps.accounts.tenancy import tenant_scope
from apps.cases.case_file import runs
from apps.cases.case_file.operations import release_case_file
from apps.cases.models import CaseFile
from apps.storage.errors import ObjectMissing
from apps.storage.store import media_store
from tests.audit.chain import Connection
from tests.cases.test_case_file import actor_of, ask, sealed_case
from tests.workflows import histories
from tests.workflows.conftest import PATIENCE_SECONDS, Crew
from tests.world import World
from workflows.activities import TaskQueue
from workflows.case_file_messages import case_file_workflow_id

pytestmark = pytest.mark.django_db(transaction=True)


def standing(world: World, file: CaseFile) -> CaseFile:
    with tenant_scope(world.tenant.id):
        return CaseFile.objects.select_related("case__site").get(id=file.id)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.1)


def tell(world: World) -> int:
    with tenant_scope(world.tenant.id):
        return runs.tell_waiting(now=timezone.now())


def test_a_case_file_goes_its_way_and_is_recorded(
    crew: Crew, sequencer_connection: Connection
) -> None:
    world, case_id = sealed_case(sequencer_connection)
    crew.start(TaskQueue.TRIAGE)
    file = ask(world, case_id)
    until(lambda: tell(world) == 1)
    assert tell(world) == 0  # nothing has changed since
    crew.start(TaskQueue.EXPORTS)  # a request waits for a worker; nothing is lost
    until(lambda: standing(world, file).state == "ready")
    with tenant_scope(world.tenant.id):
        admin = world.administrator
        release_case_file(
            actor=actor_of(admin), user=admin, file=standing(world, file), now=timezone.now()
        )
        soon = timezone.now() + timedelta(seconds=2)
        CaseFile.objects.filter(id=file.id).update(expires_at=soon)
    until(lambda: tell(world) == 1)
    until(lambda: standing(world, file).removed_at is not None)
    assert standing(world, file).state == "expired"
    with pytest.raises(ObjectMissing):
        media_store().stat(key=standing(world, file).key)
    run_name = case_file_workflow_id(file.id)
    until(lambda: '"EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED"' in histories.history_of_run(run_name))
    text = histories.history_of_run(run_name)
    assert histories.replays(text)
    assert histories.personal_words_in(text) == []
    histories.keep(text, name="case-file-released-and-expired")


def test_a_run_that_was_terminated_is_started_again(
    crew: Crew, sequencer_connection: Connection
) -> None:
    world, case_id = sealed_case(sequencer_connection)
    crew.start(TaskQueue.TRIAGE)
    file = ask(world, case_id)
    tell(world)
    asyncio.run(_terminate(case_file_workflow_id(file.id)))
    with tenant_scope(world.tenant.id):
        assert runs.find_lost_runs(now=timezone.now()) == 0  # told a moment ago
        later = timezone.now() + timedelta(minutes=2)
        assert runs.find_lost_runs(now=later) == 1
        assert runs.tell_waiting(now=later) == 1
    crew.start(TaskQueue.EXPORTS)
    until(lambda: standing(world, file).state == "ready")


async def _terminate(run_name: str) -> None:
    connected = await Client.connect(settings.TEMPORAL_ADDRESS)
    await connected.get_workflow_handle(run_name).terminate("a test says so")
