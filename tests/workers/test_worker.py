"""The worker process: it starts without Temporal, stops when told, and keeps secrets out of histories."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from workers.interceptor import ActivityInterceptor
from workers.temporal import station_of
from workflows import activities, case_file_activities, enrolment_activities
from workflows.activities import Declared, TaskQueue


def command(queue: str, environment: dict[str, str], **more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "manage.py", "temporal_worker", "--queue", queue],
        env=environment | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def read_until(process: "subprocess.Popen[str]", words: str) -> list[str]:
    """The lines up to the one that holds `words`."""
    found: list[str] = []
    timer = threading.Timer(60, process.kill)
    timer.start()
    assert process.stdout
    for line in process.stdout:
        found.append(line)
        if words in line:
            timer.cancel()
            return found
    raise AssertionError(f"{words!r} was never said: {found}")


@pytest.mark.django_db(transaction=True)
def test_a_worker_waits_for_temporal_and_says_so(
    stack_environment: dict[str, str],
) -> None:
    process = command("exports", stack_environment, TEMPORAL_ADDRESS="127.0.0.1:1")
    try:
        read_until(process, "does not answer yet; trying again")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.communicate()


@pytest.mark.django_db(transaction=True)
def test_a_worker_stops_when_told(stack_environment: dict[str, str], temporal_server: str) -> None:
    process = command("triage", stack_environment)
    try:
        read_until(process, "triage worker ready")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        read_until(process, "triage worker stopping")
        assert process.wait(20) == 0
        assert time.monotonic() - began < 15
    finally:
        process.kill()
        process.communicate()


def test_only_the_inference_worker_loads_inference_libraries() -> None:
    code = (
        "import django, sys; django.setup()\n"
        "from workers.temporal import station_of; from workflows.activities import TaskQueue\n"
        "for queue in (TaskQueue.TRIAGE, TaskQueue.EXPORTS): station_of(queue, slots=1).activities()\n"
        "loaded = {'onnxruntime', 'av', 'nvidia.dali'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {loaded}' if loaded else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_declared_activity_has_one_home() -> None:
    homes = [
        activity.__temporal_activity_definition.name  # type: ignore[attr-defined]
        for queue in TaskQueue
        for activity in station_of(queue, slots=1).activities()
    ]
    assert sorted(homes) == sorted(set(homes))
    assert sorted(homes) == sorted(one.name for one in declared())


def declared() -> list[Declared[Any, Any]]:
    """Every activity a workflow may ask for."""
    tables = (activities, enrolment_activities, case_file_activities)
    return [one for table in tables for one in vars(table).values() if isinstance(one, Declared)]


class Failing(ActivityInboundInterceptor):
    def __init__(self, error: Exception) -> None:
        self.error = error

    def init(self, outbound: Any) -> None: ...

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        raise self.error


def outcome(error: Exception) -> ApplicationError:
    wrapped = ActivityInterceptor().intercept_activity(Failing(error))

    def assess() -> None: ...

    async def run() -> None:
        wrapped.init(_Silent())  # type: ignore[arg-type]
        await wrapped.execute_activity(
            ExecuteActivityInput(fn=assess, args=[], executor=None, headers={})
        )

    with pytest.raises(ApplicationError) as raised:
        asyncio.run(run())
    return raised.value


class _Silent:
    def info(self) -> Any:
        return ActivityEnvironment.default_info()

    def heartbeat(self, *details: Any) -> None: ...


def test_an_errors_text_stays_out_of_the_history_and_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    found = outcome(ValueError("Señora García, C/ Mayor 3"))
    assert found.type == "ValueError"
    assert "García" not in str(found)
    assert found.__cause__ is None
    assert "García" not in caplog.text


def test_a_refusal_made_on_purpose_passes_unchanged() -> None:
    refusal = ApplicationError("refused", type="malformed")
    assert outcome(refusal) is refusal
