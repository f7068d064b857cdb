"""What triage learns and tries in the background. Runs under the service role, across tenants; may run twice."""

import logging
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.accounts.models import Tenant
from apps.reliability import operations
from apps.reliability.models import Backtest

logger = logging.getLogger(__name__)


@shared_task
def run_backtests() -> int:
    """Run what waits, oldest first; each is taken by one worker only. Returns how many were run."""
    operations.give_up_stopped_backtests(now=timezone.now())
    waiting = Backtest.objects.filter(state=Backtest.State.WAITING).order_by("created_at")
    ids = list(waiting.values_list("id", flat=True))
    return sum(operations.run_backtest(backtest_id=one, clock=timezone.now) for one in ids[:1])


@shared_task
def refresh_reliability() -> int:
    """Learn anew for every tenant, one after the other. Returns how many had something to learn from."""
    learned = 0
    for tenant_id in _tenants():
        try:
            learned += operations.refresh(tenant_id=tenant_id, now=timezone.now()).version > 0
        except Exception:
            logger.exception("learning for tenant %s failed; the others go on", tenant_id)
    return learned


@shared_task
def price_minutes() -> int:
    """Price a minute of every tenant. Returns how many have a price above 0."""
    priced = (
        operations.price_minutes(tenant_id=tenant_id, now=timezone.now())
        for tenant_id in _tenants()
    )
    return sum(price > 0 for price in priced)


def _tenants() -> list[UUID]:
    return list(Tenant.objects.order_by("created_at").values_list("id", flat=True))
