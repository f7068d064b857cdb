"""One person looked for again, in frames of a clip in which something was hidden."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from workers.inference.boxes import iou_matrix
from workers.inference.people import find_people
from workers.inference.poses import estimate_pose
from workers.inference.reading import FrameBatch
from workers.inference.registry import PERSON, POSE, Models
from workers.inference.results import Track, TrackSample

# A box that overlaps less with where the person was is another person, or a thing.
LEAST_OVERLAP = 0.4


def seen_again(frames: FrameBatch, track: Track, *, models: Models) -> Track | None:
    """The track as the person and the pose model see it in `frames`, at the track's own times; moments in which
    the person is not found are missing. None when the person is not found at all.
    """
    at = {round(sample.seconds, 2): sample for sample in track.samples}

    def look(k: int) -> TrackSample | None:
        sample = at.get(round(float(frames.times[k]), 2))
        return None if sample is None else _again(frames.images[k], sample, models=models)

    with ThreadPoolExecutor(models.device.threads, thread_name_prefix="again") as pool:
        found = [sample for sample in pool.map(look, range(len(frames.times))) if sample]
    return replace(track, samples=tuple(found)) if found else None


def _again(image: NDArray[np.uint8], sample: TrackSample, *, models: Models) -> TrackSample | None:
    people = find_people(models.get(PERSON), image)
    if not len(people):
        return None
    overlap = iou_matrix(sample.box[None], people.boxes)[0]
    best = int(np.argmax(overlap))
    if overlap[best] < LEAST_OVERLAP:
        return None
    box = people.boxes[best]
    return TrackSample(
        seconds=sample.seconds,
        box=box,
        score=float(people.scores[best]),
        keypoints=estimate_pose(models.get(POSE), image, box),
    )
