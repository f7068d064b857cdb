"""A whole clip explained: which span, whose score, both maps where they can be had, and why not where they cannot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from apps.triage.saliency import JointMap, PictureMap, Saliency
from apps.triage.wording import gettext_noop
from workers.inference.behaviour.features import normalised
from workers.inference.behaviour.model import BehaviourModel, behaviour_model, probability
from workers.inference.behaviour.windows import STEP_SECONDS, windows_of
from workers.inference.explaining import Seen, joint_map, picture_map, times_of
from workers.inference.joint_effects import joint_effects, still
from workers.inference.limits import ClipLimits
from workers.inference.looking_again import seen_again
from workers.inference.randomised import with_chance_weights
from workers.inference.reading import FrameBatch, frames_at
from workers.inference.regions import Scene
from workers.inference.registry import BEHAVIOUR, PERSON, POSE, Models
from workers.inference.results import (
    REFERENCE_DETECTOR,
    BehaviourReading,
    ClipAnalysis,
    SceneZone,
    Span,
    Track,
    WindowScore,
)
from workers.inference.saliency import AskAll, SaliencyBudget, Scores, asking
from workers.inference.scoring import Scorer, UnableToScore
from workers.inference.stored_tracks import tracks_of

COPIES: Final = 3
NO_WINDOW: Final = gettext_noop("The stretch that the score is of is not among the stored tracks.")
NO_JOINTS_OUTSIDE: Final = gettext_noop(
    "Only our own detector's joints can be told; of this one only its score is known."
)
NOT_ITS_OWN: Final = gettext_noop(
    "The alert's detector cannot be asked to score changed frames, so no map of the picture is made."
)
NO_SCORE: Final = "There is no score to explain: {why}"


class UnableToExplain(Exception):
    """Nothing can be said of what moved the score. `str()` is a sentence for the record."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Subject:
    """What is known of an analysed clip, from the analysis itself or from its stored form."""

    tracks: tuple[Track, ...]
    width: int
    height: int
    zones: tuple[SceneZone, ...]
    reading: BehaviourReading | None
    marked_span: Span

    @classmethod
    def of(cls, analysis: ClipAnalysis) -> "Subject":
        return cls(
            tracks=analysis.tracks,
            width=analysis.width,
            height=analysis.height,
            zones=analysis.zones,
            reading=analysis.behaviour,
            marked_span=analysis.marked_span,
        )

    @classmethod
    def stored(cls, analysis: Mapping[str, Any]) -> "Subject":
        """From `ClipAnalysis.to_json()`. Raises KeyError or ValueError for anything else."""
        marked = analysis["marked_span"]
        return cls(
            tracks=tracks_of(analysis),
            width=int(analysis["width"]),
            height=int(analysis["height"]),
            zones=tuple(_zone(zone) for zone in analysis.get("zones") or ()),
            reading=_reading(analysis.get("behaviour")),
            marked_span=Span(marked["start_seconds"], marked["end_seconds"]),
        )

    @property
    def seen(self) -> Seen:
        return Seen(
            tracks=self.tracks,
            scene=Scene(width=self.width, height=self.height, zones=self.zones),
        )


def explain_own(
    path: Path,
    subject: Subject,
    *,
    models: Models,
    limits: ClipLimits,
    budget: SaliencyBudget | None = None,
    of_the_alert: bool = True,
) -> Saliency:
    """What moved the reference detector's score: the joints of its strongest window, exact, and the picture.

    The picture is left out unless the score is `of_the_alert`: its price is not for a score nobody raised on.
    Raises UnableToExplain.
    """
    began, budget = perf_counter(), budget or SaliencyBudget()
    reading = subject.reading
    window = reading.strongest if reading else None
    if reading is None or reading.score is None or window is None:
        raise UnableToExplain(NO_SCORE.format(why=reading.why if reading else "it was not read."))
    model = behaviour_model(models)
    copies = tuple(with_chance_weights(model, seed=budget.seed + k) for k in range(COPIES))
    joints, why_no_joints = _joints(subject, window, model, copies, budget=budget)
    picture, why_no_picture = None, NOT_ITS_OWN
    if of_the_alert:
        picture, why_no_picture = _own_picture(
            path, subject, window, (model, *copies), models=models, limits=limits, budget=budget
        )
    if joints is None and picture is None:
        raise UnableToExplain(why_no_joints)
    return Saliency(
        detector=f"{REFERENCE_DETECTOR}@{reading.version}",
        of_the_alert=of_the_alert,
        score=reading.score,
        start_seconds=window.span.start_seconds,
        end_seconds=window.span.end_seconds,
        picture=picture,
        picture_absent=why_no_picture,
        joints=joints,
        joints_absent=why_no_joints,
        models=_uses(models),
        seconds=round(perf_counter() - began, 3),
    )


