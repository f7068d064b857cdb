"""From the outbox to Temporal: exactly one run for every accepted alert, sooner or later.

Runs in the sweeper, under the service role, across tenants. A claim is a short transaction that
pushes `next_try_at` ahead; the call to Temporal follows outside of any transaction; a second short
one settles it. If we die in between, the claim runs out and the start is repeated, which Temporal
answers with the run it already has.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert, OutboxEntry
from apps.alerts.queries import clip_of
from apps.alerts.stopped import ENTRY_IS_STOPPED
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.triage.states import AlertState, OutboxState
from workflows import client
from workflows.messages import RunStatus, TriageStart

CLAIM = timedelta(seconds=15)
WHEN_UNREACHABLE = timedelta(seconds=2)
LONGEST_WAIT = timedelta(seconds=60)
SETTLING = timedelta(seconds=30)
# This many alerts accepted within the window and still waiting: a rush.
RUSH, RUSH_WINDOW = 20, timedelta(seconds=2)
VANISHED_STEP = "workflow"

_IN_ANALYSIS = (AlertState.RECEIVED, AlertState.ANALYSING)
_OPEN = (*_IN_ANALYSIS, AlertState.AWAITING_REVIEW, AlertState.MODEL_REVIEW)
# A decided alert still has a case to open, exhibits to seal and a dossier to write.
_CARRIED = (*_OPEN, AlertState.RESOLVED)

log = logging.getLogger(__name__)


def start_waiting(*, now: datetime, limit: int = 50) -> int:
    """Start the runs of waiting alerts, oldest first, at most `limit`; return how many started.

    An alert whose camera a STOP covers waits until that is lifted. No more than ALERTS_IN_FLIGHT alerts are analysed
    at a time, and a sixteenth of that in a rush, so that a backlog does not slow the intake. When Temporal does not
    answer, the rest waits two seconds.
    """
    entries = _claim(now=now, limit=min(limit, _free_places(now)))
    run_ids = client.start_all([_start_of(entry.alert) for entry in entries])
    started = [(entry, run) for entry, run in zip(entries, run_ids, strict=True) if run is not None]
    waiting = [entry for entry, run in zip(entries, run_ids, strict=True) if run is None]
    if waiting:
        _put_back(waiting, now=now, reason="Temporal does not answer")
    for tenant_id, group in groupby(started, key=lambda one: one[0].tenant_id):
        with tenant_scope(tenant_id):
            for entry, run_id in group:
                _settle(entry, run_id=run_id, now=now)
    return len(started)


def waiting_count() -> int:
    """How many alerts wait for their workflow to be started."""
    return OutboxEntry.objects.filter(state=OutboxState.WAITING).count()


def compare_with_temporal(*, now: datetime, limit: int = 200) -> int:
    """Compare alerts that something must carry with their runs, longest unchecked first; return how many had none.

    That is every open alert, and every decided one whose consequences are not done. A run that was
    terminated, failed or is unknown to the server is shown on its alert and put back into the outbox,
    later each time.
    """
    entries = (
        OutboxEntry.objects.select_related("alert")
        .filter(
            state=OutboxState.STARTED,
            finished_at__isnull=True,
            alert__state__in=_CARRIED,
            started_at__lt=now - SETTLING,
        )
        .order_by(F("checked_at").asc(nulls_first=True), "started_at")[:limit]
    )
    vanished = 0
    for entry in entries:
        try:
            run = client.describe(entry.alert_id)
        except client.TemporalUnreachable:
            return vanished
        OutboxEntry.objects.filter(pk=entry.pk).update(checked_at=now)
        if run.status is not RunStatus.RUNNING and _still_carried(entry, run.status):
            _show(entry, status=run.status, now=now)
            vanished += 1
    return vanished


def _free_places(now: datetime) -> int:
    """How many more may be analysed. Accepting goes first: while alerts pour in, a sixteenth of the cap."""
    poured_in = OutboxEntry.objects.filter(
        state=OutboxState.WAITING, created_at__gt=now - RUSH_WINDOW
    ).count()
    cap = settings.ALERTS_IN_FLIGHT
    if poured_in >= RUSH:
        cap = max(1, cap // 16)
    started = OutboxEntry.objects.filter(
        state=OutboxState.STARTED, alert__state__in=_IN_ANALYSIS
    ).count()
    return max(0, cap - started)


def _claim(*, now: datetime, limit: int) -> list[OutboxEntry]:
    if limit <= 0:
        return []
    with transaction.atomic():
        due = (
            OutboxEntry.objects.select_for_update(skip_locked=True)
            .filter(state=OutboxState.WAITING, next_try_at__lte=now)
            .exclude(ENTRY_IS_STOPPED)
            .order_by("created_at")[:limit]
        )
        ids = [entry.pk for entry in due]
        OutboxEntry.objects.filter(pk__in=ids).update(next_try_at=now + CLAIM, tries=F("tries") + 1)
    claimed = OutboxEntry.objects.select_related("alert__tenant", "alert__clip").filter(pk__in=ids)
    return list(claimed.order_by("created_at"))


def _start_of(alert: Alert) -> TriageStart:
    return TriageStart(
        tenant_id=str(alert.tenant_id),
        alert_id=str(alert.id),
        site_id=str(alert.site_id),
        reference=alert.reference,
        clip_expected=clip_of(alert) is not None,
        clip_wait_seconds=alert.tenant.clip_wait_seconds,
    )


def _settle(entry: OutboxEntry, *, run_id: str, now: datetime) -> None:
    """Write down that the run exists. Inside the tenant's scope."""
    settled = OutboxEntry.objects.filter(pk=entry.pk, state=OutboxState.WAITING).update(
        state=OutboxState.STARTED, started_at=now, run_id=run_id, last_error="", tries=0
    )
    if settled == 1:
        record(
            actor=Actor.system(entry.tenant_id),
            event=Event.ALERT_WORKFLOW_STARTED,
            subject=Subject("alert", entry.alert_id),
            details={"run": run_id, "number": entry.run_number},
        )


