"""Fetching the next item while the last one is worked on."""

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

_Item = TypeVar("_Item")
_LOOK_SECONDS = 0.2


class Ahead(Generic[_Item]):
    """Iterates over `make()` in a thread of its own, at most `depth` items ahead of its reader.

    Used as a context: leaving it, early or late, ends the thread and closes the iterator. What the
    iterator raises is raised to the reader, after the items before it.
    """

    def __init__(self, make: Callable[[], Iterator[_Item]], *, depth: int = 1) -> None:
        self._make = make
        self._items: queue.Queue[_Item | _End] = queue.Queue(maxsize=depth)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._fetch, name="ahead", daemon=True)

    def __enter__(self) -> Iterator[_Item]:
        self._thread.start()
        return self._read()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _read(self) -> Iterator[_Item]:
        while True:
            item = self._items.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item

    def _fetch(self) -> None:
        error: BaseException | None = None
        source = self._make()
        try:
            for item in source:
                if not self._put(item):
                    return
        except BaseException as raised:  # handed to the reader, whatever it is
            error = raised
        finally:
            close = getattr(source, "close", None)
            if close is not None:
                close()
        self._put(_End(error))

    def _put(self, item: "_Item | _End") -> bool:
        """Wait for room; False when the reader has left."""
        while not self._stop.is_set():
            try:
                self._items.put(item, timeout=_LOOK_SECONDS)
            except queue.Full:
                continue
            return True
        return False


class _End:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error
