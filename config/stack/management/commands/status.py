"""Say which processes of this folder's stack run, and how they are."""

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from config import env
from config.stack import record
from config.stack.home import Home
from config.stack.record import Record
from config.stack.terminal import Terminal


class Command(BaseCommand):
    help = "Show the processes of this folder's stack; exit status 1 unless all of them are ready."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        home = Home(env.home())
        running = record.read(home) if record.is_held(home) else None
        if options["json"]:
            self.stdout.write(json.dumps(_public(running), indent=1))
        elif running is None:
            Terminal().line("Second Look does not run in this folder.")
        else:
            _show(running, Terminal())
        if running is None or any(one.state != "ready" for one in running.processes):
            sys.exit(1)


def _public(running: Record | None) -> dict[str, Any]:
    """The record without the demo passwords in it."""
    if running is None:
        return {"phase": "stopped", "processes": []}
    known = asdict(running)
    del known["facts"]
    return known


def _show(running: Record, terminal: Terminal) -> None:
    terminal.line(f"{running.public_url}  {running.phase}, supervised by process {running.pid}")
    terminal.processes(
        [
            (one.title, str(one.pid or ""), one.state, str(one.restarts), one.address, one.last_end)
            for one in running.processes
        ]
    )
    for event in running.events[-5:]:
        terminal.line(event)
