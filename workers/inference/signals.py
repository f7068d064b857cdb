"""Behaviour signals of each track, with what they are worth said beside them.

None of these has been measured against its random null yet, so each says "no evidential weight";
what a pose cannot show at all says "not measurable" and carries no number.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from workers.inference import posture
from workers.inference.posture import Reading
from workers.inference.results import MeasuredSignal, Span, Track, TrackSample, Validity

SOURCE = "reference-pose 1"

NOT_MEASURED = (
    "Observed from body posture by a rule that has not been tested against chance on real footage; "
    "it can neither raise a probability nor complete a sequence."
)
NOT_IN_VIEW = "The joints that this needs were not seen clearly enough on this person."
NOT_FROM_POSE = {
    "hand_to_bag": "A pose has no bag in it: whether a hand goes to a bag cannot be told from joints.",
    "item_transfer": "A pose has no item in it: whether an item changes place cannot be told from joints.",
}

PostureRule = Callable[[NDArray[np.float64], NDArray[np.float64]], Reading | None]

POSTURE_RULES: dict[str, PostureRule] = {
    "hand_to_torso": posture.hand_to_torso,
    "reach": posture.reach,
    "crouch": posture.crouch,
}

# A single frame's pose is easily wrong: a value counts when its neighbours agree (median of three).
_SMOOTHING = 3
# The span of a signal is where it holds at least this share of its peak.
_SPAN_SHARE = 0.6


def readings_of(sample: TrackSample, *, width: int, height: int) -> dict[str, Reading | None]:
    """Every posture rule on one sample; the picture's size gives x and y the same unit."""
    if sample.keypoints is None:
        return dict.fromkeys(POSTURE_RULES)
    points = sample.keypoints[:, :2] * (width, height)
    return {name: rule(points, sample.keypoints[:, 2]) for name, rule in POSTURE_RULES.items()}


def signals_of(
    tracks: Sequence[Track], *, width: int, height: int, duration_seconds: float
) -> tuple[MeasuredSignal, ...]:
    """All signals of a clip: those of each track, then what cannot be measured at all."""
    found = [
        signal
        for track in tracks
        for signal in _of_track(
            track, width=width, height=height, duration_seconds=duration_seconds
        )
    ]
    whole = Span(0.0, duration_seconds)
    found.extend(
        MeasuredSignal(
            name=name,
            value=None,
            confidence=None,
            span=whole,
            track=None,
            source=SOURCE,
            validity=Validity.NOT_MEASURABLE,
            why=why,
        )
        for name, why in NOT_FROM_POSE.items()
    )
    return tuple(found)


def _of_track(
    track: Track, *, width: int, height: int, duration_seconds: float
) -> list[MeasuredSignal]:
    rows = [readings_of(sample, width=width, height=height) for sample in track.samples]
    times = np.array([sample.seconds for sample in track.samples])
    signals = [_peak(track, name, times, [row[name] for row in rows]) for name in POSTURE_RULES]
    return [*signals, _dwell(track, duration_seconds)]


def _peak(
    track: Track, name: str, times: NDArray[np.float64], readings: list[Reading | None]
) -> MeasuredSignal:
    """The signal at its smoothed peak, over the stretch around it that holds most of it."""
    seen = [k for k, reading in enumerate(readings) if reading is not None]
    if not seen:
        return _not_seen(track, name)
    values = smoothed(np.array([r.value for r in readings if r is not None]))
    trust = np.array([r.confidence for r in readings if r is not None])
    first, last = span_around_peak(values)
    return MeasuredSignal(
        name=name,
        value=float(values.max()),
        confidence=float(trust[first : last + 1].mean()),
        span=Span(float(times[seen[first]]), float(times[seen[last]])),
        track=track.id,
        source=SOURCE,
        validity=Validity.NO_EVIDENTIAL_WEIGHT,
        why=NOT_MEASURED,
    )


def _not_seen(track: Track, name: str) -> MeasuredSignal:
    return MeasuredSignal(
        name=name,
        value=None,
        confidence=None,
        span=track.span,
        track=track.id,
        source=SOURCE,
        validity=Validity.NOT_MEASURABLE,
        why=NOT_IN_VIEW,
    )


def _dwell(track: Track, duration_seconds: float) -> MeasuredSignal:
    """The share of the clip for which the person was in view."""
    seconds = track.span.end_seconds - track.span.start_seconds
    share = seconds / duration_seconds if duration_seconds > 0 else 1.0
    return MeasuredSignal(
        name="dwell_in_view",
        value=float(np.clip(share, 0.0, 1.0)),
        confidence=float(np.clip(np.mean([s.score for s in track.samples]), 0.0, 1.0)),
        span=track.span,
        track=track.id,
        source=SOURCE,
        validity=Validity.NO_EVIDENTIAL_WEIGHT,
        why=NOT_MEASURED,
    )


def smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of each value and its two neighbours; the ends repeat. Same length."""
    if len(values) < _SMOOTHING:
        return values
    padded = np.pad(values, 1, mode="edge")
    result: NDArray[np.float64] = np.median(
        np.lib.stride_tricks.sliding_window_view(padded, _SMOOTHING), axis=1
    )
    return result


def span_around_peak(values: NDArray[np.float64]) -> tuple[int, int]:
    """First and last index of the unbroken stretch around the peak that holds its share."""
    peak = int(np.argmax(values))
    floor = values[peak] * _SPAN_SHARE
    first = last = peak
    while first > 0 and values[first - 1] >= floor:
        first -= 1
    while last < len(values) - 1 and values[last + 1] >= floor:
        last += 1
    return first, last
