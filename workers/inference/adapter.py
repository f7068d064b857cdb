"""An external detector as a scorer: frames out as PNG, a score back, and the same question twice.

How a detector is reached is not this module's matter: whoever makes the scorer hands in how to ask.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.alerts.plain_png import plain_png
from workers.inference.reading import FrameBatch
from workers.inference.scoring import UnableToScore

SAME_WITHIN: Final = 1e-6
VARIES: Final = "Not assessable: the detector's answers vary for the same frames."
MOST_FRAMES: Final = 32

Ask = Callable[[Sequence[tuple[float, bytes]]], float]
"""(seconds, PNG) of each frame in, a score out; raises UnableToScore."""


class AdapterScorer:
    """A `Scorer` whose detector is somewhere else.

    The first question of its life is asked twice: a detector that then answers differently is refused for good,
    since a score that moves by itself says nothing about what was changed.
    """

    def __init__(self, *, name: str, ask: Ask) -> None:
        self._name = name
        self._ask = ask
        self._varies: bool | None = None

    @property
    def name(self) -> str:
        return self._name

    def score(self, frames: FrameBatch) -> float:
        if not 0 < len(frames.times) <= MOST_FRAMES:
            raise UnableToScore(f"A detector is asked about 1 to {MOST_FRAMES} frames at once.")
        pictures = [
            (float(seconds), png_of(image))
            for seconds, image in zip(frames.times, frames.images, strict=True)
        ]
        score = self._ask(pictures)
        if self._varies is None:
            self._varies = abs(self._ask(pictures) - score) > SAME_WITHIN
        if self._varies:
            raise UnableToScore(VARIES)
        return score


def png_of(image: NDArray[np.uint8]) -> bytes:
    """An RGB picture [H, W, 3] without loss."""
    height, width = image.shape[:2]
    return plain_png(image.tobytes(), width=width, height=height)
