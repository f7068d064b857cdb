"""Something is down, killed, terminated, forged or poisoned: it is visible, and nothing is lost."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.conf import settings
from django.utils import timezone
from temporalio.client import Client, WorkflowUpdateFailedError

from apps.accounts.tenancy import tenant_scope
from apps.alerts import outbox
from apps.alerts.intake import ClipDelivery
from apps.alerts.models import Alert, Assessment, Clip, OutboxEntry
from apps.alerts.operations import note_upload_finished
from apps.audit.events import Actor
from apps.evidence.models import EvidenceItem
from apps.reviews.models import Confirmation, DecisionAttempt, HumanTask
from apps.reviews.operations import expire_attempts, resend_submitted
from apps.storage.keys import alert_upload
from apps.storage.store import media_store
from apps.triage.states import AlertState
from tests.reviews.conftest import prepare
from tests.workflows.conftest import CLIP, Crew, look, wait_until
from tests.workflows.intake import accept, sweep
from tests.workflows.test_main_job import attempt_state, decide
from tests.world import World
from workflows import client
from workflows.activities import TaskQueue
from workflows.messages import DECIDE, Decide, RunStatus, workflow_id


def arrives(alert: Alert, *, seconds: float = 60) -> None:
    wait_until(lambda: look(alert).state == AlertState.AWAITING_REVIEW, seconds=seconds)


def arrived_once(alert: Alert) -> bool:
    with tenant_scope(alert.tenant_id):
        return (
            Assessment.objects.filter(alert=alert).count() == 1
            and HumanTask.objects.filter(alert=alert).count() == 1
            and EvidenceItem.objects.filter(alert=alert, kind="master").count() <= 1
        )


# --- the Temporal side


def test_an_update_forged_on_the_temporal_side_does_nothing(crew: Crew, shop: World) -> None:
    crew.start(TaskQueue.TRIAGE)
    alert = accept(shop)
    sweep(shop)
    arrives(alert)
    with tenant_scope(shop.tenant.id):
        prepared = prepare(shop.operator, look(alert)).attempt

    async def forge(attempt_id: str) -> str:
        connected = await Client.connect(settings.TEMPORAL_ADDRESS)
        run = connected.get_workflow_handle(workflow_id(alert.id))
        message = Decide(
            tenant_id=str(alert.tenant_id), alert_id=str(alert.id), attempt_id=attempt_id
        )
        try:
            answer = await run.execute_update(DECIDE, message)
        except WorkflowUpdateFailedError:
            return "turned away"
        return str(answer["code"])

    assert asyncio.run(forge(str(uuid4()))) == "unknown"
    assert asyncio.run(forge("drop table")) == "turned away"
    assert asyncio.run(forge(str(prepared.id))) == "not_submitted"
    assert look(alert).state == AlertState.AWAITING_REVIEW
    with tenant_scope(shop.tenant.id):
        assert not Confirmation.objects.exists()
        assert DecisionAttempt.objects.get().state == "prepared"


def test_a_terminated_run_is_shown_started_again_and_decided(crew: Crew, shop: World) -> None:
    crew.start(TaskQueue.TRIAGE)
    crew.start(TaskQueue.EXPORTS)
    alert = accept(shop)
    sweep(shop)
    arrives(alert)

    async def terminate() -> None:
        connected = await Client.connect(settings.TEMPORAL_ADDRESS)
        await connected.get_workflow_handle(workflow_id(alert.id)).terminate("by mistake")

    asyncio.run(terminate())
    assert client.describe(alert.id).status is RunStatus.TERMINATED
    with tenant_scope(shop.tenant.id):
        later = timezone.now() + outbox.SETTLING + timedelta(seconds=1)
        assert outbox.compare_with_temporal(now=later) == 1
    assert "terminated" in look(alert).failed_reason
    with tenant_scope(shop.tenant.id):
        assert outbox.start_waiting(now=timezone.now() + timedelta(minutes=2)) == 1
    assert client.describe(alert.id).status is RunStatus.RUNNING
    wait_until(lambda: look(alert).failed_step == "")
    assert arrived_once(alert)
    attempt = decide(shop, alert)
    wait_until(lambda: attempt_state(attempt) == "applied")


def test_a_run_terminated_after_the_decision_still_ends_its_work(crew: Crew, shop: World) -> None:
    crew.start(TaskQueue.TRIAGE)  # nobody renders documents yet
    alert = accept(shop)
    sweep(shop)
    arrives(alert)
    attempt = decide(shop, alert)
    wait_until(lambda: attempt_state(attempt) == "applied")

    async def terminate() -> None:
        connected = await Client.connect(settings.TEMPORAL_ADDRESS)
        await connected.get_workflow_handle(workflow_id(alert.id)).terminate("by mistake")

    asyncio.run(terminate())
    crew.start(TaskQueue.EXPORTS)
    with tenant_scope(shop.tenant.id):
        assert outbox.compare_with_temporal(now=timezone.now() + timedelta(minutes=1)) == 1
    with tenant_scope(shop.tenant.id):
        assert outbox.start_waiting(now=timezone.now() + timedelta(minutes=2)) == 1
    wait_until(lambda: client.describe(alert.id).status is RunStatus.COMPLETED)
    with tenant_scope(shop.tenant.id):
        assert EvidenceItem.objects.get(alert=alert).kind == "dossier"
        assert OutboxEntry.objects.get().finished_at
        assert outbox.compare_with_temporal(now=timezone.now() + timedelta(minutes=9)) == 0


def test_a_run_forgotten_by_the_server_is_one_that_vanished(temporal_server: str) -> None:
    assert client.describe(uuid4()).status is RunStatus.MISSING
    client.close()


def test_temporal_down_is_said_within_seconds(shop: World) -> None:
    client.configure(client.Server(address="127.0.0.1:1"))
    try:
        began = time.monotonic()
        with pytest.raises(client.TemporalUnreachable):
            client.describe(uuid4())
        assert client.send_decision(tenant_id=uuid4(), alert_id=uuid4(), attempt_id=uuid4()) is None
        client.clip_arrived(uuid4())
        assert time.monotonic() - began < 3 * (client.RPC_SECONDS + 1)
    finally:
        client.configure(client.Server(address=settings.TEMPORAL_ADDRESS))


# --- a decision while nobody works


def test_a_decision_with_the_worker_down_waits_and_is_applied_later(
    crew: Crew, shop: World
) -> None:
    crew.start(TaskQueue.TRIAGE)
    alert = accept(shop)
    sweep(shop)
    arrives(alert)
    crew.stop(TaskQueue.TRIAGE)
    attempt = decide(shop, alert)
    assert attempt_state(attempt) == "submitted"
    assert look(alert).state == AlertState.AWAITING_REVIEW
    crew.start(TaskQueue.TRIAGE)
    with tenant_scope(shop.tenant.id):
        assert resend_submitted(now=timezone.now() + timedelta(seconds=20)) == 1
    wait_until(lambda: attempt_state(attempt) == "applied")
    assert look(alert).state == AlertState.RESOLVED
    with tenant_scope(shop.tenant.id):
        assert Confirmation.objects.count() == 1


def test_a_decision_nobody_applied_in_time_expires_and_decides_nothing(
    crew: Crew, shop: World, settings: Any
) -> None:
    settings.ATTEMPT_LIFETIME_SECONDS = 1
    crew.start(TaskQueue.TRIAGE)
    alert = accept(shop)
    sweep(shop)
    arrives(alert)
    crew.stop(TaskQueue.TRIAGE)
    attempt = decide(shop, alert)
    with tenant_scope(shop.tenant.id):
        assert expire_attempts(now=timezone.now()) == 1
    crew.start(TaskQueue.TRIAGE)  # the Update that still waited at the server comes now, too late
    time.sleep(2)
    assert attempt_state(attempt) == "expired"
    assert look(alert).state == AlertState.AWAITING_REVIEW


def test_of_two_simultaneous_decisions_one_wins_and_the_other_is_told(
    crew: Crew, shop: World
) -> None:
    crew.start(TaskQueue.TRIAGE)
    crew.start(TaskQueue.EXPORTS)
    alert = accept(shop)
    sweep(shop)
    arrives(alert)
    crew.stop(TaskQueue.TRIAGE)  # both reach the server before anybody looks at either
    first = decide(shop, alert)
    second = decide(shop, alert, person=shop.second_operator)
    crew.start(TaskQueue.TRIAGE)
    with tenant_scope(shop.tenant.id):
        resend_submitted(now=timezone.now() + timedelta(seconds=20))
    wait_until(lambda: {attempt_state(first), attempt_state(second)} == {"applied", "refused"})
    with tenant_scope(shop.tenant.id):
        loser = DecisionAttempt.objects.get(state="refused")
        assert loser.outcome_text.startswith("Already decided by ")
        assert Confirmation.objects.count() == 1


# --- the clip


def test_a_store_that_is_down_leaves_the_clip_pending_and_visible(
    crew: Crew, shop: World, settings: Any
) -> None:
    working = settings.S3_ENDPOINT
    settings.S3_ENDPOINT = "http://127.0.0.1:1"
    crew.start(TaskQueue.TRIAGE)
    crew.start(TaskQueue.INFERENCE)
    alert = accept(shop, clip=CLIP.read_bytes())
    sweep(shop)
    wait_until(lambda: look(alert).stage == "Clip pending")
    assert "object store" in look(alert).clip.pending_reason
    settings.S3_ENDPOINT = working
    arrives(alert)
    assert look(alert).clip.is_viewable
    assert arrived_once(alert)


def test_with_the_inference_worker_down_the_alert_waits_visibly(crew: Crew, shop: World) -> None:
    crew.start(TaskQueue.TRIAGE)
    alert = accept(shop, clip=CLIP.read_bytes())
    sweep(shop)
    wait_until(lambda: look(alert).stage == "Waiting for the analysis")
    assert look(alert).clip.state == "stored"
    crew.start(TaskQueue.INFERENCE)
    arrives(alert)
    assert arrived_once(alert)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 4000, "truncated"),
        (CLIP.read_bytes()[:20_000], None),
    ],
)
def test_a_clip_that_cannot_be_looked_at_is_refused_and_the_alert_goes_to_a_person(
    crew: Crew, shop: World, content: bytes, code: str | None
) -> None:
    crew.start(TaskQueue.TRIAGE)
    crew.start(TaskQueue.INFERENCE)
    alert = accept(shop, clip=content)
    sweep(shop)
    arrives(alert)
    clip = look(alert).clip
    assert clip.state == "refused"
    assert clip.refused_reason.endswith(".")
    assert code is None or clip.refused_code == code


def test_an_upload_by_presigned_address_is_taken_over_and_checked(crew: Crew, shop: World) -> None:
    crew.start(TaskQueue.TRIAGE)
    crew.start(TaskQueue.INFERENCE)
    alert = accept(shop, delivery=ClipDelivery.UPLOAD)
    sweep(shop)
    wait_until(lambda: look(alert).stage == "Waiting for the clip")
    key = alert_upload(tenant_id=alert.tenant_id, alert_id=alert.id)
    address = media_store().presigned_put(key=key, seconds=60)
    assert httpx.put(address, content=CLIP.read_bytes()).status_code == 200
    with tenant_scope(shop.tenant.id):
        note_upload_finished(
            actor=Actor.system(shop.tenant.id), alert=look(alert), now=timezone.now()
        )
    client.clip_arrived(alert.id)
    arrives(alert)
    assert look(alert).clip.is_viewable
    assert media_store().keys(prefix=key) == []


def test_a_text_file_uploaded_as_a_clip_is_refused(crew: Crew, shop: World) -> None:
    crew.start(TaskQueue.TRIAGE)
    alert = accept(shop, delivery=ClipDelivery.UPLOAD)
    key = alert_upload(tenant_id=alert.tenant_id, alert_id=alert.id)
    address = media_store().presigned_put(key=key, seconds=60)
    assert httpx.put(address, content=b"this is not a film").status_code == 200
    sweep(shop)
    arrives(alert)
    assert look(alert).clip.refused_code == "not_a_video"


# --- kill -9


@pytest.mark.faults
def test_a_worker_killed_in_the_middle_of_analysis_loses_nothing(
    crew: Crew, shop: World, stack_environment: dict[str, str]
) -> None:
    def worker(queue: TaskQueue) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "manage.py", "temporal_worker", "--queue", queue.value],
            env=stack_environment,
            stdout=subprocess.DEVNULL,
        )

    triage, inference = worker(TaskQueue.TRIAGE), worker(TaskQueue.INFERENCE)
    try:
        alert = accept(shop, clip=CLIP.read_bytes())
        sweep(shop)
        wait_until(lambda: "nalys" in look(alert).stage, seconds=90)
        os.kill(triage.pid, signal.SIGKILL)
        os.kill(inference.pid, signal.SIGKILL)
        triage.wait()
        inference.wait()
        triage, inference = worker(TaskQueue.TRIAGE), worker(TaskQueue.INFERENCE)
        arrives(alert, seconds=120)
        assert arrived_once(alert)
        with tenant_scope(shop.tenant.id):
            assert OutboxEntry.objects.get().run_number == 1
            assert Clip.objects.get().analysis_key
    finally:
        for process in (triage, inference):
            process.kill()
            process.wait()
