"""A detector that can be asked again: frames in, score out, whoever looks at them.

Our own detector (`behaviour.scorer`) and one behind a re-score adapter (`adapter`) are asked the same
way by the invariance check, by saliency and by counterfactuals. What is compared are always two answers
of the same scorer: frames as they are against the same frames changed.
"""

from typing import Protocol

from workers.inference.reading import FrameBatch


class UnableToScore(Exception):
    """The detector gave no usable score. `str()` is a sentence for the record, without frames or addresses."""


class NothingToScore(UnableToScore):
    """The detector looked, and the frames show nobody whom it could score. A failure to answer is never this."""


class Scorer(Protocol):
    """Scores are 0..1 and deterministic: the same frames give the same score."""

    @property
    def name(self) -> str:
        """What was asked, for the record: "reference-behaviour 1", "adapter of kiosk-9"."""
        ...

    def score(self, frames: FrameBatch) -> float:
        """The score of a clip whose frames at `frames.times` look like `frames.images`.

        Raises UnableToScore when no score can be had (no answer in time, not a score); of these
        NothingToScore when nobody is seen.
        """
        ...
