"""Where the time of an analysis goes."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

_Item = TypeVar("_Item")


class StageTimes:
    """Wall time per stage, added up over frames. One per analysis; not shared between threads."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)
        self._started_at = time.perf_counter()

    @contextmanager
    def measured(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[stage] += time.perf_counter() - start

    def iterated(self, stage: str, items: Iterator[_Item]) -> Iterator[_Item]:
        """The same items, with the time spent waiting for each counted to `stage`."""
        while True:
            with self.measured(stage):
                try:
                    item = next(items)
                except StopIteration:
                    return
            yield item

    def milliseconds(self) -> dict[str, float]:
        """Every stage so far, and "total": the time since this was made."""
        total = time.perf_counter() - self._started_at
        return {stage: 1000 * s for stage, s in {**self._seconds, "total": total}.items()}
