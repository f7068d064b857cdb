"""What one home remembers about its running stack: who holds it, and which processes it started.

The lock is the kernel's, so it is gone with its holder however that ended; the record says the rest
(`stack.json`), for `manage.py status`, for `manage.py down`, and for the start after a crash.
"""

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from config.stack.home import Home, write_private


class AlreadyRunning(Exception):
    """Another process holds this home's stack."""

    def __init__(self, record: "Record | None") -> None:
        super().__init__("a stack already runs in this folder")
        self.record = record


@dataclass(frozen=True)
class ProcessRecord:
    """One process as the supervisor last saw it."""

    name: str
    title: str
    pid: int | None
    state: str
    restarts: int = 0
    last_end: str = ""
    address: str = ""
    log: str = ""
    born: str = ""


@dataclass(frozen=True)
class Record:
    """One run of the stack: its supervisor, how far it is, its processes, the last things it said."""

    pid: int
    phase: str  # starting, ready, stopping
    started_at: str
    public_url: str = ""
    processes: Sequence[ProcessRecord] = ()
    events: Sequence[str] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def write(self, home: Home) -> None:
        write_private(home.folder() / "stack.json", json.dumps(asdict(self), indent=1))


def read(home: Home) -> Record | None:
    """The last record of this home, of a running stack or a dead one; None when there is none."""
    try:
        found = json.loads((home.path / "stack.json").read_text())
        found["processes"] = [ProcessRecord(**one) for one in found["processes"]]
        return Record(**found)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def forget(home: Home) -> None:
    """A clean stop leaves no record."""
    (home.path / "stack.json").unlink(missing_ok=True)


@contextlib.contextmanager
def held(home: Home) -> "Any":
    """Hold this home's stack for the length of the block.

    Raises AlreadyRunning.
    """
    with (home.folder() / "stack.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(read(home)) from None
        yield


def is_held(home: Home) -> bool:
    """Whether a supervisor lives: the truth, whatever any file says."""
    try:
        with held(home):
            return False
    except AlreadyRunning:
        return True


def born(pid: int) -> str:
    """When the process began, in the kernel's own units; "" when it is gone or that is not known.

    A pid alone is reused; a pid with its beginning is one process for ever (until a reboot).
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def end_leftovers(
    record: Record, *, patience_seconds: float = 15.0, sleep: Callable[[float], None] = time.sleep
) -> list[str]:
    """End what a killed supervisor left behind; the names of those that had to be killed.

    The kernel has already asked them to stop; whoever is still there when patience ends is killed.
    """
    deadline = time.monotonic() + patience_seconds
    alive = [one for one in record.processes if _lives(one)]
    while alive and time.monotonic() < deadline:
        sleep(0.1)
        alive = [one for one in alive if _lives(one)]
    for one in alive:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(one.pid or 0, signal.SIGKILL)
    return [one.title for one in alive]


def _lives(one: ProcessRecord) -> bool:
    return bool(one.pid and one.born) and born(one.pid or 0) == one.born
