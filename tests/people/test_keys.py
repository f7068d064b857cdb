"""A person has a key of their own; once it is destroyed, what was sealed under it is gone and stays gone."""

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor, Subject
from apps.audit.models import InboxEntry
from apps.audit.queries import events_of
from apps.people.models import Person
from apps.people.operations import (
    KeyDestroyed,
    UnableToErase,
    UnableToName,
    UnableToUnseal,
    commitment_of,
    destroy_key,
    make_person,
    rename_person,
    seal,
    unseal,
)
from apps.people.queries import ERASED, UNNAMED, name_of, names_of, people_called, people_visible_to
from tests.world import NOW, World

NAME = "Jördis Ødegård"
REASON = "the person asked for it in writing"


def somebody(world: World, name: str = NAME) -> Person:
    actor = Actor.system(world.tenant.id)
    return make_person(actor=actor, tenant_id=world.tenant.id, name=name, now=NOW)


def erase(world: World, person: Person) -> None:
    destroy_key(actor=Actor.system(world.tenant.id), person=person, reason=REASON, now=NOW)


def test_a_text_sealed_for_a_person_is_read_back_and_looks_different_every_time(
    world: World,
) -> None:
    person = somebody(world)
    first, second = seal(person, NAME), seal(person, NAME)
    assert first != second
    assert unseal(person, first) == unseal(person, second) == NAME
    assert NAME.encode() not in first


def test_bytes_sealed_for_one_person_do_not_open_for_another(world: World) -> None:
    one, other = somebody(world), somebody(world)
    sealed = seal(one, "seen at the till")
    with pytest.raises(UnableToUnseal):
        unseal(other, sealed)
    other.key_sealed = one.key_sealed  # somebody copies the key's bytes between the rows
    with pytest.raises(UnableToUnseal):
        unseal(other, sealed)


def test_one_changed_bit_is_noticed(world: World) -> None:
    person = somebody(world)
    sealed = bytearray(seal(person, NAME))
    sealed[-1] ^= 1
    with pytest.raises(UnableToUnseal):
        unseal(person, bytes(sealed))


def test_keys_are_read_after_the_installations_key_was_rotated(world: World, settings) -> None:  # type: ignore[no-untyped-def]
    person = somebody(world)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key" * 5
    assert name_of(Person.objects.get(id=person.id)) == NAME
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(UnableToUnseal):
        name_of(Person.objects.get(id=person.id))


def test_a_commitment_is_the_persons_own_and_of_the_value(world: World) -> None:
    one, other = somebody(world), somebody(world)
    assert commitment_of(one, {"name": NAME}) == commitment_of(one, {"name": NAME})
    assert commitment_of(one, {"name": NAME}) != commitment_of(other, {"name": NAME})
    assert commitment_of(one, {"name": NAME}) != commitment_of(one, {"name": "x"})


def test_after_the_key_is_destroyed_nothing_opens_and_the_row_says_when(world: World) -> None:
    person = somebody(world)
    sealed = seal(person, NAME)
    erase(world, person)
    kept = Person.objects.get(id=person.id)
    assert (kept.erased_at, kept.key_sealed, kept.name_sealed) == (NOW, None, None)
    assert name_of(kept) == ERASED
    for attempt in (
        lambda: unseal(kept, sealed),
        lambda: seal(kept, NAME),
        lambda: commitment_of(kept, NAME),
    ):
        with pytest.raises(KeyDestroyed):
            attempt()
    with pytest.raises(UnableToErase, match="already"):
        erase(world, kept)


def test_a_key_is_destroyed_for_a_reason(world: World) -> None:
    person = somebody(world)
    with pytest.raises(UnableToErase, match="why"):
        destroy_key(actor=Actor.system(world.tenant.id), person=person, reason="because", now=NOW)
    assert name_of(Person.objects.get(id=person.id)) == NAME


@pytest.mark.parametrize("back", ["key", "row", "exchange"])
def test_the_database_keeps_an_erased_person_erased_and_a_key_as_it_is(
    world: World, back: str
) -> None:
    person, other = somebody(world), somebody(world)
    changes = {
        "key": {"key_sealed": bytes(person.key_sealed or b""), "erased_at": None},
        "row": {"created_at": NOW},
        "exchange": {"key_sealed": other.key_sealed},
    }
    if back != "exchange":
        erase(world, person)
    with pytest.raises(IntegrityError, match="people_person"), transaction.atomic():
        Person.objects.filter(id=person.id).update(**changes[back])


def test_people_are_not_deleted(world: World) -> None:
    person = somebody(world)
    with pytest.raises(Exception, match="permission denied"), transaction.atomic():
        Person.objects.filter(id=person.id)._raw_delete("default")  # type: ignore[attr-defined]


def test_the_name_is_nowhere_in_clear(world: World) -> None:
    person = somebody(world)
    rename_person(
        actor=Actor.system(world.tenant.id),
        person=person,
        name="Jo Ødegård",
        reason="misspelt by us",
        now=NOW,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(p)::text FROM people_person p")
        rows = " ".join(row[0] for row in cursor.fetchall())
    chained = " ".join(str(entry) for entry in InboxEntry.objects.values())
    for text in (rows, chained):
        assert "degård" not in text
        assert NAME not in text
        assert NAME.encode().hex() not in text
    assert name_of(Person.objects.get(id=person.id)) == "Jo Ødegård"


def test_what_happened_to_a_person_is_in_the_chain_by_commitments(world: World) -> None:
    person = somebody(world)
    before = commitment_of(person, {"name": NAME})
    renamed = rename_person(
        actor=Actor.system(world.tenant.id),
        person=person,
        name="Jo",
        reason="asked for this name",
        now=NOW,
    )
    assert commitment_of(renamed, {"name": NAME}) == before
    erase(world, person)
    told = events_of(tenant_id=world.tenant.id, subjects=[Subject("person", person.id)])
    assert [event.event for event in told] == [
        "person:added",
        "person:renamed",
        "person:key_destroyed",
    ]


def test_a_name_is_one_readable_line(world: World) -> None:
    assert name_of(somebody(world, "  Ada \t Lovelace ")) == "Ada Lovelace"
    assert name_of(somebody(world, "")) == UNNAMED
    for name in ("x" * 201, "Ada\u202elovelace"):
        with pytest.raises(UnableToName):
            somebody(world, name)


def test_people_are_found_by_a_part_of_their_name(world: World) -> None:
    ada, _ = somebody(world, "Ada Lovelace"), somebody(world, "Grace Hopper")
    gone = somebody(world, "Ada Byron")
    erase(world, gone)
    assert people_called(" lovel ") == [ada]
    assert people_called("ADA") == [ada]
    assert people_called("") == []
    assert names_of([ada.id, gone.id]) == {ada.id: "Ada Lovelace", gone.id: ERASED}


def test_who_sees_people(world: World) -> None:
    person = somebody(world)
    assert person in people_visible_to(world.compliance)
    for user in (world.operator, world.store_manager, world.foreign_operator):
        assert person not in people_visible_to(user)
    with tenant_scope(world.foreign_tenant.id):
        assert not Person.objects.exists()
