"""Pose data sets for training and measurement, read from one documented file format.

An `.npz` (arrays only, nothing pickled) of C clips and P poses:

| array | shape | what |
|---|---|---|
| `clip_name`, `clip_split` | [C] text | a clip's name and its part of the data set ("Train", "Test") |
| `clip_camera` (optional) | [C] text | its camera; without it, the name up to the first `_` |
| `clip`, `frame`, `person` | [P] whole | clip index, frame number, person number of a pose |
| `box_xyxy`, `keypoints_xyc` | [P, 4], [P, 17, 3] | pixels; keypoints in COCO order with confidence |
| `gt_clip`, `gt_len`, `gt` | [G], [G], [sum of gt_len] | per labelled clip 0/1 of every frame, one after the other |
| `fps` (optional) | [] | frames a second, 15 without it |

A clip without labels has nothing happening in it. A pose without confidences was filled in by whoever
made the data set, not measured, and is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from workers.inference.results import Track, TrackSample

DEFAULT_FPS = 15.0
_REQUIRED = (
    "clip_name", "clip_split", "clip", "frame", "person", "box_xyxy", "keypoints_xyc",
    "gt_clip", "gt_len", "gt",
)  # fmt: skip


class PosesRefused(Exception):
    """A file that is not a pose data set of the documented format; `str()` says what is wrong."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PosePath:
    """One person in one clip: `frames` [n] rising, `boxes` [n, 4] and `keypoints` [n, 17, 3] in pixels."""

    person: int
    frames: NDArray[np.int64]
    boxes: NDArray[np.float64]
    keypoints: NDArray[np.float64]

    def __post_init__(self) -> None:
        n = len(self.frames)
        if n == 0 or self.boxes.shape != (n, 4) or self.keypoints.shape != (n, 17, 3):
            raise ValueError("one box [4] and one pose [17, 3] per frame")
        if np.any(np.diff(self.frames) <= 0):
            raise ValueError("frames rise")


@dataclass(frozen=True, kw_only=True, eq=False)
class PoseClip:
    """One clip: its people, and per frame whether something happens (`labels` [frames], 0..1).

    Poses after the last label are of unknown label: nothing counts them.
    `weight` multiplies its part in training (the inverse of the chance with which it was labelled).
    `picture` is (width, height) in pixels.
    """

    name: str
    camera: str
    split: str
    fps: float
    picture: tuple[float, float]
    paths: tuple[PosePath, ...]
    labels: NDArray[np.float64] = field(repr=False)
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not (self.fps > 0 and self.weight > 0 and min(self.picture) > 0):
            raise ValueError("rate, weight and picture are above zero")
        if not np.all((self.labels >= 0) & (self.labels <= 1)):
            raise ValueError("labels lie in 0..1")

    @property
    def is_normal(self) -> bool:
        """Nothing is marked in it."""
        return not self.labels.any()

    @property
    def seconds(self) -> float:
        return len(self.labels) / self.fps

    def tracks(self, *, every: int = 1, phase: int = 0) -> tuple[Track, ...]:
        """The people as the pipeline shows them, of each `every`-th frame from `phase` on.

        Numbers are the data set's persons, boxes and joints in 0..1 of the picture (boxes clipped).
        """
        found = (self._track(path, every=every, phase=phase) for path in self.paths)
        return tuple(track for track in found if track is not None)

    def _track(self, path: PosePath, *, every: int, phase: int) -> Track | None:
        kept = np.flatnonzero(path.frames % every == phase)
        if not len(kept):
            return None
        scale = np.array(self.picture)
        boxes = np.clip(path.boxes[kept] / np.tile(scale, 2), 0.0, 1.0)
        poses = path.keypoints[kept] / np.append(scale, 1.0)
        samples = (
            TrackSample(seconds=float(frame / self.fps), box=box, score=1.0, keypoints=pose)
            for frame, box, pose in zip(path.frames[kept], boxes, poses, strict=True)
        )
        return Track(id=path.person, samples=tuple(samples))


