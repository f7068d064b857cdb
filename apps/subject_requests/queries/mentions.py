"""Rows that point at a person, and texts that hold a name: every model is looked at, so that a new one is not forgotten."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.db.models import CharField, Field, ForeignKey, JSONField, Model, TextField
from django.db.models.functions import Cast

from apps.people.models import Person
from apps.people.queries import rows_about

# Staff and set-up, the chain (commitments only; its reasons are found apart), and the requests themselves.
_LEFT_OUT: Final = frozenset({"accounts", "audit", "people", "subject_requests", "reliability"})
_SHORTEST_FIELD: Final = 80
_DIGESTS_AND_KEYS: Final = re.compile(
    r"(^|_)(key|sha256|sha512|digest|hash|id|url|etag|version_id|run_id)$"
)


@dataclass(frozen=True, kw_only=True)
class Mention:
    """A name in one text: `object_id` reads table.column.primary key."""

    object_id: str
    label: str


def linked_rows(person: Person) -> Iterator[Model]:
    """Every row of another app that points at the person by a foreign key."""
    yield from (row for row in rows_about(person) if row._meta.app_label != "subject_requests")


def mentions_of(name: str, *, tenant_id: UUID) -> Iterator[Mention]:
    """Texts of the tenant that contain the name, whatever the case. Inside the tenant's scope."""
    for model, column in text_columns():
        texts = model._default_manager.annotate(searched=Cast(column.name, TextField()))
        texts = texts.filter(tenant_id=tenant_id, searched__icontains=name)
        for pk in texts.values_list("pk", flat=True):
            yield Mention(
                object_id=f"{model._meta.db_table}.{column.column}.{pk}",
                label=f"{column.verbose_name} of {model._meta.verbose_name}"[:120],
            )


def text_columns() -> Iterator[tuple[type[Model], "Field[Any, Any]"]]:
    """Every column of a tenant's rows that can hold a sentence."""
    for model in apps.get_models():
        label = model._meta.app_label
        if not model.__module__.startswith("apps.") or label in _LEFT_OUT:
            continue
        columns = {f.column for f in model._meta.local_concrete_fields}
        if "tenant_id" not in columns:
            continue
        for column in model._meta.local_concrete_fields:
            if _holds_sentences(column):
                yield model, column


def _holds_sentences(column: "Field[Any, Any]") -> bool:
    if isinstance(column, ForeignKey) or _DIGESTS_AND_KEYS.search(column.column or ""):
        return False
    if isinstance(column, TextField | JSONField):
        return True
    short = (column.max_length or 0) < _SHORTEST_FIELD
    return isinstance(column, CharField) and not short and not column.choices
