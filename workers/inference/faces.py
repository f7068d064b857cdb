"""Finding faces: where they are, and their five landmarks. Telling them apart is not done here.

The boxes serve the blur, always. The landmarks serve the comparison, which is off until a tenant's
legal gate is filled (`face_alignment`, `face_quality`, `face_embedding`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

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
_MARKS = 5


@dataclass(frozen=True, eq=False)
class Faces:
    """Faces of one picture, best first, in its pixels.

    `boxes` [n, 4] (x0, y0, x1, y1), `scores` [n] in 0..1, `marks` [n, 5, 2] (x, y): the eyes from the
    picture's left to its right, the nose tip, the mouth's corners from left to right; not a number
    where the model gives no landmarks.
    """

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    marks: NDArray[np.float64]

    def __post_init__(self) -> None:
        count = len(self.scores)
        if self.boxes.shape != (count, 4) or self.marks.shape != (count, _MARKS, 2):
            raise ValueError("each face has a box [4] and five landmarks [5, 2]")

    def __len__(self) -> int:
        return len(self.scores)


def find_faces(model: Model, image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Face boxes [n, 4] (x0, y0, x1, y1) in 0..1 of an RGB picture [H, W, 3]."""
    height, width = image.shape[:2]
    (faces,) = find_marked_faces(model, [image])
    in_picture: NDArray[np.float64] = faces.boxes / np.array([width, height, width, height])
    return in_picture.clip(0.0, 1.0)


def find_marked_faces(model: Model, images: Sequence[NDArray[np.uint8]]) -> list[Faces]:
    """The faces of each RGB picture [H, W, 3], with landmarks; pictures of one size share a run."""
    if not images:
        return []
    if len({image.shape for image in images}) > 1:
        return [find_marked_faces(model, [image])[0] for image in images]
    shown_height, shown_width = images[0].shape[:2]
    height, width = _taken_size(shown_height), _taken_size(shown_width)
    scaled = np.stack([resized(image, width=width, height=height) for image in images])
    heat, size, offset, *more = model.run(
        np.ascontiguousarray(scaled.transpose(0, 3, 1, 2), dtype=np.float32)
    )
    marks = more[0] if more else np.full((len(heat), 2 * _MARKS, *heat.shape[2:]), np.nan)
    scale = np.array([shown_width / width, shown_height / height])
    return [
        _in_pixels(marked_faces_from(heat[k, 0], size[k], offset[k], marks[k]), scale)
        for k in range(len(images))
    ]


def faces_from(
    heat: NDArray[np.floating], scale: NDArray[np.floating], offset: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Face boxes in input pixels from CenterFace's maps (arXiv:1911.03599).

    `heat` [h, w] scores, `scale` [2, h, w] log height and width over the stride, `offset`
    [2, h, w] row and column within the cell.
    """
    return marked_faces_from(heat, scale, offset, np.full((2 * _MARKS, *heat.shape), np.nan)).boxes


def marked_faces_from(
    heat: NDArray[np.floating],
    scale: NDArray[np.floating],
    offset: NDArray[np.floating],
    marks: NDArray[np.floating],
) -> Faces:
    """Faces in input pixels from CenterFace's maps, as `faces_from`.

    `marks` [10, h, w] holds each landmark's row and column as shares of the box, from its corner.
    """
    rows, columns = np.nonzero(heat >= MIN_SCORE)
    scores = heat[rows, columns].astype(np.float64)
    best = np.argsort(-scores, kind="stable")[:_MAX_CANDIDATES]
    rows, columns, scores = rows[best], columns[best], scores[best]
    size = np.exp(np.clip(scale[:, rows, columns].astype(np.float64), -8, 8)) * _STRIDE
    y = (rows + offset[0, rows, columns] + 0.5) * _STRIDE
    x = (columns + offset[1, rows, columns] + 0.5) * _STRIDE
    corner, sides = np.stack([x - size[1] / 2, y - size[0] / 2], 1), size[::-1].T
    boxes = np.concatenate([corner, corner + sides], axis=1)
    shares = marks[:, rows, columns].astype(np.float64).T.reshape(-1, _MARKS, 2)[:, :, ::-1]
    kept = non_maximum_suppression(boxes, scores, max_iou=_MAX_IOU)
    points = corner[:, None] + shares * sides[:, None]
    return Faces(boxes=boxes[kept], scores=scores[kept], marks=points[kept])


def _taken_size(side: int) -> int:
    return max(_MULTIPLE, round(side / _MULTIPLE) * _MULTIPLE)


def _in_pixels(faces: Faces, scale: NDArray[np.float64]) -> Faces:
    """Faces of the resized picture in pixels of the original; `scale` is (x, y)."""
    return Faces(
        boxes=faces.boxes * np.tile(scale, 2), scores=faces.scores, marks=faces.marks * scale
    )
