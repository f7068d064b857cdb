"""Stop a running stack from another terminal."""

import os
import signal
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config import env
from config.stack import record
from config.stack.home import Home
from config.stack.terminal import Terminal

PATIENCE_SECONDS = 120.0


class Command(BaseCommand):
    help = "Stop what `manage.py up` started in this folder. Data stays."
    requires_system_checks = ()
    requires_migrations_checks = False

    def handle(self, *args: Any, **options: Any) -> None:
        home, terminal = Home(env.home()), Terminal()
        if not record.is_held(home):
            self._nothing_runs(home, terminal)
            return
        running = record.read(home)
        if running is None:
            raise CommandError("It is just being started or stopped: try again in a moment.")
        with terminal.step("Stopping Second Look"):
            os.kill(running.pid, signal.SIGTERM)
            self._wait(home, running.pid)

    def _nothing_runs(self, home: Home, terminal: Terminal) -> None:
        terminal.line("Second Look does not run in this folder.")
        left = record.read(home)
        if left is None:
            return
        for title in record.end_leftovers(left):
            terminal.warn(f"{title} was left over from a run that was killed, and has been ended.")
        record.forget(home)

    def _wait(self, home: Home, pid: int) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while record.is_held(home):
            if time.monotonic() > deadline:
                raise CommandError(f"Process {pid} has not stopped within {PATIENCE_SECONDS:g} s.")
            time.sleep(0.1)
