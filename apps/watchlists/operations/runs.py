"""The promise that an entry's workflow is told: kept by the sweeper, whatever died in between.

Telling starts the run or has the running one look again; both are harmless when repeated. A claim pushes `next_try_at`
ahead in a short transaction, the call to Temporal follows outside of any, a second short one settles it.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F

from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.triage.states import ENTRY, OutboxState
from apps.watchlists.models import EntryRun, WatchlistEntry
from workflows import client
from workflows.enrolment_messages import EnrolmentStart
from workflows.messages import RunStatus

CLAIM: Final = timedelta(seconds=15)
WHEN_UNREACHABLE: Final = timedelta(seconds=5)
SETTLING: Final = timedelta(minutes=1)

log = logging.getLogger(__name__)


def promise_run(*, entry: WatchlistEntry, now: datetime) -> None:
    """In the transaction that makes the entry: its workflow will be started."""
    EntryRun.objects.create(entry=entry, tenant_id=entry.tenant_id, next_try_at=now)


def tell_run(*, entry: WatchlistEntry, now: datetime) -> None:
    """In the transaction that changes the entry: its workflow will look again."""
    EntryRun.objects.filter(entry=entry).update(state=OutboxState.WAITING, next_try_at=now)


def tell_waiting(*, now: datetime, limit: int = 20) -> int:
    """Tell the runs that wait to be told; return how many answered. Under the service role."""
    told = 0
    for run in _claim(now=now, limit=limit):
        try:
            run_id = client.tell_entry(
                EnrolmentStart(
                    tenant_id=str(run.tenant_id),
                    entry_id=str(run.entry_id),
                    reference=run.entry.reference,
                )
            )
        except client.TemporalUnreachable:
            log.warning("watchlist: Temporal does not answer; entries wait")
            EntryRun.objects.filter(pk=run.pk, state=OutboxState.WAITING).update(
                next_try_at=now + WHEN_UNREACHABLE, last_error="Temporal does not answer"
            )
            break
        _settle(run, run_id=run_id, now=now)
        told += 1
    return told


def find_lost_runs(*, now: datetime, limit: int = 50) -> int:
    """Compare open entries with Temporal, longest unchecked first; promise again what is not running."""
    runs = (
        EntryRun.objects.filter(state=OutboxState.STARTED, started_at__lt=now - SETTLING)
        .exclude(entry__state__in=ENTRY.terminal)
        .order_by(F("checked_at").asc(nulls_first=True))[:limit]
    )
    lost = 0
    for run in runs:
        try:
            found = client.describe_entry(run.entry_id)
        except client.TemporalUnreachable:
            return lost
        changes: dict[str, object] = {"checked_at": now}
        if found.status is not RunStatus.RUNNING:
            lost += 1
            changes |= {
                "state": OutboxState.WAITING,
                "next_try_at": now,
                "run_number": F("run_number") + 1,
                "last_error": f"its run was found {found.status.value.replace('_', ' ')}",
            }
        EntryRun.objects.filter(pk=run.pk, state=OutboxState.STARTED).update(**changes)
    return lost


def _claim(*, now: datetime, limit: int) -> list[EntryRun]:
    with transaction.atomic():
        due = (
            EntryRun.objects.select_for_update(skip_locked=True)
            .filter(state=OutboxState.WAITING, next_try_at__lte=now)
            .order_by("next_try_at")[:limit]
        )
        ids = [run.pk for run in due]
        EntryRun.objects.filter(pk__in=ids).update(next_try_at=now + CLAIM)
    return list(EntryRun.objects.select_related("entry").filter(pk__in=ids))


def _settle(run: EntryRun, *, run_id: str, now: datetime) -> None:
    """A change that came after our claim moved `next_try_at`: then it stays waiting and is told again."""
    with tenant_scope(run.tenant_id):
        first = run.run_id != run_id
        settled = EntryRun.objects.filter(
            pk=run.pk, state=OutboxState.WAITING, next_try_at=now + CLAIM
        ).update(
            state=OutboxState.STARTED, started_at=now, run_id=run_id, last_error="", checked_at=None
        )
        if settled and first:
            record(
                actor=Actor.system(run.tenant_id),
                event=Event.ENTRY_WORKFLOW_STARTED,
                subject=Subject("watchlist_entry", run.entry_id),
                details={"run": run_id, "number": run.run_number},
            )
