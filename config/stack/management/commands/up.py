"""Start everything Second Look needs on this machine, and stay with it."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config import env
from config.stack import background, demo
from config.stack.home import Home, NoPortFree
from config.stack.record import AlreadyRunning, Record
from config.stack.run import Rows, Run
from config.stack.server import UnableToStart
from config.stack.startup import bring_up
from config.stack.terminal import Terminal


class Command(BaseCommand):
    help = "Start the embedded servers and every process, raise one alert, and stay until Ctrl-C."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--clip", type=Path, help="raise the alert from this video file")
        parser.add_argument("--no-demo", action="store_true", help="no demo tenant and no alert")
        parser.add_argument("--detach", action="store_true", help="return when everything is ready")

    def handle(self, *args: Any, clip: Path | None, no_demo: bool, detach: bool, **_: Any) -> None:
        if clip and not clip.is_file():
            raise CommandError(f"There is no file {clip}.")
        if clip and no_demo:
            raise CommandError("--clip raises a demo alert, which --no-demo excludes.")
        home, terminal = Home(env.home()), Terminal()
        start = background.start if detach else self._stay
        try:
            start(home, terminal, clip.absolute() if clip else None, no_demo)
        except AlreadyRunning as problem:
            raise CommandError(_where(problem.record)) from None
        except (UnableToStart, NoPortFree) as problem:
            raise CommandError(str(problem)) from None

    def _stay(self, home: Home, terminal: Terminal, clip: Path | None, no_demo: bool) -> None:
        def start(run: Run) -> Rows:
            bring_up(run)
            return demo.addresses(run) if no_demo else demo.play(run, clip=clip)

        Run(home, terminal).hold(start)


def _where(running: Record | None) -> str:
    if running is None:
        return "Second Look is already being started or stopped in this folder."
    where = f" at {running.public_url}" if running.public_url else ""
    return (
        f"Second Look already runs in this folder{where} ({running.phase}, process {running.pid}).\n"
        "Stop it with: make down"
    )
