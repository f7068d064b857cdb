"""Where a head or face is between the frames that were looked at.

Boxes found in sampled frames are joined into chains; a chain answers for every frame in between, and for a moment
before its first and after its last box, because a person is in the picture before a sample finds them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from workers.inference.tracking import NO_TRACK, PeopleTracker, TrackerPolicy

HOLD_SECONDS = 0.45
"""How long before its first and after its last box a chain is still blurred."""

_JOINED = TrackerPolicy(
    start_score=0.0, max_gap_seconds=1.1, min_iou=0.1, max_distance=2.0, max_height_ratio=2.5
)


@dataclass(frozen=True, eq=False)
class Chain:
    """One head through the clip: `times` [n] rising seconds, `boxes` [n, 4] in 0..1."""

    times: NDArray[np.float64]
    boxes: NDArray[np.float64]

    def __post_init__(self) -> None:
        if not len(self.times) or self.boxes.shape != (len(self.times), 4):
            raise ValueError("a chain has one box [4] a time")
        if np.any(np.diff(self.times) <= 0):
            raise ValueError("the times of a chain rise")

    def regions_at(self, seconds: float) -> list[NDArray[np.float64]]:
        """What to blur at a moment: nothing outside the chain's time, else one or two boxes [4].

        Between two samples it is the straight line between them. Outside, both the last known
        place and where the movement would have taken it.
        """
        first, last = self.times[0], self.times[-1]
        if not first - HOLD_SECONDS <= seconds <= last + HOLD_SECONDS:
            return []
        within = np.array([np.interp(seconds, self.times, column) for column in self.boxes.T])
        if first <= seconds <= last or len(self.times) < 2:
            return [within]
        near, next_to = (0, 1) if seconds < first else (-1, -2)
        speed = (self.boxes[near] - self.boxes[next_to]) / (self.times[near] - self.times[next_to])
        return [within, within + speed * (seconds - self.times[near])]


@dataclass
class ChainMaker:
    """Joins boxes of successive frames into chains; feed frames in order of time."""

    width: int
    height: int
    _tracker: PeopleTracker = field(default_factory=lambda: PeopleTracker(_JOINED))
    _found: dict[int, list[tuple[float, NDArray[np.float64]]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, seconds: float, boxes: NDArray[np.float64]) -> None:
        """Take in the boxes [n, 4] in 0..1 of one frame."""
        pixels = boxes * np.array([self.width, self.height, self.width, self.height])
        ids = self._tracker.update(seconds, pixels, np.ones(len(boxes)))
        for track, box in zip(ids, boxes, strict=True):
            if track != NO_TRACK:
                self._found[track].append((seconds, box))

    def chains(self) -> tuple[Chain, ...]:
        return tuple(chain_of(found) for found in self._found.values())


def chain_of(found: Iterable[tuple[float, NDArray[np.float64]]]) -> Chain:
    """A chain of (seconds, box) pairs at rising times."""
    pairs = list(found)
    return Chain(
        times=np.array([seconds for seconds, _ in pairs]),
        boxes=np.array([box for _, box in pairs]),
    )


def regions_at(chains: Sequence[Chain], seconds: float) -> NDArray[np.float64]:
    """Everything to blur at a moment, [n, 4] in 0..1."""
    found = [region for chain in chains for region in chain.regions_at(seconds)]
    return np.clip(np.array(found).reshape(-1, 4), 0.0, 1.0)
