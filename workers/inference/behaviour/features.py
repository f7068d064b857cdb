"""What of a window the model sees: numbers that do not change with place or distance.

Every pose is moved to the middle of the hips and divided by the spread of the upper body, both of
the whole window. Then per moment: where shoulders, elbows, wrists and head are against the hips, how
far each hand is from hips, shoulders, head and the other hand, the angles of elbows and shoulders, the
turn of shoulders, hips and face; over the window of each its mean, spread, least, most and change, and
how fast joints move. Confidences are not among them (another pose model states others), nor anything
about place in the picture, length of the track or time in view.
"""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from workers.inference.behaviour.windows import STEP_SECONDS
from workers.inference.poses import Joint


class FeatureSet(StrEnum):
    """Which joints count. `UPPER` is what the shipped model uses; the others are compared in training."""

    UPPER = "upper"
    WHOLE = "whole"
    WHOLE_BY_HEIGHT = "whole-by-height"


_HEAD = slice(Joint.NOSE, Joint.RIGHT_EAR + 1)
_HIPS = [Joint.LEFT_HIP, Joint.RIGHT_HIP]
_SHOULDERS = [Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER]
_ELBOWS = [Joint.LEFT_ELBOW, Joint.RIGHT_ELBOW]
_WRISTS = [Joint.LEFT_WRIST, Joint.RIGHT_WRIST]
_KNEES = [Joint.LEFT_KNEE, Joint.RIGHT_KNEE]
_ANKLES = [Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE]
_ARMS = [*_SHOULDERS, *_ELBOWS, *_WRISTS]
_LEGS = [*_KNEES, *_ANKLES]
_SPREAD_OF = {
    FeatureSet.UPPER: [Joint.NOSE, *_SHOULDERS, *_ELBOWS, *_HIPS],
    FeatureSet.WHOLE: [Joint.NOSE, *_SHOULDERS, *_ELBOWS, *_HIPS],
    FeatureSet.WHOLE_BY_HEIGHT: [Joint.NOSE, *_ARMS, *_HIPS, *_LEGS],
}
_MIRRORED = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
_SMALLEST = 1e-6


def normalised(
    poses: NDArray[np.float64], *, features: FeatureSet = FeatureSet.UPPER
) -> NDArray[np.float64]:
    """Poses [n, T, 17, 2] with the hips' mean place as origin and the body's spread as unit."""
    body = poses[:, :, _SPREAD_OF[features]]
    offsets = body - body.mean(axis=2, keepdims=True)
    spread = np.sqrt((offsets**2).sum(axis=-1).mean(axis=(1, 2)))
    origin = poses[:, :, _HIPS].mean(axis=(1, 2))
    unit = np.maximum(spread, _SMALLEST)[:, None, None, None]
    moved: NDArray[np.float64] = (poses - origin[:, None, None]) / unit
    return moved


def mirrored(poses: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same movements of somebody with left and right exchanged; [n, T, 17, 2] normalised."""
    swapped = poses[:, :, _MIRRORED].copy()
    swapped[..., 0] *= -1.0
    return swapped


def features_of(
    poses: NDArray[np.float64], *, features: FeatureSet = FeatureSet.UPPER
) -> NDArray[np.float32]:
    """Features [n, F] of normalised poses [n, T, 17, 2]."""
    series = np.stack(_series(poses, legs=features is not FeatureSet.UPPER), axis=2)
    over_time = (
        series.mean(axis=1),
        series.std(axis=1),
        series.min(axis=1),
        series.max(axis=1),
        series[:, -1] - series[:, 0],
        _speeds(poses, legs=features is not FeatureSet.UPPER),
    )
    return np.concatenate(over_time, axis=1).astype(np.float32)


def _series(poses: NDArray[np.float64], *, legs: bool) -> list[NDArray[np.float64]]:
    """One number a moment, [n, T] each."""
    hips = poses[:, :, _HIPS].mean(axis=2)
    neck = poses[:, :, _SHOULDERS].mean(axis=2)
    head = poses[:, :, _HEAD].mean(axis=2)
    ears = poses[:, :, [Joint.LEFT_EAR, Joint.RIGHT_EAR]].mean(axis=2)
    found = []
    for place in [*(poses[:, :, joint] for joint in (*_ARMS, *(_LEGS if legs else ()))), head]:
        found += [(place - hips)[..., 0], (place - hips)[..., 1]]
    for side in (0, 1):
        found += _arm(poses, side, head)
        if legs:
            found += _leg(poses, side)
    left_right = poses[:, :, Joint.LEFT_SHOULDER] - poses[:, :, Joint.RIGHT_SHOULDER]
    hips_turn = poses[:, :, Joint.LEFT_HIP] - poses[:, :, Joint.RIGHT_HIP]
    face = poses[:, :, Joint.NOSE] - ears
    found += [_gap(poses, *_WRISTS), left_right[..., 0], hips_turn[..., 0], _length(neck - hips)]
    found += [(neck - hips)[..., 0], face[..., 0], face[..., 1]]
    return [*found, _gap(poses, *_ANKLES)] if legs else found


def _arm(
    poses: NDArray[np.float64], side: int, head: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    shoulder, elbow, wrist, hip = _SHOULDERS[side], _ELBOWS[side], _WRISTS[side], _HIPS[side]
    return [
        _gap(poses, wrist, hip),
        _gap(poses, wrist, _HIPS[1 - side]),
        _gap(poses, wrist, _SHOULDERS[1 - side]),
        _gap(poses, wrist, shoulder),
        _length(poses[:, :, wrist] - head),
        _cosine(poses, shoulder, elbow, wrist),
        _cosine(poses, elbow, shoulder, hip),
    ]


def _leg(poses: NDArray[np.float64], side: int) -> list[NDArray[np.float64]]:
    hip, knee, ankle = _HIPS[side], _KNEES[side], _ANKLES[side]
    return [_gap(poses, _WRISTS[side], knee), _cosine(poses, hip, knee, ankle)]


def _speeds(poses: NDArray[np.float64], *, legs: bool) -> NDArray[np.float64]:
    """Body spreads a second, [n, S]: of the hips, and of the other joints against the hips."""
    velocity = np.diff(poses, axis=1) / STEP_SECONDS
    hips = velocity[:, :, _HIPS].mean(axis=2)
    speed = _length(hips)
    found = [speed.mean(axis=1), speed.max(axis=1), _length(hips.mean(axis=1))]
    for joint in (Joint.NOSE, *_ELBOWS, *_WRISTS, *(_LEGS if legs else ())):
        relative = _length(velocity[:, :, joint] - hips)
        found += [relative.mean(axis=1), relative.max(axis=1)]
    return np.stack(found, axis=1)


def _gap(poses: NDArray[np.float64], a: int, b: int) -> NDArray[np.float64]:
    return _length(poses[:, :, a] - poses[:, :, b])


def _length(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths: NDArray[np.float64] = np.sqrt((vectors**2).sum(axis=-1))
    return lengths


def _cosine(poses: NDArray[np.float64], a: int, corner: int, b: int) -> NDArray[np.float64]:
    u, v = poses[:, :, a] - poses[:, :, corner], poses[:, :, b] - poses[:, :, corner]
    cosine: NDArray[np.float64] = (u * v).sum(axis=-1) / (_length(u) * _length(v) + _SMALLEST)
    return cosine
