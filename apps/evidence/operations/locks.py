"""The store's own legal hold on sealed copies follows the holds in force."""

import logging
from uuid import UUID

from django.db import transaction

from apps.accounts.tenancy import tenant_scope
from apps.evidence.models import EvidenceItem
from apps.evidence.queries.holds import held_items
from apps.storage.errors import StorageError
from apps.storage.store import evidence_store
from apps.triage.states import EvidenceState

MOST_AT_ONCE = 200

log = logging.getLogger(__name__)


def follow_holds(*, tenant_id: UUID) -> None:
    """Once the transaction is committed, switch the store's legal holds; what fails is left to the task."""
    transaction.on_commit(lambda: _after_commit(tenant_id), robust=True)


def switch_locks(*, tenant_id: UUID) -> int:
    """Make the store's legal holds those of the rows; return how many were switched. Opens its own scopes.

    A store that does not answer leaves `hold_in_store` as it was, and so the item due for the next try.
    Raises StorageError for the first item that could not be switched, after the others were tried.
    """
    switched, failure = 0, None
    for item, wanted in _differing(tenant_id):
        try:
            evidence_store().hold(key=item.key, version_id=item.version_id or None, on=wanted)
        except StorageError as error:
            failure = error
            continue
        with tenant_scope(tenant_id):
            EvidenceItem.objects.filter(id=item.id).update(hold_in_store=wanted)
        switched += 1
    if failure is not None:
        raise failure
    return switched


def _after_commit(tenant_id: UUID) -> None:
    try:
        switch_locks(tenant_id=tenant_id)
    except StorageError as error:
        log.error("legal hold in the store: %s; tried again in five minutes", error)


def _differing(tenant_id: UUID) -> list[tuple[EvidenceItem, bool]]:
    with tenant_scope(tenant_id):
        sealed = EvidenceItem.objects.filter(
            tenant_id=tenant_id, retain_until__isnull=False, state=EvidenceState.KEPT
        )
        held = held_items(sealed)
        late = held.filter(hold_in_store=False)[:MOST_AT_ONCE]
        over = sealed.filter(hold_in_store=True).exclude(id__in=held.values("id"))[:MOST_AT_ONCE]
        return [*((item, True) for item in late), *((item, False) for item in over)]
