"""The figures of a protocol run: AUC with its interval and null, and theft clips caught at a rate of false alerts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from workers.inference.training.examples import Examples
from workers.inference.training.poses import PoseClip
from workers.inference.training.protocol import (
    ClipScores,
    auc_of,
    cameras_of,
    clip_scores,
    is_measured,
    pooled,
)

RATES = (3.0, 10.0)
"""False alerts per camera-hour at which recall is stated."""

MERGE_SECONDS = 10.0
"""Moments above the threshold that are closer than this are one alert."""

_RESAMPLES = 1000
_NULL_DRAWS = 30
_SEED = 4


@dataclass(frozen=True, kw_only=True)
class Recall:
    """Clips with the act in which a labelled moment reaches the threshold; unscored clips count as missed."""

    per_hour: float
    threshold: float
    caught: int
    clips: int
    hours: float

    @property
    def share(self) -> float:
        return self.caught / self.clips if self.clips else float("nan")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Everything the protocol asks for, of one way of sampling the frames."""

    frames_per_second: float
    auc: float
    low: float
    high: float
    null_mean: float
    null_sd: float
    per_camera: Mapping[str, float]
    frames: int
    share_scored: float
    recalls: tuple[Recall, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values; a figure that cannot be had (one class only) is None."""
        return {key: _plain(value) for key, value in asdict(self).items()}


def figures_of(
    clips: Sequence[PoseClip], scores: ClipScores, examples: Examples, *, every: int = 1
) -> Figures:
    """The figures of frame scores; `examples` are the windows behind them, for the null."""
    labels, values = pooled(clips, scores)
    low, high = auc_interval(clips, scores)
    null = _null(clips, examples)
    total = sum(len(clip.labels) for clip in clips if is_measured(clip))
    return Figures(
        frames_per_second=clips[0].fps / every,
        auc=_auc(labels, values),
        low=low,
        high=high,
        null_mean=float(np.mean(null)),
        null_sd=float(np.std(null)),
        per_camera={
            camera: auc_of(clips, {k: v for k, v in scores.items() if clips[k].camera == camera})
            for camera in cameras_of(clips)
        },
        frames=len(labels),
        share_scored=len(labels) / total,
        recalls=tuple(recall_at(clips, scores, per_hour=rate) for rate in RATES),
    )


def auc_interval(clips: Sequence[PoseClip], scores: ClipScores) -> tuple[float, float]:
    """The 95% interval of the AUC when the measured clips are drawn anew with repeats."""
    rng = np.random.default_rng(_SEED)
    measured = [k for k in scores if is_measured(clips[k])]
    found = [
        _auc(*pooled(clips, scores, rng.choice(measured, len(measured)).tolist()))
        for _ in range(_RESAMPLES)
    ]
    low, high = np.nanpercentile(found, [2.5, 97.5])
    return float(low), float(high)


def recall_at(clips: Sequence[PoseClip], scores: ClipScores, *, per_hour: float) -> Recall:
    """The clips caught at the lowest threshold that keeps false alerts on normal clips within the rate."""
    normal = [k for k in scores if clips[k].is_normal]
    hours = sum(_watched_seconds(clips[k]) for k in normal) / 3600
    eventful = [k for k, clip in enumerate(clips) if not clip.is_normal]
    threshold = _threshold(clips, scores, normal, most=int(per_hour * hours))
    caught = sum(
        bool(np.any(scores[k][clips[k].labels > 0] >= threshold)) for k in eventful if k in scores
    )
    return Recall(
        per_hour=per_hour, threshold=threshold, caught=caught, clips=len(eventful), hours=hours
    )


def alerts_in(scores: NDArray[np.float64], *, threshold: float, fps: float) -> int:
    """How many alerts frame scores [n] would raise, near ones merged."""
    above = np.flatnonzero(scores >= threshold)
    return 0 if not len(above) else 1 + int((np.diff(above) > MERGE_SECONDS * fps).sum())


def _threshold(
    clips: Sequence[PoseClip], scores: ClipScores, normal: Sequence[int], *, most: int
) -> float:
    """From the top down, until one alert too many would be raised."""
    pool = np.concatenate([np.empty(0), *(scores[k][~np.isnan(scores[k])] for k in normal)])
    levels = np.unique(pool)
    if not len(levels):
        return float("inf")
    best = float(np.nextafter(levels[-1], np.inf))
    for level in levels[::-1]:
        if sum(alerts_in(scores[k], threshold=level, fps=clips[k].fps) for k in normal) > most:
            break
        best = float(level)
    return best


def _watched_seconds(clip: PoseClip) -> float:
    """From the first pose to the last: the part of a clip that is known to have been watched."""
    frames = [path.frames[[0, -1]] for path in clip.paths]
    ends = np.array(frames).reshape(-1, 2)
    return float(ends[:, 1].max() - ends[:, 0].min() + 1) / clip.fps if len(ends) else 0.0


def _null(clips: Sequence[PoseClip], examples: Examples) -> list[float]:
    """AUCs of windows scored by chance, smoothed and pooled in the same way."""
    rng = np.random.default_rng(_SEED)
    own = examples.rows(np.array([is_measured(clip) for clip in clips])[examples.clip])
    return [
        auc_of(clips, clip_scores(clips, own, rng.random(len(own)))) for _ in range(_NULL_DRAWS)
    ]


def _auc(labels: NDArray[np.bool_], values: NDArray[np.float64]) -> float:
    if len(np.unique(labels)) < 2:
        return float("nan")
    return float(roc_auc_score(labels, values))


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if not np.isfinite(value) else value
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value
