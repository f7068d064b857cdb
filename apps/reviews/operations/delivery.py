"""Carrying submitted attempts to their workflow, as often as it takes, until they are settled or expired.

Nothing here holds a transaction while it talks to Temporal.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.reviews.item_queries import decided_untold
from apps.reviews.models import DecisionAttempt
from apps.reviews.operations.settling import refuse_attempt, settle
from apps.reviews.queries import standing_disposition
from apps.reviews.words import SENTENCES, Code
from apps.triage.states import AttemptState
from workflows import client
from workflows.messages import DecisionAnswer, Refusal

RESEND_AFTER = timedelta(seconds=8)
TELL_AFTER = timedelta(seconds=20)
_AT_ONCE = 200

logger = logging.getLogger(__name__)


def deliver(*, attempt: DecisionAttempt) -> None:
    """Send a committed attempt to its workflow; what the workflow itself turned away is refused here.

    Without an answer the attempt stays "recorded, waiting" and is sent again later.
    """
    answer = _send(attempt)
    if answer is not None and _answered_somebody_else(attempt, answer):
        answer = _send(attempt, afresh=True)
    if answer is None:
        logger.warning("decision %s: no answer from Temporal yet", attempt.id)
        return
    with tenant_scope(attempt.tenant_id):
        code = _final_refusal(attempt, answer)
        if code is not None:
            refuse_attempt(attempt_id=attempt.id, code=code, now=timezone.now())


def _send(attempt: DecisionAttempt, *, afresh: bool = False) -> DecisionAnswer | None:
    return client.send_decision(
        tenant_id=attempt.tenant_id,
        alert_id=attempt.alert_id,
        attempt_id=attempt.id,
        afresh=afresh,
    )


def _answered_somebody_else(attempt: DecisionAttempt, answer: DecisionAnswer) -> bool:
    """Whether the run has answered this Update id, but not to us: the attempt is as we submitted it.

    Whoever reaches Temporal can use up an attempt's id before its person confirms; that must not swallow the decision.
    """
    if answer.code in set(Refusal):
        return False
    with tenant_scope(attempt.tenant_id):
        return DecisionAttempt.objects.filter(id=attempt.id, state=AttemptState.SUBMITTED).exists()


def _final_refusal(attempt: DecisionAttempt, answer: DecisionAnswer) -> Code | None:
    """A run's word is taken only where the database agrees; otherwise a run that lost its memory would refuse people."""
    if answer.code == Refusal.MALFORMED:
        return Code.MALFORMED
    ended = answer.code in (Refusal.ALREADY_DECIDED, Refusal.NO_RUN)
    if ended and standing_disposition(attempt.alert_id) is not None:
        return Code.ALREADY_DECIDED
    return None


def resend_submitted(*, now: datetime) -> int:
    """Send every submitted attempt again that got no answer for a while; return how many.

    For the service role: all tenants. Two processes at once send the same Update id twice, which is one Update.
    """
    due = DecisionAttempt.objects.filter(
        state=AttemptState.SUBMITTED, expires_at__gt=now, sent_at__lte=now - RESEND_AFTER
    )
    with transaction.atomic():
        attempts = list(due.select_for_update(skip_locked=True).order_by("sent_at")[:_AT_ONCE])
        DecisionAttempt.objects.filter(id__in=[a.id for a in attempts]).update(sent_at=now)
    for attempt in attempts:
        deliver(attempt=attempt)
    return len(attempts)


def tell_settled(*, now: datetime) -> int:
    """Nudge the runs of alerts that were settled with another one and have not heard of it; return how many.

    For the service role: all tenants. A run that is busy with what follows shows a failed step, and is left alone.
    """
    untold = decided_untold(before=now - TELL_AFTER).order_by("resolved_at")
    ids = list(untold.values_list("id", flat=True)[:_AT_ONCE])
    for alert_id in ids:
        client.look_again(alert_id)
    return len(ids)


def expire_attempts(*, now: datetime) -> int:
    """End every attempt whose time is over; return how many. For the service role: all tenants.

    Expiry refuses, it never approves. An attempt that is being applied right now wins or loses by its row lock.
    """
    over = DecisionAttempt.objects.filter(
        state__in=[AttemptState.PREPARED, AttemptState.SUBMITTED], expires_at__lte=now
    )
    ids = list(over.order_by("expires_at").values_list("tenant_id", "id")[:_AT_ONCE])
    return sum(_expire(ids, now=now))


def _expire(ids: Iterable[tuple[object, object]], *, now: datetime) -> Iterable[bool]:
    for tenant_id, attempt_id in ids:
        with tenant_scope(str(tenant_id)):
            attempt = DecisionAttempt.objects.select_for_update().get(id=str(attempt_id))
            sentence = SENTENCES[Code.EXPIRED]
            yield settle(
                attempt, to=AttemptState.EXPIRED, code=Code.EXPIRED, sentence=sentence, now=now
            )
