"""Telling people of what was chained, by screen and by e-mail, and forgetting it with time. Service role; may run twice."""

from datetime import timedelta
from typing import Final

from celery import shared_task
from django.utils import timezone

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.notifications.operations import forget, gather, mail_due

KEPT: Final = timedelta(days=90)


@shared_task
def gather_notifications() -> int:
    """Tell people of what was chained since the last time; return how many notifications were made."""
    now, made = timezone.now(), 0
    for tenant_id in Tenant.objects.values_list("id", flat=True):
        with tenant_scope(tenant_id):
            made += gather(tenant_id=tenant_id, now=now)
    return made


@shared_task
def mail_notifications() -> int:
    """Send the e-mails that are due; return how many messages went out."""
    return mail_due(now=timezone.now())


@shared_task
def forget_notifications() -> int:
    """Delete what was told more than 90 days ago; return how many."""
    before, count = timezone.now() - KEPT, 0
    for tenant_id in Tenant.objects.values_list("id", flat=True):
        with tenant_scope(tenant_id):
            count += forget(tenant_id=tenant_id, before=before)
    return count
