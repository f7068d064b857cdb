"""Reading stored evidence again and comparing it with the digests it was acquired with."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.evidence.models import CheckOutcome, EvidenceItem
from apps.evidence.operations.custody import note_custody, record_step
from apps.evidence.operations.deletion import store_of
from apps.storage.errors import ObjectMissing, StorageError
from apps.storage.streams import HashingReader, drain
from apps.triage.states import EvidenceState

BATCH = 50


@dataclass(frozen=True, kw_only=True)
class Found:
    """What reading one object gave; digests are "" where there was nothing to read."""

    outcome: CheckOutcome
    sha256: str = ""
    sha512: str = ""


@dataclass(kw_only=True)
class Sweep:
    """What a sweep met."""

    checked: int = 0
    read_bytes: int = 0
    altered: int = 0
    missing: int = 0
    unread: int = 0


def sweep_evidence(
    *,
    tenant_id: UUID,
    most_bytes: int,
    now: datetime,
    has_time: Callable[[], bool] = lambda: True,
) -> Sweep:
    """Check what was checked longest ago (never first) until `most_bytes` are read. Opens its own scopes.

    A store that does not answer leaves an item for the next night, counted as `unread`.
    """
    sweep = Sweep()
    for item_id in _rotation(tenant_id, now):
        if sweep.read_bytes >= most_bytes or not has_time():
            break
        _add(sweep, tenant_id=tenant_id, item_id=item_id, now=now)
    if sweep.checked or sweep.unread:
        _chain(sweep, tenant_id)
    return sweep


def check_items(
    *, tenant_id: UUID, item_ids: Iterable[UUID], now: datetime, actor: Actor | None = None
) -> Sweep:
    """Check these items whatever their turn; one that is not kept is passed over. Opens its own scopes."""
    sweep = Sweep()
    for item_id in item_ids:
        _add(sweep, tenant_id=tenant_id, item_id=item_id, now=now, actor=actor)
    return sweep


def all_kept(tenant_id: UUID) -> list[UUID]:
    """The ids of everything a tenant keeps. Inside the scope."""
    kept = EvidenceItem.objects.filter(tenant_id=tenant_id, state=EvidenceState.KEPT)
    return list(kept.order_by("acquired_at").values_list("id", flat=True))


def _rotation(tenant_id: UUID, now: datetime) -> Iterable[UUID]:
    before = Q(checked_at__isnull=True) | Q(checked_at__lt=now)
    while True:
        with tenant_scope(tenant_id):
            kept = EvidenceItem.objects.filter(
                before, tenant_id=tenant_id, state=EvidenceState.KEPT
            )
            oldest = kept.order_by(F("checked_at").asc(nulls_first=True), "id")
            batch = list(oldest.values_list("id", flat=True)[:BATCH])
        yield from batch
        if len(batch) < BATCH:
            return


def _add(
    sweep: Sweep, *, tenant_id: UUID, item_id: UUID, now: datetime, actor: Actor | None = None
) -> None:
    with tenant_scope(tenant_id):
        item = EvidenceItem.objects.filter(id=item_id, state=EvidenceState.KEPT).first()
    if item is None:
        return
    try:
        found = _read(item)
    except StorageError:
        sweep.unread += 1
        return
    with tenant_scope(tenant_id):
        _keep(item, found, actor=actor or Actor.system(tenant_id), now=now)
    sweep.checked += 1
    sweep.read_bytes += item.size_bytes
    sweep.altered += found.outcome == CheckOutcome.ALTERED
    sweep.missing += found.outcome == CheckOutcome.MISSING


def _read(item: EvidenceItem) -> Found:
    """Read what is under the item's key today: for a sealed copy its own version, and whatever hides it."""
    store = store_of(item)
    try:
        if item.version_id and store.stat(key=item.key).version_id != item.version_id:
            return Found(outcome=CheckOutcome.ALTERED)
        with store.get_stream(key=item.key, version_id=item.version_id or None) as stream:
            reader = HashingReader(stream)
            drain(reader)
    except ObjectMissing:
        return Found(outcome=CheckOutcome.MISSING)
    same = reader.sha256 == item.sha256 and item.sha512 in ("", reader.sha512)
    return Found(
        outcome=CheckOutcome.INTACT if same else CheckOutcome.ALTERED,
        sha256=reader.sha256,
        sha512=reader.sha512,
    )


def _keep(item: EvidenceItem, found: Found, *, actor: Actor, now: datetime) -> None:
    """Write down what was found; bytes that are right make an unknown SHA-512 known."""
    changes: dict[str, object] = {"checked_at": now, "check_outcome": found.outcome}
    if found.outcome == CheckOutcome.INTACT and not item.sha512:
        changes["sha512"] = found.sha512
    rows = EvidenceItem.objects.filter(id=item.id, state=EvidenceState.KEPT)
    if not rows.update(**changes):
        return
    details = {"outcome": found.outcome.value, "found": found.sha256}
    if found.outcome == CheckOutcome.INTACT:
        note_custody(
            actor=actor, item=item, action=Event.EVIDENCE_CHECKED, now=now, details=details
        )
        if actor.user_id is not None:
            _asked(actor, item, details)
        return
    event = Event.EVIDENCE_DIGEST_MISMATCH
    record_step(actor=actor, item=item, action=event, now=now, details=details)


def _asked(actor: Actor, item: EvidenceItem, details: dict[str, str]) -> None:
    subject = Subject("evidence_item", item.id)
    record(actor=actor, event=Event.EVIDENCE_CHECKED, subject=subject, details=details)


def _chain(sweep: Sweep, tenant_id: UUID) -> None:
    with tenant_scope(tenant_id):
        record(
            actor=Actor.system(tenant_id),
            event=Event.EVIDENCE_SWEPT,
            subject=Subject("tenant", tenant_id),
            details={
                "checked": sweep.checked,
                "bytes": sweep.read_bytes,
                "altered": sweep.altered,
                "missing": sweep.missing,
                "unread": sweep.unread,
            },
        )
