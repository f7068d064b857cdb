"""Alerts a second up to a person's desk, against bare workflows with as many no-op activities.

Both sides run on the same Temporal server in the same run, in turn, with the same number of
workflows in flight and one worker process of the same size. Ours also reads and writes PostgreSQL,
audits, and keeps search attributes; the ratio says what is left.
"""

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from temporalio.client import Client

from tests.bench.bare import QUEUE, BareWorkflow
from tests.bench.conftest import Report
from tests.harness.product import REPOSITORY, Product, wait_for

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

ALERTS = int(os.environ.get("BENCH_ALERTS", "200"))
ROUNDS = 3
IN_FLIGHT = 16
RUSH_WINDOW_SECONDS = 2.5  # a little more than apps.alerts.outbox.RUSH_WINDOW


def test_alerts_a_second_against_bare_workflows(product: Product, report: Report) -> None:
    activities = _activities_of_one_alert(product)
    report.say("activities of an alert without a clip", activities)
    ours, bare = [], []
    for _ in range(ROUNDS):
        bare.append(_bare(product, activities))
        ours.append(_alerts(product))
    report.say("bare workflows/s (median)", statistics.median(bare))
    report.say("alerts/s up to a person's desk (median)", statistics.median(ours))
    report.say(
        "ratio (median of pairs; wanted at least 0.6)",
        statistics.median(o / b for o, b in zip(ours, bare, strict=True)),
    )


def _activities_of_one_alert(product: Product) -> int:
    identity = product.post_alert().json()["id"]
    product.await_state(identity, "awaiting_review", "archived")

    async def count() -> int:
        client = await Client.connect(product.variables["TEMPORAL_ADDRESS"])
        history = await client.get_workflow_handle(f"alert/{identity}").fetch_history()
        return sum(
            event.HasField("activity_task_scheduled_event_attributes") for event in history.events
        )

    return asyncio.run(count())


def _alerts(product: Product) -> float:
    """Post a backlog while the orchestration worker is paused, then time how fast it is worked off.

    The rush is over before the clock starts: while alerts pour in, triage is held back on purpose.
    """
    worker = product.pid("worker-triage")
    os.kill(worker, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: product.post_alert(), range(ALERTS)))
        time.sleep(RUSH_WINDOW_SECONDS)
    finally:
        began = time.monotonic()
        os.kill(worker, signal.SIGCONT)
    identities = [answer.json()["id"] for answer in answers]
    wait_for(lambda: _waiting(product, identities) == ALERTS, within=300, every=0.05)
    return ALERTS / (time.monotonic() - began)


def _waiting(product: Product, identities: list[str]) -> int:
    statement = (
        "SELECT count(*) FROM alerts_alert WHERE id = ANY(%s::uuid[])"
        " AND state IN ('awaiting_review', 'archived', 'model_review')"
    )
    return int(product.query(statement, identities)[0][0])


def _bare(product: Product, activities: int) -> float:
    address = product.variables["TEMPORAL_ADDRESS"]
    worker = subprocess.Popen([sys.executable, "-m", "tests.bench.bare", address], cwd=REPOSITORY)
    try:
        return asyncio.run(_run_bare(address, activities))
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)


async def _run_bare(address: str, activities: int) -> float:
    client = await Client.connect(address)
    places = asyncio.Semaphore(IN_FLIGHT)

    async def one() -> None:
        async with places:
            await client.execute_workflow(
                BareWorkflow.run, activities, id=f"bare/{uuid.uuid4()}", task_queue=QUEUE
            )

    await one()
    began = time.monotonic()
    await asyncio.gather(*(one() for _ in range(ALERTS)))
    return ALERTS / (time.monotonic() - began)