def explain_external(
    path: Path,
    subject: Subject,
    *,
    scorer: Scorer,
    detector: str,
    limits: ClipLimits,
    budget: SaliencyBudget | None = None,
) -> Saliency:
    """What moved the score of a detector ("id@version") that scores frames: the picture of the marked span.

    Raises UnableToExplain when it does not answer.
    """
    began, budget = perf_counter(), budget or SaliencyBudget()
    span = subject.marked_span
    frames = frames_at(path, times=times_of(None, span), limits=limits)
    ask = asking(scorer)
    try:
        score = float(ask(frames)[0])
        picture = picture_map(frames, ask=ask, seen=subject.seen, subject=None, budget=budget)
    except UnableToScore as failure:
        raise UnableToExplain(str(failure)) from failure
    return Saliency(
        detector=detector,
        of_the_alert=True,
        score=score,
        start_seconds=span.start_seconds,
        end_seconds=span.end_seconds,
        picture=picture,
        picture_absent="",
        joints=None,
        joints_absent=NO_JOINTS_OUTSIDE,
        models=(),
        seconds=round(perf_counter() - began, 3),
    )


def _joints(
    subject: Subject,
    window: WindowScore,
    model: BehaviourModel,
    copies: Sequence[BehaviourModel],
    *,
    budget: SaliencyBudget,
) -> tuple[JointMap | None, str]:
    poses = _poses_of(subject, window, model)
    if poses is None:
        return None, NO_WINDOW
    start = window.span.start_seconds
    own, *by_chance = (joint_effects(one, poses, start_seconds=start) for one in (model, *copies))
    baseline = still(poses)

    def score_without(hidden: NDArray[np.bool_]) -> float:
        held = np.where(hidden.reshape(*poses.shape[:2], 1), baseline, poses)
        return float(probability(model.pose_log_odds(held[None]))[0])

    found = joint_map(
        window.track,
        effects=own,
        copies=by_chance,
        score_without=score_without,
        seen=subject.seen,
        budget=budget,
    )
    return found, ""


def _poses_of(
    subject: Subject, window: WindowScore, model: BehaviourModel
) -> NDArray[np.float64] | None:
    """The window's normalised poses [8, 17, 2], as the model takes them; None where the tracks have no such window."""
    for track in subject.tracks:
        if track.id != window.track:
            continue
        windows = windows_of(track, width=subject.width, height=subject.height)
        away = np.abs(windows.starts - window.span.start_seconds)
        if len(away) and away.min() < STEP_SECONDS / 2:
            k = int(np.argmin(away))
            poses = normalised(windows.poses[k : k + 1], features=model.facts.features)
            return np.asarray(poses[0])
    return None


def _own_picture(
    path: Path,
    subject: Subject,
    window: WindowScore,
    behaviours: Sequence[BehaviourModel],
    *,
    models: Models,
    limits: ClipLimits,
    budget: SaliencyBudget,
) -> tuple[PictureMap | None, str]:
    track = _during(next(one for one in subject.tracks if one.id == window.track), window)
    frames = frames_at(path, times=times_of(track, track.span), limits=limits)
    ask = reference_asking(
        track, behaviours, models=models, width=subject.width, height=subject.height
    )
    try:
        found = picture_map(frames, ask=ask, seen=subject.seen, subject=window.track, budget=budget)
    except UnableToScore as failure:
        return None, str(failure)
    return found, ""


def reference_asking(
    track: Track,
    behaviours: Sequence[BehaviourModel],
    *,
    models: Models,
    width: int,
    height: int,
) -> AskAll:
    """Scores of one person's stretch by several behaviour models: people and poses, the dear part, run once.

    Frames in which the person is not found for as long as a window needs give 0.
    """

    def ask(frames: FrameBatch) -> Scores:
        again = seen_again(frames, track, models=models)
        if again is None:
            return np.zeros(len(behaviours))
        scores = [model.read((again,), width=width, height=height).score for model in behaviours]
        return np.array([score or 0.0 for score in scores])

    return ask


def _during(track: Track, window: WindowScore) -> Track:
    """The samples that the window was read from, so that the score is that of this stretch; one more may follow it."""
    start, end = window.span.start_seconds, window.span.end_seconds + STEP_SECONDS
    kept = tuple(s for s in track.samples if start - 1e-3 <= s.seconds <= end + 1e-3)
    return Track(id=track.id, samples=kept)


def _uses(models: Models) -> tuple[tuple[str, str], ...]:
    entries = [models.get(job).entry for job in (PERSON, POSE, BEHAVIOUR)]
    return tuple((entry.id, entry.sha256) for entry in entries)


def _zone(zone: Mapping[str, Any]) -> SceneZone:
    corners = tuple((float(x), float(y)) for x, y in zone["polygon"])
    return SceneZone(kind=zone["kind"], name=zone["name"], polygon=corners)


def _reading(stored: Mapping[str, Any] | None) -> BehaviourReading | None:
    if stored is None:
        return None
    return BehaviourReading(
        version=stored["version"],
        score=stored["score"],
        why=stored["why"],
        windows=tuple(
            WindowScore(
                track=int(one["track"]),
                span=Span(one["start_seconds"], one["end_seconds"]),
                score=one["score"],
            )
            for one in stored["windows"]
        ),
    )
