"""``manage.py audit_sequencer``: chain audit events until told to stop."""

import signal
from argparse import ArgumentParser
from datetime import timedelta
from functools import partial
from types import FrameType
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.audit.connections import open_connection
from apps.audit.process import Sequencer, may_sequence
from apps.audit.sequencer import CheckpointPolicy
from apps.audit.signing import signing_key
from apps.audit.timestamps import configured_authority
from apps.audit.witness import configured_witness
from apps.storage.store import evidence_store


class Command(BaseCommand):
    help = "Give every committed audit event its place in the chain and sign checkpoints."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--checkpoint-leaves", type=int, default=1000)
        parser.add_argument("--checkpoint-seconds", type=float, default=60.0)
        parser.add_argument("--poll-seconds", type=float, default=0.1)

    def handle(self, *args: Any, **options: Any) -> None:
        connect = partial(open_connection, "audit-sequencer")
        self._require_privileges(connect)
        sequencer = Sequencer(
            connect=connect,
            key=signing_key(settings.AUDIT_SIGNING_KEY_FILE),
            bucket=evidence_store(),
            authority=configured_authority(),
            witness=configured_witness(),
            policy=CheckpointPolicy(
                leaves=options["checkpoint_leaves"],
                age=timedelta(seconds=options["checkpoint_seconds"]),
            ),
            poll_seconds=options["poll_seconds"],
        )

        def stop(number: int, frame: FrameType | None) -> None:
            sequencer.stop.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        self.stdout.write(f"audit sequencer started, signing with key {sequencer.key.key_id}")
        self.stdout.flush()
        sequencer.run()
        self.stdout.write("audit sequencer stopped")

    def _require_privileges(self, connect: "partial[psycopg.Connection[tuple[Any, ...]]]") -> None:
        try:
            with connect() as connection:
                allowed = may_sequence(connection)
        except psycopg.OperationalError:
            return  # the loop waits for a database that is still starting
        except psycopg.errors.UndefinedTable:
            raise CommandError("There are no audit tables yet: run manage.py migrate.") from None
        if not allowed:
            raise CommandError(
                "This database role may not sequence: DATABASE_URL must name second_look_sequencer."
            )
