"""Keeps programs running: starts them, watches them, restarts the fallen, stops them in reverse order.

One thread does all of it: Linux ties a child's death signal to the thread that started it.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from config.stack.server import Program, launch

LOG_LIMIT_BYTES = 10_000_000
STOP_PATIENCE_SECONDS = 30.0
START_PATIENCE_SECONDS = 90.0
_PROBE_EVERY_SECONDS = 5.0


class ChildState(StrEnum):
    STARTING = "starting"
    READY = "ready"
    UNRESPONSIVE = "unresponsive"
    WAITING = "waiting"  # fallen, to be started again
    STOPPED = "stopped"


@dataclass(frozen=True)
class Backoff:
    """How long to wait before the next start of a program that fell."""

    first_seconds: float = 0.5
    limit_seconds: float = 30.0
    healthy_seconds: float = 60.0

    def __post_init__(self) -> None:
        if not 0 < self.first_seconds <= self.limit_seconds:
            raise ValueError("back-off needs 0 < first_seconds <= limit_seconds")

    def delay(self, *, falls: int) -> float:
        """Seconds to wait after the `falls`-th fall in a row (1 is the first): doubling, capped."""
        return float(min(self.limit_seconds, self.first_seconds * 2 ** min(falls - 1, 30)))

    def falls(self, *, before: int, lived_seconds: float) -> int:
        """Falls in a row after one more; a long healthy life forgives what was before."""
        return 1 if lived_seconds >= self.healthy_seconds else before + 1


@dataclass
class Child:
    """One program and what has become of it."""

    program: Program
    log: Path
    title: str
    ready_words: str = ""
    start_patience_seconds: float = START_PATIENCE_SECONDS
    state: ChildState = ChildState.STOPPED
    process: "subprocess.Popen[bytes] | None" = None
    restarts: int = 0
    falls: int = 0
    last_end: str = ""
    started: float = 0.0
    due: float = 0.0
    probe_due: float = 0.0
    log_offset: int = 0

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process and self.process.returncode is None else None

    def start(self, *, now: float) -> None:
        self.log_offset = self.log.stat().st_size if self.log.exists() else 0
        self.process = launch(self.program, log=self.log)
        self.state, self.started, self.probe_due = ChildState.STARTING, now, now

    def is_late(self, *, now: float) -> bool:
        return now - self.started > self.start_patience_seconds

    def answers(self) -> bool:
        """Whether the program is ready; a start also counts only when its words were written."""
        starting = self.state is ChildState.STARTING
        return self.program.ready() and (not starting or self.ready_words in self.said())

    def said(self) -> str:
        """What this run of the program has written so far (its last 64 kB)."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as lines:
            lines.seek(max(self.log_offset, self.log.stat().st_size - 65_536))
            return lines.read().decode(errors="replace")


@dataclass
class Supervisor:
    """The programs of one stack, in the order they were started.

    `report` hears one sentence whenever a program falls or answers again.
    """

    report: Callable[[str], None]
    backoff: Backoff = Backoff()
    clock: Callable[[], float] = time.monotonic
    children: list[Child] = field(default_factory=list)

    def start(
        self,
        program: Program,
        *,
        log: Path,
        title: str = "",
        ready_words: str = "",
        start_patience_seconds: float = START_PATIENCE_SECONDS,
    ) -> Child:
        """Start one more program and watch it from now on.

        One that is not ready when its patience ends is killed and started again, like a fallen one.
        """
        bound(log)
        child = Child(program, log, title or program.name, ready_words, start_patience_seconds)
        child.start(now=self.clock())
        self.children.append(child)
        return child

    def tick(self) -> None:
        """Look once at every child: notice falls, start what is due, probe. Call it often."""
        for child in self.children:
            self._look_at(child)

    def _look_at(self, child: Child) -> None:
        now = self.clock()
        if child.state is ChildState.WAITING:
            if now >= child.due:
                child.restarts += 1
                child.start(now=now)
        elif child.process and (status := child.process.poll()) is not None:
            self._fell(child, ending(status), now)
        elif child.state is ChildState.STARTING and child.is_late(now=now):
            self._fell(child, f"was not ready after {child.start_patience_seconds:g} s", now)
        elif child.process and now >= child.probe_due:
            self._probe(child, now)

    def _fell(self, child: Child, how: str, now: float) -> None:
        if child.state is ChildState.STOPPED:
            return
        sweep(child)
        child.falls = self.backoff.falls(before=child.falls, lived_seconds=now - child.started)
        delay = self.backoff.delay(falls=child.falls)
        child.last_end = how
        child.state, child.due = ChildState.WAITING, now + delay
        self.report(f"{child.title} {child.last_end}; starting it again in {delay:g} s")

    def _probe(self, child: Child, now: float) -> None:
        before, answers = child.state, child.answers()
        if answers:
            child.state = ChildState.READY
        elif before is ChildState.READY:
            child.state = ChildState.UNRESPONSIVE
        settled = child.state is ChildState.READY
        child.probe_due = now + (_PROBE_EVERY_SECONDS if settled else 0.1)
        if settled and before is ChildState.UNRESPONSIVE:
            self.report(f"{child.title} answers again")
        elif settled and before is ChildState.STARTING and child.restarts:
            self.report(f"{child.title} runs again (restart {child.restarts})")
        elif child.state is ChildState.UNRESPONSIVE and before is ChildState.READY:
            self.report(f"{child.title} does not answer")

    def bound_logs(self) -> None:
        """Keep every log within its limit; the children keep writing to the same file."""
        for child in self.children:
            bound(child.log)

    def stop(
        self,
        children: Iterable[Child],
        *,
        patience_seconds: float = STOP_PATIENCE_SECONDS,
        hurry: Callable[[], bool] = lambda: False,
    ) -> None:
        """Ask these to stop, all at once, and insist when patience ends or `hurry` says so."""
        asked = [child for child in children if child.state is not ChildState.STOPPED]
        for child in asked:
            child.state = ChildState.STOPPED
            if child.pid and child.process:
                child.process.send_signal(child.program.stop_signal)
        deadline = self.clock() + patience_seconds
        while any(child.process and child.process.poll() is None for child in asked):
            if self.clock() > deadline or hurry():
                break
            time.sleep(0.02)
        for child in asked:
            sweep(child)


def sweep(child: Child) -> None:
    """Kill whatever is left of the child's session, grandchildren included, and reap the child."""
    if child.process is None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.process.pid, signal.SIGKILL)
    child.process.wait()


def ending(status: int) -> str:
    """How a process ended, in words, from its wait status as subprocess gives it."""
    if status >= 0:
        return f"ended with status {status}"
    return f"was killed by {signal.Signals(-status).name}"


def bound(log: Path, *, limit_bytes: int = LOG_LIMIT_BYTES) -> None:
    """Move an overlong log's text to `<log>.1` and empty it in place, under its writer's feet.

    The writer appends (O_APPEND), so it goes on at the new end. Lines written between the copy and
    the truncation are lost: accepted for logs, never done to data.
    """
    if not log.exists() or log.stat().st_size <= limit_bytes:
        return
    older = log.with_name(f"{log.name}.1")
    older.write_bytes(log.read_bytes())
    with log.open("r+b") as file:
        file.truncate(0)
