"""What of an erasure lies in the object store: at once, or when a lock, a hold or a case has ended. May run twice."""

import logging
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Clip
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.evidence.models import EvidenceItem, EvidenceKind
from apps.evidence.operations.deletion import Outcome, UnableToDelete, erase_item
from apps.storage.errors import StorageError
from apps.storage.keys import alert_folder
from apps.storage.store import media_store
from apps.subject_requests.models import ErasureItem
from apps.subject_requests.operations.erasing import complete_if_done
from apps.subject_requests.queries.plan import FOOTAGE, IN_STORE, obstacle_for
from apps.triage.states import ClipState

log = logging.getLogger(__name__)
GONE = "The footage was erased at the person's request."


class NotGoneYet(Exception):
    """The store did not answer for a file; it is asked again."""


def carry_out(*, tenant_id: UUID, erasure_id: UUID, now: datetime) -> int:
    """Erase every object nothing stands against any more; return how many items are done. Opens its own scopes.

    One that cannot be deleted stays on the list, with the kind of error beside it.
    """
    with tenant_scope(tenant_id):
        to_do = ErasureItem.objects.filter(
            erasure_id=erasure_id,
            erasure__executed_at__isnull=False,
            done_at=None,
            kind__in=IN_STORE,
        )
        items = list(to_do.select_related("erasure"))
    done = sum(_one(item, now=now) for item in items)
    with tenant_scope(tenant_id):
        complete_if_done(erasure_id=erasure_id, now=now)
    return done


def _one(item: ErasureItem, *, now: datetime) -> bool:
    with tenant_scope(item.tenant_id):
        obstacle, due_at = obstacle_for(
            item.kind, item.object_id, person_id=item.erasure.person_id, now=now
        )
        if obstacle:
            ErasureItem.objects.filter(id=item.id).update(obstacle=obstacle, due_at=due_at)
            return False
        if item.kind == FOOTAGE:
            _take_footage_away(UUID(item.object_id))
        ids = _evidence_of(item)
    try:
        for evidence_id in ids:
            _erase(item, evidence_id, now=now)
        if item.kind == FOOTAGE:
            folder = alert_folder(tenant_id=item.tenant_id, alert_id=UUID(item.object_id))
            media_store().delete_every_version(prefix=folder)
    except (StorageError, UnableToDelete, NotGoneYet) as error:
        log.warning("erasure item not deleted yet: %s", type(error).__name__)
        with tenant_scope(item.tenant_id):
            ErasureItem.objects.filter(id=item.id).update(
                tries=F("tries") + 1, last_error=type(error).__name__
            )
        return False
    with tenant_scope(item.tenant_id), transaction.atomic():
        return _settle(item, now=now)


def _evidence_of(item: ErasureItem) -> list[UUID]:
    """The registered files the item stands for; a report's PDF is an item of its own."""
    if item.kind != FOOTAGE:
        return [UUID(item.object_id)]
    files = EvidenceItem.objects.filter(alert_id=item.object_id, bucket=media_store().bucket)
    return list(files.exclude(kind=EvidenceKind.REPORT).values_list("id", flat=True))


def _erase(item: ErasureItem, evidence_id: UUID, *, now: datetime) -> None:
    done = erase_item(
        actor=Actor.system(item.tenant_id),
        tenant_id=item.tenant_id,
        item_id=evidence_id,
        reason="Erasure of a person's data (GDPR Art. 17).",
        now=now,
    )
    if done.outcome == Outcome.FAILED:
        raise NotGoneYet(done.words)


def _take_footage_away(alert_id: UUID) -> None:
    """No page offers it any more, before the bytes go."""
    keys = [f.name for f in Clip._meta.fields if f.name.endswith("_key")]
    Clip.objects.filter(alert_id=alert_id, state=ClipState.STORED).update(
        state=ClipState.REFUSED,
        refused_code="erased",
        refused_reason=GONE,
        original_name="",
        **dict.fromkeys(keys, ""),
    )


def _settle(item: ErasureItem, *, now: datetime) -> bool:
    if not ErasureItem.objects.filter(id=item.id, done_at=None).update(done_at=now, last_error=""):
        return False
    record(
        actor=Actor.system(item.tenant_id),
        event=Event.ERASURE_CONTINUED,
        subject=Subject("person", item.erasure.person_id),
        details={
            "erasure": str(item.erasure_id),
            "kind": item.kind,
            "object": item.object_id,
        },
    )
    return True
