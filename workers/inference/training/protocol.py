"""The honest protocol: every figure is about cameras that the measured model has never seen.

One camera is left out at a time; a model is fitted on the others and scores it. Scores are smoothed
inside a track, and a frame has the highest of its people. Which features to use is chosen by the same
figure over all cameras, which is selection: so the whole procedure is also measured with that choice
made without the camera that is left out (nested), and both figures are reported.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from workers.inference.behaviour.features import FeatureSet
from workers.inference.behaviour.windows import smoothed
from workers.inference.training.examples import POSITIVE_SHARE, Examples, examples_of, thinned
from workers.inference.training.fitting import (
    Network,
    Recipe,
    TooFewLabels,
    TrainingTable,
    calibration_of,
    fit,
    training_table,
)
from workers.inference.training.poses import PoseClip

RECIPES = tuple(Recipe(features=features) for features in FeatureSet)
"""What the nested choice chooses among."""

_INNER_MEMBERS = 2

ClipScores = Mapping[int, NDArray[np.float64]]
"""Clip index → score of each of its frames, NaN where nobody could be scored."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Held:
    """What a protocol run gave for one camera: the choice made without it and the network."""

    camera: str
    recipe: Recipe
    network: Network


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """A whole run: the recipe and network for use, and models per camera that never saw it.

    `held` have the recipe for use; `nested` (empty when not asked for) each the one chosen without the
    camera. `inner_auc` is the AUC of each recipe, by which the one for use was chosen.
    """

    held: tuple[Held, ...]
    nested: tuple[Held, ...]
    recipe: Recipe
    network: Network
    calibration: tuple[float, float]
    inner_auc: Mapping[str, float]


def cameras_of(clips: Sequence[PoseClip]) -> tuple[str, ...]:
    """The cameras of a data set, in order of their names."""
    return tuple(sorted({clip.camera for clip in clips}))


def run_protocol(
    clips: Sequence[PoseClip], *, recipes: Sequence[Recipe] = RECIPES, nested: bool = True
) -> Outcome:
    """Measure on cameras left out, then fit on all. Deterministic.

    Raises TooFewLabels when there are fewer than three cameras or too few labelled windows.
    """
    cameras = cameras_of(clips)
    if len(cameras) < 3:
        raise TooFewLabels(
            f"The examples come from {len(cameras)} cameras; three are needed to choose and to measure "
            "on cameras that the model has not seen."
        )
    run = _Run(clips, recipes)
    recipe, aucs = run.chosen(cameras)
    held = tuple(run.without(camera, cameras, recipe=recipe) for camera in cameras)
    slope, offset = run.calibration(held)
    return Outcome(
        held=held,
        nested=tuple(run.without(camera, cameras) for camera in cameras) if nested else (),
        recipe=recipe,
        network=run.fitted(cameras, recipe).calibrated(slope=slope, offset=offset),
        calibration=(slope, offset),
        inner_auc=aucs,
    )


