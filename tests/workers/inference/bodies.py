"""Drawn bodies, and tracks of them, for rules that read poses."""

from collections.abc import Sequence

import numpy as np

from workers.inference.poses import Joint
from workers.inference.results import Track, TrackSample

PICTURE = (400, 300)

SURE = np.full(17, 0.9)


def standing() -> np.ndarray:
    """A person 200 pixels high, arms hanging a little away from the body."""
    points = np.zeros((17, 2))
    placed = {
        Joint.NOSE: (100, 20),
        Joint.LEFT_EYE: (103, 17),
        Joint.RIGHT_EYE: (97, 17),
        Joint.LEFT_EAR: (107, 18),
        Joint.RIGHT_EAR: (93, 18),
        Joint.LEFT_SHOULDER: (118, 50),
        Joint.RIGHT_SHOULDER: (82, 50),
        Joint.LEFT_ELBOW: (128, 80),
        Joint.RIGHT_ELBOW: (72, 80),
        Joint.LEFT_WRIST: (138, 110),
        Joint.RIGHT_WRIST: (62, 110),
        Joint.LEFT_HIP: (112, 110),
        Joint.RIGHT_HIP: (88, 110),
        Joint.LEFT_KNEE: (113, 155),
        Joint.RIGHT_KNEE: (87, 155),
        Joint.LEFT_ANKLE: (114, 200),
        Joint.RIGHT_ANKLE: (86, 200),
    }
    for joint, point in placed.items():
        points[joint] = point
    return points


def with_joint(points: np.ndarray, joint: Joint, x: float, y: float) -> np.ndarray:
    moved = points.copy()
    moved[joint] = (x, y)
    return moved


def on_left_hand(x: float, y: float) -> np.ndarray:
    """A standing body with its left wrist there, in pixels."""
    return with_joint(standing(), Joint.LEFT_WRIST, x, y)


TOUCHING = on_left_hand(100, 85)
REACHING = on_left_hand(178, 55)
HANGING = on_left_hand(122, 118)


def normalised(points: np.ndarray, trust: np.ndarray = SURE) -> np.ndarray:
    return np.column_stack([points / PICTURE, trust])


def track_of(
    poses: Sequence[np.ndarray | None], *, fps: float = 5.0, boxes: np.ndarray | None = None
) -> Track:
    """One person, a sample every 1/fps seconds from 0 on; `poses` in 0..1 with confidence, or none."""
    box = np.array([0.1, 0.1, 0.3, 0.9])
    return Track(
        id=7,
        samples=tuple(
            TrackSample(
                seconds=k / fps, box=box if boxes is None else boxes[k], score=0.8, keypoints=pose
            )
            for k, pose in enumerate(poses)
        ),
    )
