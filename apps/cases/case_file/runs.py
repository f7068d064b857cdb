"""The promise that a case file's workflow is told of every change: kept by the sweeper, under the service role."""

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F

from apps.cases.models import CaseFile
from apps.triage.states import CASE_FILE
from workflows import client
from workflows.case_file_messages import CaseFileStart
from workflows.messages import RunStatus

CLAIM: Final = timedelta(seconds=15)
SETTLING: Final = timedelta(minutes=1)

log = logging.getLogger(__name__)


def tell_waiting(*, now: datetime, limit: int = 20) -> int:
    """Tell the runs whose file has changed; return how many answered. Repeating it is harmless."""
    told = 0
    for file in _claim(now=now, limit=limit):
        try:
            run_id = client.tell_case_file(
                CaseFileStart(
                    tenant_id=str(file.tenant_id),
                    file_id=str(file.id),
                    reference=file.reference,
                )
            )
        except client.TemporalUnreachable:
            log.warning("case files: Temporal does not answer; they wait")
            break
        # A change that came after our claim has moved `tell_at`: then it is told again.
        CaseFile.objects.filter(id=file.id, tell_at=now + CLAIM).update(
            tell_at=None, run_id=run_id, checked_at=now
        )
        told += 1
    return told


def find_lost_runs(*, now: datetime, limit: int = 50) -> int:
    """Compare files that have not ended with Temporal; have those told whose run is gone."""
    ended = [*CASE_FILE.terminal]
    open_files = CaseFile.objects.exclude(state__in=ended, removed_at__isnull=False)
    told = open_files.filter(tell_at__isnull=True, checked_at__lt=now - SETTLING)
    lost = 0
    for file in told.order_by(F("checked_at").asc(nulls_first=True))[:limit]:
        try:
            found = client.describe_case_file(file.id)
        except client.TemporalUnreachable:
            return lost
        is_lost = found.status is not RunStatus.RUNNING and _has_work(file)
        lost += is_lost
        CaseFile.objects.filter(id=file.id, tell_at__isnull=True).update(
            checked_at=now, tell_at=now if is_lost else None
        )
    return lost


def _has_work(file: CaseFile) -> bool:
    """Whether anything is still to be done or waited for."""
    ended = file.state in CASE_FILE.terminal
    return not ended or bool(file.key and file.removed_at is None)


def _claim(*, now: datetime, limit: int) -> list[CaseFile]:
    with transaction.atomic():
        due = (
            CaseFile.objects.select_for_update(skip_locked=True)
            .filter(tell_at__lte=now)
            .order_by("tell_at")[:limit]
        )
        ids = [file.pk for file in due]
        CaseFile.objects.filter(pk__in=ids).update(tell_at=now + CLAIM)
    return list(CaseFile.objects.filter(pk__in=ids))
