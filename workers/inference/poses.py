"""Seventeen keypoints of each person, COCO order."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from workers.inference.imaging import square_crop
from workers.inference.registry import Model

_CROP_MARGIN = 1.25
KEYPOINTS = 17


class Joint(IntEnum):
    """Rows of a pose."""

    NOSE = 0
    LEFT_EYE = 1
    RIGHT_EYE = 2
    LEFT_EAR = 3
    RIGHT_EAR = 4
    LEFT_SHOULDER = 5
    RIGHT_SHOULDER = 6
    LEFT_ELBOW = 7
    RIGHT_ELBOW = 8
    LEFT_WRIST = 9
    RIGHT_WRIST = 10
    LEFT_HIP = 11
    RIGHT_HIP = 12
    LEFT_KNEE = 13
    RIGHT_KNEE = 14
    LEFT_ANKLE = 15
    RIGHT_ANKLE = 16


PersonInPicture = tuple[NDArray[np.uint8], NDArray[np.floating]]
"""An RGB picture [H, W, 3] and the box (x0, y0, x1, y1) in 0..1 of one person in it."""

_INPUT_TYPES = {
    "tensor(int32)": np.int32,
    "tensor(uint8)": np.uint8,
    "tensor(float)": np.float32,
}


@dataclass(frozen=True)
class _Square:
    """Where a crop was cut out, in pixels of the picture."""

    centre: tuple[float, float]
    side: float


def estimate_pose(
    model: Model, image: NDArray[np.uint8], box: NDArray[np.floating]
) -> NDArray[np.float64]:
    """The pose [17, 3] (x, y in 0..1 of the picture, confidence 0..1) of the person in a box.

    `box` is (x0, y0, x1, y1) in 0..1; the crop is a square around it with a margin, so that
    hands that leave the box are seen.
    """
    return estimate_poses(model, [(image, box)])[0]


def estimate_poses(model: Model, people: Sequence[PersonInPicture]) -> list[NDArray[np.float64]]:
    """The pose of each of several people, as `estimate_pose`, from one run of the model."""
    crops, squares = pose_input(model, people)
    found = model.run(crops)[0].reshape(len(people), KEYPOINTS, 3).astype(np.float64)
    return [
        _in_picture(found[k], squares[k], width=image.shape[1], height=image.shape[0])
        for k, (image, _) in enumerate(people)
    ]


def pose_input(
    model: Model, people: Sequence[PersonInPicture]
) -> tuple[NDArray[np.generic], list[_Square]]:
    """What a pose model takes, crops [n, side, side, 3] in 0..255, and where each was cut out."""
    size = model.entry.input_shape[1]
    squares = [_square_around(image, box) for image, box in people]
    crops = np.empty((len(people), size, size, 3), dtype=_INPUT_TYPES[model.entry.input_type])
    for k, (image, _) in enumerate(people):
        crops[k] = square_crop(image, centre=squares[k].centre, side=squares[k].side, size=size)
    return crops, squares


def _square_around(image: NDArray[np.uint8], box: NDArray[np.floating]) -> _Square:
    height, width = image.shape[:2]
    x0, y0, x1, y1 = np.asarray(box, dtype=np.float64) * (width, height, width, height)
    return _Square(
        centre=((x0 + x1) / 2, (y0 + y1) / 2), side=max(x1 - x0, y1 - y0, 2.0) * _CROP_MARGIN
    )


def _in_picture(
    found: NDArray[np.float64], square: _Square, *, width: int, height: int
) -> NDArray[np.float64]:
    """The model's rows (y, x, score) of a square as (x, y, confidence) of the picture."""
    pose = np.empty((KEYPOINTS, 3))
    pose[:, 0] = (square.centre[0] + (found[:, 1] - 0.5) * square.side) / width
    pose[:, 1] = (square.centre[1] + (found[:, 0] - 0.5) * square.side) / height
    pose[:, 2] = np.clip(found[:, 2], 0.0, 1.0)
    return pose
