"""What one pose shows: hand near the torso, arm reaching out, crouching; each in 0..1 or unknown.

Lengths are in units of the person's own torso (mid-shoulder to mid-hip), so that distance from the
camera does not matter. Rules of thumb, not measurements: see docs/inference.md.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.inference.poses import Joint

MIN_CONFIDENCE = 0.3

_ARMS = (
    (Joint.LEFT_SHOULDER, Joint.LEFT_WRIST, Joint.LEFT_HIP),
    (Joint.RIGHT_SHOULDER, Joint.RIGHT_WRIST, Joint.RIGHT_HIP),
)
_LEGS = (
    (Joint.LEFT_HIP, Joint.LEFT_KNEE, Joint.LEFT_ANKLE),
    (Joint.RIGHT_HIP, Joint.RIGHT_KNEE, Joint.RIGHT_ANKLE),
)
_TORSO = (Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER, Joint.LEFT_HIP, Joint.RIGHT_HIP)

# A wrist this far from the torso's middle line, in torso lengths, does not touch the body.
_HAND_RANGE = 0.7
# An arm hanging beside the body reaches about 0.25 outward; stretched out level, about 1.
_REACH_AT_REST = 0.25
_REACH_FULL = 1.0
# The angle at the knee: standing is near 180 degrees, squatting near 70.
_KNEE_STANDING = 165.0
_KNEE_SQUATTING = 70.0


@dataclass(frozen=True)
class Reading:
    """A value in 0..1 and the confidence of the joints that it rests on."""

    value: float
    confidence: float


Arms = tuple[Reading | None, Reading | None]
"""A reading of the left and of the right arm."""


def hands_to_torso(points: NDArray[np.float64], confidence: NDArray[np.float64]) -> Arms:
    """How close each wrist is to the torso's middle line, between chest and hip.

    `points` [17, 2] in pixels, `confidence` [17]. None for a wrist that is not seen, or without a torso.
    """
    torso = _torso(points, confidence)
    if torso is None:
        return None, None
    readings: list[Reading | None] = []
    for _shoulder, wrist, _hip in _ARMS:
        x, y = torso.offset(points[wrist])
        along = _within(x * torso.down[0] + y * torso.down[1], 0.15, 1.05)
        distance = math.hypot(x - along * torso.down[0], y - along * torso.down[1])
        value = _within(1.0 - distance / _HAND_RANGE, 0.0, 1.0)
        readings.append(_seen(value, _lowest(confidence, (wrist, *_TORSO))))
    return readings[0], readings[1]


def arms_reaching(points: NDArray[np.float64], confidence: NDArray[np.float64]) -> Arms:
    """How far each wrist stretches away from the torso's middle line.

    Same arguments as `hands_to_torso`. A wrist above the shoulder counts by its height too.
    """
    torso = _torso(points, confidence)
    if torso is None:
        return None, None
    readings: list[Reading | None] = []
    for shoulder, wrist, _hip in _ARMS:
        x, y = torso.offset(points[wrist])
        level_x, level_y = torso.offset(points[shoulder])
        along = x * torso.down[0] + y * torso.down[1]
        outward = math.hypot(x - along * torso.down[0], y - along * torso.down[1])
        upward = max(0.0, (level_x - x) * torso.down[0] + (level_y - y) * torso.down[1])
        value = (math.hypot(outward, upward) - _REACH_AT_REST) / (_REACH_FULL - _REACH_AT_REST)
        readings.append(_seen(_within(value, 0.0, 1.0), _lowest(confidence, (wrist, shoulder))))
    return readings[0], readings[1]


def hand_to_torso(points: NDArray[np.float64], confidence: NDArray[np.float64]) -> Reading | None:
    """The hand nearer to the torso, see `hands_to_torso`. None when no wrist or no torso is seen."""
    return _higher(*hands_to_torso(points, confidence))


def reach(points: NDArray[np.float64], confidence: NDArray[np.float64]) -> Reading | None:
    """The arm that reaches farther, see `arms_reaching`. None when no arm or no torso is seen."""
    return _higher(*arms_reaching(points, confidence))


def crouch(points: NDArray[np.float64], confidence: NDArray[np.float64]) -> Reading | None:
    """How far the straighter visible leg is bent at the knee; standing is 0, squatting is 1."""
    readings = []
    for joints in _LEGS:
        trust = _lowest(confidence, joints)
        if trust >= MIN_CONFIDENCE:
            angle = _angle(*(points[joint] for joint in joints))
            bend = (_KNEE_STANDING - angle) / (_KNEE_STANDING - _KNEE_SQUATTING)
            readings.append(Reading(_within(bend, 0.0, 1.0), trust))
    return min(readings, key=lambda reading: reading.value, default=None)


@dataclass(frozen=True)
class _Torso:
    """Where a torso is: the middle of the shoulders, its length in pixels, and the unit vector from neck to hips.

    Plain numbers: on vectors of two they are many times faster than arrays.
    """

    neck: tuple[float, float]
    length: float
    down: tuple[float, float]

    def offset(self, point: NDArray[np.float64]) -> tuple[float, float]:
        """From the neck to `point`, in torso lengths."""
        x, y = point.tolist()
        return (x - self.neck[0]) / self.length, (y - self.neck[1]) / self.length


def _torso(points: NDArray[np.float64], confidence: NDArray[np.float64]) -> _Torso | None:
    """None when the torso is not seen."""
    if _lowest(confidence, _TORSO) < MIN_CONFIDENCE:
        return None
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = (points[joint].tolist() for joint in _TORSO)
    neck, hips = ((ax + bx) / 2, (ay + by) / 2), ((cx + dx) / 2, (cy + dy) / 2)
    x, y = hips[0] - neck[0], hips[1] - neck[1]
    length = math.hypot(x, y)
    return _Torso(neck, length, (x / length, y / length)) if length >= 1.0 else None


def _angle(a: NDArray[np.float64], corner: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Degrees at `corner` between the lines to `a` and to `b`."""
    (ax, ay), (cx, cy), (bx, by) = a.tolist(), corner.tolist(), b.tolist()
    ux, uy, vx, vy = ax - cx, ay - cy, bx - cx, by - cy
    norms = math.hypot(ux, uy) * math.hypot(vx, vy)
    if norms == 0:
        return 180.0
    return math.degrees(math.acos(_within((ux * vx + uy * vy) / norms, -1.0, 1.0)))


def _lowest(confidence: NDArray[np.float64], joints: tuple[Joint, ...]) -> float:
    return float(min(confidence[joint] for joint in joints))


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def _seen(value: float, trust: float) -> Reading | None:
    return Reading(value, trust) if trust >= MIN_CONFIDENCE else None


def _higher(a: Reading | None, b: Reading | None) -> Reading | None:
    if a is None or b is None:
        return a or b
    return b if b.value > a.value else a
