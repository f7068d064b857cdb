"""Whether a found face shows enough to be compared: size, sharpness, pose, light.

A poor face gives an embedding like anybody's. Each check is a share 0..1 on a straight ramp between
"useless" and "good"; the quality is the worst of them, because nothing makes up for it. The ramps
for size and sharpness come from shrinking 22 real faces: at 24 pixels 77% still lay within 0.6 of
their own large picture, at 40 all did (docs/faces.md).
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from workers.inference.face_alignment import CHIP_SIDE

COMPARE_FROM = 0.3
"""Faces of a clip below this are not compared."""

ENROL_FROM = 0.5
"""A picture to enrol somebody with must be better: it is compared with everybody."""

_INNER = slice(CHIP_SIDE // 6, CHIP_SIDE - CHIP_SIDE // 6)
_LUMA = np.array([0.299, 0.587, 0.114])
_NO_CONTRAST = 1.0
_NOSE_BETWEEN = 0.58
"""Where the nose tip lies between the line of the eyes (0) and of the mouth (1) in an upright face."""

_PIXELS = (24.0, 72.0)
_SHARPNESS = (0.003, 0.015)
_TURNED = (0.5, 0.15)
_NODDED = (0.3, 0.1)
_NARROW = (0.55, 0.8)
"""The eyes' distance over that from eyes to mouth: about 1 from the front, little from the side."""
_DARK = (20.0, 60.0)
_BRIGHT = (252.0, 225.0)
_CONTRAST = (6.0, 22.0)


class Check(StrEnum):
    FACE_PIXELS = "face_pixels"
    SHARPNESS = "sharpness"
    POSE = "pose"
    LIGHT = "light"


_IN_WORDS = {
    Check.FACE_PIXELS: "The face is too small",
    Check.SHARPNESS: "The face is not sharp",
    Check.POSE: "The face is turned away",
    Check.LIGHT: "The face is too dark, too bright or too flat",
}


@dataclass(frozen=True, kw_only=True)
class FaceQuality:
    """The share 0..1 of each check, and the height of the face in pixels of its picture."""

    shares: tuple[tuple[Check, float], ...]
    pixels: float

    def __post_init__(self) -> None:
        if {check for check, _ in self.shares} != set(Check):
            raise ValueError("every check has one share")
        if not all(0 <= share <= 1 for _, share in self.shares):
            raise ValueError("shares lie in 0..1")

    @property
    def value(self) -> float:
        """The quality, 0..1: the worst share."""
        return min(share for _, share in self.shares)

    def reasons(self, *, floor: float) -> tuple[str, ...]:
        """What keeps the face below a floor, in words; nothing when it reaches it."""
        return tuple(
            f"{_IN_WORDS[check]} ({self._measured(check, share)})."
            for check, share in self.shares
            if share < floor
        )

    def _measured(self, check: Check, share: float) -> str:
        return f"{self.pixels:.0f} pixels high" if check is Check.FACE_PIXELS else f"{share:.0%}"


def quality_of(
    chip: NDArray[np.uint8], *, marks: NDArray[np.floating], box: NDArray[np.floating]
) -> FaceQuality:
    """The quality of a face: its aligned chip [150, 150, 3], landmarks [5, 2] and box [4] in pixels.

    `marks` and `box` are of the picture before alignment: the chip does not tell how small it was.
    """
    luma = chip[_INNER, _INNER].astype(np.float64) @ _LUMA
    pixels = float(box[3] - box[1])
    return FaceQuality(
        pixels=pixels,
        shares=(
            (Check.FACE_PIXELS, _ramp(pixels, _PIXELS)),
            (Check.SHARPNESS, _ramp(sharpness_of(luma), _SHARPNESS)),
            (Check.POSE, _facing(marks.astype(np.float64))),
            (Check.LIGHT, _light(luma)),
        ),
    )


def pixels_needed(floor: float) -> float:
    """How many pixels high a face must be for a floor."""
    return _PIXELS[0] + floor * (_PIXELS[1] - _PIXELS[0])


def sharpness_of(luma: NDArray[np.float64]) -> float:
    """Fine detail as a share of all contrast: variance of the Laplacian over the variance."""
    inner = luma[1:-1, 1:-1]
    neighbours = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    return float((4 * inner - neighbours).var() / max(luma.var(), _NO_CONTRAST))


def _facing(marks: NDArray[np.float64]) -> float:
    """How much the face looks at the camera: where the nose lies among eyes and mouth."""
    eyes, mouth, nose = marks[:2].mean(axis=0), marks[3:].mean(axis=0), marks[2]
    across, down = marks[1] - marks[0], mouth - eyes
    if across @ across <= 0 or down @ down <= 0:
        return 0.0
    turned = abs((nose - eyes - _NOSE_BETWEEN * down) @ across) / (across @ across)
    nodded = abs((nose - eyes) @ down / (down @ down) - _NOSE_BETWEEN)
    narrow = float(np.sqrt((across @ across) / (down @ down)))
    return min(_ramp(turned, _TURNED), _ramp(nodded, _NODDED), _ramp(narrow, _NARROW))


def _light(luma: NDArray[np.float64]) -> float:
    mean = float(luma.mean())
    return min(_ramp(mean, _DARK), _ramp(mean, _BRIGHT), _ramp(float(luma.std()), _CONTRAST))


def _ramp(value: float, ends: tuple[float, float]) -> float:
    """0 at the first end, 1 at the second, straight between; not a number is 0."""
    share = (value - ends[0]) / (ends[1] - ends[0])
    return float(min(1.0, max(0.0, share))) if np.isfinite(share) else 0.0
