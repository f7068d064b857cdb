"""Which seconds of a clip a person should watch first."""

from collections.abc import Sequence

import numpy as np

from workers.inference.results import Span, TrackSample
from workers.inference.signals import readings_of

MARKED_SECONDS = 6.0

# A person in view counts a little, so that a still person beats an empty aisle.
_PRESENCE = 0.1


def activity_of(samples: Sequence[TrackSample], *, width: int, height: int) -> float:
    """How much is going on in one frame: the sum over people of their strongest posture reading,
    weighted by its confidence. Chooses what to show first; it decides nothing.
    """
    total = 0.0
    for sample in samples:
        readings = readings_of(sample, width=width, height=height).values()
        strongest = max((r.value * r.confidence for r in readings if r is not None), default=0.0)
        total += _PRESENCE * sample.score + strongest * _nearness(sample)
    return total


def marked_span(activity: Sequence[tuple[float, float]], *, duration_seconds: float) -> Span:
    """The stretch of `MARKED_SECONDS` with the most activity; a short clip is marked whole.

    `activity` holds (seconds, activity) of each looked-at frame, in order. Without any activity
    the whole clip is marked: then nothing says where to look.
    """
    levels = np.array([level for _, level in activity])
    if duration_seconds <= MARKED_SECONDS or not len(levels) or levels.max() <= 0:
        return Span(0.0, duration_seconds)
    times = np.array([seconds for seconds, _ in activity])
    starts = np.clip(times - MARKED_SECONDS / 2, 0.0, duration_seconds - MARKED_SECONDS)
    sums = [levels[(times >= s) & (times <= s + MARKED_SECONDS)].sum() for s in starts]
    start = float(starts[int(np.argmax(sums))])
    return Span(start, start + MARKED_SECONDS)


def _nearness(sample: TrackSample) -> float:
    """1 for a person half the picture high, less for one farther away (joints are less sure)."""
    return float(min(1.0, 2.0 * (sample.box[3] - sample.box[1])))
