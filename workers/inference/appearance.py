"""What somebody looks like, changed inside the hull of their pose; where they are and what they do stays.

Pictures are uint8 RGB [H, W, 3]. A person is a sample of a track: a box and, mostly, joints. The hull is the outline
that joints draw: head, trunk and limbs, each as thick as the person's own trunk says. Without joints it is the
ellipse in the box.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from workers.inference.colour import MONK_TONES, lab_of, looks_like_skin, rgb_of
from workers.inference.poses import Joint
from workers.inference.results import TrackSample
from workers.inference.widening import widened_body

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

MIN_CONFIDENCE: Final = 0.2
LEAST_SKIN_PIXELS: Final = 12
_HEAD: Final = (Joint.NOSE, Joint.LEFT_EYE, Joint.RIGHT_EYE, Joint.LEFT_EAR, Joint.RIGHT_EAR)
_TRUNK: Final = (Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER, Joint.RIGHT_HIP, Joint.LEFT_HIP)
_ARMS: Final = (
    (Joint.LEFT_SHOULDER, Joint.LEFT_ELBOW),
    (Joint.LEFT_ELBOW, Joint.LEFT_WRIST),
    (Joint.RIGHT_SHOULDER, Joint.RIGHT_ELBOW),
    (Joint.RIGHT_ELBOW, Joint.RIGHT_WRIST),
)
_LEGS: Final = (
    (Joint.LEFT_HIP, Joint.LEFT_KNEE),
    (Joint.LEFT_KNEE, Joint.LEFT_ANKLE),
    (Joint.RIGHT_HIP, Joint.RIGHT_KNEE),
    (Joint.RIGHT_KNEE, Joint.RIGHT_ANKLE),
)


class Kind(StrEnum):
    """What about the appearance is changed."""

    SKIN_TONE = "skin_tone"
    CLOTHING_HUE = "clothing_hue"
    BRIGHTNESS = "brightness"
    BODY_SCALE = "body_scale"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of appearance. `amount`: a Monk tone 1..10 (0: the farther end of 2 and 9), degrees of hue,
    a factor of light, a factor of width.
    """

    kind: Kind
    amount: float

    def __post_init__(self) -> None:
        low, high = _RANGES[self.kind]
        if not low <= self.amount <= high:
            raise ValueError(f"{self.kind} is changed within {low:g}..{high:g}")

    @property
    def name(self) -> str:
        """For records: "skin_tone_farthest", "body_scale_1.15"."""
        if self.kind is Kind.SKIN_TONE:
            return f"{self.kind}_{'farthest' if self.amount == 0 else f'{self.amount:g}'}"
        return f"{self.kind}_{self.amount:g}"


