"""The few picture operations that everything here shares. Pictures are uint8 RGB [H, W, 3]."""

from math import ceil

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def fitted_size(width: int, height: int, *, longest_side: int) -> tuple[int, int]:
    """The size that keeps the shape and makes neither side longer; never enlarges."""
    scale = min(1.0, longest_side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def resized(image: NDArray[np.uint8], *, width: int, height: int) -> NDArray[np.uint8]:
    """The picture at another size, bilinear, averaged when it shrinks."""
    if image.shape[:2] == (height, width):
        return image
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))


def turned(image: NDArray[np.uint8], *, rotation: int) -> NDArray[np.uint8]:
    """The picture turned clockwise by a multiple of 90 degrees."""
    if rotation == 0:
        return image
    return np.ascontiguousarray(np.rot90(image, k=-(rotation // 90)))


def square_crop(
    image: NDArray[np.uint8], *, centre: tuple[float, float], side: float, size: int
) -> NDArray[np.uint8]:
    """A square around `centre` (x, y in pixels) of `side` pixels, as [size, size, 3].

    What lies outside the picture is black.
    """
    height, width = image.shape[:2]
    left, top = centre[0] - side / 2, centre[1] - side / 2
    x0, y0 = max(0.0, left), max(0.0, top)
    x1, y1 = min(float(width), left + side), min(float(height), top + side)
    canvas = np.zeros((size, size, 3), dtype=np.uint8)
    scale = size / side
    column, row = round((x0 - left) * scale), round((y0 - top) * scale)
    columns, rows = round((x1 - x0) * scale), round((y1 - y0) * scale)
    columns, rows = min(columns, size - column), min(rows, size - row)
    if columns < 1 or rows < 1 or x1 - x0 < 1 or y1 - y0 < 1:
        return canvas
    # Only the part is handed over: Pillow copies what it is given.
    first_x, first_y = int(x0), int(y0)
    part = Image.fromarray(image[first_y : ceil(y1), first_x : ceil(x1)]).resize(
        (columns, rows),
        Image.Resampling.BILINEAR,
        box=(x0 - first_x, y0 - first_y, x1 - first_x, y1 - first_y),
    )
    canvas[row : row + rows, column : column + columns] = np.asarray(part)
    return canvas
