"""Deciding in two steps: prepare exactly what is to be confirmed, then confirm it with its one-time token.

Nothing here changes an alert. A submitted attempt waits for the workflow, whose activity applies it.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.alerts.models import Alert
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.reviews.item_queries import covered_by
from apps.reviews.models import DecisionAttempt, HumanTask
from apps.reviews.operations.delivery import deliver
from apps.reviews.operations.settling import facts_of, record_attempt, settle, tell
from apps.reviews.payload import DecisionPayload
from apps.reviews.queries import objection, open_task_of, sentence_of
from apps.reviews.words import SENTENCES, Code
from apps.triage.states import AttemptState, Verdict

# What these say about the caller, not about the attempt, must not end somebody else's attempt.
_LEAVES_ATTEMPT_ALONE = (Code.OTHER_USER, Code.OTHER_SESSION, Code.REPLAYED)


class UnableToDecide(Exception):
    """The decision was refused, and that is recorded. `code` for machines, `sentence` for the person."""

    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """An attempt, and its token in clear: shown once to the person who asked, kept as a hash only."""

    attempt: DecisionAttempt
    token: str


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def prepare_attempt(
    *, actor: Actor, user: User, alert: Alert, payload: DecisionPayload, now: datetime
) -> Prepared:
    """Bind a payload to the person, their session, the alert's version and two minutes.

    The other alerts of its item that the same decision settles are written into the payload.

    Raises UnableToDecide; the refusal is recorded, so let the transaction commit.
    """
    _require_nothing_against(actor=actor, user=user, alert=alert, payload=payload)
    task = open_task_of(alert)
    if task is None:
        raise _refused_unprepared(actor, user, alert, Code.NOT_WAITING)
    covered = covered_by(user=user, alert=alert, payload=payload)
    payload = replace(payload, duplicates=covered)
    token = secrets.token_urlsafe(32)
    attempt = DecisionAttempt.objects.create(
        **_binding(actor=actor, alert=alert, task=task, payload=payload),
        user=user,
        token_hash=token_digest(token),
        prepared_at=now,
        expires_at=now + timedelta(seconds=settings.ATTEMPT_LIFETIME_SECONDS),
    )
    record_attempt(attempt, event=Event.ATTEMPT_PREPARED)
    return Prepared(attempt=attempt, token=token)


def submit_attempt(
    *,
    actor: Actor,
    user: User,
    attempt_id: UUID,
    token: str,
    payload: DecisionPayload,
    now: datetime,
) -> DecisionAttempt:
    """Confirm what was prepared: same person, same session, same bytes, in time. The workflow is told after the commit.

    Raises UnableToDecide; the refusal is recorded, so let the transaction commit.
    """
    attempt = DecisionAttempt.objects.select_for_update().filter(id=attempt_id).first()
    if attempt is None:
        raise _unknown(actor, attempt_id)
    code = _objection_to_use(attempt, actor=actor, user=user, token=token, payload=payload, now=now)
    if code is not None:
        raise _refused(attempt, actor=actor, code=code, now=now)
    unexpired = DecisionAttempt.objects.filter(
        id=attempt.id, state=AttemptState.PREPARED, expires_at__gt=Now()
    )
    if unexpired.update(state=AttemptState.SUBMITTED, submitted_at=now, sent_at=now) != 1:
        raise _refused(attempt, actor=actor, code=Code.EXPIRED, now=now)
    attempt.state, attempt.submitted_at, attempt.sent_at = AttemptState.SUBMITTED, now, now
    record_attempt(attempt, event=Event.ATTEMPT_SUBMITTED)
    transaction.on_commit(partial(deliver, attempt=attempt), robust=True)
    return attempt


def _require_nothing_against(
    *, actor: Actor, user: User, alert: Alert, payload: DecisionPayload
) -> None:
    code = objection(
        user=user, alert=alert, verdict=payload.verdict, transfer_seen=payload.transfer_seen
    )
    if code is not None:
        raise _refused_unprepared(actor, user, alert, code)


def _binding(
    *, actor: Actor, alert: Alert, task: HumanTask, payload: DecisionPayload
) -> dict[str, object]:
    """What an attempt is tied to, so that it can be used for nothing else."""
    return {
        "tenant_id": alert.tenant_id,
        "alert": alert,
        "task": task,
        "role": actor.role,
        "session_hash": actor.session,
        "channel": actor.channel.value,
        "payload": payload.to_json(),
        "payload_digest": payload.digest(
            tenant_id=alert.tenant_id, alert_id=alert.id, version=alert.version
        ),
        "object_version": alert.version,
    }


def _objection_to_use(
    attempt: DecisionAttempt,
    *,
    actor: Actor,
    user: User,
    token: str,
    payload: DecisionPayload,
    now: datetime,
) -> Code | None:
    """The first thing wrong with using this attempt now; whose it is comes before what it says."""
    digest = payload.digest(
        tenant_id=attempt.tenant_id, alert_id=attempt.alert_id, version=attempt.object_version
    )
    against = (
        (attempt.user_id != user.id, Code.OTHER_USER),
        (not hmac.compare_digest(attempt.session_hash, actor.session), Code.OTHER_SESSION),
        (attempt.state == AttemptState.EXPIRED, Code.EXPIRED),
        (attempt.state != AttemptState.PREPARED, Code.REPLAYED),
        (attempt.expires_at <= now, Code.EXPIRED),
        (not hmac.compare_digest(attempt.token_hash, token_digest(token)), Code.WRONG_TOKEN),
        (not hmac.compare_digest(attempt.payload_digest, digest), Code.PAYLOAD_CHANGED),
    )
    for holds, code in against:
        if holds:
            return code
    return _objection_to_alert(attempt, user=user)


def _objection_to_alert(attempt: DecisionAttempt, *, user: User) -> Code | None:
    payload = DecisionPayload.from_json(attempt.payload)
    code = objection(
        user=user,
        alert=attempt.alert,
        verdict=Verdict(payload.verdict),
        transfer_seen=payload.transfer_seen,
    )
    if code is None and attempt.alert.version != attempt.object_version:
        return Code.STALE
    return code


def _refused(
    attempt: DecisionAttempt, *, actor: Actor, code: Code, now: datetime
) -> UnableToDecide:
    sentence = sentence_of(code, attempt.alert, attempt.user)
    if code in _LEAVES_ATTEMPT_ALONE or attempt.state != AttemptState.PREPARED:
        record(
            actor=actor,
            event=Event.ATTEMPT_REFUSED,
            subject=Subject("alert", attempt.alert_id),
            details=facts_of(attempt) | {"code": code.value},
        )
        tell(attempt)
    else:
        end = AttemptState.EXPIRED if code is Code.EXPIRED else AttemptState.REFUSED
        settle(attempt, to=end, code=code, sentence=sentence, now=now)
    return UnableToDecide(code, sentence)


def _refused_unprepared(actor: Actor, user: User, alert: Alert, code: Code) -> UnableToDecide:
    record(
        actor=actor,
        event=Event.ATTEMPT_REFUSED,
        subject=Subject("alert", alert.id),
        details={"code": code.value, "version": alert.version},
    )
    return UnableToDecide(code, sentence_of(code, alert, user))


def _unknown(actor: Actor, attempt_id: UUID) -> UnableToDecide:
    record(
        actor=actor,
        event=Event.ATTEMPT_REFUSED,
        subject=Subject("attempt", attempt_id),
        details={"code": Code.UNKNOWN.value},
    )
    return UnableToDecide(Code.UNKNOWN, SENTENCES[Code.UNKNOWN])
