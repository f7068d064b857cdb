"""The sweeper: what was promised in the database and must happen soon, whatever died in between.

Under the service role, for all tenants: starts the workflows of accepted alerts, tells waiting
workflows that a clip arrived, sends submitted decisions again, ends expired ones, and compares open
alerts with Temporal. Each chore has a thread and a beat of its own, so that a Temporal that is slow
for one does not hold up another. The database rings a bell (NOTIFY) when an alert is accepted.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone
from psycopg_pool import PoolTimeout

from apps.alerts import outbox
from apps.alerts.operations.clips import OUTBOX_CHANNEL
from apps.alerts.stopped import take_up_clips
from apps.cases.case_file import runs as case_files
from apps.reviews.operations.delivery import expire_attempts, resend_submitted, tell_settled
from apps.watchlists.operations.runs import find_lost_runs, tell_waiting
from workflows import client

LISTEN_SECONDS = 1.0
PAUSE_AFTER_ERROR_SECONDS = 1.0
# A bell seldom rings once: what comes within this time is done together, at a fraction of the cost.
GATHERING_SECONDS = 0.03

log = logging.getLogger(__name__)


@dataclass
class Chore:
    """A function that runs every `every_seconds`, or at once when its bell rings."""

    name: str
    run: Callable[[], int]
    every_seconds: float
    bell: threading.Event = field(default_factory=threading.Event)

    def once(self) -> None:
        """Run it on a healthy connection; a database that is away is waited for."""
        close_old_connections()
        try:
            count = self.run()
            if count:
                log.info("%s: %d", self.name, count)
        except (DatabaseError, InterfaceError, PoolTimeout) as error:
            log.warning("%s: %s; tried again", self.name, type(error).__name__)
        finally:
            close_old_connections()

    def keep(self, stop: threading.Event) -> None:
        """Run until told to stop."""
        while not stop.is_set():
            self.bell.clear()
            try:
                self.once()
            except Exception:
                log.exception("%s failed; tried again", self.name)
            if self.bell.wait(self.every_seconds):
                stop.wait(GATHERING_SECONDS)


def chores() -> list[Chore]:
    """What the sweeper does, and how often when nothing rings; the first hears the bell."""
    return [
        Chore("workflows started", lambda: outbox.start_waiting(now=timezone.now()), 1.0),
        Chore("clips taken up", lambda: take_up_clips(now=timezone.now()), 15.0),
        Chore("decisions sent again", lambda: resend_submitted(now=timezone.now()), 2.0),
        Chore("settled alerts told", lambda: tell_settled(now=timezone.now()), 30.0),
        Chore("attempts expired", lambda: expire_attempts(now=timezone.now()), 5.0),
        Chore(
            "lost runs found",
            lambda: outbox.compare_with_temporal(now=timezone.now()),
            float(settings.RUNS_COMPARED_EVERY_SECONDS),
        ),
        Chore("watchlist entries told", lambda: tell_waiting(now=timezone.now()), 1.0),
        Chore(
            "lost watchlist runs found",
            lambda: find_lost_runs(now=timezone.now()),
            float(settings.RUNS_COMPARED_EVERY_SECONDS),
        ),
        Chore("case files told", lambda: case_files.tell_waiting(now=timezone.now()), 1.0),
        Chore(
            "lost case file runs found",
            lambda: case_files.find_lost_runs(now=timezone.now()),
            float(settings.RUNS_COMPARED_EVERY_SECONDS),
        ),
    ]


class Sweeper:
    """Runs the chores in threads until `stop` is called."""

    def __init__(self, work: list[Chore] | None = None) -> None:
        self._chores = chores() if work is None else work
        self._stop = threading.Event()

    def run(self) -> None:
        """Return after `stop`. The calling thread listens for the bell."""
        threads = [
            threading.Thread(target=chore.keep, args=(self._stop,), name=chore.name)
            for chore in self._chores
        ]
        for thread in threads:
            thread.start()
        while not self._stop.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                log.warning("sweeper: not listening (%s); its clock goes on", type(error).__name__)
                self._stop.wait(PAUSE_AFTER_ERROR_SECONDS)
        for thread in threads:
            thread.join()

    def stop(self) -> None:
        self._stop.set()
        for chore in self._chores:
            chore.bell.set()

    def _listen(self) -> None:
        with _connection() as connection:
            connection.execute(f"LISTEN {OUTBOX_CHANNEL}")
            self._chores[0].bell.set()  # for whatever rang while nobody listened
            while not self._stop.is_set():
                for notice in connection.notifies(timeout=LISTEN_SECONDS, stop_after=1):
                    self._heard(notice.payload)

    def _heard(self, payload: str) -> None:
        alert_id = outbox.alert_of_nudge(payload)
        if alert_id is None:
            self._chores[0].bell.set()
        else:  # a nudge lost or late is no harm: the workflow looks again by itself
            threading.Thread(target=client.clip_arrived, args=(alert_id,), daemon=True).start()


def _connection() -> AbstractContextManager["psycopg.Connection[Any]"]:
    """A connection of its own, outside Django's pool, that only listens."""
    database: dict[str, Any] = settings.DATABASES["default"]
    return psycopg.connect(
        host=database["HOST"],
        port=database["PORT"],
        dbname=database["NAME"],
        user=database["USER"],
        password=database["PASSWORD"],
        connect_timeout=5,
        application_name="second-look sweeper",
        autocommit=True,
    )
