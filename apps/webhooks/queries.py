"""Reading webhooks and their log."""

from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from apps.accounts.models import Tenant
from apps.triage.states import DeliveryState, WebhookState
from apps.webhooks.models import Webhook, WebhookDelivery


def webhooks_of(tenant: Tenant | UUID) -> QuerySet[Webhook]:
    """The tenant's webhooks by name, each with `waiting`, `given_up` and `delivered_at` of its log."""
    tenant_id = tenant.id if isinstance(tenant, Tenant) else tenant
    return Webhook.objects.filter(tenant_id=tenant_id).annotate(
        waiting=_count(DeliveryState.WAITING),
        given_up=_count(DeliveryState.GIVEN_UP),
        delivered_at=Max(
            "deliveries__ended_at", filter=Q(deliveries__state=DeliveryState.DELIVERED)
        ),
    )


def log_of(webhook: Webhook, *, state: str = "") -> QuerySet[WebhookDelivery]:
    """What the webhook was told and will be, the newest first; of one state when one is named."""
    log = WebhookDelivery.objects.filter(webhook=webhook)
    return log.filter(state=state) if state in set(DeliveryState) else log


def paused_webhooks(tenant_id: UUID) -> QuerySet[Webhook]:
    """Webhooks that failed too often and wait for a person."""
    return Webhook.objects.filter(tenant_id=tenant_id, state=WebhookState.PAUSED)


def _count(state: DeliveryState) -> Count:
    return Count("deliveries", filter=Q(deliveries__state=state))
