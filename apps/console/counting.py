"""Several counts in one statement, none of them counted further than anybody reads."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

COUNTED_AT_MOST: Final = 1_000
AT_A_GLANCE: Final = 99
Key = TypeVar("Key")


def count_each(rows: Mapping[Key, QuerySet[Any]], *, most: Mapping[Key, int]) -> dict[Key, int]:
    """How many rows each query finds, its `most` + 1 standing for more: one statement for all of them."""
    parts: list[str] = []
    values: list[Any] = []
    for key, found in rows.items():
        sql, given = _counted(found, most[key])
        parts.append(sql)
        values += given
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        counts = cursor.fetchone() or ()
    return dict(zip(rows, counts, strict=True))


def _counted(rows: QuerySet[Any], most: int) -> tuple[str, tuple[Any, ...]]:
    try:
        sql, given = rows.order_by().values("pk")[: most + 1].query.sql_with_params()
    except EmptyResultSet:  # nothing can be found, such as among no sites
        return "0", ()
    return f"(SELECT count(*) FROM ({sql}) AS counted)", given  # noqa: S608 - Django's own SQL


def count_words(count: int, *, most: int) -> str:
    """A count as it is shown: “1,000+” for more than `most`."""
    return f"{most:,}+" if count > most else f"{count:,}"