_RANGES: Final = {
    Kind.SKIN_TONE: (0.0, 10.0),
    Kind.CLOTHING_HUE: (1.0, 359.0),
    Kind.BRIGHTNESS: (0.5, 1.5),
    Kind.BODY_SCALE: (0.75, 1.3),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Hull:
    """A person's outline in pixels: `body` [H, W], and its parts that are usually bare (`bare`) or clothed."""

    body: Mask
    bare: Mask
    face: Mask

    @property
    def clothed(self) -> Mask:
        return self.body & ~self.face


def changed(image: Pixels, *, people: Sequence[TrackSample], change: Change) -> Pixels:
    """The picture with every one of `people` changed. Nobody, nothing changed: the same pixels."""
    result = image
    for person in people:
        hull = hull_of(person, width=image.shape[1], height=image.shape[0])
        result = _one_changed(result, person, hull, change)
    return result


def _one_changed(image: Pixels, person: TrackSample, hull: Hull, change: Change) -> Pixels:
    match change.kind:
        case Kind.SKIN_TONE:
            return with_skin_tone(image, skin=skin_of(image, hull), tone=round(change.amount))
        case Kind.CLOTHING_HUE:
            cloth = hull.clothed & ~skin_of(image, hull)
            return with_hue_turned(image, where=cloth, degrees=change.amount)
        case Kind.BRIGHTNESS:
            return with_light(image, where=hull.body, factor=change.amount)
        case Kind.BODY_SCALE:
            return widened_body(image, box=person.box, factor=change.amount)


def hull_of(person: TrackSample, *, width: int, height: int) -> Hull:
    """The outline of one person in a picture of this size."""
    size, points = np.array([width, height]), person.keypoints
    seen: dict[int, tuple[float, float]] = {}
    if points is not None:
        seen = {k: tuple(points[k, :2] * size) for k in range(17) if points[k, 2] >= MIN_CONFIDENCE}
    if not all(joint in seen for joint in _TRUNK):
        return _ellipse(person, width=width, height=height)
    trunk = float(np.hypot(*(_middle(seen, *_TRUNK[:2]) - _middle(seen, *_TRUNK[2:]))))
    thick = max(3.0, 0.3 * trunk)
    drawn = {name: Image.new("1", (width, height)) for name in ("face", "arms", "rest")}
    pens = {name: ImageDraw.Draw(image) for name, image in drawn.items()}
    pens["rest"].polygon([seen[joint] for joint in _TRUNK], fill=1)
    _line(pens["rest"], seen, [*zip(_TRUNK, (*_TRUNK[1:], _TRUNK[0]), strict=True)], thick * 0.6)
    _line(pens["rest"], seen, _LEGS, thick)
    _line(pens["arms"], seen, _ARMS, thick * 0.8)
    _head(pens["face"], seen, trunk)
    face, arms, rest = (np.asarray(drawn[name]) for name in ("face", "arms", "rest"))
    return Hull(body=face | arms | rest, bare=face | arms, face=face)


def skin_of(image: Pixels, hull: Hull) -> Mask:
    """Where skin is: of the parts usually bare what has its colour; where too little has, the face as a whole.

    A grey picture has no colour, so there the place decides.
    """
    by_colour = hull.bare.copy()
    by_colour[hull.bare] = looks_like_skin(image[hull.bare])
    return by_colour if by_colour.sum() >= LEAST_SKIN_PIXELS else hull.face


def with_skin_tone(image: Pixels, *, skin: Mask, tone: int) -> Pixels:
    """Skin moved in CIELAB by the way from its own nearest tone to the Monk `tone` (0: the farther of 2 and 9).

    Each pixel keeps its distance from the mean, so texture and shading stay; the light on the person stays too,
    since it is tones that are subtracted, not the measured colour.
    """
    if not skin.any():
        return image
    lab = lab_of(image[skin])
    tones = lab_of(np.array(MONK_TONES, dtype=np.uint8))
    own = int(np.argmin(np.linalg.norm(tones - lab.mean(axis=0), axis=1)))
    wanted = tone - 1 if tone else max((1, 8), key=lambda k: abs(tones[k, 0] - tones[own, 0]))
    result = image.copy()
    result[skin] = rgb_of(lab + (tones[wanted] - tones[own]))
    return result


def with_hue_turned(image: Pixels, *, where: Mask, degrees: float) -> Pixels:
    """The colour turned in the plane of a* and b*: lightness and strength of colour stay."""
    if not where.any():
        return image
    lab = lab_of(image[where])
    turn = np.deg2rad(degrees)
    a, b = lab[:, 1].copy(), lab[:, 2].copy()
    lab[:, 1] = a * np.cos(turn) - b * np.sin(turn)
    lab[:, 2] = a * np.sin(turn) + b * np.cos(turn)
    result = image.copy()
    result[where] = rgb_of(lab)
    return result


def with_light(image: Pixels, *, where: Mask, factor: float) -> Pixels:
    """Values times `factor`, cut at white."""
    result = image.copy()
    result[where] = np.rint(image[where] * factor).clip(0, 255).astype(np.uint8)
    return result


def _ellipse(person: TrackSample, *, width: int, height: int) -> Hull:
    box = tuple(person.box * [width, height, width, height])
    body = Image.new("1", (width, height))
    ImageDraw.Draw(body).ellipse(box, fill=1)
    rows = np.arange(height)[:, None] < box[1] + 0.22 * (box[3] - box[1])
    mask = np.asarray(body)
    return Hull(body=mask, bare=mask, face=mask & rows)


def _line(
    pen: ImageDraw.ImageDraw,
    seen: dict[int, tuple[float, float]],
    bones: Sequence[tuple[Joint, Joint]],
    thick: float,
) -> None:
    for one, two in bones:
        if one in seen and two in seen:
            pen.line([seen[one], seen[two]], fill=1, width=max(1, round(thick)))
            for x, y in (seen[one], seen[two]):
                pen.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=1)


def _head(pen: ImageDraw.ImageDraw, seen: dict[int, tuple[float, float]], trunk: float) -> None:
    """Around the head's joints; without them above the shoulders."""
    points = [seen[joint] for joint in _HEAD if joint in seen]
    shoulders = _middle(seen, *_TRUNK[:2])
    middle = np.mean(points, axis=0) if points else shoulders - [0.0, 0.4 * trunk]
    wide, high = 0.24 * trunk, 0.3 * trunk
    pen.ellipse((middle[0] - wide, middle[1] - high, middle[0] + wide, middle[1] + high), fill=1)


def _middle(seen: dict[int, tuple[float, float]], one: int, two: int) -> NDArray[np.float64]:
    middle: NDArray[np.float64] = (np.array(seen[one]) + np.array(seen[two])) / 2
    return middle
