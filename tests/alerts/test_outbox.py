"""From the outbox to Temporal: what was accepted is started, exactly once, whatever happens in between."""

import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.tenancy import tenant_scope
from apps.alerts import outbox
from apps.alerts.models import Alert, OutboxEntry
from apps.audit.events import Event
from apps.audit.models import InboxEntry
from tests.alerts.senders import Detector, stated
from tests.world import World
from workflows import client
from workflows.client import Server, TemporalUnreachable
from workflows.messages import RunStatus

pytestmark = pytest.mark.django_db


def nobody_answers() -> Server:
    return Server(address="127.0.0.1:9")


@pytest.fixture
def temporal(temporal_server: str) -> Iterator[None]:
    client.configure(Server(address=temporal_server))
    yield
    client.close()


@pytest.fixture
def temporal_down() -> Iterator[None]:
    client.configure(nobody_answers())
    yield
    client.configure(Server(address=settings.TEMPORAL_ADDRESS))


def send(detector: Detector, world: World) -> Alert:
    answer = detector.send(stated(world.camera.slug))
    assert answer.status_code == 202
    return Alert.objects.get(id=answer.json()["id"])


def test_the_sweep_starts_what_waits_exactly_once(
    world: World, detector: Detector, temporal: None
) -> None:
    alert = send(detector, world)

    assert outbox.start_waiting(now=timezone.now()) == 1
    assert outbox.start_waiting(now=timezone.now()) == 0

    entry = OutboxEntry.objects.get()
    run = client.describe(alert.id)
    assert (entry.state, entry.run_id) == ("started", run.run_id)
    assert run.status is RunStatus.RUNNING
    assert InboxEntry.objects.filter(event=Event.ALERT_WORKFLOW_STARTED.value).count() == 1


def test_a_sweeper_that_died_after_the_start_is_repeated_without_a_second_run(
    world: World, detector: Detector, temporal: None
) -> None:
    alert = send(detector, world)
    [entry] = outbox._claim(now=timezone.now(), limit=1)
    first = client.start_triage(outbox._start_of(entry.alert))

    assert outbox.start_waiting(now=timezone.now()) == 0, "the claim holds"
    assert outbox.start_waiting(now=timezone.now() + outbox.CLAIM + timedelta(seconds=1)) == 1
    assert client.describe(alert.id).run_id == first == OutboxEntry.objects.get().run_id


def test_while_temporal_is_down_alerts_are_accepted_and_wait(
    world: World, detector: Detector, temporal_down: None
) -> None:
    for _ in range(3):
        send(detector, world)

    assert outbox.start_waiting(now=timezone.now()) == 0
    assert outbox.waiting_count() == 3
    entries = list(OutboxEntry.objects.order_by("created_at"))
    assert all(entry.last_error for entry in entries)
    soon = timezone.now() + timedelta(seconds=5)
    assert all(entry.next_try_at < soon for entry in entries)


def test_no_more_alerts_are_analysed_at_a_time_than_allowed(
    world: World, detector: Detector, temporal: None, settings: Settings
) -> None:
    settings.ALERTS_IN_FLIGHT = 2
    alerts = [send(detector, world) for _ in range(3)]

    assert outbox.start_waiting(now=timezone.now()) == 2
    assert outbox.start_waiting(now=timezone.now()) == 0
    Alert.objects.filter(id=alerts[0].id).update(state="analysing")
    assert outbox.start_waiting(now=timezone.now()) == 0


def test_the_oldest_alert_is_started_first(
    world: World, detector: Detector, temporal: None, settings: Settings
) -> None:
    settings.ALERTS_IN_FLIGHT = 1
    first, _ = send(detector, world), send(detector, world)
    outbox.start_waiting(now=timezone.now())
    assert OutboxEntry.objects.get(state="started").alert_id == first.id


def test_a_run_that_nobody_knows_is_shown_and_started_again(
    world: World, detector: Detector, temporal: None
) -> None:
    alert = send(detector, world)
    OutboxEntry.objects.update(
        state="started", run_id="gone", started_at=timezone.now() - timedelta(minutes=5)
    )

    assert outbox.compare_with_temporal(now=timezone.now()) == 1

    alert.refresh_from_db()
    assert alert.failed_step == "workflow"
    assert alert.failed_reason == "Its workflow run was found missing; it is started again."
    assert InboxEntry.objects.filter(event=Event.ALERT_WORKFLOW_RESTARTED.value).count() == 1
    assert outbox.start_waiting(now=timezone.now() + timedelta(seconds=1)) == 1
    entry = OutboxEntry.objects.get()
    assert (entry.state, entry.run_number) == ("started", 2)
    assert client.describe(alert.id).status is RunStatus.RUNNING


def test_a_running_run_is_left_alone(world: World, detector: Detector, temporal: None) -> None:
    alert = send(detector, world)
    outbox.start_waiting(now=timezone.now())

    assert outbox.compare_with_temporal(now=timezone.now() + timedelta(minutes=5)) == 0
    alert.refresh_from_db()
    assert alert.failed_step == ""
    assert OutboxEntry.objects.get().checked_at is not None


def test_comparing_waits_while_temporal_is_down(
    world: World, detector: Detector, temporal_down: None
) -> None:
    alert = send(detector, world)
    OutboxEntry.objects.update(
        state="started", run_id="x", started_at=timezone.now() - timedelta(minutes=5)
    )
    assert outbox.compare_with_temporal(now=timezone.now()) == 0
    alert.refresh_from_db()
    assert alert.failed_step == ""


def test_starting_says_when_temporal_is_unreachable(temporal_down: None) -> None:
    with pytest.raises(TemporalUnreachable):
        client.describe(uuid.uuid4())


def test_the_nudge_names_its_alert() -> None:
    alert_id = uuid.uuid4()
    assert outbox.alert_of_nudge(f"clip {alert_id}") == alert_id
    assert outbox.alert_of_nudge("") is None


@pytest.mark.django_db(transaction=True)
def test_two_sweepers_at_once_start_each_alert_once(
    world: World, detector: Detector, temporal: None
) -> None:
    ids = [detector.send(stated(world.camera.slug)).json()["id"] for _ in range(6)]
    started: list[int] = []

    def sweep() -> None:
        with tenant_scope(world.tenant.id):  # the service role would need none
            claimed = outbox._claim(now=timezone.now(), limit=10)
        started.extend(1 for _ in claimed)
        connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(started) == len(ids)
