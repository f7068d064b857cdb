"""Taking a person into the records, naming them, and destroying the key that all of it is sealed under."""

from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext

from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.people.models import Person
from apps.people.sealing import (
    KeyDestroyed,
    UnableToUnseal,
    commitment_of,
    new_key_sealed,
    seal,
    seal_bytes,
    unseal,
    unseal_bytes,
)

__all__ = [
    "KeyDestroyed",
    "UnableToErase",
    "UnableToName",
    "UnableToUnseal",
    "commitment_of",
    "destroy_key",
    "make_person",
    "rename_person",
    "seal",
    "seal_bytes",
    "unseal",
    "unseal_bytes",
]

LONGEST_NAME: Final = 200
SHORTEST_REASON: Final = 10


class UnableToName(Exception):
    """The name is not kept; the message says why."""


class UnableToErase(Exception):
    """The person's key stays; the message says why."""


def make_person(
    *, actor: Actor, tenant_id: UUID, name: str = "", reason: str = "", now: datetime
) -> Person:
    """Take somebody into the records, with a name or without. Inside the tenant's scope. Raises UnableToName.

    The name is sealed under the person's own key; the chain holds a keyed commitment to it.
    """
    person_id = uuid4()
    person = Person(
        id=person_id,
        tenant_id=tenant_id,
        key_sealed=new_key_sealed(person_id),
        created_by=None if actor.user_id is None else UUID(str(actor.user_id)),
        created_at=now,
    )
    name = _readable(name)
    if name:
        person.name_sealed = seal(person, name)
    with transaction.atomic():
        person.save(force_insert=True)
        record(
            actor=actor,
            event=Event.PERSON_ADDED,
            subject=Subject("person", person.id),
            after={"commitment": commitment_of(person, {"name": name})},
            reason=reason,
            details={"named": bool(name)},
        )
    return person


def rename_person(*, actor: Actor, person: Person, name: str, reason: str, now: datetime) -> Person:
    """Correct a person's name (rectification, GDPR Art. 16). Raises UnableToName, KeyDestroyed."""
    name = _readable(name)
    if len(reason.strip()) < SHORTEST_REASON:
        raise UnableToName(
            gettext("Say in at least %(shortest_reason)s characters why the name changes.")
            % {"shortest_reason": SHORTEST_REASON}
        )
    with transaction.atomic():
        locked = Person.objects.select_for_update().get(id=person.id)
        before = unseal(locked, locked.name_sealed) if locked.name_sealed else ""
        locked.name_sealed = seal(locked, name) if name else None
        Person.objects.filter(id=locked.id).update(name_sealed=locked.name_sealed)
        record(
            actor=actor,
            event=Event.PERSON_RENAMED,
            subject=Subject("person", locked.id),
            before={"commitment": commitment_of(locked, {"name": before})},
            after={"commitment": commitment_of(locked, {"name": name})},
            reason=reason.strip(),
        )
    return locked


def destroy_key(*, actor: Actor, person: Person, reason: str, now: datetime) -> None:
    """Make everything that is sealed under the person's key unreadable, for good. Raises UnableToErase.

    Call it in the transaction of the erasure; the other rows of the person are that operation's to delete.
    """
    if len(reason.strip()) < SHORTEST_REASON:
        raise UnableToErase(
            gettext("Say in at least %(shortest_reason)s characters why.")
            % {"shortest_reason": SHORTEST_REASON}
        )
    with transaction.atomic():
        changed = Person.objects.filter(id=person.id, erased_at__isnull=True).update(
            key_sealed=None, name_sealed=None, erased_at=now
        )
        if changed != 1:
            raise UnableToErase(gettext("This person's data is erased already."))
        record(
            actor=actor,
            event=Event.PERSON_KEY_DESTROYED,
            subject=Subject("person", person.id),
            reason=reason.strip(),
        )
    person.key_sealed, person.name_sealed, person.erased_at = None, None, now


def _readable(name: str) -> str:
    plain = " ".join(name.split())
    if len(plain) > LONGEST_NAME or not plain.isprintable():
        raise UnableToName(
            gettext("A name has at most %(longest_name)s characters, all of them visible.")
            % {"longest_name": LONGEST_NAME}
        )
    return plain
