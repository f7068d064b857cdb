"""Looking at a clip batch by batch: what streams by becomes numbers, and one still is kept.

The next batch is decoded while the models look at this one. Within a batch, frames and then people
are independent of one another, so several threads prepare pictures and ask the models: on a CPU each
thread runs one picture on one core (faster than several cores on one small model), on a GPU it asks
for as many pictures as there are and the device joins what the threads ask for.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from workers.inference.ahead import Ahead
from workers.inference.limits import ClipLimits
from workers.inference.marking import activity_of
from workers.inference.people import People, find_people_in
from workers.inference.poses import PersonInPicture, estimate_poses
from workers.inference.reading import ClipReader, FrameBatch
from workers.inference.registry import PERSON, POSE, Models
from workers.inference.results import Track, TrackSample
from workers.inference.scene import luma_of
from workers.inference.stage_times import StageTimes
from workers.inference.tracking import NO_TRACK, PeopleTracker, policy_for

Progress = Callable[[str, float], None]
Pose = NDArray[np.float64] | None
_Job = TypeVar("_Job")
_Done = TypeVar("_Done")

# A track of one sample in a longer clip is a flicker of the detector, not a person.
_MIN_SAMPLES = 2


@dataclass(frozen=True, eq=False)
class Still:
    """A frame that may become the poster, with what was found in it."""

    activity: float
    image: NDArray[np.uint8]
    people: People
    poses: list[Pose]


@dataclass(eq=False)
class Look:
    """What is known so far of a clip that streams by; lists hold one entry per looked-at frame."""

    samples: dict[int, list[TrackSample]] = field(default_factory=lambda: defaultdict(list))
    lumas: list[float] = field(default_factory=list)
    people_counts: list[int] = field(default_factory=list)
    activity: list[tuple[float, float]] = field(default_factory=list)
    still: Still | None = None
    count: int = 0
    """Samples kept so far, of all tracks together."""

    def finished_tracks(self) -> tuple[Track, ...]:
        """Tracks of people seen more than once, or at all where the clip is a single frame."""
        least = min(_MIN_SAMPLES, len(self.lumas))
        return tuple(
            Track(id=track, samples=tuple(samples))
            for track, samples in sorted(self.samples.items())
            if len(samples) >= least
        )

    def add_frame(
        self,
        seconds: float,
        image: NDArray[np.uint8],
        *,
        people: People,
        ids: Sequence[int],
        poses: list[Pose],
    ) -> None:
        """Take in one frame and what was found in it."""
        samples = [
            TrackSample(seconds=seconds, box=box, score=float(score), keypoints=pose)
            for box, score, pose in zip(people.boxes, people.scores, poses, strict=True)
        ]
        for track, sample in zip(ids, samples, strict=True):
            if track != NO_TRACK:
                self.samples[track].append(sample)
                self.count += 1
        height, width = image.shape[:2]
        activity = activity_of(samples, width=width, height=height)
        self.lumas.append(luma_of(image))
        self.people_counts.append(sum(track != NO_TRACK for track in ids))
        self.activity.append((seconds, activity))
        if self.still is None or activity > self.still.activity:
            self.still = Still(activity, image.copy(), people, poses)


def look_at(
    reader: ClipReader,
    *,
    limits: ClipLimits,
    models: Models,
    times: StageTimes,
    progress: Progress,
) -> Look:
    """Look at every sampled frame of a clip.

    Pictures in memory follow `limits.batch_frames`, three batches at most; what is known of people
    follows `limits.max_samples`, and when that is used up the rest of the clip is not looked at.
    """
    look, tracker = Look(), PeopleTracker(policy_for(reader.sampled_fps))
    expected = max(1.0, reader.probe.duration_seconds * reader.sampled_fps)
    with (
        ThreadPoolExecutor(models.device.threads, thread_name_prefix="look") as pool,
        Ahead(reader.batches) as batches,
    ):
        for batch in times.iterated("decode", batches):
            _look_at_batch(
                look, tracker, batch, limits=limits, models=models, times=times, pool=pool
            )
            progress("people", min(1.0, len(look.lumas) / expected))
            if look.count >= limits.max_samples:
                break
    return look


def _look_at_batch(
    look: Look,
    tracker: PeopleTracker,
    batch: FrameBatch,
    *,
    limits: ClipLimits,
    models: Models,
    times: StageTimes,
    pool: ThreadPoolExecutor,
) -> None:
    with times.measured("people"):
        people = _people(batch, models=models, pool=pool)
    with times.measured("tracks"):
        ids = [_followed(tracker, batch, k, people[k]) for k in range(len(people))]
    with times.measured("poses"):
        poses = _poses(batch, people, ids, limits=limits, models=models, pool=pool)
    with times.measured("signals"):
        for k, found in enumerate(people):
            look.add_frame(
                float(batch.times[k]), batch.images[k], people=found, ids=ids[k], poses=poses[k]
            )


def _people(batch: FrameBatch, *, models: Models, pool: ThreadPoolExecutor) -> list[People]:
    model = models.get(PERSON)

    def found(images: Sequence[NDArray[np.uint8]]) -> list[People]:
        return find_people_in(model, images)

    return _spread(found, list(batch.images), models, pool)


def _followed(tracker: PeopleTracker, batch: FrameBatch, k: int, people: People) -> list[int]:
    height, width = batch.images.shape[1:3]
    pixels = people.boxes * np.array([width, height, width, height])
    return tracker.update(float(batch.times[k]), pixels, people.scores)


def _poses(
    batch: FrameBatch,
    people: list[People],
    ids: list[list[int]],
    *,
    limits: ClipLimits,
    models: Models,
    pool: ThreadPoolExecutor,
) -> list[list[Pose]]:
    """For each frame a pose for its largest people on a track and None for the rest, in their order."""
    wanted = [
        (k, person)
        for k, found in enumerate(people)
        for person in _largest(found, ids[k], limits.people_posed)
    ]
    model = models.get(POSE)

    def posed(people_in_pictures: Sequence[PersonInPicture]) -> list[NDArray[np.float64]]:
        return estimate_poses(model, people_in_pictures)

    jobs = [(batch.images[k], people[k].boxes[person]) for k, person in wanted]
    poses: list[list[Pose]] = [[None] * len(found) for found in people]
    for (k, person), pose in zip(wanted, _spread(posed, jobs, models, pool), strict=True):
        poses[k][person] = pose
    return poses


def _spread(
    work: Callable[[Sequence[_Job]], list[_Done]],
    jobs: Sequence[_Job],
    models: Models,
    pool: ThreadPoolExecutor,
) -> list[_Done]:
    """The work on all jobs, in their order, in groups that keep every thread and run busy."""
    per_thread = -(-len(jobs) // models.device.threads)
    size = max(1, min(models.device.pictures_at_once, per_thread))
    groups = [jobs[start : start + size] for start in range(0, len(jobs), size)]
    return [done for group in pool.map(work, groups) for done in group]


def _largest(people: People, ids: Sequence[int], count: int) -> list[int]:
    sides = people.boxes[:, 2:] - people.boxes[:, :2]
    by_size = np.argsort(-sides[:, 0] * sides[:, 1], kind="stable")
    return [int(k) for k in by_size if ids[k] != NO_TRACK][:count]
