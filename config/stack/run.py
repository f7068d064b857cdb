"""One run of a stack: who holds the folder, what passes while time passes, and how it all ends."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import FrameType
from typing import IO

from config.env import REPOSITORY
from config.stack import record
from config.stack.home import Home
from config.stack.record import ProcessRecord, Record
from config.stack.server import Program, UnableToStart, dies_with_parent, tail
from config.stack.supervisor import (
    START_PATIENCE_SECONDS,
    Child,
    ChildState,
    Supervisor,
    ending,
)
from config.stack.terminal import Terminal

COMMAND_PATIENCE_SECONDS = 600.0
STOP_PATIENCE_SECONDS = 20.0
FALLS_TOLERATED = 3
EVENTS_KEPT = 50
_TICK_SECONDS = 0.1
_LOGS_EVERY_TICKS = 100

Rows = Sequence[tuple[str, str]]


class StopAsked(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal: not an error, but everything unwinds."""


@dataclass(frozen=True)
class Command:
    """A `manage.py` command under way."""

    name: str
    process: "subprocess.Popen[bytes]"
    output: IO[bytes]


@dataclass
class Run:
    """The supervisor, its record on disk, and the person's wish to stop.

    `variables` are the addresses and secrets that our own processes and commands are given.
    """

    home: Home
    terminal: Terminal
    variables: dict[str, str] = field(default_factory=dict)
    supervisor: Supervisor = field(init=False)
    record: Record = field(init=False)
    layers: list[tuple[str, list[Child]]] = field(default_factory=list)
    stop_requests: int = 0
    stopping: bool = False
    ticks: int = 0

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(report=self._report)
        self.record = Record(pid=os.getpid(), phase="starting", started_at=_now().isoformat())

    def hold(self, start: "Callable[[Run], Rows]") -> None:
        """Hold the folder, `start` everything, show the rows it returns, and stay until told to stop.

        Returns after a clean stop. Raises AlreadyRunning, and what `start` raises, after cleaning up.
        """
        with record.held(self.home):
            self._clear_up_after_a_crash()
            self._listen_to_signals()
            try:
                rows = start(self)
                self._change(phase="ready", facts={"summary": [list(row) for row in rows]})
                self.terminal.summary("Second Look is running", rows)
                while True:
                    self.pause(_TICK_SECONDS)
            except StopAsked:
                pass
            finally:
                self._stop()

    def _clear_up_after_a_crash(self) -> None:
        previous = record.read(self.home)
        if previous is None:
            return
        self.terminal.warn(f"The last run (process {previous.pid}) was not stopped properly.")
        for title in record.end_leftovers(previous):
            self.terminal.warn(f"{title} was still running and has been ended.")

    # --- programs

    def open_layer(self, title: str) -> None:
        """What starts from here on is stopped together, before all that started earlier."""
        self.layers.append((title, []))

    def start(
        self,
        program: Program,
        *,
        title: str,
        ready_words: str = "",
        start_patience_seconds: float = START_PATIENCE_SECONDS,
    ) -> Child:
        """Start a program in the newest layer; `wait_for` says when it is ready."""
        child = self.supervisor.start(
            program,
            log=self.home.log(program.name),
            title=title,
            ready_words=ready_words,
            start_patience_seconds=start_patience_seconds,
        )
        self.layers[-1][1].append(child)
        self._keep_record()
        return child

    def wait_for(self, child: Child) -> None:
        """Return when the child is ready. Raises UnableToStart when it has fallen too often."""
        while child.state is not ChildState.READY:
            if child.falls >= FALLS_TOLERATED:
                raise UnableToStart(f"{child.title} {child.last_end}:\n{tail(child.log)}")
            self.pause(0.05)

    def pause(self, seconds: float) -> None:
        """Let time pass while the children are watched. Raises StopAsked."""
        if self.stop_requests and not self.stopping:
            raise StopAsked
        self.supervisor.tick()
        self.ticks += 1
        if self.ticks % _LOGS_EVERY_TICKS == 0:
            self.supervisor.bound_logs()
        self._keep_record()
        time.sleep(seconds)

    # --- commands

    def command(self, name: str, *arguments: str, database: str = "DATABASE_URL") -> str:
        """Run `manage.py name …` as a database role; what it printed. Raises UnableToStart."""
        return self.finish(self.begin(name, *arguments, database=database))

    def begin(self, name: str, *arguments: str, database: str = "DATABASE_URL") -> Command:
        """Start a command without waiting for it: `finish` does."""
        role = {"DATABASE_URL": self.variables[database]} if database in self.variables else {}
        output = tempfile.TemporaryFile()  # noqa: SIM115 - `finish` closes it
        with self.home.log(name).open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "manage.py", name, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                cwd=REPOSITORY,
                env={**os.environ, **self.variables, **role, "PROCESS_NAME": name},
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGTERM),
            )
        return Command(name, process, output)

    def finish(self, command: Command) -> str:
        """What the command printed, when it has ended well. Raises UnableToStart, StopAsked."""
        deadline = time.monotonic() + COMMAND_PATIENCE_SECONDS
        try:
            while (status := command.process.poll()) is None:
                self.pause(0.05)
                if time.monotonic() > deadline:
                    raise UnableToStart(f"manage.py {command.name} takes too long.")
        finally:
            if command.process.poll() is None:
                command.process.terminate()
                command.process.wait()
        with command.output as output:
            output.seek(0)
            printed = output.read().decode(errors="replace")
        if status:
            said = f"{printed}\n{tail(self.home.log(command.name))}".strip()
            raise UnableToStart(f"manage.py {command.name} {ending(status)}:\n{said}")
        return printed

    # --- telling

    def _report(self, sentence: str) -> None:
        now = _now()
        self.terminal.event(sentence, at=now.astimezone())
        events = [*self.record.events, f"{now:%Y-%m-%d %H:%M:%S}Z {sentence}"]
        self._change(events=events[-EVENTS_KEPT:])

    def _keep_record(self) -> None:
        self._change(processes=[_seen(child) for child in self.supervisor.children])

    def _change(self, **changes: object) -> None:
        changed = replace(self.record, **changes)  # type: ignore[arg-type]
        changed = replace(changed, public_url=self.variables.get("PUBLIC_URL", ""))
        if changed != self.record:
            self.record = changed
            changed.write(self.home)

    # --- stopping

    def _listen_to_signals(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop_asked)

    def _stop_asked(self, number: int, frame: FrameType | None) -> None:
        self.stop_requests += 1

    def _stop(self) -> None:
        """Layer by layer, the newest first; asked a second time, without patience."""
        self.stopping = True
        self._change(phase="stopping")
        impatient = max(self.stop_requests, 1)
        for title, children in reversed(self.layers):
            with self.terminal.step(f"Stopping {title}"):
                self.supervisor.stop(
                    children,
                    patience_seconds=STOP_PATIENCE_SECONDS,
                    hurry=lambda: self.stop_requests > impatient,
                )
            self._keep_record()
        record.forget(self.home)
        (self.home.path / "stack.env").unlink(missing_ok=True)


def _seen(child: Child) -> ProcessRecord:
    pid = child.pid
    return ProcessRecord(
        name=child.program.name,
        title=child.title,
        pid=pid,
        state=child.state,
        restarts=child.restarts,
        last_end=child.last_end,
        address=child.program.listens_on(),
        log=str(child.log),
        born=record.born(pid) if pid else "",
    )


def _now() -> datetime:
    return datetime.now(UTC)
