"""Looking at a clip batch by batch: what streams by becomes numbers, and one still is kept.

The next batches are decoded and looked at while this one is taken in. Within a batch, frames and then
people are independent of one another, so several threads prepare pictures and ask the models: on a CPU each
thread runs one picture on one core (faster than several cores on one small model), on a GPU it asks
for as many pictures as there are and the device joins what the threads ask for.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

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
_Item = TypeVar("_Item")
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

    Pictures in memory follow `limits.batch_frames`, five batches at most; what is known of people
    follows `limits.max_samples`, and when that is used up the rest of the clip is not looked at.
    """
    look = Look()
    expected = max(1.0, reader.probe.duration_seconds * reader.sampled_fps)
    with (
        ThreadPoolExecutor(models.device.threads, thread_name_prefix="look") as pool,
        Ahead(reader.batches) as batches,
    ):
        work = _Work(limits=limits, models=models, times=times, pool=pool)
        tracker = PeopleTracker(policy_for(reader.sampled_fps))
        found = one_ahead(work.people_in(times.iterated("decode", batches)))
        for batch in one_ahead(work.poses_in(found, tracker)):
            work.take_in(look, batch)
            progress("people", min(1.0, len(look.lumas) / expected))
            if look.count >= limits.max_samples:
                pool.shutdown(wait=False, cancel_futures=True)
                break
    return look


def one_ahead(items: Iterable[_Item]) -> Iterator[_Item]:
    """The same items, each after the next one was begun."""
    iterator = iter(items)
    for held in iterator:
        for following in iterator:
            yield held
            held = following
        yield held


@dataclass(frozen=True, eq=False)
class _Found:
    """A batch in which people are being looked for."""

    batch: FrameBatch
    people: "_Spread[People]"


@dataclass(frozen=True, eq=False)
class _Posed:
    """A batch whose people are known and whose poses are under way; `wanted` says whose: (frame, person)."""

    batch: FrameBatch
    people: list[People]
    ids: list[list[int]]
    wanted: list[tuple[int, int]]
    poses: "_Spread[NDArray[np.float64]]"


@dataclass(frozen=True, kw_only=True, eq=False)
class _Work:
    """The stages of an assembly line: people of one batch, poses of the one before, taking in the one before that.

    No thread waits for another stage's turn; tracks and what is taken in keep the order of the frames.
    """

    limits: ClipLimits
    models: Models
    times: StageTimes
    pool: ThreadPoolExecutor

    def people_in(self, batches: Iterable[FrameBatch]) -> Iterator[_Found]:
        model = self.models.get(PERSON)

        def found(images: Sequence[NDArray[np.uint8]]) -> list[People]:
            return find_people_in(model, images)

        for batch in batches:
            yield _Found(batch, self._spread(found, list(batch.images)))

    def poses_in(self, finding: Iterable[_Found], tracker: PeopleTracker) -> Iterator[_Posed]:
        """For each frame its largest people on a track are posed."""
        model = self.models.get(POSE)

        def posed(people_in_pictures: Sequence[PersonInPicture]) -> list[NDArray[np.float64]]:
            return estimate_poses(model, people_in_pictures)

        for found in finding:
            batch = found.batch
            with self.times.measured("people"):
                people = found.people.done()
            with self.times.measured("tracks"):
                ids = [_followed(tracker, batch, k, people[k]) for k in range(len(people))]
            wanted = [
                (k, person)
                for k, of_frame in enumerate(people)
                for person in _largest(of_frame, ids[k], self.limits.people_posed)
            ]
            jobs = [(batch.images[k], people[k].boxes[person]) for k, person in wanted]
            yield _Posed(batch, people, ids, wanted, self._spread(posed, jobs))

    def take_in(self, look: Look, seen: _Posed) -> None:
        """Add what was found in a batch; None stands for the pose of whoever was not posed."""
        poses: list[list[Pose]] = [[None] * len(found) for found in seen.people]
        with self.times.measured("poses"):
            for (k, person), pose in zip(seen.wanted, seen.poses.done(), strict=True):
                poses[k][person] = pose
        with self.times.measured("signals"):
            for k, found in enumerate(seen.people):
                look.add_frame(
                    float(seen.batch.times[k]),
                    seen.batch.images[k],
                    people=found,
                    ids=seen.ids[k],
                    poses=poses[k],
                )

    def _spread(
        self, work: Callable[[Sequence[_Job]], list[_Done]], jobs: Sequence[_Job]
    ) -> "_Spread[_Done]":
        """The work on all jobs, in their order, in groups that keep every thread and run busy."""
        per_thread = -(-len(jobs) // self.models.device.threads)
        size = max(1, min(self.models.device.pictures_at_once, per_thread))
        groups = [jobs[start : start + size] for start in range(0, len(jobs), size)]
        return _Spread([self.pool.submit(work, group) for group in groups])


@dataclass(frozen=True, eq=False)
class _Spread(Generic[_Done]):
    """Work that is under way in several threads."""

    futures: list[Future[list[_Done]]]

    def done(self) -> list[_Done]:
        """Wait for all of it; raises what the first group that failed raised."""
        return [one for future in self.futures for one in future.result()]


def _followed(tracker: PeopleTracker, batch: FrameBatch, k: int, people: People) -> list[int]:
    height, width = batch.images.shape[1:3]
    pixels = people.boxes * np.array([width, height, width, height])
    return tracker.update(float(batch.times[k]), pixels, people.scores)


def _largest(people: People, ids: Sequence[int], count: int) -> list[int]:
    sides = people.boxes[:, 2:] - people.boxes[:, :2]
    by_size = np.argsort(-sides[:, 0] * sides[:, 1], kind="stable")
    return [int(k) for k in by_size if ids[k] != NO_TRACK][:count]
