"""What every embedded server promises, and the smallest way of running one.

A server is started in this order, and each step may be repeated at any time:

    prepare() → launch(server) → wait_until_ready(server) → bootstrap() → exports()

Only `prepare` chooses ports and writes files, so `command`, `environment` and `exports` may be
asked for once it has returned, in this process or another. Nothing listens beyond 127.0.0.1.
"""

import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Protocol, TypedDict

LOOPBACK = "127.0.0.1"
READY_PATIENCE_SECONDS = 120.0
STOP_PATIENCE_SECONDS = 30.0
PREDECESSOR_PATIENCE_SECONDS = 20.0
_LOG_TAIL_BYTES = 4000
_PR_SET_PDEATHSIG = 1


class UnableToStart(Exception):
    """A server did not come up; the message names the server and ends with the tail of its log."""


class Program(Protocol):
    """A foreground process that may be started again and again: a server or one of our own."""

    @property
    def name(self) -> str:
        """What logs and tables call it, e.g. "postgres" or "web"."""

    @property
    def stop_signal(self) -> signal.Signals:
        """For an orderly stop (PostgreSQL wants SIGINT; SIGTERM would wait for its clients)."""

    def command(self) -> list[str]:
        """The foreground process: program and arguments."""

    def environment(self) -> dict[str, str]:
        """The child's complete environment; nothing is inherited from ours."""

    def working_directory(self) -> Path:
        """A folder the child may write, its current directory."""

    def system_user(self) -> str | None:
        """The account to run as when we are root and the server refuses root; otherwise None."""

    def listens_on(self) -> str:
        """Host and port for tables, e.g. "127.0.0.1:5432"; "" when it does not listen."""

    def ready(self) -> bool:
        """Whether it answers in its own protocol, with its password, right now. Never raises."""


class Server(Program, Protocol):
    """One embedded server: a program on loopback, and what the application must know of it."""

    def prepare(self) -> None:
        """Choose ports, write files and passwords, make the data. Idempotent; may be slow."""

    def bootstrap(self) -> None:
        """Once ready: roles, database, extension, buckets. Idempotent."""

    def exports(self) -> dict[str, str]:
        """Variables for the application, e.g. {"REDIS_URL": "redis://…"}."""


def launch(program: Program, *, log: Path) -> "subprocess.Popen[bytes]":
    """Start the program in its own session, output appended to `log`.

    On Linux it is told to stop when the thread that called ends, however that comes about.

    Raises UnableToStart when what was launched with this log before does not end.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output, _sole_run(program.name, log.with_suffix(".lock")) as lock:
        return subprocess.Popen(
            program.command(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=program.environment(),
            cwd=program.working_directory(),
            start_new_session=True,
            pass_fds=[lock.fileno()],
            preexec_fn=dies_with_parent(program.stop_signal),
            **account(program.system_user()),
        )


@contextlib.contextmanager
def _sole_run(name: str, path: Path) -> "Iterator[IO[bytes]]":
    """A lock that the child inherits, and so holds until it and all its children are gone.

    A supervisor that was killed leaves servers that are still stopping, and a killed PostgreSQL
    leaves children that hold its memory: a second server on the same data has to wait for them.
    """
    deadline = time.monotonic() + PREDECESSOR_PATIENCE_SECONDS
    with path.open("ab") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise UnableToStart(f"{name} is still running from before") from None
                time.sleep(0.02)
        yield lock


class Account(TypedDict, total=False):
    """The Popen arguments that say whose process the child is; none of them: ours."""

    user: int
    group: int
    extra_groups: list[int]


def account(user: str | None) -> Account:
    """The account called `user`, in its own group only. Raises KeyError when there is none."""
    if user is None:
        return {}
    import pwd  # not on every platform, and needed as root only

    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def dies_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """A `preexec_fn` by which Linux sends `number` to the child when the launching thread ends."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: the child may not import

    def ask_the_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, int(number))

    return ask_the_kernel


def wait_until_ready(
    program: Program,
    process: "subprocess.Popen[bytes]",
    *,
    log: Path,
    patience_seconds: float = READY_PATIENCE_SECONDS,
) -> None:
    """Return when the server answers.

    Raises UnableToStart when the process ends first or the patience does.
    """
    deadline = time.monotonic() + patience_seconds
    while not program.ready():
        if process.poll() is not None:
            status = process.returncode
            raise UnableToStart(f"{program.name} ended with status {status}:\n{tail(log)}")
        if time.monotonic() > deadline:
            waited = f"{patience_seconds:.0f} s"
            raise UnableToStart(f"{program.name} did not answer within {waited}:\n{tail(log)}")
        time.sleep(0.05)


def stop(
    program: Program,
    process: "subprocess.Popen[bytes]",
    *,
    patience_seconds: float = STOP_PATIENCE_SECONDS,
) -> None:
    """Ask for an orderly stop, and insist with SIGKILL on the whole session when patience ends."""
    if process.poll() is None:
        process.send_signal(program.stop_signal)
    try:
        process.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def tail(log: Path) -> str:
    """The last lines of a log, or a sentence saying that there are none."""
    if not log.exists():
        return f"(no log at {log})"
    with log.open("rb") as lines:
        lines.seek(max(0, log.stat().st_size - _LOG_TAIL_BYTES))
        return lines.read().decode(errors="replace").strip() or f"({log} is empty)"


@contextlib.contextmanager
def running(
    server: Server, *, log: Path, patience_seconds: float = READY_PATIENCE_SECONDS
) -> "Iterator[subprocess.Popen[bytes]]":
    """Prepare, start, await and bootstrap the server; stop it when the block ends."""
    server.prepare()
    process = launch(server, log=log)
    try:
        wait_until_ready(server, process, log=log, patience_seconds=patience_seconds)
        server.bootstrap()
        yield process
    finally:
        stop(server, process)