class _Run:
    """The examples and their features, made once for all fits of a run."""

    def __init__(self, clips: Sequence[PoseClip], recipes: Sequence[Recipe]) -> None:
        self._clips = clips
        self._recipes = recipes
        self._examples = thinned(examples_of(clips), clips)
        weights = np.array([clip.weight for clip in clips])[self._examples.clip]
        self._tables: dict[Recipe, TrainingTable] = {
            recipe: training_table(self._examples, weights=weights, recipe=recipe)
            for recipe in recipes
        }
        self._camera = np.array([clip.camera for clip in clips])[self._examples.clip]

    def fitted(self, cameras: Iterable[str], recipe: Recipe) -> Network:
        rows = np.isin(self._camera, list(cameras))
        return fit(self._tables[recipe], rows, recipe=recipe)

    def without(self, camera: str, cameras: Sequence[str], *, recipe: Recipe | None = None) -> Held:
        """A model that never saw the camera; without a recipe it is chosen on the others."""
        others = tuple(one for one in cameras if one != camera)
        recipe = recipe or self.chosen(others)[0]
        return Held(camera=camera, recipe=recipe, network=self.fitted(others, recipe))

    def chosen(self, cameras: Sequence[str]) -> tuple[Recipe, Mapping[str, float]]:
        """The recipe with the best AUC when each of these cameras is left out in turn, and all their AUCs."""
        if len(self._recipes) == 1:
            return self._recipes[0], {}
        aucs = {recipe: self._inner_auc(cameras, recipe) for recipe in self._recipes}
        best = max(aucs, key=lambda recipe: aucs[recipe])
        return best, {recipe.features.value: auc for recipe, auc in aucs.items()}

    def _inner_auc(self, cameras: Sequence[str], recipe: Recipe) -> float:
        scores: dict[int, NDArray[np.float64]] = {}
        few = Recipe(features=recipe.features, members=_INNER_MEMBERS)
        for left_out in cameras:
            rows = np.isin(self._camera, [one for one in cameras if one != left_out])
            network = fit(self._tables[recipe], rows, recipe=few)
            asked = np.flatnonzero((self._camera == left_out) & self._measured())
            scores |= clip_scores(
                self._clips, self._examples.rows(asked), self._answers(network, recipe, asked)
            )
        return auc_of(self._clips, scores)

    def _measured(self) -> NDArray[np.bool_]:
        return np.array([is_measured(clip) for clip in self._clips])[self._examples.clip]

    def _answers(
        self, network: Network, recipe: Recipe, rows: NDArray[np.intp]
    ) -> NDArray[np.float64]:
        plain, mirror = self._tables[recipe].copies[:2]
        return (network.log_odds(plain[rows]) + network.log_odds(mirror[rows])) / 2

    def calibration(self, held: Sequence[Held]) -> tuple[float, float]:
        """From the answers of models that had not seen the camera."""
        answers = np.empty(len(self._examples))
        for one in held:
            rows = np.flatnonzero(self._camera == one.camera)
            answers[rows] = self._answers(one.network, one.recipe, rows)
        return calibration_of(answers, self._examples.labels > POSITIVE_SHARE)


def is_measured(clip: PoseClip) -> bool:
    """Whether a clip counts in the AUC: it is not of the part of normal clips meant for training."""
    return clip.split != "Train" or not clip.is_normal


def answers_of(
    network: Network, examples: Examples, *, features: FeatureSet
) -> NDArray[np.float64]:
    """Log-odds [n] of examples, the mean of both mirror images."""
    plain = network.log_odds(examples.features(features))
    return (plain + network.log_odds(examples.features(features, mirror=True))) / 2


def held_out_scores(
    clips: Sequence[PoseClip], examples: Examples, held: Sequence[Held]
) -> dict[int, NDArray[np.float64]]:
    """Frame scores (log-odds) of every clip by the model that has not seen its camera."""
    camera = np.array([clip.camera for clip in clips])[examples.clip]
    scores: dict[int, NDArray[np.float64]] = {}
    for one in held:
        own = examples.rows(camera == one.camera)
        answers = answers_of(one.network, own, features=one.recipe.features)
        scores |= clip_scores(clips, own, answers)
    return scores


def clip_scores(
    clips: Sequence[PoseClip], examples: Examples, answers: NDArray[np.float64]
) -> dict[int, NDArray[np.float64]]:
    """Frame scores by clip: smoothed inside each track, then the highest of the people."""
    scores: dict[int, NDArray[np.float64]] = {}
    pairs = np.stack([examples.clip, examples.track], axis=1)
    for index, track in np.unique(pairs, axis=0):
        own = (examples.clip == index) & (examples.track == track)
        clip = clips[index]
        frames = np.arange(len(clip.labels)) / clip.fps
        known = scores.get(int(index), np.full(len(frames), np.nan))
        near = np.flatnonzero(
            (frames >= examples.centres[own].min() - 1)
            & (frames <= examples.centres[own].max() + 1)
        )
        found = smoothed(examples.centres[own], answers[own], at=frames[near])
        known[near] = np.fmax(known[near], found)
        scores[int(index)] = known
    return scores


def auc_of(clips: Sequence[PoseClip], scores: ClipScores) -> float:
    """Area under the ROC over all frames of measured clips in which somebody is scored; NaN with one class only."""
    labels, values = pooled(clips, scores)
    if len(np.unique(labels)) < 2:
        return float("nan")
    return float(roc_auc_score(labels, values))


def pooled(
    clips: Sequence[PoseClip], scores: ClipScores, chosen: Iterable[int] | None = None
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Labels and scores of the scored frames of measured clips, or of the `chosen` (repeats count)."""
    wanted = [k for k in (scores if chosen is None else chosen) if is_measured(clips[k])]
    labels = np.concatenate([np.empty(0), *(clips[k].labels[~np.isnan(scores[k])] for k in wanted)])
    values = np.concatenate([np.empty(0), *(scores[k][~np.isnan(scores[k])] for k in wanted)])
    return labels > POSITIVE_SHARE, values
