"""The reference detector asked again: changed frames in, score out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from workers.inference.behaviour.model import behaviour_model
from workers.inference.boxes import iou_matrix
from workers.inference.limits import ClipLimits
from workers.inference.people import People, find_people
from workers.inference.poses import estimate_pose
from workers.inference.reading import FrameBatch
from workers.inference.registry import PERSON, POSE, Models
from workers.inference.results import REFERENCE_DETECTOR, Track, TrackSample
from workers.inference.scoring import NothingToScore

# A stored sample is of a given frame when it lies nearer than half a step at five frames a second.
_SAME_MOMENT_SECONDS = 0.11
_SAME_PERSON_IOU = 0.3


@dataclass(frozen=True, kw_only=True)
class ReferenceScorer:
    """Looks for people and poses anew in the frames given; between them the poses of `tracks` stand."""

    models: Models
    tracks: Sequence[Track]
    width: int
    height: int
    limits: ClipLimits

    @property
    def name(self) -> str:
        return f"{REFERENCE_DETECTOR} {behaviour_model(self.models).version}"

    def score(self, frames: FrameBatch) -> float:
        """The clip's score with the poses that these frames give. Raises NothingToScore without one."""
        reading = behaviour_model(self.models).read(
            self.tracks_of(frames), width=self.width, height=self.height
        )
        if reading.score is None:
            raise NothingToScore(reading.why)
        return reading.score

    def tracks_of(self, frames: FrameBatch) -> tuple[Track, ...]:
        """The tracks as they are when these frames are looked at instead of the stored ones.

        A person who is no longer found in a frame has no sample there; a track without any is gone.
        """
        samples = {track.id: list(track.samples) for track in self.tracks}
        for seconds, image in zip(frames.times, frames.images, strict=True):
            self._splice(samples, float(seconds), image)
        return tuple(
            Track(id=track, samples=tuple(left)) for track, left in samples.items() if left
        )

    def _splice(
        self, samples: dict[int, list[TrackSample]], seconds: float, image: NDArray[np.uint8]
    ) -> None:
        people = find_people(self.models.get(PERSON), image)
        asked = {track: _nearest(own, seconds) for track, own in samples.items()}
        known = {track: k for track, k in asked.items() if k is not None}
        taken: set[int] = set()
        for track, k in known.items():
            before = samples[track][k]
            found = _same_person(people, before, taken)
            if found is not None:
                taken.add(found)
                samples[track][k] = self._looked_at(before, people, found, image)
        for track, k in known.items():
            if _is_gone(people, samples[track][k]):
                del samples[track][k]

    def _looked_at(
        self, before: TrackSample, people: People, k: int, image: NDArray[np.uint8]
    ) -> TrackSample:
        if before.keypoints is None:
            return before
        pose = estimate_pose(self.models.get(POSE), image, people.boxes[k])
        box, score = people.boxes[k], float(people.scores[k])
        return replace(before, box=box, score=score, keypoints=pose)


def _nearest(samples: Sequence[TrackSample], seconds: float) -> int | None:
    """The sample of this moment, or None."""
    if not samples:
        return None
    gaps = np.abs(np.array([sample.seconds for sample in samples]) - seconds)
    k = int(np.argmin(gaps))
    return k if gaps[k] <= _SAME_MOMENT_SECONDS else None


def _same_person(people: People, sample: TrackSample, taken: set[int]) -> int | None:
    """The detection that overlaps the sample's box most, if it overlaps enough and is free."""
    if not len(people):
        return None
    overlap = iou_matrix(sample.box[None], people.boxes)[0]
    overlap[list(taken)] = 0.0
    k = int(np.argmax(overlap))
    return k if overlap[k] >= _SAME_PERSON_IOU else None


def _is_gone(people: People, sample: TrackSample) -> bool:
    """Whether nobody stands where the sample is: neither its own detection nor another's."""
    return not len(people) or not bool(
        np.any(iou_matrix(sample.box[None], people.boxes)[0] >= _SAME_PERSON_IOU)
    )
