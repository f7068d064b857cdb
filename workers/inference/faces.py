"""Finding faces in order to blur them. Nothing is compared, kept or told apart."""

import numpy as np
from numpy.typing import NDArray

from workers.inference.boxes import non_maximum_suppression
from workers.inference.imaging import resized
from workers.inference.registry import Model

MIN_SCORE = 0.3
"""Low on purpose: a lamp blurred by mistake costs less than a face that is not."""

_STRIDE = 4
_MULTIPLE = 32
_MAX_IOU = 0.3
_MAX_CANDIDATES = 400


def find_faces(model: Model, image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Face boxes [n, 4] (x0, y0, x1, y1) in 0..1 of an RGB picture [H, W, 3]."""
    height, width = (
        max(_MULTIPLE, round(side / _MULTIPLE) * _MULTIPLE) for side in image.shape[:2]
    )
    scaled = resized(image, width=width, height=height)
    heat, scale, offset, _marks = model.run(
        np.ascontiguousarray(scaled.transpose(2, 0, 1)[None], dtype=np.float32)
    )
    boxes = faces_from(heat[0, 0], scale[0], offset[0])
    in_picture: NDArray[np.float64] = boxes / np.array([width, height, width, height])
    return in_picture.clip(0.0, 1.0)


def faces_from(
    heat: NDArray[np.floating], scale: NDArray[np.floating], offset: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Face boxes in input pixels from CenterFace's maps (arXiv:1911.03599).

    `heat` [h, w] scores, `scale` [2, h, w] log height and width over the stride, `offset`
    [2, h, w] row and column within the cell.
    """
    rows, columns = np.nonzero(heat >= MIN_SCORE)
    scores = heat[rows, columns].astype(np.float64)
    best = np.argsort(-scores, kind="stable")[:_MAX_CANDIDATES]
    rows, columns, scores = rows[best], columns[best], scores[best]
    size = np.exp(np.clip(scale[:, rows, columns].astype(np.float64), -8, 8)) * _STRIDE
    y = (rows + offset[0, rows, columns] + 0.5) * _STRIDE
    x = (columns + offset[1, rows, columns] + 0.5) * _STRIDE
    boxes = np.stack([x - size[1] / 2, y - size[0] / 2, x + size[1] / 2, y + size[0] / 2], axis=1)
    return boxes[non_maximum_suppression(boxes, scores, max_iou=_MAX_IOU)]
