"""What one pose shows: hand near the torso, arm reaching out, crouching; each in 0..1 or unknown.

Lengths are in units of the person's own torso (mid-shoulder to mid-hip), so that distance from the
camera does not matter. Rules of thumb, not measurements: see docs/inference.md.
"""

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
    frame = _torso(points, confidence)
    if frame is None:
        return None, None
    neck, _hips, axis, length = frame
    readings: list[Reading | None] = []
    for _shoulder, wrist, _hip in _ARMS:
        offset = (points[wrist] - neck) / length
        along = float(np.clip(offset @ axis, 0.15, 1.05))
        distance = float(np.linalg.norm(offset - along * axis))
        value = float(np.clip(1.0 - distance / _HAND_RANGE, 0.0, 1.0))
        readings.append(_seen(value, _lowest(confidence, (wrist, *_TORSO))))
    return readings[0], readings[1]


def arms_reaching(points: NDArray[np.float64], confidence: NDArray[np.float64]) -> Arms:
    """How far each wrist stretches away from the torso's middle line.

    Same arguments as `hands_to_torso`. A wrist above the shoulder counts by its height too.
    """
    frame = _torso(points, confidence)
    if frame is None:
        return None, None
    neck, _hips, axis, length = frame
    readings: list[Reading | None] = []
    for shoulder, wrist, _hip in _ARMS:
        offset = (points[wrist] - neck) / length
        outward = float(np.linalg.norm(offset - (offset @ axis) * axis))
        upward = max(0.0, float(-((points[wrist] - points[shoulder]) / length) @ axis))
        extent = float(np.hypot(outward, upward))
        value = (extent - _REACH_AT_REST) / (_REACH_FULL - _REACH_AT_REST)
        trust = _lowest(confidence, (wrist, shoulder))
        readings.append(_seen(float(np.clip(value, 0, 1)), trust))
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
            readings.append(Reading(float(np.clip(bend, 0, 1)), trust))
    return min(readings, key=lambda reading: reading.value, default=None)


def _torso(
    points: NDArray[np.float64], confidence: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float] | None:
    """(neck, hips, unit vector downward, length), or None when the torso is not seen."""
    if _lowest(confidence, _TORSO) < MIN_CONFIDENCE:
        return None
    neck = (points[Joint.LEFT_SHOULDER] + points[Joint.RIGHT_SHOULDER]) / 2
    hips = (points[Joint.LEFT_HIP] + points[Joint.RIGHT_HIP]) / 2
    length = float(np.linalg.norm(hips - neck))
    if length < 1.0:
        return None
    return neck, hips, (hips - neck) / length, length


def _angle(a: NDArray[np.float64], corner: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Degrees at `corner` between the lines to `a` and to `b`."""
    u, v = a - corner, b - corner
    norms = float(np.linalg.norm(u) * np.linalg.norm(v))
    if norms == 0:
        return 180.0
    return float(np.degrees(np.arccos(np.clip((u @ v) / norms, -1.0, 1.0))))


def _lowest(confidence: NDArray[np.float64], joints: tuple[Joint, ...]) -> float:
    return float(min(confidence[joint] for joint in joints))


def _seen(value: float, trust: float) -> Reading | None:
    return Reading(value, trust) if trust >= MIN_CONFIDENCE else None


def _higher(a: Reading | None, b: Reading | None) -> Reading | None:
    if a is None or b is None:
        return a or b
    return b if b.value > a.value else a
