"""Ending an attempt: applied, refused or expired, once, with its audit event."""

from datetime import datetime
from uuid import UUID

from apps.accounts.live import publish_live
from apps.audit.events import Actor, Channel, Event, Subject
from apps.audit.operations import record
from apps.reviews.models import DecisionAttempt
from apps.reviews.queries import sentence_of
from apps.reviews.words import Code
from apps.triage.states import ATTEMPT, AttemptState

_EVENTS = {
    AttemptState.APPLIED: Event.ATTEMPT_APPLIED,
    AttemptState.REFUSED: Event.ATTEMPT_REFUSED,
    AttemptState.EXPIRED: Event.ATTEMPT_EXPIRED,
}


def person_behind(attempt: DecisionAttempt) -> Actor:
    """The person who prepared the attempt, as the audit chain names them."""
    return Actor(
        tenant_id=attempt.tenant_id,
        user_id=attempt.user_id,
        role=attempt.role,
        channel=Channel(attempt.channel),
        session=attempt.session_hash,
    )


def facts_of(attempt: DecisionAttempt) -> dict[str, object]:
    """What every event of an attempt says about it: ids and digests, no word of the payload."""
    return {
        "attempt": str(attempt.id),
        "task": str(attempt.task_id),
        "payload": attempt.payload_digest,
        "version": attempt.object_version,
    }


def settle(
    attempt: DecisionAttempt, *, to: AttemptState, code: Code, sentence: str, now: datetime
) -> bool:
    """Move an attempt to its end. False when somebody else has ended it before."""
    moved = DecisionAttempt.objects.filter(id=attempt.id, state__in=ATTEMPT.sources_of(to)).update(
        state=to, settled_at=now, outcome_code=code, outcome_text=sentence
    )
    if moved != 1:
        return False
    attempt.state, attempt.settled_at = to, now
    attempt.outcome_code, attempt.outcome_text = code, sentence
    record_attempt(attempt, event=_EVENTS[to], code=code)
    return True


def record_attempt(attempt: DecisionAttempt, *, event: Event, code: str = "") -> None:
    """An event of an attempt, by the person who made it; and the browser that follows it is told."""
    record(
        actor=person_behind(attempt),
        event=event,
        subject=Subject("alert", attempt.alert_id),
        details=facts_of(attempt) | ({"code": code} if code else {}),
    )
    tell(attempt)


def tell(attempt: DecisionAttempt) -> None:
    publish_live(tenant_id=attempt.tenant_id, topic="attempt", subject_id=attempt.id)


def refuse_attempt(*, attempt_id: UUID, code: Code, now: datetime) -> DecisionAttempt:
    """Refuse an attempt that was not applied; one that has ended already stays as it ended.

    Runs inside the tenant's scope.
    """
    attempt = DecisionAttempt.objects.select_for_update().get(id=attempt_id)
    sentence = sentence_of(code, attempt.alert, attempt.user)
    settle(attempt, to=AttemptState.REFUSED, code=code, sentence=sentence, now=now)
    return attempt
