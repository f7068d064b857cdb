"""The watch on the sequencer, and verification in the background."""

import logging

from celery import shared_task
from django.utils import timezone

from apps.audit.checks import UnableToCheck, ask_for_check, give_up_lost_checks, run_check
from apps.audit.events import NO_TENANT, Actor
from apps.audit.models import ChainCheck, Tree
from apps.audit.queries import audit_lag

_log = logging.getLogger(__name__)


@shared_task(name="apps.audit.tasks.watch_lag")
def watch_lag() -> None:
    """Say so, as an error, when events wait for the chain longer than half a minute."""
    lag = audit_lag(now=timezone.now())
    if lag.is_behind():
        _log.error(
            "audit chain behind: %s events wait, the oldest for %.0f s; sequencer silent for %s s",
            lag.waiting,
            lag.oldest_seconds,
            "ever" if lag.silent_seconds is None else f"{lag.silent_seconds:.0f}",
        )
    if lag.unstored_checkpoints:
        _log.warning("%s audit checkpoints wait for the bucket", lag.unstored_checkpoints)
    if lag.stamps_note:
        _log.error("audit checkpoints are not dated: %s", lag.stamps_note)
    if lag.witness_note:
        _log.error("audit checkpoints are not witnessed: %s", lag.witness_note)


@shared_task(name="apps.audit.tasks.run_checks")
def run_checks() -> None:
    """Carry out the verifications that somebody asked for, one after the other."""
    give_up_lost_checks(now=timezone.now())
    waiting = ChainCheck.objects.filter(state=ChainCheck.State.WAITING).order_by("asked_at")
    for check_id in list(waiting.values_list("id", flat=True)):
        run_check(check_id=check_id)


@shared_task(name="apps.audit.tasks.check_every_chain")
def check_every_chain() -> None:
    """Once a night every chain is verified, whether or not somebody asks."""
    for tenant_id in list(
        Tree.objects.exclude(tenant_id=NO_TENANT).values_list("tenant_id", flat=True)
    ):
        try:
            ask_for_check(actor=Actor.system(tenant_id), now=timezone.now())
        except UnableToCheck:
            continue
