"""A person made wider or narrower, the picture around them bent to fit, so that no seam shows."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

_REACH: Final = 1.0
"""How far beside the box, in half widths, the picture gives way."""
_FADE: Final = 0.06
"""The share of the box's height at top and bottom over which the change sets in."""


def widened_body(
    image: NDArray[np.uint8], *, box: NDArray[np.float64], factor: float
) -> NDArray[np.uint8]:
    """The picture [H, W, 3] with what is inside `box` [4] (0..1) `factor` (0.75..1.3) times as wide.

    Around the box's upright axis; beside it the picture is pressed together or drawn apart until, a half
    width further, nothing has moved. Rows are bilinear; outside that stretch every pixel stays.
    """
    height, width = image.shape[:2]
    x0, y0, x1, y1 = box * [width, height, width, height]
    middle, half = (x0 + x1) / 2, (x1 - x0) / 2
    top, bottom = max(0, int(y0)), min(height, int(np.ceil(y1)))
    edge = half * max(factor, 1.0) * (1 + _REACH)
    left, right = max(0, int(middle - edge)), min(width, int(np.ceil(middle + edge)) + 1)
    if bottom - top < 2 or right - left < 2 or half < 1:
        return image
    columns, rows = np.arange(left, right), np.arange(top, bottom)
    shift = _source(columns - middle, half=half, factor=factor, edge=edge) - (columns - middle)
    near = np.minimum(rows - y0, y1 - rows) / (_FADE * (y1 - y0))
    at = (columns[None, :] + near.clip(0.0, 1.0)[:, None] * shift[None, :]).clip(0, width - 1)
    result = image.copy()
    result[top:bottom, left:right] = _sampled(image[top:bottom], at)
    return result


def _source(
    offset: NDArray[np.float64], *, half: float, factor: float, edge: float
) -> NDArray[np.float64]:
    """Where, from the axis, the pixel at `offset` comes from: rising everywhere, itself from `edge` on."""
    known_at = np.array([-edge, -half * factor, 0.0, half * factor, edge])
    comes_from = np.array([-edge, -half, 0.0, half, edge])
    inside = np.interp(offset, known_at, comes_from)
    return np.where(np.abs(offset) > edge, offset, inside)


def _sampled(rows: NDArray[np.uint8], at: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Each row's values at the columns `at` [h, w], between two pixels in proportion."""
    first = np.floor(at).astype(np.intp).clip(0, rows.shape[1] - 1)
    second = np.minimum(first + 1, rows.shape[1] - 1)
    part = (at - first)[..., None]
    line = np.arange(len(rows))[:, None]
    mixed = rows[line, first] * (1 - part) + rows[line, second] * part
    result: NDArray[np.uint8] = np.rint(mixed).astype(np.uint8)
    return result
