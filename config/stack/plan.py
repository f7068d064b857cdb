"""What makes up a running Second Look: a table of servers and a table of our own processes.

`manage.py up` reads both; compose.yaml runs the same commands, and a test holds the two together.
"""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from config.env import REPOSITORY
from config.stack.home import Home
from config.stack.postgres import Postgres
from config.stack.redis import Redis
from config.stack.s3 import S3
from config.stack.server import LOOPBACK, Server, UnableToStart
from config.stack.supervisor import START_PATIENCE_SECONDS
from config.stack.temporal import Temporal

# The intake of an alert goes before its triage, and triage before pictures and housekeeping.
LATER = 10
HEAVY = 15
IDLE = 19  # whatever nobody waits for

MANAGE = ("manage.py",)
CELERY = ("-m", "celery", "--app", "config.celery")
UVICORN = (
    *("-m", "uvicorn", "config.asgi:application", "--host", LOOPBACK, "--no-access-log"),
    *("--timeout-graceful-shutdown", "5"),  # an open event stream would hold a stop up for ever
)


@dataclass(frozen=True)
class Embedded:
    """A server we bring along, unless the environment gives another one's address in `variable`."""

    title: str
    variable: str
    make: Callable[[Home], Server]
    needs: tuple[str, ...] = ()
    """What must be given together with `variable`."""
    may: tuple[str, ...] = ()
    """What may be given, too."""
    start_patience_seconds: float = START_PATIENCE_SECONDS

    def is_given(self, environment: Mapping[str, str]) -> bool:
        return bool(environment.get(self.variable))

    def given(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The given server's variables. Raises UnableToStart when they are incomplete."""
        missing = [name for name in self.needs if not environment.get(name)]
        if missing:
            raise UnableToStart(
                f"{self.variable} is given, so {self.title} is yours, but {' and '.join(missing)} "
                f"must be given, too: see “External servers” in docs/operations.md."
            )
        names = (self.variable, *self.needs, *self.may)
        return {name: environment[name] for name in names if environment.get(name)}


SERVERS = (
    Embedded(
        "PostgreSQL",
        "DATABASE_URL",
        Postgres,
        needs=("DATABASE_OWNER_URL", "DATABASE_SERVICE_URL", "DATABASE_SEQUENCER_URL"),
        start_patience_seconds=600.0,  # after a crash it reads its log first: never cut that short
    ),
    Embedded("Redis", "REDIS_URL", Redis),
    Embedded(
        "S3 storage",
        "S3_ENDPOINT",
        S3,
        needs=("S3_ACCESS_KEY", "S3_SECRET_KEY"),
        # Seen once under load: its parts missed each other at the start and never met again.
        start_patience_seconds=15.0,
        may=("S3_PUBLIC_ENDPOINT", "S3_REGION", "S3_MEDIA_BUCKET", "S3_EVIDENCE_BUCKET"),
    ),
    Embedded(
        "Temporal",
        "TEMPORAL_ADDRESS",
        Temporal,
        may=("TEMPORAL_NAMESPACE", "TEMPORAL_UI_URL", "TEMPORAL_CODEC_KEYS"),
    ),
)


@dataclass(frozen=True)
class Job:
    """A row of the table: what runs, as which database role, and how one sees that it is ready.

    A job is ready when it has written its `ready_words`; the web server, when its health page answers.
    Without an `essential` job the stack does not come up; the others are reported and tried again.
    """

    name: str
    title: str
    arguments: tuple[str, ...]
    database: str = "DATABASE_URL"
    niceness: int = 0
    ready_words: str = ""
    essential: bool = False


JOBS = (
    Job("web", "Web server", UVICORN, essential=True),
    Job(
        "audit-sequencer",
        "Audit sequencer",
        (*MANAGE, "audit_sequencer"),
        database="DATABASE_SEQUENCER_URL",
        ready_words="audit sequencer started",
        essential=True,
        niceness=LATER,
    ),
    Job(
        "worker-triage",
        "Triage worker",
        (*MANAGE, "temporal_worker", "--queue", "triage"),
        ready_words="worker ready",
        essential=True,
        niceness=LATER,
    ),
    Job(
        "worker-inference",
        "Inference worker",
        (*MANAGE, "temporal_worker", "--queue", "inference"),
        niceness=HEAVY,
        ready_words="worker ready",
    ),
    Job(
        "worker-explanations",
        "Explanations worker",
        (*MANAGE, "temporal_worker", "--queue", "explanations"),
        niceness=IDLE,
        ready_words="worker ready",
    ),
    Job(
        "worker-exports",
        "Exports worker",
        (*MANAGE, "temporal_worker", "--queue", "exports"),
        niceness=HEAVY,
        ready_words="worker ready",
    ),
    Job(
        "sweeper",
        "Sweeper",
        (*MANAGE, "sweeper"),
        database="DATABASE_SERVICE_URL",
        ready_words="sweeper ready",
        essential=True,
        niceness=LATER,
    ),
    Job(
        "celery-worker",
        "Celery worker",
        (*CELERY, "worker", "--loglevel", "INFO", "--concurrency", "1", "--without-gossip"),
        database="DATABASE_SERVICE_URL",
        niceness=HEAVY,
        ready_words="ready.",
    ),
    Job(
        "celery-beat",
        "Celery beat",
        (*CELERY, "beat", "--loglevel", "INFO", "--pidfile="),
        database="DATABASE_SERVICE_URL",
        ready_words="beat: Starting",
    ),
)


@dataclass(frozen=True)
class Process:
    """A job with this stack's addresses: a Program the supervisor can run."""

    job: Job
    variables: Mapping[str, str]
    extra: tuple[str, ...] = ()
    health_url: str = ""
    inherited: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def name(self) -> str:
        return self.job.name

    @property
    def stop_signal(self) -> signal.Signals:
        return signal.SIGTERM

    def command(self) -> list[str]:
        nice = ["nice", "-n", str(self.job.niceness)] if self.job.niceness else []
        return [*nice, sys.executable, *self.job.arguments, *self.extra]

    def environment(self) -> dict[str, str]:
        role = {"DATABASE_URL": self.variables[self.job.database], "PROCESS_NAME": self.name}
        quick = {
            "PYTHONUNBUFFERED": "1",
            "CELERY_SKIP_CHECKS": "1",
        }  # the checks are the tests' matter
        return {**self.inherited, **self.variables, **role, **quick}

    def working_directory(self) -> Path:
        return REPOSITORY

    def system_user(self) -> str | None:
        return None

    def listens_on(self) -> str:
        return urlsplit(self.health_url).netloc

    def ready(self) -> bool:
        if not self.health_url:
            return True
        address = urlsplit(self.health_url)
        connection = HTTPConnection(address.hostname or "", address.port, timeout=3)
        try:
            connection.request("GET", address.path)
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def processes(*, variables: Mapping[str, str], home: Path, port: int) -> list[Process]:
    """The table with this stack's addresses, port and files filled in."""
    extra = {
        "web": ("--port", str(port)),
        "celery-beat": ("--schedule", str(home / "celery" / "beat-schedule")),
    }
    health = {"web": f"http://{LOOPBACK}:{port}/healthz"}
    return [
        Process(job, variables, extra.get(job.name, ()), health.get(job.name, "")) for job in JOBS
    ]
