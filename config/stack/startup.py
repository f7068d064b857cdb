"""Bringing a whole Second Look up in one folder, staying with it, and taking it down again."""

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
from config.stack import plan, record
from config.stack.home import Home, write_private
from config.stack.record import ProcessRecord, Record
from config.stack.server import Server, UnableToStart, dies_with_parent, tail
from config.stack.static import Pages
from config.stack.supervisor import Child, ChildState, Supervisor, ending
from config.stack.terminal import Terminal

START_PATIENCE_SECONDS = 120.0
COMMAND_PATIENCE_SECONDS = 600.0
STOP_PATIENCE_SECONDS = 20.0
FALLS_TOLERATED = 3
EVENTS_KEPT = 50
_TICK_SECONDS = 0.1
_LOGS_EVERY_TICKS = 100

Rows = Sequence[tuple[str, str]]


class StopAsked(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal: not an error, but everything unwinds."""


@dataclass
class Command:
    """A `manage.py` command under way."""

    name: str
    process: "subprocess.Popen[bytes]"
    output: IO[bytes]


@dataclass
class Stack:
    """One run: the supervisor, its record on disk, and the person's wish to stop."""

    home: Home
    terminal: Terminal
    supervisor: Supervisor = field(init=False)
    record: Record = field(init=False)
    variables: dict[str, str] = field(default_factory=dict)
    servers: list[tuple[Child, Server]] = field(default_factory=list)
    stop_requests: int = 0
    stopping: bool = False
    ticks: int = 0

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(report=self._report)
        self.record = Record(pid=os.getpid(), phase="starting", started_at=_now().isoformat())

    def run(self, *, after: Callable[["Stack"], Rows]) -> None:
        """Start everything, let `after` work with the running stack, show its rows, and stay.

        Returns after a clean stop. Raises AlreadyRunning, UnableToStart.
        """
        with record.held(self.home):
            self._clear_up_after_a_crash()
            self._listen_to_signals()
            try:
                self._start()
                rows = after(self)
                self._change(phase="ready", facts={"summary": [list(row) for row in rows]})
                self.terminal.summary("Second Look is running", rows)
                while True:
                    self.pause(_TICK_SECONDS)
            except StopAsked:
                pass
            finally:
                self._stop()

    # --- starting

    def _clear_up_after_a_crash(self) -> None:
        previous = record.read(self.home)
        if previous is None:
            return
        self.terminal.warn(f"The last run (process {previous.pid}) was not stopped properly.")
        for title in record.end_leftovers(previous):
            self.terminal.warn(f"{title} was still running and has been ended.")

    def _start(self) -> None:
        pages = self._begin_pages()
        self._start_servers()
        self._write_environment()
        for child, server in self.servers:
            with self.terminal.step(child.title) as step:
                self.wait_for(child)
                server.bootstrap()
                step.note(plan.address(server))
        with self.terminal.step("Database schema"):
            self.command("migrate", "--no-input", "--skip-checks", database="DATABASE_OWNER_URL")
        self._finish_pages(pages)
        self._start_processes()

    def _start_servers(self) -> None:
        for row in plan.SERVERS:
            if row.is_given(os.environ):
                self.variables |= row.given(os.environ)
                self.terminal.done(f"{row.title}  given by {row.variable}")
                continue
            server = row.make(self.home)
            with self.terminal.busy(f"Preparing {row.title}"):
                server.prepare()
            self.variables |= server.exports()
            log = self.home.log(server.name)
            self.servers.append((self.supervisor.start(server, log=log, title=row.title), server))
            self._keep_record()

    def _write_environment(self) -> None:
        """Every variable the processes need; also a file, for `manage.py` in other terminals."""
        port = self.home.choose_port("web", default=8000)
        ours = {
            "SECOND_LOOK_HOME": str(self.home.path),
            "SECRET_KEY": self.home.password("secret_key"),
            "PUBLIC_URL": f"http://localhost:{port}",
        }
        self.variables |= {name: os.environ.get(name) or value for name, value in ours.items()}
        lines = [f"{name}={value}\n" for name, value in sorted(self.variables.items())]
        write_private(self.home.folder() / "stack.env", "".join(lines))

    def _begin_pages(self) -> "tuple[Pages, Command | None]":
        pages = Pages.of(self.home)
        stale = not pages.collected()
        return pages, self.begin("collectstatic", "--no-input", "--skip-checks") if stale else None

    def _finish_pages(self, begun: "tuple[Pages, Command | None]") -> None:
        pages, command = begun
        if command:
            with self.terminal.step("Styles, scripts and fonts"):
                self.finish(command)
                pages.remember()

    def _start_processes(self) -> None:
        port = self.home.chosen_port("web")
        self.home.folder("celery")
        started = [
            (
                process,
                self.supervisor.start(
                    process,
                    log=self.home.log(process.name),
                    title=process.job.title,
                    ready_words=process.job.ready_words,
                ),
            )
            for process in plan.processes(variables=self.variables, home=self.home.path, port=port)
        ]
        for process, child in started:
            try:
                with self.terminal.step(child.title) as step:
                    self.wait_for(child)
                    step.note(f"process {child.pid}")
            except UnableToStart as problem:
                if process.job.essential:
                    raise
                self.terminal.warn(f"{problem}\nIt is tried again and again; the rest works.")

    # --- waiting, commands

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

    def wait_for(self, child: Child, *, patience_seconds: float = START_PATIENCE_SECONDS) -> None:
        """Return when the child is ready. Raises UnableToStart with the end of its log."""
        deadline = time.monotonic() + patience_seconds
        while child.state is not ChildState.READY:
            if child.falls >= FALLS_TOLERATED:
                raise UnableToStart(f"{child.title} {child.last_end}:\n{tail(child.log)}")
            if time.monotonic() > deadline:
                waited = f"did not become ready within {patience_seconds:.0f} s"
                raise UnableToStart(f"{child.title} {waited}:\n{tail(child.log)}")
            self.pause(0.05)

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
        """Our processes first, all at once; then the servers in reverse order, one by one."""
        self.stopping = True
        self._change(phase="stopping")
        asked = self.stop_requests
        servers = [child for child, _ in self.servers]
        ours = [child for child in self.supervisor.children if child not in servers]
        groups = [("Stopping our processes", ours)]
        groups += [(f"Stopping {child.title}", [child]) for child in reversed(servers)]
        for title, children in groups:
            if children:
                with self.terminal.step(title):
                    self.supervisor.stop(
                        children,
                        patience_seconds=STOP_PATIENCE_SECONDS,
                        hurry=lambda: self.stop_requests > max(asked, 1),
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
        address=plan.address(child.program),
        log=str(child.log),
        born=record.born(pid) if pid else "",
    )


def _now() -> datetime:
    return datetime.now(UTC)
