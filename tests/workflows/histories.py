"""Recorded histories: every released workflow's, for the code of today to read.

`RECORD_HISTORIES=1 pytest tests/workflows/test_main_job.py` writes them anew under the current version. Never replace the
history of a release: raise VERSION and add one beside it.
"""

import asyncio
import base64
import json
import os
import re
from pathlib import Path

from django.conf import settings
from temporalio.client import Client, WorkflowHistory
from temporalio.worker import Replayer

from apps.alerts.models import Alert
from workers.temporal import WORKFLOWS, sandbox
from workflows.messages import workflow_id

VERSION = 4
FOLDER = Path(__file__).parent / "recorded"
CANARIES = ("García", "Garc", "example.test", "Operator", "retailer-", "camera-", "Gran V", ".mp4")


def replays(text: str) -> bool:
    """Whether today's workflow makes the same decisions as the one that was recorded."""

    async def replay() -> bool:
        replayer = Replayer(workflows=list(WORKFLOWS), workflow_runner=sandbox())
        history = WorkflowHistory.from_json("alert/recorded", text)
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        return result.replay_failure is None

    return asyncio.run(replay())


def personal_words_in(text: str) -> list[str]:
    """Names, addresses and file names of the test's world that must not be in Temporal; payloads are base64 there."""
    payloads = re.findall(r'"data": "([A-Za-z0-9+/=]*)"', text)
    everything = text + "".join(base64.b64decode(one).decode(errors="replace") for one in payloads)
    return [canary for canary in CANARIES if canary in everything]


def history_of(alert: Alert) -> str:
    return history_of_run(workflow_id(alert.id))


def history_of_run(run_name: str) -> str:
    async def fetch() -> str:
        connected = await Client.connect(settings.TEMPORAL_ADDRESS)
        run = connected.get_workflow_handle(run_name)
        return (await run.fetch_history()).to_json()

    return json.dumps(json.loads(asyncio.run(fetch())), indent=1, ensure_ascii=False)


def keep(text: str, *, name: str) -> None:
    """Write a history when asked to record."""
    if os.environ.get("RECORD_HISTORIES"):
        FOLDER.mkdir(exist_ok=True)
        anonymous = re.sub(r'"identity": "[^"]*"', '"identity": "recorded"', text)
        (FOLDER / f"{VERSION}-{name}.json").write_text(anonymous + "\n", encoding="utf-8")
