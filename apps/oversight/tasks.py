"""What oversight does by itself: keep the system card's versions, remind of clocks, write archives asked for."""

import logging
from datetime import timedelta
from typing import Final

from celery import shared_task
from django.utils import timezone

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.oversight.models import RecordsExport
from apps.oversight.operations.cards import keep_card
from apps.oversight.operations.exporting import fail_forgotten, write_export
from apps.oversight.operations.reminding import remind_of_clocks
from apps.triage.states import RecordsExportState

_log = logging.getLogger(__name__)
GIVEN_UP_AFTER: Final = timedelta(hours=6)


@shared_task
def keep_cards() -> int:
    """Keep a version of each tenant's card whose statement has changed; return how many tenants there are."""
    now, tenants = timezone.now(), list(Tenant.objects.values_list("id", flat=True))
    for tenant_id in tenants:
        with tenant_scope(tenant_id):
            keep_card(tenant_id=tenant_id, now=now)
    return len(tenants)


@shared_task
def remind() -> int:
    """Remind of clocks that are near or over, once each; return how many reminders there were."""
    reminded = 0
    for tenant_id in Tenant.objects.values_list("id", flat=True):
        with tenant_scope(tenant_id):
            reminded += remind_of_clocks(tenant_id=tenant_id, now=timezone.now())
    if reminded:
        _log.error("oversight: %s clocks are about to run out or have", reminded)
    return reminded


@shared_task
def write_exports() -> int:
    """Write what was asked for, oldest first; return how many archives were begun."""
    now, begun = timezone.now(), 0
    for tenant_id in Tenant.objects.values_list("id", flat=True):
        with tenant_scope(tenant_id):
            fail_forgotten(before=now - GIVEN_UP_AFTER, now=now)
            waiting = RecordsExport.objects.filter(state=RecordsExportState.REQUESTED)
            ids = list(waiting.order_by("requested_at").values_list("id", flat=True))
        for export_id in ids:
            begun += write_export(tenant_id=tenant_id, export_id=export_id, now=timezone.now())
    return begun
