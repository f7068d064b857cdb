"""What would clear an alert, by the detector itself: an act is taken out of the input, and the score asked again.

An act that arms or legs do is taken out by holding these joints, relative to the body, as they were
when the act began; any other by cutting its span out of the person's track. Only acts are taken out,
never who somebody is, looks or where (`apps.triage.behaviour`). The search over sets of acts is
`apps.triage.counterfactual`; S. Wachter, B. Mittelstadt, C. Russell, *Counterfactual explanations
without opening the black box*, 2018.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from apps.triage.behaviour import is_behaviour
from apps.triage.counterfactual import ScoredBy, counterfactual
from apps.triage.decoding import encode
from apps.triage.findings import CounterfactualFinding, CounterfactualMethod
from workers.inference.poses import Joint
from workers.inference.results import MeasuredSignal, Span, Track, TrackSample

ReadTracks = Callable[[Sequence[Track]], float | None]
"""The detector's score of tracks, 0..1; None where nobody can be scored."""

_ARMS: Final = (Joint.LEFT_ELBOW, Joint.RIGHT_ELBOW, Joint.LEFT_WRIST, Joint.RIGHT_WRIST)
_LEGS: Final = (Joint.LEFT_KNEE, Joint.RIGHT_KNEE, Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE)
_SHOULDERS: Final = (Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER)
_HIPS: Final = (Joint.LEFT_HIP, Joint.RIGHT_HIP)

JOINTS_OF: Final[Mapping[str, tuple[Joint, ...]]] = MappingProxyType(
    {
        "reach": _ARMS,
        "reach_to_shelf": _ARMS,
        "reach_and_return": _ARMS,
        "hand_to_torso": _ARMS,
        "hand_to_bag": _ARMS,
        "item_transfer": _ARMS,
        "crouch": _LEGS,
    }
)
"""The joints that do an act; an act that is not named here is taken out by cutting its span."""

MOST_SIGNALS: Final = 6
"""Acts that are tried: 64 sets at most, so that an alert does not wait for its explanation."""
MOST_OF_A_TRACK: Final = 0.8
CUT_TAKES_ALL: Final = (
    "It lasts nearly as long as the person is in view: without it nobody would be left."
)
TOO_MANY: Final = "The clearest acts were tried first; this one was not among them."
_SURE = 0.3


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """An act that was observed and not tried, and why."""

    signal: str
    why: str


