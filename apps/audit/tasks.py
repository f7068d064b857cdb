"""The watch on the sequencer."""

import logging

from celery import shared_task
from django.utils import timezone

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
