"""`manage.py sweeper`: starts what was accepted, resends what was decided, restarts what vanished."""

import signal
from typing import Any

from django.core.management.base import BaseCommand

from workers.sweeping import Sweeper


class Command(BaseCommand):
    help = "Keep the promises of the outbox until stopped. Needs the service role's DATABASE_URL."

    def handle(self, *args: Any, **options: Any) -> None:
        sweeper = Sweeper()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sweeper.stop())
        self.stdout.write("sweeper ready")
        self.stdout.flush()
        sweeper.run()