@dataclass(frozen=True, kw_only=True)
class ModelCounterfactual:
    """The finding, of which detector ("id@version"), where its threshold comes from, and what was not tried."""

    detector: str
    threshold_from: str
    finding: CounterfactualFinding
    left_out: tuple[LeftOut, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The section "counterfactual" of an analysis."""
        return {
            "detector": self.detector,
            "threshold_from": self.threshold_from,
            "finding": encode(self.finding),
            "left_out": [{"signal": one.signal, "why": one.why} for one in self.left_out],
        }


@dataclass(frozen=True, kw_only=True)
class Raising:
    """Who raises, and from which score on: `version` for the finding, `threshold` 0..1 and where it comes from."""

    detector: str
    version: str
    threshold: float
    threshold_from: str


def own_counterfactual(
    tracks: Sequence[Track],
    *,
    signals: Iterable[MeasuredSignal],
    read: ReadTracks,
    raising: Raising,
) -> ModelCounterfactual:
    """What clears a clip by the behaviour model itself.

    An act is taken out of every person who did it; the score is that of the person who then scores
    highest, as always. A person who cannot be scored any more does not count as cleared.
    """
    acts, left_out = removable(signals, tracks=tracks)
    names = tuple(acts)
    score = _ByTrack(tracks, acts=acts, read=read)

    def score_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
        removed = (frozenset(np.array(names)[np.isnan(row)].tolist()) for row in values)
        return np.array([score.without(one) for one in removed])

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


def removable(
    signals: Iterable[MeasuredSignal], *, tracks: Sequence[Track]
) -> tuple[dict[str, tuple[MeasuredSignal, ...]], tuple[LeftOut, ...]]:
    """The acts that can be taken out, by name and the clearest first, and those that cannot."""
    spans = {track.id: track.span for track in tracks}
    acts: dict[str, list[MeasuredSignal]] = {}
    left_out = []
    for one in signals:
        if one.value is None or one.value <= 0 or one.track not in spans:
            continue
        if not is_behaviour(one.name):
            continue
        if one.name not in JOINTS_OF and _share(one.span, spans[one.track]) > MOST_OF_A_TRACK:
            left_out.append(LeftOut(signal=one.name, why=CUT_TAKES_ALL))
            continue
        acts.setdefault(one.name, []).append(one)
    ranked = sorted(acts, key=lambda name: (-max(_clearness(one) for one in acts[name]), name))
    left_out += [LeftOut(signal=name, why=TOO_MANY) for name in ranked[MOST_SIGNALS:]]
    kept = {name: tuple(acts[name]) for name in ranked[:MOST_SIGNALS]}
    told = {one.signal: one for one in left_out if one.signal not in kept}
    return kept, tuple(told.values())


class _ByTrack:
    """Scores of a clip without sets of acts. A person who did none of them keeps the score already asked."""

    def __init__(
        self,
        tracks: Sequence[Track],
        *,
        acts: Mapping[str, Sequence[MeasuredSignal]],
        read: ReadTracks,
    ) -> None:
        self._tracks = tracks
        self._acts = acts
        self._read = read
        self._score = cache(self._score_of)

    def without(self, names: frozenset[str]) -> float:
        """The clip's score, NaN where nobody can be scored."""
        scores = []
        for k, track in enumerate(self._tracks):
            done = frozenset(n for n in names if any(o.track == track.id for o in self._acts[n]))
            scores.append(self._score(k, done))
        known = [score for score in scores if score is not None]
        was_known = [k for k in range(len(self._tracks)) if self._score(k, frozenset()) is not None]
        if any(scores[k] is None for k in was_known) or not known:
            return math.nan
        return max(known)

    def _score_of(self, k: int, names: frozenset[str]) -> float | None:
        track: Track | None = self._tracks[k]
        for name in sorted(names):
            for one in self._acts[name]:
                if track is not None and one.track == track.id:
                    track = without_act(track, one)
        return None if track is None else self._read((track,))


def without_act(track: Track, signal: MeasuredSignal) -> Track | None:
    """The track as if the act of `signal` had not been done; None when nothing of it is left."""
    joints = JOINTS_OF.get(signal.name)
    if joints is None:
        return with_span_cut(track, signal.span)
    return with_joints_held(track, joints, signal.span)


def with_span_cut(track: Track, span: Span) -> Track | None:
    """The track without its samples within the span (ends included); None when none is left."""
    kept = tuple(sample for sample in track.samples if not _within(sample, span))
    return replace(track, samples=kept) if kept else None


def with_joints_held(track: Track, joints: Sequence[Joint], span: Span) -> Track:
    """The track with joints held, within the span, where they were relative to the body at its start.

    The body carries them along: relative to the middle of shoulders (arms) or hips (legs), in units
    of the torso at each moment; where no torso was seen, relative to the box. What was not seen
    stays unseen.
    """
    held: NDArray[np.float64] | None = None
    samples = []
    rows = list(joints)
    for sample in track.samples:
        if sample.keypoints is None or not _within(sample, span):
            samples.append(sample)
            continue
        origin, scale = _frame(sample, rows)
        points = sample.keypoints.copy()
        if held is None:
            held = (points[rows, :2] - origin) / scale
        points[rows, :2] = origin + held * scale
        samples.append(replace(sample, keypoints=points))
    return replace(track, samples=tuple(samples))


def _frame(
    sample: TrackSample, rows: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(origin [2], scale [2]) of the body in 0..1 of the picture: its anchor and its torso's length."""
    x0, y0, x1, y1 = sample.box
    points = sample.keypoints
    assert points is not None
    anchor = list(_SHOULDERS if set(rows) <= set(_ARMS) else _HIPS)
    sure = points[:, 2] >= _SURE
    if not (sure[list(_SHOULDERS)].all() and sure[list(_HIPS)].all()):
        return np.array([(x0 + x1) / 2, (y0 + y1) / 2]), np.full(2, max(y1 - y0, 1e-6) / 3)
    shoulders = points[list(_SHOULDERS), :2].mean(axis=0)
    hips = points[list(_HIPS), :2].mean(axis=0)
    length = max(float(np.linalg.norm(hips - shoulders)), 1e-6)
    return points[anchor, :2].mean(axis=0), np.full(2, length)


def _clearness(signal: MeasuredSignal) -> float:
    # A value in seconds says nothing of how clear an act is.
    return min(1.0, signal.value or 0.0) * (signal.confidence or 0.0)


def _within(sample: TrackSample, span: Span) -> bool:
    # Spans are written in milliseconds.
    return span.start_seconds - 1e-3 <= sample.seconds <= span.end_seconds + 1e-3


def _share(span: Span, whole: Span) -> float:
    length = whole.end_seconds - whole.start_seconds
    return 1.0 if length <= 0 else (span.end_seconds - span.start_seconds) / length
