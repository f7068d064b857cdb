"""What the scene is like: light and crowd, with the numbers behind the words."""

import numpy as np
from numpy.typing import NDArray

from workers.inference.results import Crowding, CrowdingReading, Lighting, LightingReading

# Mean luma of a lit shop is well above 70; below 35 a camera's noise hides hands.
_DIM_BELOW = 70.0
_DARK_BELOW = 35.0
_BUSY_FROM = 4.0
_CROWDED_FROM = 9.0
_STRIDE = 4
_REC_601 = np.array([0.299, 0.587, 0.114])


def luma_of(image: NDArray[np.uint8]) -> float:
    """Mean Rec. 601 luma, 0..255, from every fourth pixel in both directions."""
    return float(image[::_STRIDE, ::_STRIDE].reshape(-1, 3).mean(axis=0) @ _REC_601)


def lighting_of(lumas: list[float]) -> LightingReading:
    """The light over the clip from one luma per looked-at frame."""
    mean = float(np.mean(lumas)) if lumas else 0.0
    if mean < _DARK_BELOW:
        return LightingReading(Lighting.DARK, mean)
    return LightingReading(Lighting.DIM if mean < _DIM_BELOW else Lighting.DAY, mean)


def crowding_of(people_per_frame: list[int]) -> CrowdingReading:
    """The crowd over the clip from the number of people in each looked-at frame."""
    most = max(people_per_frame, default=0)
    mean = float(np.mean(people_per_frame)) if people_per_frame else 0.0
    if most == 0:
        state = Crowding.EMPTY
    elif mean < _BUSY_FROM:
        state = Crowding.SPARSE
    else:
        state = Crowding.BUSY if mean < _CROWDED_FROM else Crowding.CROWDED
    return CrowdingReading(state, most, mean)
