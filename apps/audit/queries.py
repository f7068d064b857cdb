"""Reading the chain: the story of an object, and how far the sequencer is behind."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.audit.events import Event, Subject
from apps.audit.models import (
    ChainCheck,
    Checkpoint,
    CheckpointCopy,
    CheckpointStamp,
    Entry,
    Heartbeat,
    InboxEntry,
    Leaf,
    Reason,
    Tree,
)
from apps.triage.canonical import JsonValue


@dataclass(frozen=True, kw_only=True)
class AuditEvent:
    """One event as a timeline shows it; ``index`` is None until the sequencer has placed it."""

    event_id: UUID
    tenant_id: UUID
    index: int | None
    occurred_at: datetime
    actor: str
    role: str
    channel: str
    session: str
    event: str
    subject: Subject
    before_digest: str
    after_digest: str
    reason: str
    details: dict[str, JsonValue]


@dataclass(frozen=True, kw_only=True)
class AuditLag:
    """How far the chain is behind: what waits now, and what the sequencer said last.

    ``silent_seconds`` is None when no sequencer has ever run here. A role under row-level
    security counts only the events of its tenant in ``waiting``; the sequencer's own count is in
    ``waiting_at_beat``.
    """

    waiting: int
    oldest_seconds: float
    silent_seconds: float | None
    waiting_at_beat: int
    unstored_checkpoints: int
    stamps_note: str = ""
    witness_note: str = ""

    def is_behind(self, *, limit_seconds: float = 30.0) -> bool:
        """Say whether events wait longer than they should, or nobody is there to chain them."""
        silent = self.silent_seconds is None or self.silent_seconds > limit_seconds
        return silent or self.oldest_seconds > limit_seconds


def events_of(*, tenant_id: UUID, subjects: Iterable[Subject]) -> list[AuditEvent]:
    """Return every event of these subjects, oldest first, chained or still waiting.

    Waiting events are read first: one that is chained in between is seen twice, never missed.
    """
    wanted = [Q(subject_kind=kind, subject_id=id_) for kind, id_ in subjects]
    if not wanted:
        return []
    chosen = Q(tenant_id=tenant_id) & reduce(or_, wanted)
    waiting = list(InboxEntry.objects.filter(chosen).order_by("id"))
    leaves = list(Leaf.objects.filter(chosen).order_by("index"))
    return _told(leaves, waiting)


def recent_events(
    *, tenant_id: UUID, events: Iterable[Event] = (), limit: int = 100
) -> list[AuditEvent]:
    """Return the newest chained events of a tenant (of these kinds, if any), newest first."""
    found: QuerySet[Leaf] = Leaf.objects.filter(tenant_id=tenant_id).order_by("-index")
    kinds = [event.value for event in events]
    if kinds:
        found = found.filter(event__in=kinds)
    return _told(list(found[:limit]), [])


@dataclass(frozen=True, kw_only=True)
class EventFilters:
    """Which events are looked for; "" and None leave a thing open. `event` may be a whole kind: "alert"."""

    event: str = ""
    actor: str = ""
    channel: str = ""
    subject_kind: str = ""
    subject_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


def find_events(
    *, tenant_id: UUID, filters: EventFilters, before: int | None = None, limit: int = 50
) -> list[AuditEvent]:
    """Chained events, newest first, below the place `before`: what comes in meanwhile moves no page.

    `before` is the last place of the page above it.
    """
    found = Leaf.objects.filter(tenant_id=tenant_id).order_by("-index")
    named = {
        name: getattr(filters, name)
        for name in ("actor", "channel", "subject_kind", "subject_id")
        if getattr(filters, name)
    }
    found = found.filter(**named)
    if filters.event:
        whole_kind = [one.value for one in Event if one.value.startswith(f"{filters.event}:")]
        found = found.filter(event__in=whole_kind or [filters.event])
    if filters.since:
        found = found.filter(occurred_at__gte=filters.since)
    if filters.until:
        found = found.filter(occurred_at__lt=filters.until)
    if before is not None:
        found = found.filter(index__lt=before)
    return _told(list(found[:limit]), [])


@dataclass(frozen=True, kw_only=True)
class ChainStanding:
    """How long a tenant's chain is, how much of it is signed, and how much lies in the locked bucket."""

    entries: int
    signed: int
    signed_at: datetime | None
    stored: int
    stamped_at: datetime | None = None


def chain_standing(*, tenant_id: UUID) -> ChainStanding:
    """Read where the chain stands; all zero where nothing was chained yet."""
    tree = Tree.objects.filter(tenant_id=tenant_id).first()
    last = Checkpoint.objects.filter(tenant_id=tenant_id).order_by("-tree_size").first()
    kept = CheckpointCopy.objects.filter(tenant_id=tenant_id).order_by("-checkpoint_id").first()
    sizes = Checkpoint.objects.filter(id=kept.checkpoint_id) if kept else Checkpoint.objects.none()
    return ChainStanding(
        entries=tree.size if tree else 0,
        signed=last.tree_size if last else 0,
        signed_at=last.signed_at if last else None,
        stored=sizes.values_list("tree_size", flat=True).first() or 0,
        stamped_at=CheckpointStamp.objects.filter(tenant_id=tenant_id)
        .order_by("-checkpoint_id")
        .values_list("stamped_at", flat=True)
        .first(),
    )


def latest_checks(*, tenant_id: UUID, limit: int = 5) -> list[ChainCheck]:
    """The newest verifications of the chain."""
    return list(ChainCheck.objects.filter(tenant_id=tenant_id)[:limit])


def audit_lag(*, now: datetime) -> AuditLag:
    """Return how many events wait, how old the oldest is, and when the sequencer last spoke."""
    oldest = InboxEntry.objects.order_by("id").values_list("occurred_at", flat=True).first()
    beat = Heartbeat.objects.filter(id=1).first()
    return AuditLag(
        waiting=InboxEntry.objects.count(),
        oldest_seconds=_age(now, oldest) or 0.0,
        silent_seconds=_age(now, beat.beat_at) if beat else None,
        waiting_at_beat=beat.waiting if beat else 0,
        unstored_checkpoints=beat.unstored_checkpoints if beat else 0,
        stamps_note=beat.stamps_note if beat else "",
        witness_note=beat.witness_note if beat else "",
    )


def _age(now: datetime, moment: datetime | None) -> float | None:
    return None if moment is None else max(0.0, (now - moment).total_seconds())


def _told(leaves: list[Leaf], waiting: list[InboxEntry]) -> list[AuditEvent]:
    chained = {leaf.event_id for leaf in leaves}
    left = [entry for entry in waiting if entry.event_id not in chained]
    ids = [*chained, *(entry.event_id for entry in left)]
    reasons = dict(Reason.objects.filter(event_id__in=ids).values_list("event_id", "text"))
    return [
        *(_event(leaf, leaf.event_id, leaf.index, reasons) for leaf in leaves),
        *(_event(entry, entry.event_id, None, reasons) for entry in left),
    ]


def _event(entry: Entry, event_id: UUID, index: int | None, reasons: dict[UUID, str]) -> AuditEvent:
    return AuditEvent(
        event_id=event_id,
        tenant_id=entry.tenant_id,
        index=index,
        occurred_at=entry.occurred_at,
        actor=entry.actor,
        role=entry.role,
        channel=entry.channel,
        session=entry.session,
        event=entry.event,
        subject=Subject(entry.subject_kind, entry.subject_id),
        before_digest=entry.before_digest,
        after_digest=entry.after_digest,
        reason=reasons.get(event_id, ""),
        details=json.loads(entry.details),
    )