def _put_back(entries: Iterable[OutboxEntry], *, now: datetime, reason: str) -> None:
    log.warning("outbox: %s; alerts wait", reason)
    ids = [entry.pk for entry in entries]
    OutboxEntry.objects.filter(pk__in=ids, state=OutboxState.WAITING).update(
        next_try_at=now + WHEN_UNREACHABLE, last_error=reason
    )


def note_finished(*, alert_id: UUID, now: datetime) -> None:
    """Everything a decision set in motion is done: nothing has to carry the alert any more."""
    OutboxEntry.objects.filter(pk=alert_id, finished_at__isnull=True).update(finished_at=now)


def _still_carried(entry: OutboxEntry, status: RunStatus) -> bool:
    """Read again: the run may have finished its alert between our two questions."""
    states = _OPEN if status is RunStatus.COMPLETED else _CARRIED
    unfinished = OutboxEntry.objects.filter(pk=entry.pk, finished_at__isnull=True)
    return unfinished.filter(alert__state__in=states).exists()


def _show(entry: OutboxEntry, *, status: RunStatus, now: datetime) -> None:
    """Say on the alert that nothing carries it; start it again unless its run ended in good order."""
    found = f"Its workflow run was found {status.value.replace('_', ' ')}"
    ended = status is RunStatus.COMPLETED
    reason = f"{found}, although nobody decided." if ended else f"{found}; it is started again."
    with tenant_scope(entry.tenant_id):
        if not ended and not _put_back_one(entry, now=now, reason=reason):
            return
        Alert.objects.filter(id=entry.alert_id).exclude(failed_reason=reason).update(
            failed_step=VANISHED_STEP, failed_reason=reason, failed_at=now
        )
        if not ended:
            record(
                actor=Actor.system(entry.tenant_id),
                event=Event.ALERT_WORKFLOW_RESTARTED,
                subject=Subject("alert", entry.alert_id),
                details={
                    "status": status.value,
                    "run": entry.run_id,
                    "number": entry.run_number + 1,
                },
            )


def _put_back_one(entry: OutboxEntry, *, now: datetime, reason: str) -> bool:
    wait = min(LONGEST_WAIT, timedelta(seconds=2 ** min(entry.run_number, 10) - 2))
    moved = OutboxEntry.objects.filter(pk=entry.pk, state=OutboxState.STARTED).update(
        state=OutboxState.WAITING,
        next_try_at=now + wait,
        run_number=F("run_number") + 1,
        last_error=reason,
    )
    return moved == 1


def alert_of_nudge(payload: str) -> UUID | None:
    """The alert whose clip arrived, out of a notification's payload; None for other notifications."""
    kind, _, alert_id = payload.partition(" ")
    return UUID(alert_id) if kind == "clip" else None
