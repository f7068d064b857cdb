"""A decision's effect: the verdict, the end of the task and of the alert, for the alert and its duplicates.

Called once, by applying an attempt, in its transaction and with all alerts it names locked.
"""

from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.accounts.live import publish_live
from apps.alerts.models import Alert, Disposition
from apps.audit.events import Event, Subject
from apps.audit.operations import record
from apps.reviews.item_queries import item_of, others_of
from apps.reviews.models import BlindJudgement, Confirmation, DecisionAttempt, HumanTask
from apps.reviews.operations.items import settle_item
from apps.reviews.operations.settling import person_behind
from apps.reviews.overrides import Stance, stance_of
from apps.reviews.payload import DecisionPayload
from apps.reviews.queries import objection, open_task_of
from apps.reviews.words import VERDICT_WORDS
from apps.triage.states import AlertState, TaskState
from workflows import client


def dispose(
    attempt: DecisionAttempt, *, alert: Alert, payload: DecisionPayload, now: datetime
) -> None:
    """Give the verdict to the alert, and to those of its item that the payload names and nothing speaks against."""
    covered = _covered(attempt, alert, payload)
    _write(attempt, alert=alert, task_id=attempt.task_id, payload=payload, now=now)
    for other, task in covered:
        _write(attempt, alert=other, task_id=task.id, payload=payload, now=now)
        transaction.on_commit(partial(client.look_again, other.id), robust=True)
    settle_item(
        actor=person_behind(attempt),
        alert=alert,
        covered=[other.id for other, _ in covered],
        verdict_words=VERDICT_WORDS[payload.verdict],
        now=now,
    )


def _covered(
    attempt: DecisionAttempt, alert: Alert, payload: DecisionPayload
) -> list[tuple[Alert, HumanTask]]:
    """What was checked when the decision was prepared is checked again: same item, same version, same rules."""
    item = item_of(alert) if payload.duplicates else None
    if item is None:
        return []
    versions = {one.alert_id: one.version for one in payload.duplicates}
    found = []
    for other in others_of(item, alert):
        task = open_task_of(other)
        against = objection(
            user=attempt.user,
            alert=other,
            verdict=payload.verdict,
            transfer_seen=payload.transfer_seen,
        )
        if task and against is None and versions.get(other.id) == other.version:
            found.append((other, task))
    return found


def _write(
    attempt: DecisionAttempt,
    *,
    alert: Alert,
    task_id: UUID,
    payload: DecisionPayload,
    now: datetime,
) -> None:
    """The verdict, the end of the task, and the alert's last move: guarded, so that it happens once."""
    disposition = Disposition.objects.create(
        tenant_id=attempt.tenant_id,
        alert=alert,
        verdict=payload.verdict,
        reasons=list(payload.reasons),
        comment=payload.comment,
        transfer_seen=payload.transfer_seen,
        decided_by=attempt.user_id,
        decided_at=now,
        sampling_probability=alert.sampling_probability,
    )
    if alert.hides_proposal:
        _compare(attempt, alert, disposition)
    by = attempt.confirmation if alert.id != attempt.alert_id else None
    _close_task(alert, task_id, disposition, settled_by=by, now=now)
    _resolve(alert, now=now)
    _tell_the_chain(attempt, alert, task_id, disposition, payload)
    publish_live(
        tenant_id=alert.tenant_id, topic="alert", subject_id=alert.id, site_id=alert.site_id
    )


def _compare(attempt: DecisionAttempt, alert: Alert, disposition: Disposition) -> None:
    """Keep what the person said beside what the machine had proposed and did not show."""
    stance = stance_of(alert.strategy, disposition.verdict)
    agrees = None if stance is Stance.NEITHER else stance is Stance.WITH
    BlindJudgement.objects.create(
        tenant_id=alert.tenant_id,
        alert=alert,
        disposition=disposition,
        proposed=alert.strategy,
        verdict=disposition.verdict,
        agrees=agrees,
        judged_by=attempt.user_id,
        judged_at=disposition.decided_at,
    )
    record(
        actor=person_behind(attempt),
        event=Event.ALERT_BLIND_JUDGED,
        subject=Subject("alert", alert.id),
        details={"proposed": alert.strategy, "verdict": disposition.verdict, "agrees": agrees},
    )


def _tell_the_chain(
    attempt: DecisionAttempt,
    alert: Alert,
    task_id: UUID,
    disposition: Disposition,
    payload: DecisionPayload,
) -> None:
    """Of a duplicate the chain also names the attempt that settled it: its own record has none."""
    actor, subject = person_behind(attempt), Subject("alert", alert.id)
    by = {} if alert.id == attempt.alert_id else {"attempt": str(attempt.id)}
    record(
        actor=actor,
        event=Event.DISPOSITION_RECORDED,
        subject=subject,
        after=payload.to_json(),
        reason=payload.comment,
        details={"disposition": str(disposition.id), "verdict": payload.verdict.value} | by,
    )
    record(actor=actor, event=Event.TASK_CLOSED, subject=subject, details={"task": str(task_id)})
    record(
        actor=actor,
        event=Event.ALERT_RESOLVED,
        subject=subject,
        before={"state": alert.state},
        after={"state": AlertState.RESOLVED.value},
    )


def _close_task(
    alert: Alert,
    task_id: UUID,
    disposition: Disposition,
    *,
    settled_by: Confirmation | None,
    now: datetime,
) -> None:
    open_tasks = HumanTask.objects.filter(id=task_id, alert=alert, state=TaskState.OPEN)
    closed = open_tasks.update(
        state=TaskState.DONE, done_at=now, disposition=disposition, settled_by=settled_by
    )
    if closed != 1 or open_task_of(alert) is not None:
        raise AssertionError("the task was locked with its alert, and is closed once")


def _resolve(alert: Alert, *, now: datetime) -> None:
    waiting = Alert.objects.filter(id=alert.id, state=alert.state, version=alert.version)
    resolved = waiting.update(
        state=AlertState.RESOLVED,
        version=F("version") + 1,
        resolved_at=now,
        stage="",
        failed_step="",
        failed_reason="",
        failed_at=None,
    )
    if resolved != 1:
        raise AssertionError("the alert was locked before its version was compared")
