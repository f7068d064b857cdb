"""What would clear an alert, by an external detector: acts are taken out of the frames, and it is asked again.

What arms or legs did is taken out by showing, within the act's span, the part of the picture around them as it
was when the act began; any other act by leaving out the frames of its span. The camera stands still, so that a
part of the picture that is held shows the same place.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.triage.counterfactual import ScoredBy, counterfactual
from apps.triage.findings import CounterfactualMethod
from workers.inference.poses import Joint
from workers.inference.reading import FrameBatch
from workers.inference.removal import (
    JOINTS_OF,
    TOO_MANY,
    LeftOut,
    ModelCounterfactual,
    Raising,
    removable,
)
from workers.inference.results import MeasuredSignal, Span, Track
from workers.inference.scoring import NothingToScore, Scorer

MOST_ACTS: Final = 4
"""16 sets at most, each one question to a detector that may take seconds to answer."""

_SURE = 0.3
_MARGIN = 0.15


def adapter_counterfactual(
    frames: FrameBatch,
    *,
    scorer: Scorer,
    tracks: Sequence[Track],
    signals: Iterable[MeasuredSignal],
    raising: Raising,
) -> ModelCounterfactual:
    """What clears a clip by a detector that scores frames. Asks at most 2 ** `MOST_ACTS` times.

    Frames that leave it nobody to score do not count as cleared. Raises UnableToScore when it does not answer.
    """
    found, left_out = removable(signals, tracks=tracks)
    acts = dict(list(found.items())[:MOST_ACTS])
    left_out += tuple(LeftOut(signal=n, why=TOO_MANY) for n in list(found)[MOST_ACTS:])
    names = tuple(acts)

    def score_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.array([_score(np.array(names)[np.isnan(row)].tolist()) for row in values])

    known: dict[tuple[str, ...], float] = {}

    def _score(removed: list[str]) -> float:
        key = tuple(removed)
        if key not in known:
            gone = [one for name in removed for one in acts[name]]
            known[key] = _asked(scorer, without_acts(frames, gone, tracks=tracks))
        return known[key]

    finding = counterfactual(
        score_of=score_of,
        signals={name: max(one.value or 0.0 for one in acts[name]) for name in names},
        threshold=raising.threshold,
        scored_by=ScoredBy(method=CounterfactualMethod.MODEL, version=raising.version),
    )
    return ModelCounterfactual(
        detector=raising.detector,
        threshold_from=raising.threshold_from,
        finding=finding,
        left_out=left_out,
    )


def without_acts(
    frames: FrameBatch, acts: Sequence[MeasuredSignal], *, tracks: Sequence[Track]
) -> FrameBatch | None:
    """The frames as if `acts` had not been done; None when none is left."""
    images = frames.images.copy()
    kept = np.ones(len(frames.times), dtype=bool)
    by_id = {track.id: track for track in tracks}
    for act in acts:
        within = _within(frames.times, act.span)
        joints = JOINTS_OF.get(act.name)
        if joints is None:
            kept &= ~within
        elif act.track in by_id and within.any():
            _hold(images, np.flatnonzero(within), _around(by_id[act.track], joints, act.span))
    return FrameBatch(frames.times[kept], images[kept]) if kept.any() else None


def _asked(scorer: Scorer, frames: FrameBatch | None) -> float:
    if frames is None:
        return math.nan
    try:
        return scorer.score(frames)
    except NothingToScore:
        return math.nan


def _hold(
    images: NDArray[np.uint8], frames: NDArray[np.intp], box: NDArray[np.float64] | None
) -> None:
    """Show in all `frames` the box as it is in the first of them."""
    if box is None:
        return
    height, width = images.shape[1:3]
    x0, y0, x1, y1 = (box * (width, height, width, height)).round().astype(int)
    images[frames, y0:y1, x0:x1] = images[frames[0], y0:y1, x0:x1]


def _around(track: Track, joints: Sequence[Joint], span: Span) -> NDArray[np.float64] | None:
    """The box around joints over a span, with a margin in shares of the person's height, within 0..1."""
    rows, points, heights = list(joints), [], []
    for sample in track.samples:
        if sample.keypoints is None or not _within(np.array([sample.seconds]), span)[0]:
            continue
        seen = sample.keypoints[rows]
        points.append(seen[seen[:, 2] >= _SURE, :2])
        heights.append(sample.box[3] - sample.box[1])
    found = np.concatenate([np.empty((0, 2)), *points])
    if not len(found):
        return None
    margin = _MARGIN * max(heights)
    box = np.concatenate([found.min(axis=0) - margin, found.max(axis=0) + margin])
    return np.asarray(np.clip(box, 0.0, 1.0))


def _within(seconds: NDArray[np.float64], span: Span) -> NDArray[np.bool_]:
    return np.asarray((seconds >= span.start_seconds - 1e-3) & (seconds <= span.end_seconds + 1e-3))
