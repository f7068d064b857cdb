"""From the audit chain to the integrators: every chosen event once, in time, or visibly not.

The chain is the outbox: an event is in it if and only if its act was committed. `queue_events` follows it with a
pointer for each webhook; `send_due` claims what is due in a short transaction, sends outside of any, and settles each
answer in another. If we die in between, the claim runs out and the event is sent again under the same id.
"""

import json
import logging
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.urls import reverse

from apps.accounts.tenancy import tenant_scope
from apps.alerts.signing import UnableToUnseal, unseal
from apps.audit.events import Actor, Event, Subject
from apps.audit.models import Leaf
from apps.audit.operations import record
from apps.triage.states import DeliveryState, WebhookState
from apps.webhooks.kinds import KIND_OF, PAGES
from apps.webhooks.models import Webhook, WebhookDelivery
from apps.webhooks.sending import GONE, Answer, Letter, send_all

# A third of a minute, then ever longer: after the eighth wait a day and a half has passed.
WAITS: Final = (
    *(timedelta(seconds=20), timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30)),
    *(timedelta(hours=2), timedelta(hours=5), timedelta(hours=10), timedelta(hours=18)),
)
PAUSED_AFTER: Final = 20
"""So many tries in a row without one that arrives, and the webhook waits for a person."""
CLAIM: Final = timedelta(seconds=90)
MOST_AT_ONCE: Final = 40
MOST_FOR_ONE: Final = 8
_MOST_QUEUED: Final = 500
_UNREADABLE: Final = "The secret cannot be read; make a new one."

log = logging.getLogger(__name__)


def queue_events(*, tenant_id: UUID, now: datetime) -> int:
    """Put what was chained since the last time on its way to each webhook that is on; return how many deliveries.

    Inside the tenant's scope. Two at once: the second waits for the row and finds nothing left.
    """
    webhooks = Webhook.objects.select_for_update().filter(
        tenant_id=tenant_id, state=WebhookState.ACTIVE
    )
    return sum(_queue(webhook, now=now) for webhook in webhooks.order_by("id"))


def send_due(*, now: datetime) -> int:
    """Send what is due, at most `MOST_AT_ONCE`; return how many arrived. Across tenants, outside of any transaction."""
    letters, answers = [], []
    for delivery in _claim(now=now):
        try:
            letters.append(_letter(delivery, now=now))
        except UnableToUnseal:
            answers.append(Answer(delivery_id=delivery.id, status=None, problem=_UNREADABLE))
    answers += send_all(letters) if letters else []
    return sum(_settle(answer, now=now) for answer in answers)


def forget(*, tenant_id: UUID, before: datetime) -> int:
    """Take deliveries that ended before then out of the log. Inside the tenant's scope."""
    ended = WebhookDelivery.objects.filter(tenant_id=tenant_id, ended_at__lt=before)
    return ended.exclude(state=DeliveryState.WAITING).delete()[0]


def _queue(webhook: Webhook, *, now: datetime) -> int:
    chain = Leaf.objects.filter(tenant_id=webhook.tenant_id, index__gte=webhook.next_index)
    last = chain.aggregate(last=Max("index"))["last"]
    if last is None:
        return 0
    names = [name for name, kind in KIND_OF.items() if kind in webhook.kinds]
    told = list(chain.filter(index__lte=last, event__in=names).order_by("index")[:_MOST_QUEUED])
    if len(told) == _MOST_QUEUED:
        last = told[-1].index
    made = WebhookDelivery.objects.bulk_create(
        [_delivery(webhook, leaf, now=now) for leaf in told], ignore_conflicts=True
    )
    Webhook.objects.filter(id=webhook.id).update(next_index=last + 1)
    return len(made)


def _delivery(webhook: Webhook, leaf: Leaf, *, now: datetime) -> WebhookDelivery:
    return WebhookDelivery(
        tenant_id=webhook.tenant_id,
        webhook=webhook,
        event_id=leaf.event_id,
        kind=KIND_OF[leaf.event],
        body=json.dumps(_body(leaf)),
        next_try_at=now,
        created_at=now,
    )


def _body(leaf: Leaf) -> dict[str, object]:
    """Ids and links only: who wants to know more asks, and is seen asking."""
    return {
        "id": str(leaf.event_id),
        "type": str(KIND_OF[leaf.event]),
        "occurred_at": leaf.occurred_at.isoformat(),
        "subject": {"kind": leaf.subject_kind, "id": leaf.subject_id},
        "links": _links(leaf),
    }


def _links(leaf: Leaf) -> dict[str, str]:
    page, api = PAGES.get(leaf.subject_kind, ("", ""))
    named = {"page": page, "api": api}
    return {
        name: f"{settings.PUBLIC_URL}{reverse(route, args=[leaf.subject_id])}"
        for name, route in named.items()
        if route
    }


