"""The demonstration: a seeded tenant, one alert from a real clip, and the table that says so."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from config.stack.home import write_private
from config.stack.run import Rows, Run
from config.stack.terminal import Step

FOLLOW_SECONDS = 120.0
_LOOK_SECONDS = 0.2
_STATE = "SELECT state, stage, failed_step, failed_reason FROM alerts_alert WHERE id = %s"

WORDS = {
    "received": "received, not analysed yet",
    "analysing": "still being analysed",
    "awaiting_review": "waiting for a person",
    "model_review": "waiting for a model review",
    "archived": "archived: not worth a look",
    "resolved": "decided by a person",
}
WAITING = frozenset({"awaiting_review", "model_review"})
UNDER_WAY = frozenset({"received", "analysing"})


@dataclass(frozen=True)
class Followed:
    """How far an alert has come."""

    id: str
    state: str
    stage: str = ""
    failed: str = ""

    @property
    def under_way(self) -> bool:
        return self.state in UNDER_WAY and not self.failed

    def in_words(self) -> str:
        words = WORDS.get(self.state, self.state)
        return f"{words}; {self.failed}" if self.failed else words


def play(run: Run, *, clip: Path | None) -> Rows:
    """Seed the demo tenant, have one alert waiting, and say where everything is."""
    with run.terminal.step("Demo store and accounts"):
        seeded = json.loads(run.command("seed_demo", "--json", "--skip-checks"))
    alert = _still_waiting(run) if clip is None else None
    if alert is None:
        alert = _raise(run, seeded, clip)
    url = f"{run.variables['PUBLIC_URL']}/alerts/{alert.id}/"
    return [
        *addresses(run)[:-2],
        *(
            (f"Sign in: {who['role']}", f"{who['email']}  {who['password']}")
            for who in seeded["accounts"]
        ),
        ("Alert", url),
        ("", alert.in_words()),
        *addresses(run)[-2:],
    ]


def addresses(run: Run) -> Rows:
    """Where the screens are, where the logs are, how to stop."""
    base = run.variables["PUBLIC_URL"]
    return [
        ("Web app", f"{base}/"),
        ("Admin", f"{base}/admin/"),
        ("API docs", f"{base}/api/docs/"),
        ("Temporal UI", f"{base}/operations/temporal/"),
        ("Logs", str(run.home.path / "logs")),
        ("Stop", "Ctrl-C here, or make down in another terminal"),
    ]


def _raise(run: Run, seeded: dict[str, Any], clip: Path | None) -> Followed:
    """Raise an alert from the clip (ours when none is given) and follow it until somebody must look."""
    camera = ("--camera", seeded["camera"], "--tenant", seeded["tenant"])
    file = str(clip or seeded["clip"])
    with run.terminal.step(f"Alert from {'your' if clip else 'the bundled'} clip") as step:
        raised = run.command("raise_alert", *camera, "--clip", file, "--json", "--skip-checks")
        alert_id = str(json.loads(raised)["id"])
        write_private(run.home.folder() / "demo-alert", alert_id)
        alert = _follow(run, alert_id, step)
        step.note(alert.in_words())
    return alert


def _follow(run: Run, alert_id: str, step: Step) -> Followed:
    deadline = time.monotonic() + FOLLOW_SECONDS
    with psycopg.connect(run.variables["DATABASE_SERVICE_URL"], autocommit=True) as connection:
        while True:
            alert = _look(connection, alert_id)
            if alert is None:
                return Followed(alert_id, "gone")
            if not alert.under_way or time.monotonic() > deadline:
                return alert
            step.say(alert.stage.replace("_", " "))
            run.pause(_LOOK_SECONDS)


def _still_waiting(run: Run) -> Followed | None:
    """The alert of an earlier run, when it is still waiting for a person: one is enough."""
    try:
        alert_id = (run.home.path / "demo-alert").read_text()
    except FileNotFoundError:
        return None
    with psycopg.connect(run.variables["DATABASE_SERVICE_URL"], autocommit=True) as connection:
        alert = _look(connection, alert_id)
    return alert if alert and alert.state in WAITING else None


def _look(connection: "psycopg.Connection", alert_id: str) -> Followed | None:
    row = connection.execute(_STATE, [alert_id]).fetchone()
    if row is None:
        return None
    state, stage, failed_step, failed_reason = row
    failed = f"{failed_step.replace('_', ' ')} failed: {failed_reason}" if failed_step else ""
    return Followed(alert_id, state, stage, failed)
