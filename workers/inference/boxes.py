"""Arithmetic on boxes, float [n, 4] as (x0, y0, x1, y1)."""

import numpy as np
from numpy.typing import NDArray


def areas(boxes: NDArray[np.floating]) -> NDArray[np.floating]:
    """Area of each box [n]; a box turned inside out has none."""
    sides: NDArray[np.floating] = np.clip(boxes[:, 2:] - boxes[:, :2], 0.0, None)
    return sides[:, 0] * sides[:, 1]


def iou_matrix(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.floating]:
    """Intersection over union of every pair, [len(a), len(b)], in 0..1."""
    corner0 = np.maximum(a[:, None, :2], b[None, :, :2])
    corner1 = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.clip(corner1 - corner0, 0.0, None)
    shared = sides[..., 0] * sides[..., 1]
    union = areas(a)[:, None] + areas(b)[None, :] - shared
    ratio: NDArray[np.floating] = np.divide(
        shared, union, out=np.zeros_like(shared), where=union > 0
    )
    return ratio


def non_maximum_suppression(
    boxes: NDArray[np.floating], scores: NDArray[np.floating], *, max_iou: float
) -> NDArray[np.intp]:
    """Indices of the boxes kept, best score first: no two overlap by more than `max_iou`."""
    order = np.argsort(-scores, kind="stable")
    overlaps = iou_matrix(boxes, boxes)
    kept: list[int] = []
    for index in order:
        if all(overlaps[index, other] <= max_iou for other in kept):
            kept.append(int(index))
    return np.array(kept, dtype=np.intp)
