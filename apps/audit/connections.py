"""Plain psycopg connections for the processes that live beside Django's requests."""

from typing import Any, Final

import psycopg
from django.conf import settings
from psycopg import Connection

Row = tuple[Any, ...]

_SECONDS: Final = 1000
_OPTIONS: Final = (
    "-c timezone=UTC -c lock_timeout={lock} -c statement_timeout={statement} "
    "-c idle_in_transaction_session_timeout={idle}"
)


def open_connection(
    name: str, *, statement_seconds: int = 60, database: str | None = None
) -> "Connection[Row]":
    """Connect as this process's role, in autocommit, with every wait bounded.

    ``name`` is what PostgreSQL shows for the connection; ``database`` another database's name.
    Raises psycopg.OperationalError.
    """
    address: dict[str, Any] = dict(settings.DATABASES["default"])
    return psycopg.connect(
        host=address["HOST"],
        port=address["PORT"],
        user=address["USER"],
        password=address["PASSWORD"],
        dbname=database or address["NAME"],
        application_name=name,
        connect_timeout=5,
        autocommit=True,
        options=_OPTIONS.format(
            lock=30 * _SECONDS, statement=statement_seconds * _SECONDS, idle=60 * _SECONDS
        ),
    )
