"""Training examples: the windows of a pose data set, with how much of each is labelled."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.inference.behaviour.features import FeatureSet, features_of, mirrored, normalised
from workers.inference.behaviour.windows import SAMPLES, STEP_SECONDS, windows_of
from workers.inference.training.poses import PoseClip

POSITIVE_SHARE = 0.5
"""A window counts as an example of the act when more of its moments than this are labelled."""

# Neighbouring windows of a clip without labels say the same nine times at 15 frames/s.
_NORMAL_STRIDE = 9


@dataclass(frozen=True, kw_only=True, eq=False)
class Examples:
    """Windows of many clips: `poses` [n, 8, 17, 2] pixels, `clip` [n] index, `track` [n], `centres` [n]
    seconds, `labels` [n] the share of labelled moments (NaN where a moment has none).
    """

    clip: NDArray[np.int64]
    track: NDArray[np.int64]
    centres: NDArray[np.float64]
    poses: NDArray[np.float64]
    labels: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.clip)

    def rows(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> "Examples":
        """The examples chosen by a mask or by indices."""
        return Examples(
            clip=self.clip[which],
            track=self.track[which],
            centres=self.centres[which],
            poses=self.poses[which],
            labels=self.labels[which],
        )

    def features(
        self,
        features: FeatureSet,
        *,
        mirror: bool = False,
        poses: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float32]:
        """Their features [n, F], of themselves or of altered `poses`, or of the mirror image."""
        placed = normalised(self.poses if poses is None else poses, features=features)
        return features_of(mirrored(placed) if mirror else placed, features=features)


def examples_of(clips: Sequence[PoseClip], *, every: int = 1, phase: int = 0) -> Examples:
    """The windows of all clips, looked at in every `every`-th frame from `phase` on."""
    parts = [
        _of_clip(clip, k, every=every, phase=phase) for k, clip in enumerate(clips) if clip.paths
    ]
    return Examples(
        clip=np.concatenate([np.empty(0, np.int64), *(part.clip for part in parts)]),
        track=np.concatenate([np.empty(0, np.int64), *(part.track for part in parts)]),
        centres=np.concatenate([np.empty(0), *(part.centres for part in parts)]),
        poses=np.concatenate([np.empty((0, SAMPLES, 17, 2)), *(part.poses for part in parts)]),
        labels=np.concatenate([np.empty(0), *(part.labels for part in parts)]),
    )


def thinned(examples: Examples, clips: Sequence[PoseClip]) -> Examples:
    """All windows of clips in which something happens, every ninth of the others; those of unknown label left out."""
    eventful = np.array([not clip.is_normal or clip.split != "Train" for clip in clips])
    kept = eventful[examples.clip] | (np.arange(len(examples)) % _NORMAL_STRIDE == 0)
    return examples.rows(kept & np.isfinite(examples.labels))


def _of_clip(clip: PoseClip, index: int, *, every: int, phase: int) -> Examples:
    width, height = clip.picture
    found = [
        windows_of(track, width=width, height=height)
        for track in clip.tracks(every=every, phase=phase)
    ]
    starts = np.concatenate([np.empty(0), *(one.starts for one in found)])
    return Examples(
        clip=np.full(len(starts), index),
        track=np.concatenate([np.empty(0, np.int64), *(np.full(len(w), w.track) for w in found)]),
        centres=np.concatenate([np.empty(0), *(one.centres for one in found)]),
        poses=np.concatenate([np.empty((0, SAMPLES, 17, 2)), *(one.poses for one in found)]),
        labels=_shares(clip, starts),
    )


def _shares(clip: PoseClip, starts: NDArray[np.float64]) -> NDArray[np.float64]:
    moments = starts[:, None] + STEP_SECONDS * np.arange(SAMPLES)
    frames = np.round(moments * clip.fps).astype(np.int64)
    padded = np.append(clip.labels, np.nan)
    shares: NDArray[np.float64] = padded[np.minimum(frames, len(clip.labels))].mean(axis=1)
    return shares
