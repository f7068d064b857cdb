"""What moved the score of a clip: the map of its joints, exact, and the map of its picture, each judged.

The joints are our own behaviour model's matter. The picture can be asked of any detector that scores
frames again; the frames are those of the span that its score is of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.triage.saliency import JointMap, PictureMap, Region
from apps.triage.wording import gettext_noop
from workers.inference.faithfulness import ScoreWithout, judge_map, judged, likeness
from workers.inference.poses import KEYPOINTS
from workers.inference.reading import FrameBatch
from workers.inference.regions import (
    REGIONS,
    Moment,
    Scene,
    labels_at,
    moments_of,
    region_grid,
    shares_of,
    unknown_regions,
)
from workers.inference.results import Span, Track
from workers.inference.saliency import (
    AskAll,
    Hider,
    SaliencyBudget,
    cut_up,
    effect_map,
    grid_shape,
)

MOST_FRAMES: Final = 12
"""Frames that a map of the picture hides things in: its price is this times the questions asked."""
DIGITS: Final = 5
PICTURE_METHOD: Final = gettext_noop(
    "Patches hidden at random, balanced (after RISE): mean score with a patch seen less with it hidden"
)
_FOCUS_MARGIN = 0.25


@dataclass(frozen=True, eq=False, kw_only=True)
class JointEffects:
    """What each joint at each moment added to a model's answer: `contributions` [T, 17] at `times` [T].

    base + all of them + `rest` = `answer`, on `scale` ("score", "log-odds"). `shares` [n] are the values that were
    worked out, before they were spread over joints and moments: only these can be compared with those of another model.
    """

    method: str
    times: NDArray[np.float64]
    contributions: NDArray[np.float64]
    shares: NDArray[np.float64]
    base: float
    rest: float
    answer: float
    scale: str

    def __post_init__(self) -> None:
        if self.contributions.shape != (len(self.times), KEYPOINTS):
            raise ValueError("contributions are [T, 17]")
        if abs(self.base + self.contributions.sum() + self.rest - self.answer) > 1e-4:
            raise ValueError("contributions and their base add up to the answer")


@dataclass(frozen=True, eq=False, kw_only=True)
class Seen:
    """What is known of the clip: who is where, and what is drawn on the picture."""

    tracks: tuple[Track, ...]
    scene: Scene

    def moments(self, times: NDArray[np.float64], *, subject: int | None) -> tuple[Moment, ...]:
        return moments_of(self.tracks, subject=subject, times=times)


def picture_map(
    frames: FrameBatch,
    *,
    ask: AskAll,
    seen: Seen,
    subject: int | None,
    budget: SaliencyBudget,
) -> PictureMap:
    """Hide parts of the frames by the budget, name the regions and judge the map.

    Patches are finer around the `subject`. Raises UnableToScore like the scorer behind `ask`.
    """
    height, width = frames.images.shape[1:3]
    moments = seen.moments(frames.times, subject=subject)
    patches = cut_up(grid_shape(width, height), focus=focus_on(moments))
    found = effect_map(frames, ask=ask, patches=patches, budget=budget)
    hider = Hider(frames, patches)
    faithfulness = judge_map(found, hider=hider, ask=ask, budget=budget)
    labels = region_grid(patches.labels.shape, moments=moments, scene=seen.scene)
    return PictureMap(
        method=PICTURE_METHOD,
        seed=budget.seed,
        evaluations=budget.evaluations,
        times=_rounded(frames.times),
        grid=tuple(_rounded(row) for row in found.grid),
        regions=shares_of(
            found.grid, labels, unknown=unknown_regions(moments=moments, scene=seen.scene)
        ),
        faithfulness=faithfulness,
    )


def joint_map(
    track: int,
    *,
    effects: JointEffects,
    copies: Sequence[JointEffects],
    score_without: ScoreWithout,
    seen: Seen,
    budget: SaliencyBudget,
) -> JointMap:
    """Name the regions of exact contributions to the score of person `track`, and judge them: joints are held
    still, most important first, and the model is asked again (`score_without`, of [T * 17] joints and moments).
    `copies` are the same contributions under chance weights.
    """
    moments = seen.moments(effects.times, subject=track)
    labels = np.stack([_labels_of_joints(moment, seen.scene) for moment in moments])
    count = effects.contributions.size
    faithfulness = judged(
        effects.contributions.ravel(),
        sizes=np.ones(count),
        centre=_middle_first(effects.contributions.shape[0]),
        score_without=score_without,
        base=score_without(np.zeros(count, dtype=bool)),
        budget=budget,
        alike=likeness(effects.shares, _stacked([copy.shares for copy in copies])),
        copies=len(copies),
    )
    return JointMap(
        method=effects.method,
        track=track,
        times=_rounded(effects.times),
        contributions=tuple(_rounded(row) for row in effects.contributions),
        base=round(effects.base, DIGITS),
        rest=round(effects.rest, DIGITS),
        answer=round(effects.answer, DIGITS),
        scale=effects.scale,
        regions=shares_of(
            effects.contributions,
            labels,
            unknown=unknown_regions(moments=moments, scene=seen.scene),
        ),
        faithfulness=faithfulness,
    )


def focus_on(moments: Sequence[Moment]) -> NDArray[np.float64] | None:
    """A box around the subject over all moments, with a margin; None where nobody is the subject."""
    boxes = np.array([one.subject.box for one in moments if one.subject is not None])
    if not len(boxes):
        return None
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    margin = _FOCUS_MARGIN * (high - low)
    return np.asarray(np.clip(np.concatenate([low - margin, high + margin]), 0.0, 1.0))


def times_of(track: Track | None, span: Span, *, most: int = MOST_FRAMES) -> tuple[float, ...]:
    """At most `most` times within the span: those of the track's samples, or evenly where nobody is meant."""
    start, end = span.start_seconds, span.end_seconds
    if track is None:
        return tuple(np.linspace(start, end, most).round(3))
    at = [s.seconds for s in track.samples if start - 1e-3 <= s.seconds <= end + 1e-3]
    if len(at) <= most:
        return tuple(at)
    return tuple(at[k] for k in np.linspace(0, len(at) - 1, most).round().astype(int))


def _labels_of_joints(moment: Moment, scene: Scene) -> NDArray[np.intp]:
    """The region of each of 17 joints; a joint of the person is never "the rest" of the picture."""
    body = REGIONS.index(Region.BODY)
    if moment.subject is None or moment.subject.keypoints is None:
        return np.full(KEYPOINTS, body)
    points = moment.subject.keypoints[:, :2]
    alone = Moment(subject=moment.subject, others=())
    return np.minimum(labels_at(points, moment=alone, scene=scene), body)


def _stacked(rows: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.array(rows) if rows else np.empty((0, 0))


def _middle_first(moments: int) -> NDArray[np.float64]:
    """A map that knows only the middle: of the stretch, and of the body (hips and shoulders before hands)."""
    from_middle = np.abs(np.arange(moments) - (moments - 1) / 2) / max(1, moments)
    return np.asarray(-(from_middle[:, None] + _FROM_TRUNK[None] / 4).ravel())


# Joints away from the trunk, in steps along the skeleton: head, arms and legs.
_FROM_TRUNK = np.array([1, 2, 2, 2, 2, 0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2], dtype=float)


def _rounded(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(value), DIGITS) for value in values)
