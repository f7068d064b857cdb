"""kill -9 at named points of an alert's way: it arrives, and it arrives once."""

import os
import signal
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.faults.ledger import Ledger, events_of
from tests.faults.locks import await_held, locked
from tests.harness.product import BUNDLED_CLIP, Product, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def stage_of(product: Product, alert: str) -> str:
    return str(product.query("SELECT stage FROM alerts_alert WHERE id = %s", alert)[0][0])


def assert_arrived_once(product: Product, alert: str) -> None:
    counts = product.query(
        "SELECT (SELECT count(*) FROM alerts_assessment WHERE alert_id = a.id),"
        " (SELECT count(*) FROM reviews_humantask WHERE alert_id = a.id),"
        " (SELECT run_number FROM alerts_outboxentry WHERE alert_id = a.id)"
        " FROM alerts_alert a WHERE a.id = %s",
        alert,
    )
    assert counts == [(1, 1, 1)]
    assert len(events_of(product, alert, "alert:routed")) == 1


def test_the_triage_worker_is_killed_in_the_middle_of_its_work(
    product: Product, ledger: Ledger
) -> None:
    """Once while it writes an assessment, of another alert while it takes over the clip."""
    worker = product.pid("worker-triage")
    with locked(product, "alerts_assessment", "evidence_evidenceitem"):
        alerts = [ledger.accepted(), ledger.accepted(clip=BUNDLED_CLIP)]
        await_held(product, "worker-triage", transactions=2)
        os.kill(worker, signal.SIGKILL)
    for alert in alerts:
        product.await_state(alert, "awaiting_review", within=50)
        assert_arrived_once(product, alert)


def test_the_inference_worker_is_killed_in_the_middle_of_a_clip(
    product: Product, ledger: Ledger
) -> None:
    worker = product.pid("worker-inference")
    alert = ledger.accepted(clip=BUNDLED_CLIP)
    wait_for(lambda: stage_of(product, alert) == "Analysing the clip", every=0.02)
    os.kill(worker, signal.SIGKILL)
    assert product.state_of(alert) == "analysing"
    product.await_state(alert, "awaiting_review", within=90)
    assert_arrived_once(product, alert)
    assert len(events_of(product, alert, "alert:analysed")) == 1


def test_the_web_server_is_killed_before_the_commit(product: Product, ledger: Ledger) -> None:
    key, web = f"msg_{uuid.uuid4()}", product.pid("web")
    with ThreadPoolExecutor(1) as sender:
        with locked(product, "alerts_outboxentry"):
            lost = sender.submit(product.post_alert, key=key)
            await_held(product, "web")
            os.kill(web, signal.SIGKILL)
        with pytest.raises(httpx.TransportError):
            lost.result()
    assert alerts_named(product, key) == []
    product.await_ready("web", after=web)
    alert = ledger.accepted(key=key)
    assert alerts_named(product, key) == [alert]


def test_the_web_server_is_killed_between_commit_and_reply(
    product: Product, ledger: Ledger
) -> None:
    """After the commit the server tells open browsers; a Redis that hangs holds it there for half a second."""
    key, web = f"msg_{uuid.uuid4()}", product.pid("web")
    body = product.alert_body()
    with ThreadPoolExecutor(1) as sender:
        with product.paused("redis"):
            lost = sender.submit(product.post_alert, key=key, **body)
            committed = wait_for(lambda: alerts_named(product, key), within=20, every=0.005)
            os.kill(web, signal.SIGKILL)
        with pytest.raises(httpx.TransportError):
            lost.result()
    product.await_ready("web", after=web)
    assert ledger.accepted(key=key, **body) == committed[0]
    assert alerts_named(product, key) == committed


def test_an_alert_is_committed_while_nobody_can_start_its_workflow(
    product: Product, ledger: Ledger
) -> None:
    with product.without("sweeper"):
        alert = ledger.accepted()
        assert product.state_of(alert) == "received"
    product.await_state(alert, "awaiting_review", within=30)
    assert_arrived_once(product, alert)


def test_the_sweeper_is_killed_after_it_started_a_workflow_and_before_it_noted_that(
    product: Product, ledger: Ledger
) -> None:
    """The claim runs out after 15 s, the start is repeated, and Temporal answers with the run it has."""
    with product.paused("sweeper") as sweeper:
        alert = ledger.accepted()
        holding = locked(product, "audit_inbox")
        holding.__enter__()
    try:
        await_held(product, "sweeper")
        os.kill(sweeper, signal.SIGKILL)
    finally:
        holding.__exit__(None, None, None)
    product.await_state(alert, "awaiting_review", within=30)
    started = "SELECT state FROM alerts_outboxentry WHERE alert_id = %s"
    wait_for(lambda: product.query(started, alert) == [("started",)], within=40)
    assert_arrived_once(product, alert)
    assert len(events_of(product, alert, "alert:workflow_started")) == 1


def alerts_named(product: Product, key: str) -> list[str]:
    found = product.query("SELECT id FROM alerts_alert WHERE idempotency_key = %s", key)
    return [str(row[0]) for row in found]
