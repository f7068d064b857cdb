"""Whoever can reach Temporal can disturb a run for a moment, and can decide nothing."""

import uuid
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError

from tests.faults.ledger import Ledger, events_of
from tests.faults.temporal_side import TemporalSide
from tests.harness.person import Person
from tests.harness.product import Product, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]


@pytest.fixture
def temporal(product: Product) -> TemporalSide:
    return TemporalSide(product)


def settled(person: Person, attempt: str) -> dict[str, Any]:
    found: dict[str, Any] = wait_for(
        lambda: (seen := person.attempt(attempt))["state"] != "submitted" and seen, within=60
    )
    return found


def refusals(product: Product, alert: str) -> list[str]:
    return sorted(found["code"] for found in events_of(product, alert, "attempt:refused"))


def test_a_forged_update_decides_nothing_and_is_recorded(
    product: Product, ledger: Ledger, operator: Person, temporal: TemporalSide
) -> None:
    alert, other = ledger.waiting(), ledger.waiting()
    invented = str(uuid.uuid4())
    prepared = operator.prepare(alert, "false_alarm", reasons=["nothing_taken"])
    elsewhere = operator.decide(other, "false_alarm", reasons=["nothing_taken"])
    assert settled(operator, elsewhere)["outcome"] == "applied"

    answers = [
        temporal.decide(alert=alert, attempt=attempt)["code"]
        for attempt in (invented, prepared.id, elsewhere)
    ]

    assert answers == ["unknown", "not_submitted", "unknown"]
    assert refusals(product, alert) == sorted(answers)
    assert product.state_of(alert) == "awaiting_review"
    assert product.query("SELECT 1 FROM alerts_disposition WHERE alert_id = %s", alert) == []


def test_an_answer_drawn_out_of_the_run_beforehand_does_not_swallow_the_decision(
    product: Product, ledger: Ledger, operator: Person, temporal: TemporalSide
) -> None:
    """Temporal answers a repeated Update id from memory; the forger has asked with the attempt's own id first."""
    alert = ledger.waiting()
    prepared = operator.prepare(alert, "false_alarm", reasons=["nothing_taken"])
    assert temporal.decide(alert=alert, attempt=prepared.id)["code"] == "not_submitted"
    assert prepared.submit().status_code == 202
    assert settled(operator, prepared.id)["outcome"] == "applied"


def test_an_update_that_is_none_leaves_no_trace(
    product: Product, ledger: Ledger, temporal: TemporalSide
) -> None:
    alert = ledger.waiting()
    with pytest.raises(WorkflowUpdateFailedError):
        temporal.decide(alert=alert, attempt="approve it", update_id="approve")
    assert product.state_of(alert) == "awaiting_review"


def test_a_terminated_run_is_seen_and_started_again(
    product: Product, ledger: Ledger, operator: Person, temporal: TemporalSide
) -> None:
    alert = (
        product.home / "demo-alert"
    ).read_text()  # the sweeper leaves the youngest half minute alone
    ledger.promised.append(alert)
    temporal.terminate(alert)
    restarts = wait_for(lambda: events_of(product, alert, "alert:workflow_restarted"), within=60)
    assert [one["status"] for one in restarts] == ["terminated"]
    assert product.state_of(alert) in {"awaiting_review", "model_review"}
    attempt = operator.decide(alert, "false_alarm", reasons=["nothing_taken"])
    assert settled(operator, attempt)["outcome"] == "applied"
    tasks = product.query("SELECT count(*) FROM reviews_humantask WHERE alert_id = %s", alert)
    assert tasks == [(1,)]
