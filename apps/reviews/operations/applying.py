"""Applying a submitted attempt: the one place where a person's decision takes effect.

One transaction consumes the token by a conditional UPDATE and writes confirmation and, when enough people have confirmed
the same, disposition. Everything that was checked when the decision was prepared is checked again here.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from apps.alerts.models import Alert
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.reviews import words
from apps.reviews.authority import session_is_alive
from apps.reviews.models import Confirmation, DecisionAttempt, HumanTask
from apps.reviews.operations.disposing import dispose
from apps.reviews.operations.settling import facts_of, person_behind, record_attempt, settle
from apps.reviews.payload import DecisionPayload
from apps.reviews.queries import (
    objection,
    sentence_of,
    standing_disposition,
    watched_ms,
)
from apps.reviews.words import SENTENCES, Code
from apps.triage.states import AttemptState, Verdict


@dataclass(frozen=True, kw_only=True)
class AttemptOutcome:
    """What became of an attempt, and what the alert's standing verdict is now (None: still waiting)."""

    code: Code
    verdict: Verdict | None = None


def apply_attempt(
    *, tenant_id: UUID, alert_id: UUID, attempt_id: UUID, now: datetime
) -> AttemptOutcome:
    """Apply an attempt, or refuse it with its reason. Repeating it changes nothing and says the same.

    Runs inside the tenant's scope. An id nobody submitted has no effect but its audit event.
    """
    with transaction.atomic():
        locked = _locked(alert_id, attempt_id)
        alert = locked[alert_id]
        attempt = (
            DecisionAttempt.objects.select_for_update(of=("self",))
            .select_related("user", "task")
            .filter(id=attempt_id, alert_id=alert_id)
            .first()
        )
        if attempt is None or attempt.state == AttemptState.PREPARED:
            return _forged(tenant_id, alert, attempt_id, known=attempt is not None)
        if attempt.state == AttemptState.SUBMITTED:
            _apply_or_refuse(attempt, alert=alert, now=now)
        return _outcome(attempt)


def _locked(alert_id: UUID, attempt_id: UUID) -> dict[UUID, Alert]:
    """The alert and the others its decision names, locked smallest id first, so that two decisions never wait in a ring."""
    named = DecisionAttempt.objects.filter(id=attempt_id, alert_id=alert_id)
    payload = named.values_list("payload", flat=True).first()
    covered = DecisionPayload.from_json(payload).duplicates if payload else ()
    alerts = Alert.objects.select_for_update(of=("self",))
    ids = [alert_id, *(one.alert_id for one in covered)]
    found = {alert.id: alert for alert in alerts.filter(id__in=ids).order_by("id")}
    if alert_id not in found:
        raise Alert.DoesNotExist
    return found


def _forged(tenant_id: UUID, alert: Alert, attempt_id: UUID, *, known: bool) -> AttemptOutcome:
    """Somebody sent an Update whose decision no person has submitted."""
    code = Code.NOT_SUBMITTED if known else Code.UNKNOWN
    record(
        actor=Actor.system(tenant_id),
        event=Event.ATTEMPT_REFUSED,
        subject=Subject("alert", alert.id),
        details={"attempt": str(attempt_id), "code": code.value},
    )
    return AttemptOutcome(code=code, verdict=_standing_verdict(alert.id))


def _apply_or_refuse(attempt: DecisionAttempt, *, alert: Alert, now: datetime) -> None:
    code = _objection(attempt, alert=alert, now=now)
    if code is None and not _consume(attempt, now=now):
        code = Code.EXPIRED
    if code is None:
        _confirm(attempt, alert=alert, now=now)
        return
    end = AttemptState.EXPIRED if code is Code.EXPIRED else AttemptState.REFUSED
    settle(attempt, to=end, code=code, sentence=sentence_of(code, alert, attempt.user), now=now)


def _objection(attempt: DecisionAttempt, *, alert: Alert, now: datetime) -> Code | None:
    """The first reason why this decision may not take effect any more."""
    payload = DecisionPayload.from_json(attempt.payload)
    digest = payload.digest(
        tenant_id=attempt.tenant_id, alert_id=alert.id, version=attempt.object_version
    )
    if attempt.expires_at <= now:
        return Code.EXPIRED
    if digest != attempt.payload_digest:
        return Code.PAYLOAD_CHANGED
    if not session_is_alive(user=attempt.user, reference=attempt.session_hash):
        return Code.SESSION_ENDED
    code = objection(
        user=attempt.user,
        alert=alert,
        verdict=payload.verdict,
        transfer_seen=payload.transfer_seen,
    )
    if code is None and alert.version != attempt.object_version:
        return Code.STALE
    return code


def _consume(attempt: DecisionAttempt, *, now: datetime) -> bool:
    """Use up the token: once, and never after its time, whichever of the two clocks is ahead."""
    used = DecisionAttempt.objects.filter(
        id=attempt.id,
        state=AttemptState.SUBMITTED,
        token_hash=attempt.token_hash,
        expires_at__gt=now,
    ).filter(expires_at__gt=Now())
    return used.update(state=AttemptState.APPLIED, settled_at=now) == 1


def _confirm(attempt: DecisionAttempt, *, alert: Alert, now: datetime) -> None:
    payload = DecisionPayload.from_json(attempt.payload)
    confirmation = Confirmation.objects.create(
        tenant_id=attempt.tenant_id,
        task=attempt.task,
        attempt=attempt,
        user=attempt.user,
        role=attempt.role,
        payload_digest=attempt.payload_digest,
        viewed_ms=watched_ms(attempt.user, alert),
        confirmed_at=now,
    )
    enough = _agreeing(attempt.task, payload.verdict) >= attempt.task.required_confirmations
    code = Code.APPLIED if enough else Code.FIRST_OF_TWO
    sentence = words.applied(payload.verdict) if enough else SENTENCES[Code.FIRST_OF_TWO]
    attempt.state, attempt.settled_at = AttemptState.APPLIED, now
    attempt.outcome_code, attempt.outcome_text = code, sentence
    attempt.save(update_fields=["outcome_code", "outcome_text"])
    record_attempt(attempt, event=Event.ATTEMPT_APPLIED, code=code)
    _record_confirmation(attempt, confirmation)
    if enough:
        dispose(attempt, alert=alert, payload=payload, now=now)


def _agreeing(task: HumanTask, verdict: Verdict) -> int:
    """How many different people have confirmed this verdict; a constraint allows each of them once."""
    return Confirmation.objects.filter(task=task, attempt__payload__verdict=verdict.value).count()


def _record_confirmation(attempt: DecisionAttempt, confirmation: Confirmation) -> None:
    record(
        actor=person_behind(attempt),
        event=Event.CONFIRMATION_RECORDED,
        subject=Subject("alert", attempt.alert_id),
        after={"payload_digest": attempt.payload_digest},
        details=facts_of(attempt) | {"viewed_ms": confirmation.viewed_ms},
    )


def _outcome(attempt: DecisionAttempt) -> AttemptOutcome:
    return AttemptOutcome(
        code=Code(attempt.outcome_code), verdict=_standing_verdict(attempt.alert_id)
    )


def _standing_verdict(alert_id: UUID) -> Verdict | None:
    disposition = standing_disposition(alert_id)
    return Verdict(disposition.verdict) if disposition else None
