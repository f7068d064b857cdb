"""`manage.py temporal_worker --queue triage|inference|exports`: one worker process, until SIGTERM."""

import asyncio
import gc
import os
import signal
import threading
from typing import Any

import uvloop
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from django.utils import timezone

from apps.oversight.operations.publishing import publish_models
from workers import temporal
from workflows.activities import TaskQueue

_PATIENCE_SECONDS = temporal.GRACE.total_seconds() + 2


class Command(BaseCommand):
    help = "Run the Temporal worker of one queue."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--queue", required=True, choices=[q.value for q in TaskQueue])
        parser.add_argument("--slots", type=int, help="Activities at once.")

    def handle(self, *args: Any, **options: Any) -> None:
        queue = TaskQueue(options["queue"])
        slots = options["slots"] or settings.WORKER_SLOTS[queue.value]
        if queue is TaskQueue.INFERENCE:
            self._load_models()
        _spare_the_collector()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._run(temporal.station_of(queue, slots=slots)))
        gc.collect()  # temporalio may crash when the interpreter ends with its objects alive

    async def _run(self, station: temporal.Station) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signal_number, self._stop, stop)
        await temporal.run(
            address=settings.TEMPORAL_ADDRESS,
            namespace=settings.TEMPORAL_NAMESPACE,
            codec_keys=settings.TEMPORAL_CODEC_KEYS,
            station=station,
            metrics_url=settings.OTEL_EXPORTER_OTLP_ENDPOINT,
            stop=stop,
            say=self._say,
        )

    def _stop(self, stop: asyncio.Event) -> None:
        """A thread in the middle of a clip cannot be interrupted; its work is repeated, so we need not wait for it."""
        stop.set()
        leave = threading.Timer(_PATIENCE_SECONDS, os._exit, (0,))
        leave.daemon = True
        leave.start()

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()

    def _load_models(self) -> None:
        """The first clip should not wait for the models."""
        from workers.inference.model_entries import ModelRefused, use_registry
        from workers.inference.registry import warm_up

        use_registry(settings.MODELS_FILE)
        try:
            self._say(f"models loaded: {', '.join(warm_up())}")
        except ModelRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        self._publish_models()

    def _publish_models(self) -> None:
        """Say for the system card what was loaded. A database that is away delays no clip: the next start says it."""
        from workers.inference.model_entries import declaration_of
        from workers.inference.registry import process_models

        registry = process_models().registry
        loaded = {registry.entry(job).id: registry.entry(job) for job in registry.chosen}
        try:
            publish_models(models=map(declaration_of, loaded.values()), now=timezone.now())
        except DatabaseError as error:
            self._say(f"models not published: {type(error).__name__}")
        finally:
            connection.close()


def _spare_the_collector() -> None:
    """What is loaded by now stays: the garbage collector need not look through it for every alert."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
