"""Fetched ahead, in order, and never left running."""

import threading
from collections.abc import Iterator

import pytest

from workers.inference.ahead import Ahead


def fetchers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "ahead"]


def test_items_come_in_order_and_the_thread_ends() -> None:
    with Ahead(lambda: iter(range(20))) as items:
        assert list(items) == list(range(20))
    assert not fetchers()


def test_no_more_than_the_depth_is_fetched_ahead_of_the_reader() -> None:
    fetched: list[int] = []

    def counting() -> Iterator[int]:
        for k in range(50):
            fetched.append(k)
            yield k

    with Ahead(counting, depth=2) as items:
        for k in items:
            # Two wait in the queue and one is in the fetcher's hand.
            assert len(fetched) <= k + 1 + 3


def test_leaving_early_closes_the_source() -> None:
    closed: list[bool] = []

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.append(True)

    with Ahead(endless) as items:
        assert next(items) == 1
    assert closed == [True]
    assert not fetchers()


def test_an_error_comes_after_the_items_before_it() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise OSError("the disk is gone")

    read: list[int] = []

    def read_all() -> None:
        with Ahead(broken) as items:
            read.extend(item for item in items)

    with pytest.raises(OSError, match="the disk is gone"):
        read_all()
    assert read == [1]
    assert not fetchers()
