"""Verifying a chain in the background: asked for, carried out by a Celery worker, kept with what was found."""

import logging
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.audit.connections import open_connection
from apps.audit.events import Actor, Event, Subject
from apps.audit.models import ChainCheck
from apps.audit.operations import record
from apps.audit.signing import trusted_keys
from apps.audit.verify import Verification, verify_chain
from apps.storage.errors import StorageUnavailable
from apps.storage.store import evidence_store

MOST_PROBLEMS: Final = 20
LONGEST: Final = timedelta(minutes=30)
State = ChainCheck.State
_log = logging.getLogger(__name__)


class UnableToCheck(Exception):
    """The check was not put in the queue; the message says why."""


def ask_for_check(*, actor: Actor, now: datetime) -> ChainCheck:
    """Put a verification of the actor's chain in the queue. Raises UnableToCheck while one is under way."""
    try:
        with transaction.atomic():
            check = ChainCheck.objects.create(
                tenant_id=actor.tenant_id,
                asked_by=actor.user_id if isinstance(actor.user_id, UUID) else None,
                asked_at=now,
            )
            record(
                actor=actor, event=Event.AUDIT_CHECK_ASKED, subject=Subject("audit_check", check.id)
            )
    except IntegrityError as error:
        raise UnableToCheck(gettext("A check of this chain is under way already.")) from error
    return check


def run_check(*, check_id: UUID) -> bool:
    """Carry out a waiting check; False when it was not waiting. Reads a snapshot on a connection of its own."""
    waiting = ChainCheck.objects.filter(id=check_id, state=State.WAITING)
    if waiting.update(state=State.RUNNING, started_at=timezone.now()) != 1:
        return False
    check = ChainCheck.objects.get(id=check_id)
    try:
        found = _verified(check.tenant_id)
    except StorageUnavailable:
        _end(check, State.FAILED, note="The locked bucket does not answer. Try again later.")
    except Exception as fault:
        _log.exception("check %s of an audit chain failed", check_id)
        fault_name = type(fault).__name__
        _end(check, State.FAILED, note=f"It stopped because of a fault ({fault_name}).")
    else:
        check.entries, check.checkpoints = found.entries, found.checkpoints
        check.lost_reasons = found.lost_reasons
        check.problems = [
            {"index": problem.index, "sentence": problem.sentence}
            for problem in found.problems[:MOST_PROBLEMS]
        ]
        _end(check, State.HOLDS if found.holds else State.BROKEN)
    return True


def give_up_lost_checks(*, now: datetime) -> int:
    """End checks whose worker died; return how many there were."""
    lost = ChainCheck.objects.filter(state=State.RUNNING, started_at__lt=now - LONGEST)
    return lost.update(state=State.FAILED, ended_at=now, note="Its worker was stopped. Try again.")


def _verified(tenant_id: UUID) -> Verification:
    with open_connection("audit-check", statement_seconds=0) as connection:
        return verify_chain(
            connection,
            tenant=str(tenant_id),
            trusted=trusted_keys(settings.AUDIT_SIGNING_KEY_FILE),
            bucket=evidence_store(),
            authorities=settings.AUDIT_TSA_CERTIFICATES,
            witness_key=settings.AUDIT_WITNESS_KEY,
        )


def _end(check: ChainCheck, state: ChainCheck.State, *, note: str = "") -> None:
    check.state, check.note, check.ended_at = state, note, timezone.now()
    if state is State.BROKEN:
        _log.error("the audit chain of %s does not hold", check.tenant_id)
    with transaction.atomic():
        check.save()
        record(
            actor=Actor.system(check.tenant_id),
            event=Event.AUDIT_CHECK_ENDED,
            subject=Subject("audit_check", check.id),
            after={"state": state.value, "entries": check.entries},
            details={"state": state.value, "entries": check.entries or 0},
        )
