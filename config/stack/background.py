"""`manage.py up --detach`: the same stack in a session of its own, followed until it is ready."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

from config.env import REPOSITORY
from config.stack import record
from config.stack.home import Home
from config.stack.record import AlreadyRunning
from config.stack.server import UnableToStart
from config.stack.terminal import Terminal

_LOOK_SECONDS = 0.1


def start(home: Home, terminal: Terminal, clip: Path | None, no_demo: bool) -> None:
    """Start the stack and return when it is ready; it lives on without this process.

    Raises AlreadyRunning, UnableToStart.
    """
    if record.is_held(home):
        raise AlreadyRunning(record.read(home))
    log = home.log("up")
    options = [*(["--clip", str(clip)] if clip else []), *(["--no-demo"] if no_demo else [])]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=REPOSITORY,
            env={**os.environ, "SECOND_LOOK_HOME": str(home.path), "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
    with log.open("rb") as lines:
        _follow(process, lines, home, terminal)


def _follow(
    process: "subprocess.Popen[bytes]", lines: BinaryIO, home: Home, terminal: Terminal
) -> None:
    while True:
        ended, ready = process.poll(), _is_ready(home, process.pid)
        said = lines.read().decode(errors="replace")
        if said:
            terminal.line(said.removesuffix("\n"))
        if ready:
            return
        if ended is not None:
            raise UnableToStart("The stack did not come up; what happened is above.")
        time.sleep(_LOOK_SECONDS)


def _is_ready(home: Home, pid: int) -> bool:
    known = record.read(home)
    return known is not None and known.pid == pid and known.phase == "ready"
