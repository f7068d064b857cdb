"""Intake under steady load: 50 signed POSTs a second for 60 seconds, nothing lost."""

import asyncio
import json
import os
import time
import uuid

import httpx
import pytest

from tests.bench.conftest import Report
from tests.harness.product import Product, wait_for

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

RATE = 50
SECONDS = int(os.environ.get("BENCH_SECONDS", "60"))
LIMIT_MS = 50.0


def test_intake_at_50_requests_a_second(product: Product, report: Report) -> None:
    answers = asyncio.run(_load(product))
    accepted = {identity for status, identity, _ in answers if status == 202}
    report.say("requests", len(answers))
    report.say("accepted (202)", len(accepted))
    report.say("other answers", sum(status != 202 for status, _, _ in answers))
    p95 = report.latencies("POST", [seconds for _, _, seconds in answers])
    report.say("p95 / limit of 50 ms", p95 / LIMIT_MS)
    began = time.monotonic()
    lost = wait_for(lambda: _unfinished(product, accepted) == 0 and "none", within=1200, every=2)
    report.say("seconds until all of them waited for a person", time.monotonic() - began)
    report.say("lost", 0 if lost == "none" else "some")
    assert len(accepted) == len(answers)


async def _load(product: Product) -> list[tuple[int, str, float]]:
    """Open loop: request n leaves at n / RATE whatever became of the earlier ones."""
    url = f"{product.url}/api/v1/alerts/"
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    async with httpx.AsyncClient(limits=limits, timeout=30) as client:
        tasks, start = [], time.monotonic()
        for number in range(RATE * SECONDS):
            await asyncio.sleep(max(0.0, start + number / RATE - time.monotonic()))
            tasks.append(asyncio.create_task(_post(client, url, product)))
        return await asyncio.gather(*tasks)


async def _post(client: httpx.AsyncClient, url: str, product: Product) -> tuple[int, str, float]:
    body = json.dumps(product.alert_body()).encode()
    headers = product.signed(body, key=f"bench_{uuid.uuid4()}") | {
        "content-type": "application/json"
    }
    began = time.perf_counter()
    answer = await client.post(url, content=body, headers=headers)
    seconds = time.perf_counter() - began
    return answer.status_code, answer.json().get("id", ""), seconds


def _unfinished(product: Product, accepted: set[str]) -> int:
    """Accepted alerts that are neither waiting for a person nor finished; a missing row counts too."""
    done = product.query(
        "SELECT count(*) FROM alerts_alert WHERE id = ANY(%s::uuid[])"
        " AND state IN ('awaiting_review', 'archived', 'model_review', 'resolved')",
        list(accepted),
    )
    return len(accepted) - int(done[0][0])
