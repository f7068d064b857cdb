"""The still that lists show: one frame, every face made unrecognisable, no metadata."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workers.inference.faces import find_faces
from workers.inference.imaging import fitted_size, resized
from workers.inference.people import People
from workers.inference.poses import Joint
from workers.inference.registry import Model

LONGEST_SIDE = 960
_QUALITY = 82
_HEAD_JOINTS = (Joint.NOSE, Joint.LEFT_EYE, Joint.RIGHT_EYE, Joint.LEFT_EAR, Joint.RIGHT_EAR)
_MIN_CONFIDENCE = 0.2
_FACE_MARGIN = 0.35
_BLOCKS = 4
_AT_THE_EDGE = 0.98
_BENT_RATIO = 0.8


def poster_jpeg(
    image: NDArray[np.uint8],
    *,
    face_model: Model,
    people: People,
    poses: list[NDArray[np.float64] | None],
) -> bytes:
    """The frame as a JPEG of at most `LONGEST_SIDE` pixels with heads and faces blurred.

    A face that the face model misses (turned away, small, dark) is still covered: the head region
    of every detected person is blurred as well.
    """
    size = fitted_size(image.shape[1], image.shape[0], longest_side=LONGEST_SIDE)
    picture = resized(image, width=size[0], height=size[1])
    regions = np.concatenate(
        [widened(find_faces(face_model, picture)), head_regions(people, poses)]
    )
    blurred = with_regions_blurred(picture, regions)
    buffer = io.BytesIO()
    Image.fromarray(blurred).save(buffer, format="JPEG", quality=_QUALITY, optimize=True)
    return buffer.getvalue()


def head_regions(people: People, poses: list[NDArray[np.float64] | None]) -> NDArray[np.float64]:
    """Where each detected person's head is, [n, 4] in 0..1: by joints if seen, and by the box."""
    regions = []
    for box, pose in zip(people.boxes, poses, strict=True):
        regions.append(_top_of_box(box))
        if pose is not None:
            joints = pose[list(_HEAD_JOINTS)]
            joints = joints[joints[:, 2] >= _MIN_CONFIDENCE]
            if len(joints):
                regions.append(_around_joints(joints, box))
    return np.clip(np.array(regions).reshape(-1, 4), 0.0, 1.0)


def with_regions_blurred(
    image: NDArray[np.uint8], regions: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """A copy in which each region keeps at most `_BLOCKS` × `_BLOCKS` colours, smoothly joined."""
    result = image.copy()
    height, width = image.shape[:2]
    for region in regions:
        x0, y0 = int(region[0] * width), int(region[1] * height)
        x1, y1 = int(np.ceil(region[2] * width)), int(np.ceil(region[3] * height))
        if x1 - x0 < 2 or y1 - y0 < 2:
            continue
        part = Image.fromarray(result[y0:y1, x0:x1])
        coarse = part.resize((_BLOCKS, _BLOCKS), Image.Resampling.BOX)
        result[y0:y1, x0:x1] = np.asarray(coarse.resize(part.size, Image.Resampling.BILINEAR))
    return result


def widened(faces: NDArray[np.float64]) -> NDArray[np.float64]:
    """Face boxes [n, 4] in 0..1 with a margin on every side: the model's end at brow and chin."""
    margin = (faces[:, 2:] - faces[:, :2]) * _FACE_MARGIN
    wider: NDArray[np.float64] = np.concatenate([faces[:, :2] - margin, faces[:, 2:] + margin], 1)
    return wider.clip(0.0, 1.0)


def _top_of_box(box: NDArray[np.float64]) -> NDArray[np.float64]:
    """The upper fifth of a standing person; more where the box is cut off or the person bends."""
    x0, y0, x1, y1 = box
    height = y1 - y0
    is_cut_or_bent = y1 > _AT_THE_EDGE or (x1 - x0) > _BENT_RATIO * height
    share = 0.45 if is_cut_or_bent else 0.2
    return np.array([x0, y0 - 0.04 * height, x1, y0 + share * height])


def _around_joints(joints: NDArray[np.float64], box: NDArray[np.float64]) -> NDArray[np.float64]:
    """A box around the head's joints with a margin taken from the person's size."""
    low, high = joints[:, :2].min(axis=0), joints[:, :2].max(axis=0)
    person = np.array([0.3 * (box[2] - box[0]), 0.1 * (box[3] - box[1])])
    margin = np.maximum(person, 0.4 * (high - low))
    return np.concatenate([low - margin, high + margin])
