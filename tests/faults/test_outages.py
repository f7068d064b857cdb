"""A server or a worker is away for a while: nothing accepted is lost, and people are told what is going on."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.faults.ledger import Ledger, events_of
from tests.harness.person import Person
from tests.harness.product import BUNDLED_CLIP, Product, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

_EXHIBITS = """
    SELECT 1 FROM cases_exhibit e JOIN cases_incident i ON i.case_id = e.case_id WHERE i.alert_id = %s
"""


def settled(person: Person, attempt: str) -> dict[str, Any]:
    """The attempt, once it is no longer "recorded, waiting"."""
    found: dict[str, Any] = wait_for(
        lambda: (seen := person.attempt(attempt))["state"] != "submitted" and seen, within=90
    )
    return found


def assert_recorded_and_waiting(person: Person, attempt: str, alert: str) -> None:
    seen = person.attempt(attempt)
    assert seen["state"] == "submitted"
    assert "Recorded, waiting" in seen["sentence"]
    assert person.get(f"/api/v1/alerts/{alert}/").json()["state"] == "awaiting_review"


def test_temporal_is_killed(product: Product, ledger: Ledger, operator: Person) -> None:
    """Intake goes on, a decision is recorded and waits, and all of it happens once Temporal is back."""
    decided = ledger.waiting()
    with product.without("temporal"):
        backlog = [ledger.accepted() for _ in range(5)]
        attempt = operator.decide(decided, "false_alarm", reasons=["nothing_taken"])
        assert_recorded_and_waiting(operator, attempt, decided)
        assert {product.state_of(alert) for alert in backlog} == {"received"}
    assert settled(operator, attempt)["outcome"] == "applied"
    assert product.state_of(decided) == "resolved"
    for alert in backlog:
        product.await_state(alert, "awaiting_review", within=60)


def test_no_orchestration_worker_lives_at_the_moment_of_decision(
    product: Product, ledger: Ledger, operator: Person
) -> None:
    """What can still be applied is applied, whole; what ran out of time expires, whole."""
    theft, late = ledger.waiting(clip=BUNDLED_CLIP), ledger.waiting()
    operator.watch(theft)
    with product.without("worker-triage"):
        expiring = operator.decide(late, "false_alarm", reasons=["nothing_taken"])
        move_back(product, expiring, seconds=300)
        attempt = operator.decide(
            theft, "theft_confirmed", reasons=["item_concealed"], transfer_seen=True
        )
        assert_recorded_and_waiting(operator, attempt, theft)
        assert settled(operator, expiring)["state"] == "expired"
    assert settled(operator, attempt)["outcome"] == "applied"
    wait_for(lambda: product.query(_EXHIBITS, theft))
    assert "decide again" in operator.attempt(expiring)["sentence"]
    assert product.state_of(late) == "awaiting_review"
    again = operator.decide(late, "false_alarm", reasons=["nothing_taken"])
    assert settled(operator, again)["outcome"] == "applied"


def move_back(product: Product, attempt: str, *, seconds: int) -> None:
    """Let the attempt's two minutes pass at once."""
    with product.administer() as connection, connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(
            "UPDATE reviews_decisionattempt SET prepared_at = prepared_at - make_interval(secs => %s),"
            " expires_at = expires_at - make_interval(secs => %s) WHERE id = %s",
            [seconds, seconds, attempt],
        )


def test_the_object_store_is_killed(product: Product, ledger: Ledger, operator: Person) -> None:
    """The alert is taken and shown, its clip "pending"; nobody claims evidence that is not there yet."""
    with product.without("s3"):
        alert = ledger.accepted(clip=BUNDLED_CLIP)
        shown = wait_for(lambda: pending(operator, alert), within=60)
        assert shown["clip"]["state"] == "spooled"
        assert shown["stage"] == "Clip pending"
        assert "safe here" in shown["clip"]["pending_reason"]
        assert evidence_of(product, alert) == []
    product.await_state(alert, "awaiting_review", within=120)
    after = operator.get(f"/api/v1/alerts/{alert}/").json()
    assert after["clip"] == {"state": "stored"}
    assert "master" in evidence_of(product, alert)
    assert len(events_of(product, alert, "alert:clip_stored")) == 1


def pending(person: Person, alert: str) -> dict[str, Any] | None:
    shown: dict[str, Any] = person.get(f"/api/v1/alerts/{alert}/").json()
    return shown if shown["clip"].get("pending_reason") else None


def evidence_of(product: Product, alert: str) -> list[str]:
    rows = product.query("SELECT kind FROM evidence_evidenceitem WHERE alert_id = %s", alert)
    return [row[0] for row in rows]


def test_postgresql_is_killed(product: Product, ledger: Ledger, operator: Person) -> None:
    """What was acknowledged is still there; meanwhile everybody is told to come back."""
    before = [ledger.accepted() for _ in range(3)]
    with product.without("postgres"):
        answers = asked_at_once(product, operator)
    for name, answer in answers.items():
        assert (name, answer.status_code) == (name, 503)
        assert int(answer.headers["retry-after"]) > 0, name
    for alert in before:
        product.await_state(alert, "awaiting_review", within=90)
    after = ledger.waiting(clip=BUNDLED_CLIP)
    attempt = operator.decide(after, "false_alarm", reasons=["nothing_taken"])
    assert settled(operator, attempt)["outcome"] == "applied"


def asked_at_once(product: Product, operator: Person) -> dict[str, httpx.Response]:
    with ThreadPoolExecutor(5) as people:
        asked = {
            "intake": people.submit(product.post_alert),
            "intake with a clip": people.submit(product.post_alert, clip=BUNDLED_CLIP),
            "queue": people.submit(operator.get, "/"),
            "api": people.submit(operator.get, "/api/v1/alerts/"),
            "sign-in": people.submit(
                httpx.get,
                f"{product.url}/accounts/login/",
                timeout=60,
                cookies=operator.http.cookies,
            ),
        }
        return {name: answer.result() for name, answer in asked.items()}


def test_no_inference_worker_lives(product: Product, ledger: Ledger, operator: Person) -> None:
    with product.without("worker-inference"):
        alert = ledger.accepted(clip=BUNDLED_CLIP)
        wait_for(lambda: stage_shown(operator, alert) == "Waiting for the analysis", within=30)
        assert product.state_of(alert) == "analysing"
    product.await_state(alert, "awaiting_review", within=90)
    assert operator.watch(alert)["enough"]


def stage_shown(person: Person, alert: str) -> str:
    return str(person.get(f"/api/v1/alerts/{alert}/").json()["stage"])


def test_redis_is_killed(product: Product, ledger: Ledger, operator: Person) -> None:
    """Live updates are lost, nothing else: alerts come in, people decide."""
    with product.without("redis"):
        started = time.monotonic()
        alert = ledger.accepted()
        assert time.monotonic() - started < 10
        product.await_state(alert, "awaiting_review", within=60)
        attempt = operator.decide(alert, "false_alarm", reasons=["nothing_taken"])
        assert settled(operator, attempt)["outcome"] == "applied"
