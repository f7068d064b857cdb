"""Seventeen keypoints of each person, COCO order."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from workers.inference.imaging import square_crop
from workers.inference.registry import Model

_INPUT_SIDE = 192
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


def estimate_pose(
    model: Model, image: NDArray[np.uint8], box: NDArray[np.floating]
) -> NDArray[np.float64]:
    """The pose [17, 3] (x, y in 0..1 of the picture, confidence 0..1) of the person in a box.

    `box` is (x0, y0, x1, y1) in 0..1; the crop is a square around it with a margin, so that
    hands that leave the box are seen.
    """
    height, width = image.shape[:2]
    x0, y0, x1, y1 = np.asarray(box, dtype=np.float64) * (width, height, width, height)
    side = max(x1 - x0, y1 - y0, 2.0) * _CROP_MARGIN
    centre = ((x0 + x1) / 2, (y0 + y1) / 2)
    crop = square_crop(image, centre=centre, side=side, size=_INPUT_SIDE)
    found = model.run(crop.astype(np.int32)[None])[0].reshape(KEYPOINTS, 3).astype(np.float64)
    pose = np.empty((KEYPOINTS, 3))
    pose[:, 0] = (centre[0] + (found[:, 1] - 0.5) * side) / width
    pose[:, 1] = (centre[1] + (found[:, 0] - 0.5) * side) / height
    pose[:, 2] = np.clip(found[:, 2], 0.0, 1.0)
    return pose
