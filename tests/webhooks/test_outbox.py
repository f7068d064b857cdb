"""Integrators are told each chosen event once, signed, in time; and what did not arrive stays in sight."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Event, Subject
from apps.audit.operations import record
from apps.webhooks.models import Webhook, WebhookDelivery
from apps.webhooks.operations.outbox import PAUSED_AFTER, WAITS, forget, queue_events, send_due
from apps.webhooks.operations.setup import (
    ping_webhook,
    retry_delivery,
    rotate_webhook_secret,
    switch_off_webhook,
    switch_on_webhook,
)
from tests.audit import chain
from tests.audit.chain import Connection
from tests.reviews.conftest import sign_in
from tests.webhooks.receivers import documented, listening
from tests.world import NOW, World

pytestmark = pytest.mark.django_db(transaction=True)
Hook = Callable[..., tuple[Webhook, str]]
Tell = Callable[..., Subject]


@pytest.fixture
def tell(world: World, sequencer_connection: Connection) -> Tell:
    """Record an event and have it chained."""

    def one(event: Event, kind: str = "alert") -> Subject:
        subject = Subject(kind, uuid4())
        with tenant_scope(world.tenant.id):
            record(actor=sign_in(world.operator), event=event, subject=subject)
        chain.chain(sequencer_connection)
        return subject

    return one


def round_of(world: World, now: datetime = NOW) -> int:
    """What the task does every few seconds, for this retailer."""
    with tenant_scope(world.tenant.id):
        queue_events(tenant_id=world.tenant.id, now=now)
        return send_due(now=now)


def log_of(world: World) -> list[WebhookDelivery]:
    with tenant_scope(world.tenant.id):
        return list(WebhookDelivery.objects.select_related("webhook").order_by("created_at"))


def test_a_chosen_event_arrives_once_signed_and_holds_ids_only(
    world: World, hook: Hook, tell: Tell
) -> None:
    with listening() as (url, listener):
        tell(Event.ALERT_RESOLVED)  # before there was a webhook: not told
        _, secret = hook(url)
        subject = tell(Event.ALERT_RESOLVED)
        tell(Event.ALERT_VIEWED)
        assert [round_of(world), round_of(world)] == [1, 0]
    [(headers, body)] = listener.seen
    event = documented().verify(headers, body, secret)
    assert event["type"] == "alert.resolved"
    assert event["subject"] == {"kind": "alert", "id": str(subject.id)}
    assert set(event) == {"id", "type", "occurred_at", "subject", "links"}
    assert event["links"]["page"].endswith(f"/alerts/{subject.id}/")
    assert headers["webhook-id"] == event["id"]


def test_the_documented_example_refuses_what_is_forged_altered_or_old(
    world: World, hook: Hook, tell: Tell
) -> None:
    with listening() as (url, listener):
        _, secret = hook(url)
        tell(Event.ALERT_RESOLVED)
        round_of(world)
    [(headers, body)] = listener.seen
    verify, sent_at = documented().verify, int(headers["webhook-timestamp"])
    assert verify(headers, body, secret, now=sent_at + 299)
    with pytest.raises(ValueError, match="too old"):
        verify(headers, body, secret, now=sent_at + 301)
    with pytest.raises(ValueError, match="does not fit"):
        verify(headers, body + b" ", secret)
    with pytest.raises(ValueError, match="does not fit"):
        verify(headers, body, "whsec_" + "A" * 44)


def test_what_fails_is_tried_again_later_and_the_same_bytes_arrive(
    world: World, hook: Hook, tell: Tell
) -> None:
    with listening() as (url, listener):
        hook(url)
        listener.status = 500
        tell(Event.CASE_OPENED, "case")
        assert round_of(world) == 0
        [delivery] = log_of(world)
        assert (delivery.state, delivery.answer_status, delivery.tries) == ("waiting", 500, 1)
        assert delivery.next_try_at == NOW + WAITS[0]
        assert round_of(world, NOW + WAITS[0] / 2) == 0
        listener.status = 204
        assert round_of(world, NOW + WAITS[0]) == 1
    assert [body for _, body in listener.seen] == [delivery.body.encode()] * 2
    [delivered] = log_of(world)
    assert (delivered.state, delivered.problem) == ("delivered", "")
    assert delivered.webhook.failures_in_row == 0


def test_a_receiver_that_stays_away_is_paused_with_its_reason_and_told_later(
    world: World, hook: Hook, tell: Tell
) -> None:
    now = NOW
    with listening() as (url, listener):
        webhook, _ = hook(url)
        listener.status = 410
        tell(Event.ALERT_RESOLVED)
        round_of(world, now)
        [delivery] = log_of(world)
        assert delivery.webhook.state == "paused"
        assert "status 410" in delivery.webhook.state_reason
        tell(Event.ALERT_RESOLVED)
        listener.status = 204
        assert round_of(world, now + timedelta(days=1)) == 0
        with tenant_scope(world.tenant.id):
            webhook.refresh_from_db()
            switch_on_webhook(actor=sign_in(world.administrator), webhook=webhook, now=now)
        assert round_of(world, now) == 2
    assert len(listener.seen) == 3


def test_after_the_last_wait_an_event_is_given_up_and_can_be_sent_again(
    world: World, hook: Hook, tell: Tell
) -> None:
    now = NOW
    with listening() as (url, listener):
        webhook, _ = hook(url)
        listener.status = 503
        tell(Event.ALERT_RESOLVED)
        for wait in (*WAITS, timedelta(0)):
            round_of(world, now)
            now += wait
        [delivery] = log_of(world)
        assert (delivery.state, delivery.webhook.state) == ("given_up", "paused")
        assert len(listener.seen) == len(WAITS) + 1 <= PAUSED_AFTER
        listener.status = 204
        with tenant_scope(world.tenant.id):
            webhook.refresh_from_db()
            actor = sign_in(world.administrator)
            switch_on_webhook(actor=actor, webhook=webhook, now=now)
            delivery.webhook.refresh_from_db()
            retry_delivery(actor=actor, delivery=delivery, now=now)
        assert round_of(world, now) == 1


def test_while_off_nothing_is_told_and_nothing_is_made_up_for(
    world: World, hook: Hook, tell: Tell
) -> None:
    with listening() as (url, listener):
        webhook, _ = hook(url)
        actor = sign_in(world.administrator)
        with tenant_scope(world.tenant.id):
            switch_off_webhook(actor=actor, webhook=webhook, now=NOW)
        tell(Event.ALERT_RESOLVED)
        round_of(world)
        with tenant_scope(world.tenant.id):
            switch_on_webhook(actor=actor, webhook=webhook, now=NOW)
        assert round_of(world) == 0
        last = tell(Event.ALERT_RESOLVED)
        assert round_of(world) == 1
    assert json.loads(listener.seen[0][1])["subject"]["id"] == str(last.id)


def test_for_a_day_after_rotation_both_secrets_fit(world: World, hook: Hook) -> None:
    with listening() as (url, listener):
        webhook, old = hook(url)
        actor, after = sign_in(world.administrator), NOW + timedelta(hours=25)
        with tenant_scope(world.tenant.id):
            new = rotate_webhook_secret(actor=actor, webhook=webhook, now=NOW)
            ping_webhook(actor=actor, webhook=webhook, now=NOW)
        round_of(world)
        with tenant_scope(world.tenant.id):
            ping_webhook(actor=actor, webhook=webhook, now=after)
        round_of(world, after)
    verify = documented().verify
    (first, body), (later, later_body) = listener.seen
    assert verify(first, body, old) == verify(first, body, new)
    assert verify(later, later_body, new)["type"] == "ping"
    with pytest.raises(ValueError, match="does not fit"):
        verify(later, later_body, old)


def test_the_log_forgets_what_ended_and_keeps_what_waits(
    world: World, hook: Hook, tell: Tell
) -> None:
    with listening() as (url, listener):
        hook(url)
        tell(Event.ALERT_RESOLVED)
        round_of(world)
        listener.status = 500
        tell(Event.ALERT_RESOLVED)
        round_of(world)
    with tenant_scope(world.tenant.id):
        assert forget(tenant_id=world.tenant.id, before=NOW + timedelta(days=40)) == 1
    assert [one.state for one in log_of(world)] == ["waiting"]
