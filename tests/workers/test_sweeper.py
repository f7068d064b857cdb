"""The sweeper as the process it is: rung by the database, on its own clock, through outages."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import OutboxEntry
from config.env import REPOSITORY
from tests.alerts.senders import Detector, make_detector, stated
from tests.world import World
from workers.sweeping import Chore, Sweeper

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 30.0


@pytest.fixture
def detector(world: World, tmp_path: Path, settings: Any) -> Detector:
    settings.CLIP_SPOOL = tmp_path
    return make_detector(world.tenant)


@pytest.fixture
def sweeper(
    world: World, temporal_server: str, stack_environment: dict[str, str]
) -> Iterator["subprocess.Popen[str]"]:
    """`manage.py sweeper` under the service role."""
    address = {"DATABASE_URL": stack_environment["DATABASE_SERVICE_URL"]}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "sweeper"],
        cwd=REPOSITORY,
        env=stack_environment | address,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "sweeper ready\n"
    yield process
    process.kill()
    process.communicate()


def states(world: World) -> list[str]:
    with tenant_scope(world.tenant.id):
        return list(OutboxEntry.objects.values_list("state", flat=True))


def wait_until_started(world: World, count: int) -> float:
    began = time.monotonic()
    while states(world).count("started") != count:
        assert time.monotonic() - began < PATIENCE_SECONDS, states(world)
        time.sleep(0.05)
    return time.monotonic() - began


def test_an_accepted_alert_is_started_across_tenants_without_anybody_asking(
    world: World, detector: Detector, sweeper: "subprocess.Popen[str]"
) -> None:
    for number in range(1, 4):
        assert detector.send(stated(world.camera.slug)).status_code == 202
        wait_until_started(world, number)


def test_what_waited_before_the_sweeper_came_is_started(
    world: World, detector: Detector, request: pytest.FixtureRequest
) -> None:
    detector.send(stated(world.camera.slug))
    request.getfixturevalue("sweeper")
    wait_until_started(world, 1)


def test_a_lost_connection_is_made_again(
    world: World,
    detector: Detector,
    sweeper: "subprocess.Popen[str]",
    superuser_connection: Any,
) -> None:
    superuser_connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename = 'second_look_service' AND datname = current_database()"
    )
    detector.send(stated(world.camera.slug))
    wait_until_started(world, 1)
    assert sweeper.poll() is None


def test_told_to_stop_it_stops_cleanly(sweeper: "subprocess.Popen[str]") -> None:
    sweeper.send_signal(signal.SIGTERM)
    assert sweeper.wait(PATIENCE_SECONDS) == 0


def test_a_chore_that_fails_is_tried_again_and_the_bell_is_heard_at_once() -> None:
    runs: list[float] = []
    stop = threading.Event()

    def chore() -> int:
        runs.append(time.monotonic())
        if len(runs) == 1:
            raise OperationalError("gone")
        if len(runs) == 2:
            raise ValueError("a bug")
        stop.set()
        return 1

    work = Chore("tested", chore, every_seconds=0.01)
    work.keep(stop)
    assert len(runs) == 3

    rung = Chore("rung", lambda: runs.append(0.0) or 0, every_seconds=600)
    sweeper = Sweeper([rung])
    thread = threading.Thread(target=sweeper.run)
    thread.start()
    count = len(runs)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(runs) == count and time.monotonic() < deadline:
        time.sleep(0.01)
    sweeper.stop()
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
    assert len(runs) > count
