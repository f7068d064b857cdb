"""A whole run of a stack as a process of its own: double start, orderly stop, kill -9, what remains."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.env import REPOSITORY

PATIENCE_SECONDS = 60.0


class TinyStack:
    """The run in `home`, seen from outside."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *options: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-u", "-m", "tests.stack.tiny_stack", str(self.home), *options]
        said = self.home.with_name(f"said-{len(self.processes)}")
        with said.open("w") as output:
            process = subprocess.Popen(command, cwd=REPOSITORY, stdout=output, stderr=output)
        self.processes.append(process)
        return process

    def said(self, process: "subprocess.Popen[bytes]") -> str:
        """What a start has said, when it has ended."""
        process.wait(PATIENCE_SECONDS)
        return self.home.with_name(f"said-{self.processes.index(process)}").read_text()

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        process.kill()
        process.wait(PATIENCE_SECONDS)

    def record(self) -> dict[str, Any]:
        try:
            known: dict[str, Any] = json.loads((self.home / "stack.json").read_text())
        except FileNotFoundError:
            return {"phase": "none", "processes": []}
        return known

    def pids(self) -> dict[str, int]:
        return {one["name"]: one["pid"] for one in self.record()["processes"]}

    def until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        until(lambda: self.record()["phase"] == "ready" and self.record()["pid"] == process.pid)

    def manage(self, command: str, *options: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "manage.py", command, *options],
            cwd=REPOSITORY,
            env={"PATH": os.environ["PATH"], "SECOND_LOOK_HOME": str(self.home)},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[TinyStack]:
    one = TinyStack(tmp_path / "a home")
    yield one
    for process in one.processes:
        one.kill(process)
    for pid in one.pids().values():
        if lives(pid):
            os.killpg(pid, signal.SIGKILL)


def test_ctrl_c_stops_our_processes_before_the_servers(stack: TinyStack) -> None:
    process = stack.start()
    stack.until_ready(process)
    pids = stack.pids()
    process.send_signal(signal.SIGINT)
    output = stack.said(process)
    assert process.returncode == 0, output
    ends = (stack.home / "ends").read_text().split()
    assert ends[-1] == "server"
    assert set(ends) == {"server", "web", "worker"}
    assert not any(map(lives, pids.values()))
    assert stack.record()["phase"] == "none"


def test_a_second_start_in_the_same_folder_is_refused_and_disturbs_nothing(
    stack: TinyStack,
) -> None:
    first = stack.start()
    stack.until_ready(first)
    second = stack.start()
    output = stack.said(second)
    assert second.returncode == 1
    assert f"already running: {first.pid}" in output
    assert all(map(lives, stack.pids().values()))
    assert first.poll() is None


def test_up_says_where_the_other_one_runs(stack: TinyStack) -> None:
    first = stack.start()
    stack.until_ready(first)
    refused = stack.manage("up")
    assert refused.returncode == 1
    assert "already runs in this folder" in refused.stderr
    assert str(first.pid) in refused.stderr
    assert "make down" in refused.stderr


def test_two_folders_run_side_by_side(stack: TinyStack, tmp_path: Path) -> None:
    other = TinyStack(tmp_path / "another home")
    one, two = stack.start(), other.start()
    stack.until_ready(one)
    other.until_ready(two)
    other.manage("down")
    assert two.wait(PATIENCE_SECONDS) == 0
    assert all(map(lives, stack.pids().values()))


def test_no_process_survives_a_killed_supervisor(stack: TinyStack) -> None:
    process = stack.start()
    stack.until_ready(process)
    pids = stack.pids()
    stack.kill(process)
    until(lambda: not any(map(lives, pids.values())))


def test_after_a_killed_supervisor_the_next_start_says_so_and_comes_up(stack: TinyStack) -> None:
    killed = stack.start()
    stack.until_ready(killed)
    stack.kill(killed)
    process = stack.start()
    stack.until_ready(process)
    process.send_signal(signal.SIGTERM)
    output = stack.said(process)
    assert process.returncode == 0, output
    assert f"process {killed.pid}) was not stopped properly" in output


def test_what_outlived_a_killed_supervisor_is_ended_by_down(stack: TinyStack) -> None:
    killed = stack.start("--deaf")
    stack.until_ready(killed)
    deaf = stack.pids()["deaf"]
    stack.kill(killed)
    assert lives(deaf), "it does not listen to the kernel's signal either"
    stopped = stack.manage("down")
    assert "deaf was left over" in stopped.stdout
    until(lambda: not lives(deaf))


def test_a_record_of_processes_that_are_gone_harms_nobody(stack: TinyStack) -> None:
    """A pid may belong to somebody else by now: without the same beginning nothing is killed."""
    with subprocess.Popen(["sleep", "600"]) as stranger:
        stack.home.mkdir()
        one = {"name": "web", "title": "web", "pid": stranger.pid, "state": "ready", "born": "1"}
        known = {"pid": 1, "phase": "ready", "started_at": "", "processes": [one]}
        (stack.home / "stack.json").write_text(json.dumps(known))
        stack.manage("down")
        assert stranger.poll() is None
        stranger.kill()


def test_a_crashed_child_comes_back_and_status_says_how_often(stack: TinyStack) -> None:
    process = stack.start()
    stack.until_ready(process)
    fallen = stack.pids()["worker"]
    os.kill(fallen, signal.SIGKILL)
    until(lambda: stack.pids()["worker"] not in {None, fallen} and process.poll() is None)
    until(lambda: stack.manage("status").returncode == 0)
    known = json.loads(stack.manage("status", "--json").stdout)
    worker = next(one for one in known["processes"] if one["name"] == "worker")
    assert worker["restarts"] == 1
    assert worker["last_end"] == "was killed by SIGKILL"
    assert any("worker was killed by SIGKILL; starting it again" in one for one in known["events"])
    assert "worker" in stack.manage("status").stdout


def test_status_of_a_folder_where_nothing_runs(stack: TinyStack) -> None:
    said = stack.manage("status")
    assert said.returncode == 1
    assert "does not run in this folder" in said.stdout
    assert json.loads(stack.manage("status", "--json").stdout)["phase"] == "stopped"


def test_only_their_owner_can_read_what_a_run_writes(stack: TinyStack) -> None:
    process = stack.start()
    stack.until_ready(process)
    assert (stack.home / "stack.json").stat().st_mode & 0o077 == 0
    assert (stack.home / "logs").stat().st_mode & 0o077 == 0