def _claim(*, now: datetime) -> list[WebhookDelivery]:
    """What is due, oldest first; of one webhook few at a time, and one only while its last try failed."""
    with transaction.atomic():
        due = (
            WebhookDelivery.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("webhook")
            .filter(
                state=DeliveryState.WAITING,
                next_try_at__lte=now,
                webhook__state=WebhookState.ACTIVE,
            )
            .order_by("webhook_id", "created_at", "id")[:_MOST_QUEUED]
        )
        claimed: list[WebhookDelivery] = []
        for _, group in groupby(due, key=lambda delivery: delivery.webhook_id):
            own = list(group)
            claimed += own[: 1 if own[0].webhook.failures_in_row else MOST_FOR_ONE]
        claimed = sorted(claimed, key=lambda delivery: delivery.next_try_at)[:MOST_AT_ONCE]
        WebhookDelivery.objects.filter(id__in=[one.id for one in claimed]).update(
            next_try_at=now + CLAIM, tries=F("tries") + 1, tried_at=now
        )
    return claimed


def _letter(delivery: WebhookDelivery, *, now: datetime) -> Letter:
    webhook = delivery.webhook
    secrets = [unseal(webhook.secret_sealed)]
    ends = webhook.previous_valid_until
    if webhook.previous_secret_sealed is not None and ends is not None and now < ends:
        secrets.append(unseal(webhook.previous_secret_sealed))
    return Letter(
        delivery_id=delivery.id,
        event_id=delivery.event_id,
        url=webhook.url,
        beyond_network=webhook.beyond_network,
        secrets=tuple(secrets),
        body=delivery.body,
        timeout_seconds=webhook.timeout_seconds,
    )


def _settle(answer: Answer, *, now: datetime) -> bool:
    """Write down what came of a try; whether it arrived."""
    delivery = WebhookDelivery.objects.only("id", "tenant_id").get(id=answer.delivery_id)
    with tenant_scope(delivery.tenant_id):
        # Both rows, the webhook's first, as everywhere: what is counted and what is settled belong together.
        webhook = Webhook.objects.select_for_update().get(deliveries=answer.delivery_id)
        delivery = WebhookDelivery.objects.select_for_update().get(id=answer.delivery_id)
        if delivery.state != DeliveryState.WAITING:
            return False
        delivery.answer_status, delivery.problem = answer.status, answer.problem
        if answer.arrived:
            _arrived(webhook, delivery, now=now)
        else:
            _failed(webhook, delivery, now=now)
    return answer.arrived


def _arrived(webhook: Webhook, delivery: WebhookDelivery, *, now: datetime) -> None:
    delivery.state, delivery.ended_at = DeliveryState.DELIVERED, now
    _save(delivery)
    if webhook.failures_in_row:
        Webhook.objects.filter(id=webhook.id).update(failures_in_row=0)
        _others(webhook).update(next_try_at=now)  # it is back: what waited need not wait longer
    _record(delivery, Event.WEBHOOK_DELIVERED)


def _failed(webhook: Webhook, delivery: WebhookDelivery, *, now: datetime) -> None:
    webhook.failures_in_row += 1
    is_over = delivery.tries > len(WAITS)
    if is_over:
        delivery.state, delivery.ended_at = DeliveryState.GIVEN_UP, now
        _record(delivery, Event.WEBHOOK_GIVEN_UP)
    else:
        delivery.next_try_at = now + WAITS[max(delivery.tries, 1) - 1]
    _save(delivery)
    Webhook.objects.filter(id=webhook.id).update(failures_in_row=webhook.failures_in_row)
    if is_over or delivery.answer_status == GONE or webhook.failures_in_row >= PAUSED_AFTER:
        _pause(webhook, delivery, now=now)


def _pause(webhook: Webhook, delivery: WebhookDelivery, *, now: datetime) -> None:
    reason = f"Paused after {webhook.failures_in_row} failed tries in a row. {delivery.problem}"
    moved = Webhook.objects.filter(id=webhook.id, state=WebhookState.ACTIVE).update(
        state=WebhookState.PAUSED, state_reason=reason, state_at=now
    )
    if moved == 1:
        log.error("webhook %s is paused after %d tries", webhook.id, webhook.failures_in_row)
        _record(delivery, Event.WEBHOOK_PAUSED)


def _others(webhook: Webhook) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(webhook=webhook, state=DeliveryState.WAITING)


def _save(delivery: WebhookDelivery) -> None:
    delivery.save(update_fields=["state", "ended_at", "next_try_at", "answer_status", "problem"])


def _record(delivery: WebhookDelivery, event: Event) -> None:
    record(
        actor=Actor.system(delivery.tenant_id),
        event=event,
        subject=Subject("webhook", delivery.webhook_id),
        details={
            "delivery": delivery.id,
            "event": delivery.event_id,
            "kind": delivery.kind,
            "status": delivery.answer_status,
        },
    )
