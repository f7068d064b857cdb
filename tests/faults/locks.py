"""Named points at which a process is held by a lock, so that it can be killed exactly there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

from tests.harness.product import Product, wait_for

_HELD = """
    SELECT count(*) >= %s FROM pg_stat_activity
    WHERE application_name = %s AND wait_event_type = 'Lock'
"""


@contextmanager
def locked(product: Product, *tables: LiteralString) -> Iterator[None]:
    """Nobody writes to the tables until the block ends; reading goes on."""
    with product.administer() as connection, connection.transaction():
        for table in tables:
            connection.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        yield


def await_held(product: Product, process: str, *, transactions: int = 1) -> None:
    """Wait until so many transactions of the process stand at a lock."""

    def are_held() -> bool:
        row = connection.execute(_HELD, [transactions, process]).fetchone()
        return bool(row and row[0])

    with product.administer() as connection:
        wait_for(are_held, within=30, every=0.01)
