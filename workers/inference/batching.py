"""One device, many askers: what waits while the device is busy runs together next.

Used where one run of many pictures is cheaper than many runs of one (a GPU). Frames, people and
clips that are looked at in different threads then share runs; nobody waits for company, because a
free device runs whatever is there.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Outputs = list[NDArray[Any]]
Run = Callable[[NDArray[Any]], Outputs]


def in_parts(run: Run, pictures: NDArray[Any], *, most: int) -> Outputs:
    """The outputs for all pictures [n, ...] from runs of at most `most`."""
    parts = [run(pictures[start : start + most]) for start in range(0, len(pictures), most)]
    if len(parts) == 1:
        return parts[0]
    return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)]


@dataclass(eq=False)
class _Request:
    pictures: NDArray[Any]
    outputs: Outputs | None = None
    error: Exception | None = None

    @property
    def is_done(self) -> bool:
        return self.outputs is not None or self.error is not None


class SharedRuns:
    """Joins the requests of several threads into runs of at most `most` pictures.

    `run` takes [n, ...] and gives outputs [n, ...] each; the first side is what is joined.
    """

    def __init__(self, run: Run, *, most: int) -> None:
        if most < 1:
            raise ValueError("a run takes at least one picture")
        self._run = run
        self._most = most
        self._waiting: list[_Request] = []
        self._list = threading.Lock()
        self._device = threading.Lock()

    def __call__(self, pictures: NDArray[Any]) -> Outputs:
        """The outputs for these pictures; raises what the run raised."""
        request = _Request(pictures)
        with self._list:
            self._waiting.append(request)
        while not request.is_done:
            with self._device:
                if not request.is_done:
                    self._serve(self._taken())
        if request.error is not None:
            raise request.error
        assert request.outputs is not None
        return request.outputs

    def _taken(self) -> list[_Request]:
        """The oldest request and all later ones of its shape that fit into one run with it."""
        with self._list:
            first = self._waiting[0]
            taken, count = [first], len(first.pictures)
            for request in self._waiting[1:]:
                fits = count + len(request.pictures) <= self._most
                if fits and request.pictures.shape[1:] == first.pictures.shape[1:]:
                    taken.append(request)
                    count += len(request.pictures)
            self._waiting = [one for one in self._waiting if one not in taken]
        return taken

    def _serve(self, requests: list[_Request]) -> None:
        try:
            outputs = in_parts(
                self._run, np.concatenate([one.pictures for one in requests]), most=self._most
            )
        except Exception as error:  # whatever it is, it belongs to everybody who asked
            for request in requests:
                request.error = error
            return
        start = 0
        for request in requests:
            end = start + len(request.pictures)
            request.outputs = [output[start:end] for output in outputs]
            start = end
