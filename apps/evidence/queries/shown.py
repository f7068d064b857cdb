"""Evidence as the pages and the API show it: how each file stands, and what retention would do."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.alerts.models import Alert
from apps.evidence.models import CheckOutcome, EvidenceItem, Hold, RetentionRun, Tombstone
from apps.evidence.queries.holds import held_items, holds_over
from apps.evidence.queries.items import items_visible_to
from apps.evidence.queries.retention import Thing, active_rules, standing_of, standings, things
from apps.evidence.retention_rules import DEFAULTS, Standing
from apps.triage.states import EvidenceState

MOST_SHOWN = 100


@dataclass(frozen=True, kw_only=True)
class Row:
    """One file of a list; deleted ones have no standing but a tombstone."""

    item: EvidenceItem
    standing: Standing | None
    is_held: bool


@dataclass(frozen=True, kw_only=True)
class Kept:
    """How many things are kept for one reason."""

    category: str
    words: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a run would do now: what would go (the first of it), and why the rest would not."""

    due: tuple[Thing, ...]
    due_count: int
    due_bytes: int
    kept: tuple[Kept, ...]
    kept_count: int


def found_items(
    user: User, *, kind: str = "", state: str = "", check: str = "", held: bool = False
) -> QuerySet[EvidenceItem]:
    """The files a person may see, newest first, narrowed."""
    items = items_visible_to(user).select_related("alert__site", "alert__camera")
    stated = {"kind": kind, "state": state, "check_outcome": check}
    items = items.filter(**{name: value for name, value in stated.items() if value})
    return (held_items(items) if held else items).order_by("-acquired_at", "-id")


def rows_of(items: list[EvidenceItem]) -> list[Row]:
    """How the files of one page stand: a bounded number of queries."""
    if not items:
        return []
    there = [item for item in items if item.state != EvidenceState.DELETED]
    found = standings(there, rules=active_rules(items[0].tenant_id))
    ids = [item.id for item in there]
    held = set(held_items(EvidenceItem.objects.filter(id__in=ids)).values_list("id", flat=True))
    return [Row(item=item, standing=found.get(item.id), is_held=item.id in held) for item in items]


def tombstone_of(item: EvidenceItem) -> Tombstone | None:
    return Tombstone.objects.filter(thing="evidence_item", thing_id=item.id).first()


def standing_shown(item: EvidenceItem) -> Standing | None:
    """How a file stands; None once it is deleted."""
    return None if item.state == EvidenceState.DELETED else standing_of(item)


def footage_of(alert: Alert) -> EvidenceItem | None:
    """The original of an alert's clip, deleted or not."""
    masters = EvidenceItem.objects.filter(alert=alert, kind="master")
    return masters.filter(retain_until__isnull=True).first()


def holds_shown(item: EvidenceItem) -> list[Hold]:
    return holds_over(item)


def not_as_acquired(user: User) -> int:
    """How many of the files a person may see are altered or missing."""
    wrong = (CheckOutcome.ALTERED, CheckOutcome.MISSING)
    return items_visible_to(user).filter(check_outcome__in=wrong).exclude(state="deleted").count()


def try_retention(tenant_id: UUID, *, now: datetime) -> Trial:
    """Go through everything as a run would, and change nothing."""
    due: list[Thing] = []
    count = size = 0
    kept: Counter[tuple[str, str]] = Counter()
    for thing in things(tenant_id, rules=active_rules(tenant_id)):
        if not thing.standing.is_due(now):
            category = gettext(DEFAULTS[thing.standing.category].words)
            kept[category, thing.standing.decisive.words] += 1
            continue
        count, size = count + 1, size + thing.size_bytes
        if len(due) < MOST_SHOWN:
            due.append(thing)
    lines = [
        Kept(category=category, words=words, count=number)
        for (category, words), number in kept.most_common(MOST_SHOWN)
    ]
    return Trial(
        due=tuple(due),
        due_count=count,
        due_bytes=size,
        kept=tuple(lines),
        kept_count=sum(kept.values()),
    )


def latest_runs(tenant_id: UUID, *, limit: int = 10) -> list[RetentionRun]:
    return list(RetentionRun.objects.filter(tenant_id=tenant_id)[:limit])
