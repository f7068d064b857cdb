"""The records of alerts in the background. Runs under the service role, across tenants; may run twice."""

import logging
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.core.cache import cache
from django.utils import timezone

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.cases.dossier.operations import raise_missing_records, render_dossier
from apps.cases.dossier.standing import LEFT_ALONE, waiting

AT_ONCE = 10
LOOKS_BACK = timedelta(days=2)
_REST_SECONDS = 900

_log = logging.getLogger(__name__)


@shared_task(name="apps.cases.tasks.watch_records")
def watch_records() -> int:
    """Every minute: count alerts of the last two days that left analysis without a chained record. Must be 0."""
    return _missing(LOOKS_BACK)


@shared_task(name="apps.cases.tasks.watch_every_record")
def watch_every_record() -> int:
    """Once a night the same for every alert there is."""
    return _missing(None)


@shared_task(name="apps.cases.tasks.render_waiting")
def render_waiting() -> int:
    """Render settled alerts without a current PDF, longest waiting first. Returns how many were made."""
    return sum(_render_some(tenant_id) for tenant_id in _tenants())


@shared_task(name="apps.cases.tasks.render_requested")
def render_requested(tenant_id: str, alert_id: str) -> bool:
    """Render one that a person asked for."""
    return _rendered(UUID(tenant_id), UUID(alert_id))


def _missing(looks_back: timedelta | None) -> int:
    since = None if looks_back is None else timezone.now() - looks_back
    total = 0
    for tenant_id in _tenants():
        standing = raise_missing_records(tenant_id=tenant_id, since=since)
        total += standing.missing
        if standing.missing:
            _log.error(
                "alerts without a chained record: %s of %s in tenant %s",
                standing.missing,
                standing.checked,
                tenant_id,
            )
    _log.info("alerts_without_record=%s", total)
    return total


def _render_some(tenant_id: UUID) -> int:
    with tenant_scope(tenant_id):
        found = waiting(tenant_id=tenant_id, before=timezone.now() - LEFT_ALONE)
        ids = list(found.order_by("received_at").values_list("id", flat=True)[: 5 * AT_ONCE])
    resting = cache.get_many([_resting(one) for one in ids])
    ready = [one for one in ids if _resting(one) not in resting][:AT_ONCE]
    return sum(_rendered(tenant_id, one) for one in ready)


def _rendered(tenant_id: UUID, alert_id: UUID) -> bool:
    """One that fails is logged and rests for a quarter of an hour, so that it holds up no other."""
    try:
        render_dossier(tenant_id=tenant_id, alert_id=alert_id, now=timezone.now())
    except Exception:
        _log.exception("dossier of alert %s was not rendered; it is tried again", alert_id)
        cache.set(_resting(alert_id), 1, _REST_SECONDS)
        return False
    return True


def _resting(alert_id: UUID) -> str:
    return f"dossier-rests:{alert_id}"


def _tenants() -> list[UUID]:
    return list(Tenant.objects.order_by("id").values_list("id", flat=True))
