"""The whole product, started as a user starts it (`manage.py up`), for stories told from outside.

Nothing of Django is used in this process to reach it: a browser, signed HTTP requests, `manage.py`
commands and a read-only look at its database are the only ways in. Faults come from the machine
(processes killed, stopped, kept away) or from its administrator (locks, a clock moved).
"""

import base64
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psycopg
import pytest

from config.stack.home import Home
from config.stack.postgres import Postgres

REPOSITORY = Path(__file__).resolve().parent.parent.parent
BUNDLED_CLIP = next((REPOSITORY / "workers" / "inference" / "clips").glob("*.mp4"), Path("missing"))
PATIENCE_SECONDS = 120.0
# A terminated run is noticed in seconds here, not within a minute.
_HURRIED = {
    "RUNS_COMPARED_EVERY_SECONDS": "2",
    "SALIENCY_BUDGET": "quick",
    "JUDGED_FIRST_OF_100": "0",  # a draw by the alert's random id would hide what a story looks at
}


@dataclass(frozen=True)
class Account:
    role: str
    email: str
    password: str


@dataclass
class Product:
    """A running stack in a folder of its own."""

    home: Path
    seeded: dict[str, Any] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
        return kept | _HURRIED | {"SECOND_LOOK_HOME": str(self.home)}

    @property
    def variables(self) -> dict[str, str]:
        """What the supervisor wrote for the application's processes."""
        lines = (self.home / "stack.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    @property
    def url(self) -> str:
        return self.variables["PUBLIC_URL"]

    @property
    def source(self) -> dict[str, str]:
        source: dict[str, str] = self.seeded["source"]
        return source

    def manage(self, *arguments: str, check: bool = True, timeout: float = 300, **more: str) -> str:
        """Run a `manage.py` command against this stack and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=REPOSITORY,
            env=self.environment | more,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"{arguments}: {done.stdout}\n{done.stderr}")
        return done.stdout

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.manage("status", "--json", check=False))
        return found

    def process(self, name: str) -> dict[str, Any]:
        """A process as its supervisor last saw it: what `manage.py status` reads, without its start-up."""
        processes = json.loads((self.home / "stack.json").read_text())["processes"]
        found: dict[str, Any] = next(one for one in processes if one["name"] == name)
        return found

    def pid(self, name: str) -> int:
        return int(wait_for(lambda: self.process(name)["pid"]))

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> int:
        """Kill a process of the stack (its supervisor restarts it); return the pid it had."""
        pid = self.pid(name)
        os.kill(pid, how)
        return pid

    def await_ready(self, name: str, *, after: int = 0) -> None:
        """Wait until the supervisor has seen `name` answer, in another process than `after`."""

        def is_ready() -> bool:
            seen = self.process(name)
            return seen["state"] == "ready" and seen["pid"] not in (None, after)

        wait_for(is_ready)

    @contextmanager
    def without(self, *names: str) -> Iterator[None]:
        """Kill these processes with SIGKILL and keep them away for the length of the block.

        Their supervisor is stopped meanwhile, so that nobody restarts them before the block's end.
        """
        supervisor = int(json.loads((self.home / "stack.json").read_text())["pid"])
        gone = {name: self.pid(name) for name in names}
        os.kill(supervisor, signal.SIGSTOP)
        try:
            for pid in gone.values():
                os.kill(pid, signal.SIGKILL)
            yield
        finally:
            os.kill(supervisor, signal.SIGCONT)
        for name, pid in gone.items():
            self.await_ready(name, after=pid)

    @contextmanager
    def paused(self, name: str) -> Iterator[int]:
        """A process that is there and does not answer (SIGSTOP), for the length of the block; its pid."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield pid
        finally:
            os.kill(pid, signal.SIGCONT)

    def administer(self) -> "psycopg.Connection[tuple[Any, ...]]":
        """The database's superuser, in autocommit mode: for locks that nobody else would hold so long."""
        server = Postgres(Home(self.home))
        return server.address(name="second_look").connect(autocommit=True)

    def account(self, role: str) -> Account:
        found = next(one for one in self.seeded["accounts"] if one["role"] == role)
        return Account(role=role, email=found["email"], password=found["password"])

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Look at the database as the service role, which sees every tenant."""
        address = self.variables["DATABASE_SERVICE_URL"]
        with psycopg.connect(address, autocommit=True) as connection:
            return connection.execute(statement, values or None).fetchall()  # type: ignore[arg-type]

    def state_of(self, alert_id: str) -> str:
        return str(self.query("SELECT state FROM alerts_alert WHERE id = %s", alert_id)[0][0])

    def await_state(self, alert_id: str, *states: str, within: float = PATIENCE_SECONDS) -> str:
        return wait_for(lambda: (s := self.state_of(alert_id)) in states and s, within=within)

    def post_alert(
        self, *, clip: Path | None = None, key: str = "", **fields: object
    ) -> httpx.Response:
        """Raise an alert as an integrator does: one signed POST."""
        body = self.alert_body(**fields)
        content, content_type = json.dumps(body).encode(), "application/json"
        if clip:
            request = httpx.Request(
                "POST",
                self.url,
                data={"alert": json.dumps(body)},
                files={"clip": clip.read_bytes()},
            )
            content, content_type = request.read(), request.headers["content-type"]
        headers = self.signed(content, key=key or f"msg_{uuid.uuid4()}") | {
            "content-type": content_type
        }
        return httpx.post(
            f"{self.url}/api/v1/alerts/", content=content, headers=headers, timeout=30
        )

    def alert_body(self, **fields: object) -> dict[str, object]:
        return {
            "detector": {"id": "story-detector", "version": "2.1"},
            "camera": self.seeded["camera"],
            "label": "item_to_bag",
            "score": 0.91,
            # A clock nobody has measured: alerts of one story come within seconds and are not one happening.
            "camera_at": (datetime.now(UTC) - timedelta(minutes=10)).isoformat(),
        } | fields

    def signed(self, body: bytes, *, key: str, at: float | None = None) -> dict[str, str]:
        """Standard Webhooks headers for this body."""
        stamp = str(int(at or time.time()))
        secret = base64.b64decode(self.source["secret"].removeprefix("whsec_"))
        content = b".".join([key.encode(), stamp.encode(), body])
        signature = base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()
        return {
            "webhook-id": key,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{signature}",
            "Second-Look-Source": self.source["id"],
        }


def wait_for(
    look: Callable[[], Any], *, within: float = PATIENCE_SECONDS, every: float = 0.2
) -> Any:
    """Return the first truthy answer of `look`, or fail after `within` seconds."""
    deadline = time.monotonic() + within
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"nothing within {within:.0f} s: {look}")
        time.sleep(every)


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    """One running stack for all stories of this run; its folder's name has a space in it."""
    with TemporaryDirectory(prefix="second look product ") as folder:
        Path(folder).chmod(0o711)
        running = Product(home=Path(folder) / "var")
        running.manage("up", "--detach", timeout=600)
        try:
            running.seeded = json.loads(running.manage("seed_demo", "--json"))
            yield running
        finally:
            running.manage("down", check=False)
