"""Making the PDFs of signed reports that have none. Runs under the service role; may run twice."""

from celery import shared_task
from django.utils import timezone

from apps.accounts.models import Tenant
from apps.reports.operations.rendering import render_waiting


@shared_task(name="apps.reports.tasks.render_signed_reports")
def render_signed_reports() -> int:
    """Every tenant's signed reports without a PDF, oldest first; returns how many were made."""
    now = timezone.now()
    tenants = Tenant.objects.order_by("id").values_list("id", flat=True)
    return sum(render_waiting(tenant_id=tenant_id, now=now) for tenant_id in tenants)
