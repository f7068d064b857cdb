"""Housekeeping of evidence: retention, integrity, holds in the store. Service role; may run twice."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.evidence.models import RetentionRun
from apps.evidence.operations.checks import sweep_evidence
from apps.evidence.operations.locks import switch_locks
from apps.evidence.operations.runs import run_retention
from apps.storage.errors import StorageError

BUDGET_SECONDS = 200.0
_BETWEEN_RUNS = timedelta(hours=20)

log = logging.getLogger(__name__)


@shared_task
def apply_retention() -> int:
    """Run every tenant's retention once a night, in as many calls as it takes. Returns how many objects went."""
    has_time, gone = _budget(), 0
    for tenant_id in Tenant.objects.order_by("id").values_list("id", flat=True):
        now = timezone.now()
        with tenant_scope(tenant_id):
            ended = RetentionRun.objects.filter(tenant_id=tenant_id, ended_at__isnull=False)
            is_done = ended.filter(started_at__gt=now - _BETWEEN_RUNS).exists()
            is_open = RetentionRun.objects.filter(tenant_id=tenant_id, ended_at=None).exists()
        if (is_done and not is_open) or not has_time():
            continue
        run = run_retention(tenant_id=tenant_id, now=now, has_time=has_time)
        gone += run.deleted
        if run.failed or run.missing:
            log.error("retention: %d not deleted, %d were missing", run.failed, run.missing)
    return gone


@shared_task
def sweep_integrity() -> int:
    """Read again what was read longest ago, a bounded number of bytes. Returns how many objects are not as they were."""
    has_time, bad = _budget(), 0
    left = settings.EVIDENCE_CHECK_BYTES
    for tenant_id in Tenant.objects.order_by("?").values_list("id", flat=True):
        sweep = sweep_evidence(
            tenant_id=tenant_id, most_bytes=left, now=timezone.now(), has_time=has_time
        )
        left -= sweep.read_bytes
        bad += sweep.altered + sweep.missing
        if sweep.altered or sweep.missing or sweep.unread:
            log.error(
                "evidence: %d altered, %d missing, %d could not be read",
                *(sweep.altered, sweep.missing, sweep.unread),
            )
    return bad


@shared_task
def follow_holds() -> int:
    """Make the store's legal holds those of the register, where that did not work at once."""
    count = 0
    for tenant_id in Tenant.objects.values_list("id", flat=True):
        try:
            count += switch_locks(tenant_id=tenant_id)
        except StorageError as error:
            log.error("legal hold in the store: %s", error)
    return count


def _budget() -> Callable[[], bool]:
    end = time.monotonic() + BUDGET_SECONDS
    return lambda: time.monotonic() < end
