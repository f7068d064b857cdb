"""Housekeeping of footage: the spool, and clips that a late recording promised. Service role; may run twice."""

import logging

from celery import shared_task
from django.utils import timezone

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.alerts.operations.recordings import nudge_uncut
from apps.alerts.operations.viewing import forget_viewings
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


@shared_task
def nudge_late_recordings() -> int:
    """Wake the runs whose clip could have been cut out of a recording and was not. Returns how many."""
    count = 0
    for tenant_id in Tenant.objects.values_list("id", flat=True):
        with tenant_scope(tenant_id):
            count += nudge_uncut(now=timezone.now())
    return count


@shared_task
def forget_old_viewings() -> int:
    """Delete the marks by which an alert opened twice in a session is one event. Returns how many went."""
    count = 0
    for tenant_id in Tenant.objects.values_list("id", flat=True):
        with tenant_scope(tenant_id):
            count += forget_viewings(now=timezone.now())
    return count
