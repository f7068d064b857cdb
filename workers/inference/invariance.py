"""Does a score depend on how people look? The same frames, asked again with only the appearance changed.

A metamorphic test (T. Y. Chen et al., *Metamorphic testing*, ACM Computing Surveys 51, 2018): no change tried here may
move the score, so no ground truth is needed. Both scores are answers of one scorer to the same moments of the clip.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.triage.wording import gettext_noop
from workers.inference.appearance import Change, Kind, changed
from workers.inference.reading import FrameBatch
from workers.inference.results import ClipAnalysis, Track, TrackSample
from workers.inference.scoring import NothingToScore, Scorer, UnableToScore

NOBODY: Final = gettext_noop("Nobody was found in the frames that the check changes.")
NO_SKIN: Final = gettext_noop(
    "No skin could be found in the frames, so no other tone could be tried."
)
NOTHING_CHANGED: Final = gettext_noop("It would change nothing: the frames show no such colour.")
SAME_MOMENT_SECONDS: Final = 0.02
LEAST_CHANGED: Final = 0.005
"""The share of people's pixels that a change has to reach, or it was not tried."""


@dataclass(frozen=True, kw_only=True)
class InvarianceBudget:
    """How many frames of the clip are changed, and in which ways."""

    frames: int
    changes: tuple[Change, ...]

    def __post_init__(self) -> None:
        names = [one.name for one in self.changes]
        if not (1 <= self.frames <= 32 and 1 <= len(names) <= 64 and len(names) == len(set(names))):
            raise ValueError("1 to 32 frames are changed in 1 to 64 different ways")


def _changes(kind: Kind, *amounts: float) -> tuple[Change, ...]:
    return tuple(Change(kind=kind, amount=amount) for amount in amounts)


BUDGETS: Final[Mapping[str, InvarianceBudget]] = MappingProxyType(
    {
        "quick": InvarianceBudget(
            frames=6,
            changes=(
                *_changes(Kind.SKIN_TONE, 0),
                *_changes(Kind.CLOTHING_HUE, 150),
                *_changes(Kind.BRIGHTNESS, 0.7),
                *_changes(Kind.BODY_SCALE, 1.15),
            ),
        ),
        "thorough": InvarianceBudget(
            frames=12,
            changes=(
                *_changes(Kind.SKIN_TONE, *range(1, 11)),
                *_changes(Kind.CLOTHING_HUE, 60, 120, 180, 240, 300),
                *_changes(Kind.BRIGHTNESS, 0.6, 0.8, 1.2, 1.4),
                *_changes(Kind.BODY_SCALE, 0.85, 0.93, 1.08, 1.15),
            ),
        ),
    }
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Tried:
    """A change, the score after it, and how one of the frames [H, W, 3] then looked."""

    change: Change
    score: float
    picture: NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, eq=False)
class InvarianceReading:
    """The score of the frames as they are, and after every change that could be made.

    `shown` is the index of the frame whose pictures are kept; `left_out` gives each change that was not made, and why.
    """

    score: float
    tried: tuple[Tried, ...]
    left_out: tuple[tuple[Change, str], ...]
    shown: int


def key_times(analysis: ClipAnalysis, *, count: int) -> tuple[float, ...]:
    """At most `count` moments at which people are seen, evenly over the span that the score rests on.

    That is the strongest window of our own detector, else the span marked to watch; where it holds too few, the moments
    nearest to it are added.
    """
    strongest = analysis.behaviour.strongest if analysis.behaviour else None
    span = strongest.span if strongest else analysis.marked_span
    subject = strongest.track if strongest else None
    seen = sorted(
        {
            round(sample.seconds, 6)
            for track in analysis.tracks
            if subject in (None, track.id)
            for sample in track.samples
        }
    )
    away = {t: max(span.start_seconds - t, t - span.end_seconds, 0.0) for t in seen}
    inside = [t for t in seen if away[t] <= SAME_MOMENT_SECONDS]
    if len(inside) >= count:
        return tuple(inside[k] for k in np.linspace(0, len(inside) - 1, count).round().astype(int))
    return tuple(sorted(sorted(seen, key=lambda t: (away[t], t))[:count]))


def people_at(tracks: Sequence[Track], *, seconds: float) -> tuple[TrackSample, ...]:
    """Everybody who is tracked at this moment."""
    return tuple(
        sample
        for track in tracks
        for sample in track.samples
        if abs(sample.seconds - seconds) <= SAME_MOMENT_SECONDS
    )


def check_invariance(
    frames: FrameBatch,
    *,
    people: Sequence[Sequence[TrackSample]],
    scorer: Scorer,
    changes: Sequence[Change],
) -> InvarianceReading:
    """Ask `scorer` about the frames, and once more after each change of everybody in them (`people` [n]).

    A detector that sees nobody any more after a change scores 0. Raises UnableToScore when nobody is there, no skin is
    found although another tone was to be tried, or the scorer gives no score.
    """
    if not any(people):
        raise UnableToScore(NOBODY)
    score = scorer.score(frames)
    shown = int(np.argmax([_size(seen) for seen in people]))
    tried, left_out = [], []
    for change in changes:
        after = _all_changed(frames, people, change)
        if not _reaches(frames, after, people):
            left_out.append((change, NOTHING_CHANGED))
            continue
        tried.append(Tried(change=change, score=_asked(scorer, after), picture=after.images[shown]))
    tones_left_out = any(change.kind is Kind.SKIN_TONE for change, _ in left_out)
    if tones_left_out and not any(one.change.kind is Kind.SKIN_TONE for one in tried):
        raise UnableToScore(NO_SKIN)
    return InvarianceReading(score=score, tried=tuple(tried), left_out=tuple(left_out), shown=shown)


def _all_changed(
    frames: FrameBatch, people: Sequence[Sequence[TrackSample]], change: Change
) -> FrameBatch:
    pictures = [
        changed(image, people=seen, change=change)
        for image, seen in zip(frames.images, people, strict=True)
    ]
    return FrameBatch(frames.times, np.stack(pictures))


def _asked(scorer: Scorer, frames: FrameBatch) -> float:
    try:
        return scorer.score(frames)
    except NothingToScore:
        return 0.0


def _reaches(
    before: FrameBatch, after: FrameBatch, people: Sequence[Sequence[TrackSample]]
) -> bool:
    moved = (before.images != after.images).any(axis=3).sum()
    height, width = before.images.shape[1:3]
    area = sum(_size(seen) for seen in people) * height * width
    return bool(moved >= max(1.0, LEAST_CHANGED * area))


def _size(seen: Sequence[TrackSample]) -> float:
    """The area of people's boxes, in shares of the picture."""
    return float(sum(np.prod(one.box[2:] - one.box[:2]) for one in seen))
