"""Where a person's head is, from the joints of the pose, or from the box where the pose is not sure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.inference.people import People
from workers.inference.poses import Joint
from workers.inference.poster import head_regions
from workers.inference.results import TrackSample

_HEAD = (Joint.NOSE, Joint.LEFT_EYE, Joint.RIGHT_EYE, Joint.LEFT_EAR, Joint.RIGHT_EAR)
_SHOULDERS = (Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER)
_SURE = 0.3
_ENOUGH = 3

# Shares of a head's height, chosen on the frames marked "tuned" in tests/bench/data/face_boxes.json.
_OF_SHOULDERS = 0.4
_OF_NECK = 0.6
_MARGIN = np.array([0.8, 0.9])


@dataclass(frozen=True, eq=False)
class HeadRegion:
    """What to blur of a person in one frame: `box` [4] in 0..1 (it may reach outside); `sure` when joints say so."""

    box: NDArray[np.float64]
    sure: bool


def head_region(sample: TrackSample, *, width: int, height: int) -> HeadRegion:
    """The head in one frame of `width` x `height` pixels.

    With three sure joints of the head: around them, by the size that the joints, the shoulders and their distance to the
    head speak for, so that hands and trunk stay visible. Otherwise the top of the person's box as well.
    """
    pixels = np.array([width, height], dtype=np.float64)
    if sample.keypoints is not None:
        head = sample.keypoints[list(_HEAD)]
        head = head[head[:, 2] >= _SURE, :2] * pixels
        if len(head) >= _ENOUGH:
            low, high = head.min(axis=0), head.max(axis=0)
            margin = _MARGIN * _head_size(head, sample.keypoints, pixels)
            box = np.concatenate([(low - margin) / pixels, (high + margin) / pixels])
            return HeadRegion(box=box, sure=True)
    people = People(boxes=sample.box[None], scores=np.array([sample.score]))
    regions = head_regions(people, [sample.keypoints])
    box = np.concatenate([regions[:, :2].min(axis=0), regions[:, 2:].max(axis=0)])
    return HeadRegion(box=box, sure=False)


def _head_size(
    head: NDArray[np.float64], pose: NDArray[np.float64], pixels: NDArray[np.float64]
) -> float:
    """The height of the head in pixels: the largest of what its joints and sure shoulders say."""
    sizes = list(np.ptp(head, axis=0))
    shoulders = pose[list(_SHOULDERS)]
    if np.all(shoulders[:, 2] >= _SURE):
        places = shoulders[:, :2] * pixels
        sizes.append(_OF_SHOULDERS * np.linalg.norm(places[0] - places[1]))
        sizes.append(_OF_NECK * np.linalg.norm(head.mean(axis=0) - places.mean(axis=0)))
    return float(max(sizes))
