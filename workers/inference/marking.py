"""Which seconds of a clip a person should watch first."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workers.inference.results import BehaviourReading, Span, TrackSample, WindowScore
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


def marked_span(
    activity: Sequence[tuple[float, float]],
    *,
    duration_seconds: float,
    behaviour: BehaviourReading | None = None,
) -> Span:
    """The stretch of `MARKED_SECONDS` to watch first; a short clip is marked whole.

    Where the behaviour model scored the clip, the stretch holds the middle of its strongest window and as much
    more of what it scored as fits. Else it is the one with the most `activity`: (seconds, activity) of each
    looked-at frame, in order. Without any, the whole clip is marked: then nothing says where to look.
    """
    if duration_seconds <= MARKED_SECONDS:
        return Span(0.0, duration_seconds)
    last = duration_seconds - MARKED_SECONDS
    if behaviour is not None and behaviour.strongest is not None:
        return _around(behaviour.windows, behaviour.strongest, last_start=last)
    levels = np.array([level for _, level in activity])
    if not len(levels) or levels.max() <= 0:
        return Span(0.0, duration_seconds)
    times = np.array([seconds for seconds, _ in activity])
    starts = np.clip(times - MARKED_SECONDS / 2, 0.0, last)
    return _most(
        starts, [levels[(times >= s) & (times <= s + MARKED_SECONDS)].sum() for s in starts]
    )


def _around(windows: Sequence[WindowScore], strongest: WindowScore, *, last_start: float) -> Span:
    """The stretch with the highest sum of windows' scores among those that hold the strongest one's middle.

    A window counts by the share of it that is inside; of equal stretches the most centred one is marked.
    """
    middle = _middle(strongest)
    offsets = np.linspace(-MARKED_SECONDS / 2, MARKED_SECONDS / 2, 25)
    centred = offsets[np.argsort(np.abs(offsets), kind="stable")]
    starts = np.clip(middle - MARKED_SECONDS / 2 + centred, 0.0, last_start)
    return _most(starts, [sum(one.score * _share(one, s) for one in windows) for s in starts])


def _most(starts: NDArray[np.float64], sums: Sequence[float]) -> Span:
    start = float(starts[int(np.argmax(np.round(sums, 9)))])
    return Span(start, start + MARKED_SECONDS)


def _middle(window: WindowScore) -> float:
    return (window.span.start_seconds + window.span.end_seconds) / 2


def _share(window: WindowScore, start: float) -> float:
    """How much of a window lies in the stretch from `start`: 0..1; of one without length, all or nothing."""
    first, last = window.span.start_seconds, window.span.end_seconds
    if first == last:
        return float(start <= first <= start + MARKED_SECONDS)
    inside = min(last, start + MARKED_SECONDS) - max(first, start)
    return max(0.0, inside) / (last - first)


def _nearness(sample: TrackSample) -> float:
    """1 for a person half the picture high, less for one farther away (joints are less sure)."""
    return float(min(1.0, 2.0 * (sample.box[3] - sample.box[1])))
