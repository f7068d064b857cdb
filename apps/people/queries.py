"""Reading people: whose row, and the name where there still is one."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from django.db.models import ForeignObjectRel, Model, QuerySet

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.people.models import Person
from apps.people.sealing import unseal

ERASED = "a person whose data was erased"
UNNAMED = "a person without a name on record"


def people_visible_to(user: User) -> QuerySet[Person]:
    """Every person of the tenant for those who answer for personal data, else none."""
    if not user.may(Permission.HANDLE_SUBJECT_REQUESTS):
        return Person.objects.none()
    return Person.objects.filter(tenant_id=user.tenant_id)


def name_of(person: Person) -> str:
    """What the person is called, or in words why there is no name. Raises UnableToUnseal for altered bytes."""
    if person.is_erased:
        return ERASED
    return unseal(person, person.name_sealed) if person.name_sealed else UNNAMED


def names_of(ids: Iterable[UUID]) -> dict[UUID, str]:
    """Names by id, for people of the transaction's tenant; ids of nobody are left out."""
    return {person.id: name_of(person) for person in Person.objects.filter(id__in=set(ids))}


def people_called(text: str) -> list[Person]:
    """People of the transaction's tenant whose name contains the text, whatever the case; newest first.

    Names have no index that could be guessed at, so every name is opened: about 10,000 a quarter of a second.
    """
    wanted = " ".join(text.casefold().split())
    if not wanted:
        return []
    named = Person.objects.filter(erased_at__isnull=True, name_sealed__isnull=False)
    return [person for person in named.iterator() if wanted in name_of(person).casefold()]


def rows_about(person: Person) -> Iterator[Model]:
    """Every row of any app that points at the person by a foreign key, hidden ones too."""
    for relation in Person._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel) and not isinstance(relation.related_model, str):
            rows = relation.related_model._default_manager
            yield from rows.filter(**{relation.field.name: person})


def is_referred_to(person: Person) -> bool:
    """Whether any row of any app still points at the person."""
    return next(rows_about(person), None) is not None
