"""Housekeeping of the clip spool. Runs under the service role; may run twice."""

import logging

from celery import shared_task
from django.utils import timezone

from apps.alerts.queries import spool_names_in_use
from apps.alerts.spool import UnableToSpool, require_room, sweep

log = logging.getLogger(__name__)


@shared_task
def sweep_spool() -> int:
    """Delete files no clip refers to, and say when the disk runs full. Returns how many went."""
    gone = sweep(referenced=set(spool_names_in_use()), now=timezone.now())
    if gone:
        log.warning("clip spool: %d orphaned files deleted", gone)
    try:
        require_room(0)
    except UnableToSpool as error:
        log.critical("clip spool: %s", error)
    return gone
