"""The tenant of the current transaction, as PostgreSQL's row-level security sees it."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction

SETTING = "second_look.tenant"


@contextmanager
def tenant_scope(tenant_id: UUID | str) -> Iterator[None]:
    """Open a transaction in which only rows of `tenant_id` exist.

    Nested scopes are savepoints; the outer scope's tenant is restored on the way out, so that a mistake inside cannot widen
    what the rest of the outer transaction sees.
    """
    tenant = str(UUID(str(tenant_id)))
    nested = connection.in_atomic_block  # else the setting ends with the transaction by itself
    with transaction.atomic():
        before = _current() if nested else tenant
        _set(tenant)
        yield
        if before != tenant and not connection.needs_rollback:
            _set(before)


def _current() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [SETTING])
        row = cursor.fetchone()
    return (row and row[0]) or ""


def _set(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [SETTING, value])