def read_poses(path: Path) -> tuple[PoseClip, ...]:
    """Every clip of a pose data set, in its order; those in which nobody is posed have no paths.

    Raises PosesRefused when the file is not of the documented format.
    """
    arrays = _arrays(path)
    labels = _labels(arrays)
    fps = float(arrays["fps"]) if "fps" in arrays else DEFAULT_FPS
    try:
        return tuple(
            _clip(arrays, k, labels=labels, fps=fps) for k in range(len(arrays["clip_name"]))
        )
    except ValueError as error:
        raise PosesRefused(f"{path.name}: {error}.") from error


def _arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, BadZipFile) as error:
        raise PosesRefused(f"{path.name} cannot be read as an .npz of arrays: {error}") from error
    if missing := [name for name in _REQUIRED if name not in arrays]:
        raise PosesRefused(f"{path.name} has no {', '.join(missing)}.")
    poses = len(arrays["clip"])
    if arrays["keypoints_xyc"].shape != (poses, 17, 3) or arrays["box_xyxy"].shape != (poses, 4):
        raise PosesRefused(f"{path.name}: a pose is [17, 3] and a box [4], one of each per row.")
    if int(arrays["gt_len"].sum()) != len(arrays["gt"]):
        raise PosesRefused(f"{path.name}: gt is not as long as gt_len says.")
    return arrays


def _labels(arrays: Mapping[str, NDArray[np.generic]]) -> dict[str, NDArray[np.float64]]:
    ends = np.cumsum(arrays["gt_len"].astype(np.int64))
    parts = np.split(arrays["gt"].astype(np.float64), ends[:-1])
    return {str(name): part for name, part in zip(arrays["gt_clip"], parts, strict=True)}


def _clip(
    arrays: Mapping[str, NDArray[np.generic]],
    k: int,
    *,
    labels: Mapping[str, NDArray[np.float64]],
    fps: float,
) -> PoseClip:
    name = str(arrays["clip_name"][k])
    rows = np.flatnonzero(arrays["clip"] == k)
    measured = np.isfinite(arrays["keypoints_xyc"][rows].astype(np.float64)).all(axis=(1, 2))
    rows = rows[measured]
    frames = arrays["frame"][rows].astype(np.int64)
    boxes = arrays["box_xyxy"][rows].astype(np.float64)
    cameras = arrays.get("clip_camera")
    given = labels.get(name)
    length = int(frames.max()) + 1 if len(frames) else 0
    return PoseClip(
        name=name,
        camera=str(cameras[k]) if cameras is not None else name.partition("_")[0],
        split=str(arrays["clip_split"][k]),
        fps=fps,
        picture=_picture(arrays["box_xyxy"][rows]),
        paths=_paths(arrays, rows, frames, boxes),
        labels=given if given is not None else np.zeros(length),
    )


def _picture(boxes: NDArray[np.generic]) -> tuple[float, float]:
    """A picture that holds every box: the file states none, and only the shape matters to a pose."""
    if not len(boxes):
        return 1.0, 1.0
    corner = boxes.astype(np.float64)[:, 2:].max(axis=0)
    return float(max(corner[0], 1.0)), float(max(corner[1], 1.0))


def _paths(
    arrays: Mapping[str, NDArray[np.generic]],
    rows: NDArray[np.int64],
    frames: NDArray[np.int64],
    boxes: NDArray[np.float64],
) -> tuple[PosePath, ...]:
    people = arrays["person"][rows]
    return tuple(
        _path(arrays, int(person), rows, frames, boxes, np.flatnonzero(people == person))
        for person in np.unique(people)
    )


def _path(
    arrays: Mapping[str, NDArray[np.generic]],
    person: int,
    rows: NDArray[np.int64],
    frames: NDArray[np.int64],
    boxes: NDArray[np.float64],
    own: Sequence[int] | NDArray[np.int64],
) -> PosePath:
    order = np.asarray(own)[np.argsort(frames[own], kind="stable")]
    return PosePath(
        person=person,
        frames=frames[order],
        boxes=boxes[order],
        keypoints=arrays["keypoints_xyc"][rows[order]].astype(np.float64),
    )
