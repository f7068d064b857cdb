"""One delivery sent a hundred times at once, and one id used for two things."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.faults.ledger import Ledger, events_of
from tests.harness.product import Product

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


def test_the_same_delivery_a_hundred_times_at_once_is_one_alert(
    product: Product, ledger: Ledger
) -> None:
    key, body = f"msg_{uuid.uuid4()}", json.dumps(product.alert_body()).encode()
    headers = product.signed(body, key=key) | {"content-type": "application/json"}
    address = f"{product.url}/api/v1/alerts/"
    everybody = httpx.Limits(max_connections=100)
    with httpx.Client(limits=everybody, timeout=60) as client, ThreadPoolExecutor(100) as senders:
        sending = [
            senders.submit(client.post, address, content=body, headers=headers) for _ in range(100)
        ]
        answers = [one.result() for one in sending]
    for answer in answers:
        ledger.note(answer)
    assert {answer.status_code for answer in answers} == {202}
    assert len({(a.json()["id"], a.json()["reference"]) for a in answers}) == 1
    alerts = "SELECT id::text FROM alerts_alert WHERE idempotency_key = %s"
    assert product.query(alerts, key) == [(answers[0].json()["id"],)]


def test_an_id_that_was_used_for_another_alert_is_refused(product: Product, ledger: Ledger) -> None:
    key, body = f"msg_{uuid.uuid4()}", product.alert_body()
    alert = ledger.accepted(key=key, **body)
    before = product.query(_STATED, alert)
    answer = product.post_alert(key=key, **body | {"score": 0.12})
    assert answer.status_code == 409
    assert answer.json()["code"] == "conflicting_delivery"
    assert product.query(_STATED, alert) == before
    assert len(events_of(product, alert, "alert:conflicting_delivery")) == 1
    assert ledger.accepted(key=key, **body) == alert


_STATED = "SELECT label, score, camera_at, received_at, body_sha256 FROM alerts_alert WHERE id = %s"
