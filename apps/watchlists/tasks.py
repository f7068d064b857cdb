"""Housekeeping of watchlists. The workflows' timers come first; this finds what they missed."""

import logging
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.db.models import Q
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.triage.states import EntryState
from apps.watchlists.models import WatchlistEntry
from apps.watchlists.operations.advancing import REMIND_BEFORE, advance_entry
from apps.watchlists.operations.discarding import delete_discarded

OVERDUE = timedelta(hours=1)

_log = logging.getLogger(__name__)


@shared_task(name="apps.watchlists.tasks.watch_terms")
def watch_terms() -> int:
    """End and remind what its workflow should have an hour ago; say so, as an error. May run twice."""
    now = timezone.now()
    late = WatchlistEntry.objects.filter(
        state__in=[EntryState.ACTIVE, EntryState.SUSPENDED]
    ).filter(
        Q(expires_at__lte=now - OVERDUE)
        | Q(review_due_at__lte=now - OVERDUE)
        | Q(reminded_at__isnull=True, review_due_at__lte=now - OVERDUE + REMIND_BEFORE)
    )
    found = list(late.values_list("tenant_id", "id"))
    changed = 0
    for tenant_id, entry_id in found:
        with tenant_scope(tenant_id):
            before = _mark(entry_id)
            advance_entry(entry_id=entry_id, now=now)
            changed += _mark(entry_id) != before
    if changed:
        _log.error("watchlist: %s entries were behind their timers", changed)
    return changed


@shared_task(name="apps.watchlists.tasks.delete_pictures")
def delete_pictures() -> int:
    """Delete from the object store what was given up. May run twice."""
    return delete_discarded(now=timezone.now())


def _mark(entry_id: UUID) -> tuple[object, ...]:
    return WatchlistEntry.objects.values_list("state", "reminded_at").get(id=entry_id)
