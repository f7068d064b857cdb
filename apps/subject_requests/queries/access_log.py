"""Who looked at a person's data: views, plays, downloads and disclosures from the audit chain, by role and not by name."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Q

from apps.audit.events import Event
from apps.audit.models import Entry, InboxEntry, Leaf
from apps.people.models import Person
from apps.subject_requests.queries.objects import subjects_about

_LOOKING: Final = ("viewed", "played", "revealed", "downloaded", "fetched", "disclosed", "exported")
LOOKS: Final = tuple(
    event.value
    for event in Event
    if any(event.value.partition(":")[2].endswith(word) for word in (*_LOOKING, "compared"))
)
_MOST_IDS: Final = 500


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look at one thing. `index` is its place in the audit chain, None while it waits for one."""

    at: datetime
    role: str
    event: str
    what: str
    reference: str
    index: int | None

    def as_row(self) -> dict[str, object]:
        return {
            "at": self.at.isoformat(),
            "role": self.role,
            "event": self.event,
            "what": self.what,
            "id": self.reference,
            "audit_index": self.index,
        }


def access_log_of(person: Person) -> list[Look]:
    """Every look at something of the person, oldest first. Inside the tenant's scope.

    Events count whose subject is an object of the person, or whose details name one.
    """
    subjects = subjects_about(person)
    wanted = [Q(subject_kind=one.kind, subject_id=str(one.id)) for one in subjects]
    ids = [str(one.id) for one in subjects][:_MOST_IDS]
    named = [Q(details__contains=f'"{id_}"') for id_ in ids]
    chosen = Q(tenant_id=person.tenant_id, event__in=LOOKS) & reduce(or_, [*wanted, *named])
    looks = [_look(leaf, leaf.index) for leaf in Leaf.objects.filter(chosen).order_by("index")]
    placed = Leaf.objects.filter(tenant_id=person.tenant_id)
    waiting = InboxEntry.objects.filter(chosen).exclude(event_id__in=placed.values("event_id"))
    return looks + [_look(entry, None) for entry in waiting.order_by("id")]


def _look(entry: Entry, index: int | None) -> Look:
    return Look(
        at=entry.occurred_at,
        role=entry.role.replace("_", " "),
        event=entry.event,
        what=entry.subject_kind.replace("_", " "),
        reference=entry.subject_id[:8],
        index=index,
    )


def as_json(looks: Iterable[Look]) -> bytes:
    """The log as a file for the person."""
    rows = [look.as_row() for look in looks]
    return json.dumps({"access_log": rows}, indent=2, ensure_ascii=False).encode()
