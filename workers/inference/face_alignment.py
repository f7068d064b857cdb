"""Turning a found face into the upright chip that the embedding was trained on.

The embedding only means anything on faces laid out as in its training; another layout makes it
as good as chance. So the layout is written down once, here, and a test pins it.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

CHIP_SIDE = 150

TEMPLATE = np.array(
    [(48.5, 48.5), (100.8, 48.0), (74.4, 76.0), (52.9, 101.5), (97.0, 100.1)], dtype=np.float64
)
"""Where eye, eye, nose tip, mouth corner, mouth corner (x, y) lie in the chip."""

TEMPLATE.flags.writeable = False

_MIN_SPREAD = 1e-6


def similarity(marks: NDArray[np.floating]) -> NDArray[np.float64]:
    """The matrix [2, 3] that takes a face's landmarks [5, 2] as near as it can to the template.

    Rotation, one scale, translation; never a mirror image. Least squares by Umeyama, "Least-squares
    estimation of transformation parameters between two point patterns", IEEE TPAMI 13(4), 1991.
    Raises ValueError for landmarks that are not finite or all in one place.
    """
    if marks.shape != TEMPLATE.shape or not np.isfinite(marks).all():
        raise ValueError("a face has five finite landmarks [5, 2]")
    middle, target = marks.mean(axis=0), TEMPLATE.mean(axis=0)
    spread = float(((marks - middle) ** 2).sum())
    if spread < _MIN_SPREAD:
        raise ValueError("landmarks in one place have no direction and no size")
    u, stretch, v = np.linalg.svd((TEMPLATE - target).T @ (marks - middle))
    keeps_side = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(v))])
    turn = (u * keeps_side) @ v
    scale = float((stretch * keeps_side).sum()) / spread
    return np.column_stack([scale * turn, target - scale * turn @ middle])


def aligned_chip(image: NDArray[np.uint8], marks: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The face as the chip [150, 150, 3] of an RGB picture; black where the picture ends.

    Raises ValueError like `similarity`.
    """
    matrix = similarity(marks)
    back = np.linalg.inv(np.vstack([matrix, [0.0, 0.0, 1.0]]))[:2]
    reduced, back = _reduced(image, back)
    chip = Image.fromarray(reduced).transform(
        (CHIP_SIDE, CHIP_SIDE),
        Image.Transform.AFFINE,
        tuple(back.ravel()),
        resample=Image.Resampling.BILINEAR,
    )
    return np.asarray(chip)


def _reduced(
    image: NDArray[np.uint8], back: NDArray[np.float64]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The picture shrunk by a whole factor where the face is much larger than the chip.

    The warp reads single pixels; without this a large face would keep its grain and lose its look.
    """
    factor = int(np.sqrt(abs(np.linalg.det(back[:, :2]))))
    if factor < 2:
        return image, back
    smaller = np.asarray(Image.fromarray(image).reduce(factor))
    # PIL's affine takes pixel corners for origin, so dividing places the grids on one another.
    return smaller, back / factor
