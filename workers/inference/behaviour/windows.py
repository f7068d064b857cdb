"""Stretches of one person's poses at one rate, whatever rate the clip was sampled at.

A window is eight poses 0.2 s apart, interpolated between the samples of the track. The poses of a
recording at 15 frames/s and of a clip looked at with 5 frames/s land on the same grid, so that the model
sees the same thing. Nothing is filled in beyond the ends of a track: how long somebody is in view is
no evidence, and a padded window would tell it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.inference.poses import KEYPOINTS, Joint
from workers.inference.results import Span, Track

SAMPLES = 8
STEP_SECONDS = 0.2
WINDOW_SECONDS = (SAMPLES - 1) * STEP_SECONDS

# Between samples further apart than this, where the joints were is not known.
MAX_GAP_SECONDS = 0.7
# A track that a decoder's rounding leaves a few milliseconds short still fills its window.
_TOLERANCE_SECONDS = 0.02
# The joints that the model looks at; a window in which most are guesses is not read.
_LOOKED_AT = (
    Joint.NOSE, Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER, Joint.LEFT_ELBOW, Joint.RIGHT_ELBOW,
    Joint.LEFT_WRIST, Joint.RIGHT_WRIST, Joint.LEFT_HIP, Joint.RIGHT_HIP,
)  # fmt: skip
_SEEN_CONFIDENCE = 0.2
_LEAST_SEEN = 5


@dataclass(frozen=True, eq=False)
class TrackWindows:
    """The windows of one track: `starts` [n] seconds, `poses` [n, 8, 17, 2] in pixels.

    `unseen` counts the windows left out because too few joints were seen in them.
    """

    track: int
    starts: NDArray[np.float64]
    poses: NDArray[np.float64]
    unseen: int = 0

    def __post_init__(self) -> None:
        if self.poses.shape != (len(self.starts), SAMPLES, KEYPOINTS, 2):
            raise ValueError("a window is [8, 17, 2]")

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def centres(self) -> NDArray[np.float64]:
        """The middle of each window in seconds, [n]."""
        return self.starts + WINDOW_SECONDS / 2

    def span(self, k: int) -> Span:
        """The stretch of window k."""
        return Span(float(self.starts[k]), float(self.starts[k] + WINDOW_SECONDS))


def windows_of(track: Track, *, width: float, height: float) -> TrackWindows:
    """Every window of a track, one from each sample on; the picture's size gives x and y one unit."""
    posed = [sample for sample in track.samples if sample.keypoints is not None]
    times = np.array([sample.seconds for sample in posed])
    poses = np.array([sample.keypoints for sample in posed]).reshape(-1, KEYPOINTS, 3)
    poses = poses * np.array([width, height, 1.0])
    parts = [_on_grid(times[part], poses[part]) for part in _unbroken(times)]
    starts = np.concatenate([np.empty(0), *(part[0] for part in parts)])
    found = np.concatenate([np.empty((0, SAMPLES, KEYPOINTS, 3)), *(part[1] for part in parts)])
    seen = _enough_seen(found)
    return TrackWindows(track.id, starts[seen], found[seen, ..., :2], int((~seen).sum()))


def _unbroken(times: NDArray[np.float64]) -> Iterator[NDArray[np.intp]]:
    cuts = np.flatnonzero(np.diff(times) > MAX_GAP_SECONDS) + 1
    return (part for part in np.split(np.arange(len(times)), cuts) if len(part) > 1)


def _on_grid(
    times: NDArray[np.float64], poses: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Start times [n] and poses [n, 8, 17, 3] of the windows inside one unbroken stretch."""
    starts = times[times + WINDOW_SECONDS <= times[-1] + _TOLERANCE_SECONDS]
    wanted = np.minimum(starts[:, None] + STEP_SECONDS * np.arange(SAMPLES), times[-1])
    before = np.clip(np.searchsorted(times, wanted, side="right") - 1, 0, len(times) - 2)
    share = (wanted - times[before]) / (times[before + 1] - times[before])
    share = share[..., None, None]
    return starts, poses[before] * (1.0 - share) + poses[before + 1] * share


def _enough_seen(poses: NDArray[np.float64]) -> NDArray[np.bool_]:
    confidence = poses[..., list(_LOOKED_AT), 2].mean(axis=1)
    enough: NDArray[np.bool_] = (confidence >= _SEEN_CONFIDENCE).sum(axis=1) >= _LEAST_SEEN
    return enough


def smoothed(
    centres: NDArray[np.float64], values: NDArray[np.float64], *, at: NDArray[np.float64]
) -> NDArray[np.float64]:
    """At each time the mean of the windows that cover it: their centre is at most half a window away.

    Times that no window covers are NaN. Never call it across two tracks.
    """
    near = np.abs(at[:, None] - centres[None, :]) <= WINDOW_SECONDS / 2 + 1e-6
    count = near.sum(axis=1)
    total = near @ values
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
