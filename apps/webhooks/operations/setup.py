"""Setting up where integrators are told of events. A secret leaves this module once, when it is made."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.alerts.addresses import AddressRefused, require_url
from apps.alerts.signing import new_secret, seal
from apps.audit.events import Actor, Event, Subject
from apps.audit.models import Leaf
from apps.audit.operations import record
from apps.triage.states import DELIVERY, WEBHOOK, DeliveryState, WebhookState
from apps.webhooks.kinds import PING
from apps.webhooks.models import Webhook, WebhookDelivery
from apps.webhooks.sending import in_our_words

OLD_SECRET_SIGNS_FOR: Final = timedelta(hours=24)
_FACTS: Final = ("name", "url", "beyond_network", "kinds", "timeout_seconds", "state")


class UnableToChange(Exception):
    """The webhook or the delivery is not in a state from which this can be done."""


def create_webhook(
    *,
    actor: Actor,
    user: User,
    name: str,
    url: str,
    kinds: Sequence[str],
    beyond_network: bool = False,
    now: datetime,
) -> tuple[Webhook, str]:
    """Tell this address of events from now on; return it with the secret, shown this once. Raises ValidationError."""
    secret = new_secret()
    webhook = Webhook(
        tenant_id=actor.tenant_id,
        name=name,
        url=url,
        beyond_network=beyond_network,
        kinds=list(kinds),
        state_at=now,
        secret_sealed=seal(secret),
        next_index=_end_of_chain(actor),
        created_by=user,
        created_at=now,
    )
    _require(webhook)
    webhook.save(force_insert=True)
    record(
        actor=actor,
        event=Event.WEBHOOK_CREATED,
        subject=Subject("webhook", webhook.id),
        after=_facts(webhook),
    )
    return webhook, secret


def change_webhook(
    *,
    actor: Actor,
    webhook: Webhook,
    name: str,
    url: str,
    kinds: Sequence[str],
    beyond_network: bool,
) -> None:
    """Say what the address is, and what it is told. What waits goes to the new one. Raises ValidationError."""
    before = _facts(Webhook.objects.get(id=webhook.id))
    webhook.name, webhook.url, webhook.kinds = name, url, list(kinds)
    webhook.beyond_network = beyond_network
    _require(webhook)
    webhook.save(update_fields=["name", "url", "kinds", "beyond_network"])
    record(
        actor=actor,
        event=Event.WEBHOOK_CHANGED,
        subject=Subject("webhook", webhook.id),
        before=before,
        after=_facts(webhook),
    )


def rotate_webhook_secret(*, actor: Actor, webhook: Webhook, now: datetime) -> str:
    """Sign with a new secret, and for 24 hours with the old one as well; return the new one, shown this once."""
    secret, ends = new_secret(), now + OLD_SECRET_SIGNS_FOR
    webhook.previous_secret_sealed, webhook.previous_valid_until = webhook.secret_sealed, ends
    webhook.secret_sealed = seal(secret)
    webhook.save(update_fields=["secret_sealed", "previous_secret_sealed", "previous_valid_until"])
    record(
        actor=actor,
        event=Event.WEBHOOK_SECRET_ROTATED,
        subject=Subject("webhook", webhook.id),
        details={"previous_valid_until": ends},
    )
    return secret


def switch_off_webhook(*, actor: Actor, webhook: Webhook, now: datetime) -> None:
    """Tell the address nothing: neither what waits nor what happens until it is on again. Raises UnableToChange."""
    _move(actor, webhook, WebhookState.OFF, now=now)


def switch_on_webhook(*, actor: Actor, webhook: Webhook, now: datetime) -> None:
    """Tell the address again. After a pause it is told what it missed; after being off, what happens from now on.

    Raises UnableToChange for a webhook that is on.
    """
    if webhook.state == WebhookState.OFF:
        webhook.next_index = _end_of_chain(actor)
        webhook.save(update_fields=["next_index"])
    _move(actor, webhook, WebhookState.ACTIVE, now=now)
    waiting = WebhookDelivery.objects.filter(webhook=webhook, state=DeliveryState.WAITING)
    waiting.update(next_try_at=now)


def ping_webhook(*, actor: Actor, webhook: Webhook, now: datetime) -> WebhookDelivery:
    """Put a test message on its way; how it went is in the log. Raises UnableToChange for one that is not on."""
    if webhook.state != WebhookState.ACTIVE:
        raise UnableToChange(gettext("Switch the webhook on first: nothing is sent to it now."))
    identity = uuid4()
    body = {
        "id": str(identity),
        "type": PING,
        "occurred_at": now.isoformat(),
        "subject": {"kind": "webhook", "id": str(webhook.id)},
        "links": {"page": f"{settings.PUBLIC_URL}/settings/webhooks/{webhook.id}/"},
    }
    delivery = WebhookDelivery.objects.create(
        tenant_id=webhook.tenant_id,
        webhook=webhook,
        event_id=identity,
        kind=PING,
        body=json.dumps(body),
        next_try_at=now,
        created_at=now,
    )
    _about(actor, delivery, Event.WEBHOOK_PINGED)
    return delivery


def retry_delivery(*, actor: Actor, delivery: WebhookDelivery, now: datetime) -> None:
    """Send an event again, or at once when it waits. The id stays: the receiver can tell that it is the same.

    Raises UnableToChange while its webhook is not on.
    """
    if delivery.webhook.state != WebhookState.ACTIVE:
        raise UnableToChange(gettext("Switch the webhook on first: nothing is sent to it now."))
    again = {DeliveryState.WAITING, *DELIVERY.sources_of(DeliveryState.WAITING)}
    moved = WebhookDelivery.objects.filter(id=delivery.id, state__in=again).update(
        state=DeliveryState.WAITING, tries=0, next_try_at=now, ended_at=None
    )
    if moved != 1:
        raise UnableToChange(gettext("This delivery is not in the log any more."))
    _about(actor, delivery, Event.WEBHOOK_RETRIED)


def _move(actor: Actor, webhook: Webhook, state: WebhookState, *, now: datetime) -> None:
    moved = Webhook.objects.filter(id=webhook.id, state__in=WEBHOOK.sources_of(state)).update(
        state=state, state_reason="", state_at=now, failures_in_row=0
    )
    if moved != 1:
        raise UnableToChange(gettext("The webhook is in this state already."))
    before, webhook.state, webhook.state_reason = webhook.state, state, ""
    record(
        actor=actor,
        event=Event.WEBHOOK_CHANGED,
        subject=Subject("webhook", webhook.id),
        before={"state": before},
        after={"state": state},
        details={"state": state},
    )


def _require(webhook: Webhook) -> None:
    try:
        require_url(webhook.url, beyond_network=webhook.beyond_network)
    except AddressRefused as refusal:
        raise ValidationError({"url": in_our_words(refusal)}) from None
    webhook.full_clean()


def _end_of_chain(actor: Actor) -> int:
    last = Leaf.objects.filter(tenant_id=actor.tenant_id).aggregate(last=Max("index"))["last"]
    return 0 if last is None else int(last) + 1


def _about(actor: Actor, delivery: WebhookDelivery, event: Event) -> None:
    record(
        actor=actor,
        event=event,
        subject=Subject("webhook", delivery.webhook_id),
        details={"delivery": delivery.id, "kind": delivery.kind},
    )


def _facts(webhook: Webhook) -> dict[str, object]:
    return {name: getattr(webhook, name) for name in _FACTS}
