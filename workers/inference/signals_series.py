"""What one person's body shows over time: each posture and gesture as a series, unknown where joints are not seen.

A posture is read off one pose (`posture`). A gesture takes several: one and the same hand that reaches out and
comes back to the body. Its times come from how arms move, not from any data: a hand needs some tenths of a
second from a shelf to the body, and one that is still near the body 1.5 s later was not just swinging past.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.inference import posture
from workers.inference.posture import Arms, Reading
from workers.inference.results import Track, TrackSample

Floats = NDArray[np.float64]
PostureRule = Callable[[Floats, Floats], Reading | None]

POSTURE_RULES: Mapping[str, PostureRule] = {
    "hand_to_torso": posture.hand_to_torso,
    "reach": posture.reach,
    "crouch": posture.crouch,
}

# From reach to return: no hand is quicker, and after longer the two do not belong together.
_QUICKEST_SECONDS = 0.4
_SLOWEST_SECONDS = 3.0
# So long a hand must rest near the body to have stayed there.
_STAY_SECONDS = 1.5
# Sampled times are rarely exact multiples of each other.
_SLACK_SECONDS = 0.05
# A single frame's pose is easily wrong: a value counts when its neighbours agree (median of three).
_SMOOTHING = 3
# The span of a signal is where it holds at least this share of its peak.
_SPAN_SHARE = 0.6


@dataclass(frozen=True, kw_only=True, eq=False)
class Series:
    """A signal over time: `seconds` [n] rising, `values` [n] in 0..1, `trust` [n] of the joints it rests on.

    Only moments at which it could be read are in it, smoothed.
    """

    seconds: Floats
    values: Floats
    trust: Floats

    def __post_init__(self) -> None:
        if not len(self.seconds) == len(self.values) == len(self.trust):
            raise ValueError("a value and a trust for each moment")
        if not np.all((self.values >= 0) & (self.values <= 1)):
            raise ValueError("values lie in 0..1")

    def __len__(self) -> int:
        return len(self.seconds)


def series_of(track: Track, *, width: int, height: int) -> dict[str, Series]:
    """Every posture and gesture of one person; the picture's size gives x and y the same unit."""
    seconds = np.array([sample.seconds for sample in track.samples])
    rows = [readings_of(sample, width=width, height=height) for sample in track.samples]
    found = {name: _series(seconds, [row[name] for row in rows]) for name in POSTURE_RULES}
    return found | _gestures(seconds, track.samples, width=width, height=height)


def readings_of(sample: TrackSample, *, width: int, height: int) -> dict[str, Reading | None]:
    """Every posture rule on one sample."""
    if sample.keypoints is None:
        return dict.fromkeys(POSTURE_RULES)
    points = sample.keypoints[:, :2] * (width, height)
    return {name: rule(points, sample.keypoints[:, 2]) for name, rule in POSTURE_RULES.items()}


def _gestures(
    seconds: Floats, samples: Sequence[TrackSample], *, width: int, height: int
) -> dict[str, Series]:
    size = (width, height)
    reaching = [_arms(sample, posture.arms_reaching, size) for sample in samples]
    near = [_arms(sample, posture.hands_to_torso, size) for sample in samples]
    arms = [
        (_series(seconds, [pair[side] for pair in reaching]), _series(seconds, [pair[side] for pair in near]))
        for side in (0, 1)
    ]  # fmt: skip
    returned = [_returned(reach, torso) for reach, torso in arms]
    stayed = [_stayed(back, torso) for back, (_reach, torso) in zip(returned, arms, strict=True)]
    return {
        "reach_and_return": _either(seconds, *returned),
        "hand_stays_at_torso": _either(seconds, *stayed),
    }


def _arms(
    sample: TrackSample, rule: Callable[[Floats, Floats], Arms], size: tuple[int, int]
) -> Arms:
    if sample.keypoints is None:
        return None, None
    return rule(sample.keypoints[:, :2] * size, sample.keypoints[:, 2])


def _returned(reach: Series, torso: Series) -> Series:
    """A hand near the body that reached out just before: the smaller of now's nearness and the reach."""
    values, trust, known = [], [], []
    for k, now in enumerate(torso.seconds):
        ago = now - reach.seconds + _SLACK_SECONDS
        before = np.flatnonzero(
            (ago >= _QUICKEST_SECONDS) & (ago <= _SLOWEST_SECONDS + 2 * _SLACK_SECONDS)
        )
        if len(before):
            best = before[np.argmax(reach.values[before])]
            known.append(k)
            values.append(min(torso.values[k], reach.values[best]))
            trust.append(min(torso.trust[k], reach.trust[best]))
    return Series(seconds=torso.seconds[known], values=np.array(values), trust=np.array(trust))


def _stayed(back: Series, torso: Series) -> Series:
    """A returned hand that stays: the least nearness over the time after. Unknown where the clip ends before."""
    values, known = [], []
    for k, now in enumerate(back.seconds):
        until = now + _STAY_SECONDS
        after = (torso.seconds >= now) & (torso.seconds <= until + _SLACK_SECONDS)
        if torso.seconds[-1] >= until - _SLACK_SECONDS:
            known.append(k)
            values.append(min(back.values[k], torso.values[after].min()))
    return Series(seconds=back.seconds[known], values=np.array(values), trust=back.trust[known])


def _either(seconds: Floats, left: Series, right: Series) -> Series:
    """At each moment the arm that shows it more."""
    rows: list[Reading | None] = []
    for now in seconds:
        of_arms = [
            Reading(float(arm.values[k]), float(arm.trust[k]))
            for arm in (left, right)
            for k in np.flatnonzero(arm.seconds == now)
        ]
        rows.append(max(of_arms, key=lambda reading: reading.value, default=None))
    return _series(seconds, rows, smooth=False)


def _series(seconds: Floats, readings: Sequence[Reading | None], *, smooth: bool = True) -> Series:
    seen = [k for k, reading in enumerate(readings) if reading is not None]
    values = np.array([r.value for r in readings if r is not None], dtype=np.float64)
    trust = np.array([r.confidence for r in readings if r is not None], dtype=np.float64)
    return Series(seconds=seconds[seen], values=smoothed(values) if smooth else values, trust=trust)


def smoothed(values: Floats) -> Floats:
    """Median of each value and its two neighbours; the ends repeat. Same length."""
    if len(values) < _SMOOTHING:
        return values
    padded = np.pad(values, 1, mode="edge")
    result: Floats = np.median(np.lib.stride_tricks.sliding_window_view(padded, _SMOOTHING), axis=1)
    return result


def span_around_peak(values: Floats) -> tuple[int, int]:
    """First and last index of the unbroken stretch around the peak that holds its share."""
    peak = int(np.argmax(values))
    floor = values[peak] * _SPAN_SHARE
    first = last = peak
    while first > 0 and values[first - 1] >= floor:
        first -= 1
    while last < len(values) - 1 and values[last + 1] >= floor:
        last += 1
    return first, last
