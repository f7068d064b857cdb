"""Telling integrators of events, and forgetting what was told long ago. Service role; may run twice."""

from datetime import timedelta
from typing import Final

from celery import shared_task
from django.utils import timezone

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.webhooks.operations.outbox import forget, queue_events, send_due

LOG_KEPT: Final = timedelta(days=30)


@shared_task
def send_events() -> int:
    """Queue what was chained since the last time, send what is due; return how many were delivered."""
    now = timezone.now()
    for tenant_id in Tenant.objects.values_list("id", flat=True):
        with tenant_scope(tenant_id):
            queue_events(tenant_id=tenant_id, now=now)
    return send_due(now=now)


@shared_task
def forget_deliveries() -> int:
    """Take deliveries that ended more than 30 days ago out of the log; return how many."""
    before, count = timezone.now() - LOG_KEPT, 0
    for tenant_id in Tenant.objects.values_list("id", flat=True):
        with tenant_scope(tenant_id):
            count += forget(tenant_id=tenant_id, before=before)
    return count
