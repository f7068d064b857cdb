"""500 browsers hold live updates of one running product; nothing that is published may be missed.

The web server is the product's own process; the browsers are plain HTTP connections of one listening process. Two changes a
second are published to the tenant for a minute, then a rush of 100 at once, by the channel that the product publishes to.
Counted: what each connection heard, and how long after it was published.
"""

import asyncio
import itertools
import os
import time
from uuid import uuid4

import pytest
import redis.asyncio

from apps.accounts.live import LiveMessage, channel_of, encode
from tests.bench.conftest import Report
from tests.bench.live_listeners import Listener, open_listeners
from tests.harness.person import Person
from tests.harness.product import Product

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

BROWSERS = int(os.environ.get("LIVE_BROWSERS", "500"))
SECONDS = int(os.environ.get("LIVE_SECONDS", "60"))
EVERY_SECONDS = 0.5
RUSH = 100


def test_five_hundred_browsers_hear_every_change(product: Product, report: Report) -> None:
    person = Person(product, product.account("lp_lead")).signed_in()
    cookie = "; ".join(f"{name}={value}" for name, value in person.http.cookies.items())
    tenant = str(
        product.query("SELECT tenant_id FROM accounts_user WHERE email = %s", _email(product))[0][0]
    )
    person.http.close()
    began = time.process_time()
    steady, rush, listeners = asyncio.run(_heard(product, cookie, tenant, report))
    report.say("processor time of the listening process, s", time.process_time() - began)
    for name, sent in (("a change", steady), ("in a rush", rush)):
        latencies = [
            one.heard[i] - at for one in listeners for i, at in sent.items() if i in one.heard
        ]
        report.latencies(f"{name}: from published to heard", latencies)
        missed = len(listeners) * len(sent) - len(latencies)
        report.say(f"{name}: missed", missed)
        assert missed == 0
    report.say("streams ended by the server", sum(one.ended for one in listeners))
    published = steady.keys() | rush.keys()  # the product's own alerts change more than once
    assert not any(one.ended or one.twice & published for one in listeners)


def _email(product: Product) -> str:
    return product.account("lp_lead").email


async def _heard(
    product: Product, cookie: str, tenant: str, report: Report
) -> tuple[dict[str, float], dict[str, float], list[Listener]]:
    """When each change was published, steadily and in a rush, and what was heard of them."""
    began = time.monotonic()
    listeners, tasks = await open_listeners(product.url, cookie, BROWSERS)
    report.say("browsers", len(listeners))
    report.say("until all of them listened, s", time.monotonic() - began)
    async with redis.asyncio.Redis.from_url(product.variables["REDIS_URL"]) as client:
        steady = await _publish(
            client, tenant, times=int(SECONDS / EVERY_SECONDS), every=EVERY_SECONDS
        )
        await _until_heard(listeners, steady)
        rush = await _publish(client, tenant, times=RUSH, every=0.0)
        await _until_heard(listeners, rush)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return steady, rush, listeners


async def _publish(
    client: redis.asyncio.Redis, tenant: str, *, times: int, every: float
) -> dict[str, float]:
    sent: dict[str, float] = {}
    for _ in itertools.repeat(None, times):
        message = LiveMessage(topic="alert", subject_id=str(uuid4()))
        sent[message.subject_id] = time.monotonic()
        await client.publish(channel_of(tenant), encode(message))
        await asyncio.sleep(every)
    return sent


async def _until_heard(listeners: list[Listener], sent: dict[str, float]) -> None:
    """Wait until every listener has heard everything, 30 s at most."""
    end = time.monotonic() + 30
    while time.monotonic() < end and any(not sent.keys() <= one.heard.keys() for one in listeners):
        await asyncio.sleep(0.1)
