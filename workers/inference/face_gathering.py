"""The faces of a clip's people that show enough to be compared: a few moments of each, looked at once more.

Everything found here lives in memory. What is done with it, and whether this is called at all, is decided by who
calls it: the legal gate comes first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workers.inference.face_alignment import aligned_chip
from workers.inference.face_embedding import DIMENSIONS, embed_faces, template_of
from workers.inference.face_quality import COMPARE_FROM, FaceQuality, quality_of
from workers.inference.faces import Faces, find_marked_faces
from workers.inference.imaging import square_crop
from workers.inference.limits import ClipLimits
from workers.inference.reading import frames_at
from workers.inference.registry import FACE, FACE_EMBEDDING, Models
from workers.inference.results import Track, TrackSample

MOMENTS = 3
"""So many moments of each person are looked at."""

MOST_PEOPLE = 40
"""More people than this are not looked at: those with the largest heads come first."""

MIN_SCORE = 0.5
"""Below this it may be no face; for blurring it counts, for comparing it does not."""

_APART_SECONDS = 0.4
_FRAMES_AT_ONCE = 24
_CROP = 192
_CROP_OF_HEIGHT = 0.5
_LEAST_SIDE = 48.0
_SIDE = 1920
_ROUNDED = 0.0006
_NOSE_AND_EYES = slice(0, 3)
_HEAD_AT = 0.13


@dataclass(frozen=True, eq=False, kw_only=True)
class SeenFace:
    """One face in one picture: where, how good, and its chip [150, 150, 3]. `around` is the picture of the head."""

    box: NDArray[np.float64]
    quality: FaceQuality
    chip: NDArray[np.uint8]
    around: NDArray[np.uint8]


@dataclass(frozen=True, eq=False, kw_only=True)
class TrackFace:
    """The face of one track: its embedding [128] over `moments` moments, and the best of them."""

    track: int
    seconds: float
    quality: float
    moments: int
    embedding: NDArray[np.float32]
    around: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.embedding.shape != (DIMENSIONS,) or not np.isfinite(self.embedding).all():
            raise ValueError("an embedding is 128 finite numbers")


@dataclass(frozen=True, eq=False)
class _Moment:
    track: int
    sample: TrackSample
    size: float


def faces_of_tracks(
    path: Path, tracks: Sequence[Track], *, limits: ClipLimits, models: Models
) -> list[TrackFace]:
    """The faces of these tracks that are good enough to be compared, at most one for each track.

    Memory follows `_FRAMES_AT_ONCE` frames, not the clip. Raises ClipRefused, ModelRefused, OSError.
    """
    seen: dict[int, list[tuple[float, SeenFace]]] = {}
    for moment, image in _looked_at(path, moments_of(tracks), limits=limits, models=models):
        for face in _face_of(image, moment, models=models):
            seen.setdefault(moment.track, []).append((moment.sample.seconds, face))
    return [_joined(track, found, models=models) for track, found in sorted(seen.items())]


def moments_of(tracks: Sequence[Track]) -> list[_Moment]:
    """The moments of each person that promise most: a large head whose nose and eyes are seen."""
    best = [_best_moments(track) for track in tracks]
    best.sort(key=lambda moments: -moments[0].size)
    return sorted(
        (one for moments in best[:MOST_PEOPLE] for one in moments),
        key=lambda one: one.sample.seconds,
    )


def faces_in(image: NDArray[np.uint8], *, models: Models) -> list[SeenFace]:
    """Every face of a picture with its quality, most certain first. Faces without landmarks are left out."""
    (faces,) = find_marked_faces(models.get(FACE), [image])
    return [_seen(image, faces.boxes[k], faces.marks[k]) for k in _certain(faces)]


def _best_moments(track: Track) -> list[_Moment]:
    ranked = sorted(
        (_Moment(track.id, sample, _promise(sample)) for sample in track.samples),
        key=lambda one: -one.size,
    )
    chosen: list[_Moment] = []
    for one in ranked:
        apart = all(
            abs(one.sample.seconds - other.sample.seconds) >= _APART_SECONDS for other in chosen
        )
        if apart and len(chosen) < MOMENTS:
            chosen.append(one)
    return chosen


def _promise(sample: TrackSample) -> float:
    """Height of the person, less where nose and eyes are not seen; 0..1."""
    height = float(sample.box[3] - sample.box[1])
    if sample.keypoints is None:
        return 0.3 * height
    return height * float(np.clip(sample.keypoints[_NOSE_AND_EYES, 2], 0, 1).min())


def _looked_at(
    path: Path, moments: Sequence[_Moment], *, limits: ClipLimits, models: Models
) -> Iterator[tuple[_Moment, NDArray[np.uint8]]]:
    """Each moment with its frame, at a higher resolution than the analysis saw."""
    closer = replace(limits, analysis_side=_SIDE, frames_held=_FRAMES_AT_ONCE)
    for start in range(0, len(moments), _FRAMES_AT_ONCE):
        part = moments[start : start + _FRAMES_AT_ONCE]
        # A stored time is rounded; a hair earlier, the first frame at or after it is the one that was seen.
        times = [max(0.0, one.sample.seconds - _ROUNDED) for one in part]
        batch = frames_at(path, times=times, limits=closer, device=models.device)
        for one, time in zip(part, times, strict=True):
            place = int(np.searchsorted(batch.times, time))
            if place < len(batch.times):
                yield one, batch.images[place]


def _face_of(image: NDArray[np.uint8], moment: _Moment, *, models: Models) -> Iterator[SeenFace]:
    """The face of this person in the frame, if it is good enough; looked for where the head is."""
    height, width = image.shape[:2]
    centre, side = _head(moment.sample, width=width, height=height)
    crop = square_crop(image, centre=centre, side=side, size=_CROP)
    (faces,) = find_marked_faces(models.get(FACE), [crop])
    certain = _certain(faces)
    if not certain:
        return
    middles = (faces.boxes[certain, :2] + faces.boxes[certain, 2:]) / 2
    nearest = certain[int(np.abs(middles - _CROP / 2).sum(axis=1).argmin())]
    corner, scale = np.array(centre) - side / 2, side / _CROP
    face = _seen(
        image,
        np.tile(corner, 2) + faces.boxes[nearest] * scale,
        corner + faces.marks[nearest] * scale,
    )
    if face.quality.value >= COMPARE_FROM:
        yield face


def _head(sample: TrackSample, *, width: int, height: int) -> tuple[tuple[float, float], float]:
    """Where to look for the face: a square's centre and side in pixels."""
    x0, y0, x1, y1 = sample.box * np.array([width, height, width, height])
    side = max(_LEAST_SIDE, _CROP_OF_HEIGHT * (y1 - y0))
    if sample.keypoints is not None:
        joints = sample.keypoints[_NOSE_AND_EYES]
        if joints[:, 2].min() >= 0.2:
            return (float(joints[:, 0].mean() * width), float(joints[:, 1].mean() * height)), side
    return (float((x0 + x1) / 2), float(y0 + _HEAD_AT * (y1 - y0))), side


def _certain(faces: Faces) -> list[int]:
    marked = np.isfinite(faces.marks).all(axis=(1, 2))
    return [int(k) for k in np.flatnonzero((faces.scores >= MIN_SCORE) & marked)]


def _seen(
    image: NDArray[np.uint8], box: NDArray[np.float64], marks: NDArray[np.float64]
) -> SeenFace:
    chip = aligned_chip(image, marks)
    middle, side = (box[:2] + box[2:]) / 2, float(2 * (box[3] - box[1]))
    return SeenFace(
        box=box,
        quality=quality_of(chip, marks=marks, box=box),
        chip=chip,
        around=square_crop(
            image,
            centre=(float(middle[0]), float(middle[1])),
            side=side,
            size=max(32, min(320, round(side))),
        ),
    )


def _joined(track: int, found: list[tuple[float, SeenFace]], *, models: Models) -> TrackFace:
    embeddings = embed_faces(models.get(FACE_EMBEDDING), [face.chip for _, face in found])
    seconds, best = max(found, key=lambda one: one[1].quality.value)
    return TrackFace(
        track=track,
        seconds=seconds,
        quality=best.quality.value,
        moments=len(found),
        embedding=template_of(embeddings),
        around=best.around,
    )
