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
def locked(product: Product, table: LiteralString) -> Iterator[None]:
    """Nobody writes to the table until the block ends; reading goes on."""
    with product.administer() as connection, connection.transaction():
        connection.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        yield


def await_held(product: Product, process: str) -> None:
    """Wait until a transaction of the process stands at a lock."""
    with product.administer() as connection:
        wait_for(lambda: connection.execute(_BLOCKED, [process]).fetchone(), within=30, every=0.01)
