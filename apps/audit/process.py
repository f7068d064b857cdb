"""The sequencer as a process: one loop that chains and signs, one that fills the locked bucket, one that has notes dated.

They are apart because the bucket or an authority may be silent for a minute, and the chain may not wait for them.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Thread
from time import monotonic
from typing import Any, Final

import psycopg
from psycopg import Connection

from apps.audit.archive import store_next
from apps.audit.sequencer import BATCH, CheckpointPolicy, checkpoint_once, sequence_once
from apps.audit.signing import SigningKey
from apps.audit.timestamps import Authority, NoStamp, stamp_next
from apps.audit.witness import NotWitnessed, Witness, witness_next
from apps.storage.errors import StorageError
from apps.storage.locked import LockedStore

BEAT_SECONDS: Final = 5.0
LONGEST_PAUSE_SECONDS: Final = 30.0

Row = tuple[Any, ...]
Connect = Callable[[], "Connection[Row]"]

_BEAT: Final = """
    INSERT INTO audit_heartbeat (id, beat_at, waiting, oldest_at, unstored_checkpoints)
    SELECT 1, now(), count(*), min(occurred_at), (
        SELECT count(*) FROM audit_checkpoint
        WHERE id > coalesce((SELECT max(checkpoint_id) FROM audit_checkpoint_copy), 0)
    )
    FROM audit_inbox
    ON CONFLICT (id) DO UPDATE SET beat_at = excluded.beat_at, waiting = excluded.waiting,
        oldest_at = excluded.oldest_at, unstored_checkpoints = excluded.unstored_checkpoints
"""
_NOTES: Final = {
    "stamps_note": """
        UPDATE audit_heartbeat SET stamps_note = %(note)s WHERE id = 1 AND stamps_note <> %(note)s
    """,
    "witness_note": """
        UPDATE audit_heartbeat SET witness_note = %(note)s WHERE id = 1 AND witness_note <> %(note)s
    """,
}
_MAY_SEQUENCE: Final = """
    SELECT has_table_privilege('audit_inbox', 'DELETE') AND has_table_privilege('audit_leaf', 'INSERT')
"""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Sequencer:
    """Chains events until ``stop`` is set; survives the loss of its database and of the bucket.

    It looks for events every ``poll_seconds`` and is not notified: a NOTIFY in the business
    transaction would make all commits of the database wait for one another.
    """

    connect: Connect
    key: SigningKey
    bucket: LockedStore
    authority: Authority | None = None
    witness: Witness | None = None
    policy: CheckpointPolicy = field(default_factory=CheckpointPolicy)
    poll_seconds: float = 0.1
    stop: Event = field(default_factory=Event)

    def run(self) -> None:
        """Work until stopped. What is wrong with the chain itself rises and ends the process."""
        others = [Thread(target=self._archive, name="checkpoints", daemon=True)]
        if self.authority:
            others.append(Thread(target=self._stamps, name="time stamps", daemon=True))
        if self.witness:
            others.append(Thread(target=self._witness, name="witness", daemon=True))
        for other in others:
            other.start()
        try:
            self._patiently(self._sequence, psycopg.OperationalError, "the database")
        finally:
            self.stop.set()
            for other in others:
                other.join(timeout=10)

    def _archive(self) -> None:
        troubles = (psycopg.OperationalError, StorageError)
        self._patiently(self._fill_bucket, troubles, "the locked bucket")

    def _stamps(self) -> None:
        assert self.authority is not None
        work = partial(stamp_next, authority=self.authority)
        self._ask(work, NoStamp, "stamps_note", "the time-stamping authority")

    def _witness(self) -> None:
        assert self.witness is not None
        work = partial(witness_next, witness=self.witness)
        self._ask(work, NotWitnessed, "witness_note", "the witness")

    def _ask(
        self,
        work: Callable[["Connection[Row]"], bool],
        trouble: type[Exception],
        column: str,
        whose: str,
    ) -> None:
        """Ask somebody outside, again and again; why they fail is noted where people look, and the chain goes on."""

        def asking(connection: "Connection[Row]", well: Callable[[], None]) -> None:
            while not self.stop.is_set():
                try:
                    done = work(connection)
                except trouble as error:
                    connection.execute(_NOTES[column], {"note": str(error)[:500]})
                    raise
                if done:
                    connection.execute(_NOTES[column], {"note": ""})
                    well()
                else:
                    self.stop.wait(1.0)

        self._patiently(asking, (psycopg.OperationalError, trouble), whose)

    def _sequence(self, connection: "Connection[Row]", well: Callable[[], None]) -> None:
        next_look = next_beat = monotonic()
        while not self.stop.is_set():
            moved = sequence_once(connection)
            now = monotonic()
            if now >= next_look:
                checkpoint_once(connection, key=self.key, policy=self.policy)
                next_look = now + min(1.0, self.policy.age.total_seconds())
            if now >= next_beat:
                connection.execute(_BEAT)
                next_beat = now + BEAT_SECONDS
            well()
            if moved < BATCH:
                self.stop.wait(self.poll_seconds)

    def _fill_bucket(self, connection: "Connection[Row]", well: Callable[[], None]) -> None:
        while not self.stop.is_set():
            if not store_next(connection, self.bucket):
                self.stop.wait(1.0)
            well()

    def _patiently(
        self,
        work: Callable[["Connection[Row]", Callable[[], None]], None],
        troubles: type[Exception] | tuple[type[Exception], ...],
        whose: str,
    ) -> None:
        """Do the work on a connection of its own; on trouble pause, longer each time, and retry."""
        pause = 0.0

        def well() -> None:
            nonlocal pause
            if pause:
                _log.warning("%s answers again", whose)
            pause = 0.0

        while not self.stop.is_set():
            try:
                with self.connect() as connection:
                    work(connection, well)
            except troubles as error:
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2 or 0.5)
                _log.warning("%s: %s; again in %.1f s", whose, _line(error), pause)
                self.stop.wait(pause)


def may_sequence(connection: "Connection[Row]") -> bool:
    """Say whether this role has the sequencer's privileges."""
    row = connection.execute(_MAY_SEQUENCE).fetchone()
    return bool(row and row[0])


def _line(error: Exception) -> str:
    return str(error).partition("\n")[0]
