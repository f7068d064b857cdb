"""People in frames."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.inference.boxes import non_maximum_suppression
from workers.inference.imaging import resized
from workers.inference.registry import Model

_PERSON_COLUMN = 0

MIN_SCORE = 0.2
"""Below this a detection is noise; the tracker starts a track only from a much higher one.

At 0.3 a person in dark clothes, standing in the middle of the picture, was lost for twelve seconds.
"""

MAX_IOU = 0.55
MAX_CANDIDATES = 200


@dataclass(frozen=True)
class People:
    """Detections of one frame, best first: `boxes` [n, 4] (x0, y0, x1, y1) in 0..1, `scores` [n]."""

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.boxes.shape != (len(self.scores), 4):
            raise ValueError("one box [4] per score")

    def __len__(self) -> int:
        return len(self.scores)


def find_people(model: Model, image: NDArray[np.uint8]) -> People:
    """The people that the model sees in an RGB picture [H, W, 3]."""
    return find_people_in(model, [image])[0]


def find_people_in(model: Model, images: Sequence[NDArray[np.uint8]]) -> list[People]:
    """The people in each of several RGB pictures [H, W, 3], from one run of the model."""
    boxes, scores = model.run(person_input(images, side=model.entry.input_shape[1]))
    return [
        people_from(boxes[k, :, 0, :], scores[k, :, _PERSON_COLUMN]) for k in range(len(images))
    ]


def person_input(images: Sequence[NDArray[np.uint8]], *, side: int) -> NDArray[np.float32]:
    """What a person model takes: the pictures as [n, side, side, 3] in -1..1."""
    small = np.stack([resized(image, width=side, height=side) for image in images])
    scaled = small.astype(np.float32)
    scaled *= np.float32(2.0 / 255.0)
    scaled -= np.float32(1.0)
    return scaled


def people_from(boxes_yx: NDArray[np.floating], scores: NDArray[np.floating]) -> People:
    """Detections from the model's rows: boxes [m, 4] as (y0, x0, y1, x1), person scores [m]."""
    likely = np.flatnonzero(scores >= MIN_SCORE)
    likely = likely[np.argsort(-scores[likely], kind="stable")][:MAX_CANDIDATES]
    boxes = np.clip(boxes_yx[likely][:, [1, 0, 3, 2]].astype(np.float64), 0.0, 1.0)
    has_area = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    boxes, kept_scores = boxes[has_area], scores[likely][has_area].astype(np.float64)
    kept = non_maximum_suppression(boxes, kept_scores, max_iou=MAX_IOU)
    return People(boxes=boxes[kept], scores=kept_scores[kept])
