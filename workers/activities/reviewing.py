"""Reminders, decisions and notes: messages in, one operation, messages out."""

from uuid import UUID

from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.alerts.operations.analysis import note_step as note
from apps.reviews.operations import apply_attempt, escalate_task, reassign_task, remind_task
from apps.triage.states import Verdict
from workflows.activities import APPLY_DECISION, NOTE_STEP, TAKE_TASK_STEP
from workflows.messages import Decide, DecisionAnswer, NoteStep, TakeTaskStep, TaskStep

_STEPS = {
    TaskStep.REMIND: remind_task,
    TaskStep.REASSIGN: reassign_task,
    TaskStep.ESCALATE: escalate_task,
}

# Kinds of failure in words; what is not listed is named by its kind.
_WORDS = {
    "timeout": "It did not finish in time.",
    "StorageUnavailable": "The object store does not answer.",
    "OperationalError": "The database does not answer.",
    "PoolTimeout": "The database is overloaded.",
    "DigestMismatch": "The stored bytes are not the ones that were promised.",
    "ModelRefused": "A model file is not the registered one.",
    "Stopped": "A person has stopped the machine here; it goes on when they lift that.",
    "RecordAltered": "A stored record does not match its own digest.",
}


@TAKE_TASK_STEP.implemented_by
def take_task_step(message: TakeTaskStep) -> None:
    with tenant_scope(message.tenant_id):
        _STEPS[message.step](task_id=UUID(message.task_id), at=message.at, now=timezone.now())


@APPLY_DECISION.implemented_by
def apply_decision(message: Decide) -> DecisionAnswer:
    tenant_id = UUID(message.tenant_id)
    with tenant_scope(tenant_id):
        outcome = apply_attempt(
            tenant_id=tenant_id,
            alert_id=UUID(message.alert_id),
            attempt_id=UUID(message.attempt_id),
            now=timezone.now(),
        )
    return DecisionAnswer(
        code=outcome.code.value,
        resolved=outcome.verdict is not None,
        theft_confirmed=outcome.verdict is Verdict.THEFT_CONFIRMED,
    )


@NOTE_STEP.implemented_by
def note_step(message: NoteStep) -> None:
    with tenant_scope(message.tenant_id):
        note(
            alert_id=UUID(message.alert_id),
            stage=message.stage.capitalize(),
            failed_step=message.failed_step,
            failed_reason=_reason(message) if message.failed_step else "",
            now=timezone.now(),
        )


def _reason(message: NoteStep) -> str:
    words = _WORDS.get(message.failed_kind, f"It failed ({message.failed_kind}).")
    return f"{words} It is tried again; nothing is lost."
