"""Where the time of an analysis goes."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

_Item = TypeVar("_Item")


class StageTimes:
    """Wall time per stage, added up over frames."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)

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
        return {stage: 1000 * seconds for stage, seconds in self._seconds.items()}
