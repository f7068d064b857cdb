"""sRGB and CIELAB (IEC 61966-2-1; CIE 15: D65, 2° observer), and the ten published tones of the Monk Skin Tone scale.

E. P. Monk, *The Monk Skin Tone Scale*, 2023 (doi:10.31235/osf.io/pdf4c); the sRGB values are those of
skintone.google, CC BY 4.0.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MONK_TONES: Final[tuple[tuple[int, int, int], ...]] = (
    (0xF6, 0xED, 0xE4),
    (0xF3, 0xE7, 0xDB),
    (0xF7, 0xEA, 0xD0),
    (0xEA, 0xDA, 0xBA),
    (0xD7, 0xBD, 0x96),
    (0xA0, 0x7E, 0x56),
    (0x82, 0x5C, 0x43),
    (0x60, 0x41, 0x34),
    (0x3A, 0x31, 0x2A),
    (0x29, 0x24, 0x20),
)
"""From the lightest, 1, to the darkest, 10."""

_TO_XYZ: Final = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE: Final = _TO_XYZ.sum(axis=1)
_DELTA: Final = 6 / 29


def lab_of(rgb: NDArray[np.uint8]) -> Floats:
    """CIELAB [..., 3] of sRGB [..., 3]."""
    value = rgb.astype(np.float64) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    ratio = linear @ _TO_XYZ.T / _WHITE
    f = np.where(ratio > _DELTA**3, np.cbrt(ratio), ratio / (3 * _DELTA**2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def rgb_of(lab: Floats) -> NDArray[np.uint8]:
    """sRGB [..., 3] of CIELAB [..., 3]; what no screen can show is cut to the nearest value."""
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    ratio = np.where(f > _DELTA, f**3, 3 * _DELTA**2 * (f - 4 / 29))
    linear = (ratio * _WHITE) @ np.linalg.inv(_TO_XYZ).T
    linear = linear.clip(0.0, 1.0)
    value = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    result: NDArray[np.uint8] = np.rint(value * 255).clip(0, 255).astype(np.uint8)
    return result


def looks_like_skin(rgb: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which pixels [...] of sRGB [..., 3] have a colour that skin of any tone can have.

    By chroma alone, so light and dark skin alike: 77 ≤ Cb ≤ 127, 133 ≤ Cr ≤ 173 (D. Chai, K. N. Ngan, *Face
    segmentation using skin-color map in videophone applications*, IEEE TCSVT 9, 1999).
    """
    red, green, blue = (rgb[..., k].astype(np.float64) for k in range(3))
    cb = 128 - 0.168736 * red - 0.331264 * green + 0.5 * blue
    cr = 128 + 0.5 * red - 0.418688 * green - 0.081312 * blue
    found: NDArray[np.bool_] = (cb >= 77) & (cb <= 127) & (cr >= 133) & (cr <= 173)
    return found
