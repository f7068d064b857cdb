"""One look at one clip: people, tracks, poses, signals, scene, poster.

Frames stream through in small batches; what is kept is numbers, and the one frame that becomes
the poster.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workers.inference import registry
from workers.inference.limits import ClipLimits
from workers.inference.marking import activity_of, marked_span
from workers.inference.people import People, find_people
from workers.inference.poses import estimate_pose
from workers.inference.poster import poster_jpeg
from workers.inference.probe import probe_clip
from workers.inference.reading import ClipReader, FrameBatch, open_clip
from workers.inference.registry import Models, process_models
from workers.inference.results import ClipAnalysis, ModelUse, Track, TrackSample
from workers.inference.scene import crowding_of, lighting_of, luma_of
from workers.inference.signals import signals_of
from workers.inference.stage_times import StageTimes
from workers.inference.tracking import NO_TRACK, PeopleTracker

Progress = Callable[[str, float], None]

# A track of one sample in a longer clip is a flicker of the detector, not a person.
_MIN_SAMPLES = 2


def ignore_progress(stage: str, fraction: float) -> None:
    """The progress callback of a caller that shows none."""


def analyse_clip(
    path: Path,
    *,
    limits: ClipLimits,
    progress: Progress = ignore_progress,
    models: Models | None = None,
) -> ClipAnalysis:
    """Everything this version can see in a clip.

    `progress` is called with a stage ("probe", "people", "signals", "poster") and the share of it
    that is done, often enough for a heartbeat. Safe to call from several threads.
    Raises ClipRefused when the clip cannot be analysed, ModelRefused when a model is not the
    registered one.
    """
    models = models or process_models()
    timings = StageTimes()
    with timings.measured("total"):
        progress("probe", 0.0)
        with timings.measured("models"):
            _load(models)
        with timings.measured("probe"):
            probe = probe_clip(path, limits=limits)
        progress("probe", 1.0)
        reader = open_clip(path, limits=limits, probe=probe)
        look = _look_at(reader, limits=limits, models=models, timings=timings, progress=progress)
        width, height = probe.shown_size
        with timings.measured("signals"):
            tracks = look.finished_tracks()
            signals = signals_of(
                tracks, width=width, height=height, duration_seconds=probe.duration_seconds
            )
        progress("signals", 1.0)
        with timings.measured("poster"):
            poster = _poster(look, models)
        progress("poster", 1.0)
    return ClipAnalysis(
        width=width,
        height=height,
        fps=probe.fps,
        duration_seconds=probe.duration_seconds,
        sampled_fps=reader.sampled_fps,
        decoder=reader.decoder.value,
        complete=probe.complete,
        tracks=tracks,
        signals=signals,
        lighting=lighting_of(look.lumas),
        crowding=crowding_of(look.people_counts),
        marked_span=marked_span(look.activity, duration_seconds=probe.duration_seconds),
        models=_used(models),
        timings_ms=timings.milliseconds(),
        poster_jpeg=poster,
    )


@dataclass(frozen=True, eq=False)
class _Still:
    """The frame that may become the poster, with what was found in it."""

    activity: float
    image: NDArray[np.uint8]
    people: People
    poses: list[NDArray[np.float64] | None]


@dataclass(eq=False)
class _Look:
    """What is known so far of a clip that streams by."""

    samples: dict[int, list[TrackSample]] = field(default_factory=lambda: defaultdict(list))
    lumas: list[float] = field(default_factory=list)
    people_counts: list[int] = field(default_factory=list)
    activity: list[tuple[float, float]] = field(default_factory=list)
    still: _Still | None = None

    def finished_tracks(self) -> tuple[Track, ...]:
        """Tracks of people seen more than once, or at all where the clip is a single frame."""
        least = min(_MIN_SAMPLES, len(self.lumas))
        return tuple(
            Track(id=track, samples=tuple(samples))
            for track, samples in sorted(self.samples.items())
            if len(samples) >= least
        )


def _look_at(
    reader: ClipReader,
    *,
    limits: ClipLimits,
    models: Models,
    timings: StageTimes,
    progress: Progress,
) -> _Look:
    look, tracker = _Look(), PeopleTracker()
    expected = max(1.0, reader.probe.duration_seconds * reader.sampled_fps)
    for batch in timings.iterated("decode", reader.batches()):
        for seconds, image in _frames(batch):
            _look_at_frame(
                look, tracker, seconds, image, limits=limits, models=models, timings=timings
            )
        progress("people", min(1.0, len(look.lumas) / expected))
    progress("people", 1.0)
    return look


def _look_at_frame(
    look: _Look,
    tracker: PeopleTracker,
    seconds: float,
    image: NDArray[np.uint8],
    *,
    limits: ClipLimits,
    models: Models,
    timings: StageTimes,
) -> None:
    height, width = image.shape[:2]
    with timings.measured("people"):
        people = find_people(models.get(registry.PERSON), image)
    with timings.measured("tracks"):
        ids = tracker.update(seconds, people.boxes * (width, height, width, height), people.scores)
    with timings.measured("poses"):
        poses = _poses(image, people, limits=limits, models=models)
    samples = [
        TrackSample(seconds=seconds, box=box, score=float(score), keypoints=pose)
        for box, score, pose in zip(people.boxes, people.scores, poses, strict=True)
    ]
    for track, sample in zip(ids, samples, strict=True):
        if track != NO_TRACK:
            look.samples[track].append(sample)
    activity = activity_of(samples, width=width, height=height)
    look.lumas.append(luma_of(image))
    look.people_counts.append(sum(track != NO_TRACK for track in ids))
    look.activity.append((seconds, activity))
    if look.still is None or activity > look.still.activity:
        look.still = _Still(activity, image.copy(), people, poses)


def _poses(
    image: NDArray[np.uint8], people: People, *, limits: ClipLimits, models: Models
) -> list[NDArray[np.float64] | None]:
    """A pose for the largest people, None for the rest, in the detections' order."""
    sides = people.boxes[:, 2:] - people.boxes[:, :2]
    largest = set(np.argsort(-sides[:, 0] * sides[:, 1], kind="stable")[: limits.people_posed])
    model = models.get(registry.POSE)
    return [
        estimate_pose(model, image, box) if k in largest else None
        for k, box in enumerate(people.boxes)
    ]


def _poster(look: _Look, models: Models) -> bytes:
    if look.still is None:
        raise AssertionError("a reader yields at least one frame or refuses")
    return poster_jpeg(
        look.still.image,
        face_model=models.get(registry.FACE),
        people=look.still.people,
        poses=look.still.poses,
    )


def _frames(batch: FrameBatch) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    for k in range(len(batch.times)):
        yield float(batch.times[k]), batch.images[k]


_USED = (registry.PERSON, registry.POSE, registry.FACE)


def _load(models: Models) -> None:
    for model_id in _USED:
        models.get(model_id)


def _used(models: Models) -> tuple[ModelUse, ...]:
    loaded = [models.get(model_id) for model_id in _USED]
    return tuple(
        ModelUse(model.entry.id, model.entry.version, model.entry.sha256, model.provider)
        for model in loaded
    )
