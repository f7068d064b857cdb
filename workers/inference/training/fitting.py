"""Fitting: a few small networks on the same features, averaged into one of the same form."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from workers.inference.behaviour.features import FeatureSet
from workers.inference.training.examples import POSITIVE_SHARE, Examples

# How a copy of the poses is altered, as standard deviations: turned (radians), widened (log), sheared,
# joints displaced for the whole window and moment by moment (in body spreads). Cameras differ so.
_TURN, _WIDEN, _SHEAR, _DISPLACED, _SHAKEN = 0.10, 0.12, 0.10, 0.03, 0.02
_NEGATIVES_PER_POSITIVE = 2
_LEAST_POSITIVE = 30


class TooFewLabels(Exception):
    """There is not enough labelled material to learn from; `str()` says how much there is."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to fit. All but `features` was fixed before any comparison of recipes."""

    features: FeatureSet
    hidden: int = 64
    weight_decay: float = 3.0
    epochs: int = 8
    members: int = 6
    altered_copies: int = 2
    seed: int = 20261123


@dataclass(frozen=True, kw_only=True, eq=False)
class Network:
    """log-odds(x) = relu(x @ first + first_bias) @ second + second_bias; the scaling of x is folded in."""

    first: NDArray[np.float64]
    first_bias: NDArray[np.float64]
    second: NDArray[np.float64]
    second_bias: float

    def log_odds(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Answers [n] for features [n, F]."""
        hidden = np.maximum(features.astype(np.float64) @ self.first + self.first_bias, 0.0)
        answers: NDArray[np.float64] = hidden @ self.second + self.second_bias
        return answers

    def calibrated(self, *, slope: float, offset: float) -> "Network":
        """The same ranking with log-odds slope · z + offset."""
        return replace(
            self, second=self.second * slope, second_bias=self.second_bias * slope + offset
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingTable:
    """Examples with the features of themselves, their mirror image and altered copies, made once."""

    examples: Examples
    weights: NDArray[np.float64]
    copies: tuple[NDArray[np.float32], ...]


def training_table(
    examples: Examples, *, weights: NDArray[np.float64], recipe: Recipe
) -> TrainingTable:
    """The table a recipe learns from; `weights` [n] multiply the examples."""
    rng = np.random.default_rng(recipe.seed)
    copies = [examples.features(recipe.features, mirror=mirror) for mirror in (False, True)]
    for k in range(recipe.altered_copies):
        poses = _altered(examples.poses, rng)
        copies.append(examples.features(recipe.features, mirror=k % 2 == 1, poses=poses))
    return TrainingTable(examples=examples, weights=weights, copies=tuple(copies))


def fit(table: TrainingTable, rows: NDArray[np.bool_], *, recipe: Recipe) -> Network:
    """A network from the table's chosen rows. The same rows and recipe give the same network.

    Raises TooFewLabels with fewer than 30 positive or 30 negative windows.
    """
    copies = [copy[rows] for copy in table.copies]
    positive = table.examples.labels[rows] > POSITIVE_SHARE
    if min(positive.sum(), (~positive).sum()) < _LEAST_POSITIVE:
        raise TooFewLabels(
            f"There are {int(positive.sum())} windows with the act and {int((~positive).sum())} without; "
            f"{_LEAST_POSITIVE} of each are needed."
        )
    every = np.concatenate(copies)
    scaler = StandardScaler().fit(every)
    members = [
        _member(every, positive, table.weights[rows], scaler, recipe=recipe, seed=recipe.seed + k)
        for k in range(recipe.members)
    ]
    return _averaged(members, scaler)


def _member(
    features: NDArray[np.float32],
    positive: NDArray[np.bool_],
    weights: NDArray[np.float64],
    scaler: StandardScaler,
    *,
    recipe: Recipe,
    seed: int,
) -> MLPClassifier:
    """One network on as many draws of each class, drawn by weight among the copies."""
    rng = np.random.default_rng(seed)
    labels = np.tile(positive, len(features) // len(positive))
    chance = np.tile(weights, len(features) // len(positive))
    count = int(labels.sum())
    drawn = np.concatenate(
        [
            _drawn(np.flatnonzero(labels), chance, count, rng),
            _drawn(np.flatnonzero(~labels), chance, _NEGATIVES_PER_POSITIVE * count, rng),
        ]
    )
    network = MLPClassifier(
        (recipe.hidden,),
        alpha=recipe.weight_decay,
        max_iter=recipe.epochs,
        batch_size=64,
        random_state=seed,
    )
    with warnings.catch_warnings():
        # Stopping after few epochs is the regularisation that was chosen.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return network.fit(scaler.transform(features[drawn]), labels[drawn])


def _drawn(
    candidates: NDArray[np.intp],
    chance: NDArray[np.float64],
    count: int,
    rng: np.random.Generator,
) -> NDArray[np.intp]:
    share = chance[candidates] / chance[candidates].sum()
    drawn: NDArray[np.intp] = rng.choice(candidates, count, p=share)
    return drawn


def _averaged(members: Sequence[MLPClassifier], scaler: StandardScaler) -> Network:
    """One network whose log-odds are the mean of the members', on features that were not scaled."""
    first = np.concatenate([member.coefs_[0] for member in members], axis=1)
    bias = np.concatenate([member.intercepts_[0] for member in members])
    scaled = first / scaler.scale_[:, None]
    return Network(
        first=scaled,
        first_bias=bias - scaler.mean_ @ scaled,
        second=np.concatenate([member.coefs_[1][:, 0] for member in members]) / len(members),
        second_bias=float(np.mean([member.intercepts_[1][0] for member in members])),
    )


def calibration_of(
    log_odds: NDArray[np.float64], positive: NDArray[np.bool_]
) -> tuple[float, float]:
    """(slope, offset) that turn held-out log-odds into those of even classes (Platt's method).

    The slope is kept above zero: calibration never turns the ranking round.
    """
    fitted = LogisticRegression(class_weight="balanced").fit(log_odds[:, None], positive)
    return max(float(fitted.coef_[0, 0]), 1e-3), float(fitted.intercept_[0])


def _altered(poses: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """The poses as a camera at another angle might see them, with joints a little off."""
    n = len(poses)
    centre = poses.mean(axis=(1, 2), keepdims=True)
    turn, shear = rng.normal(0, _TURN, n), rng.normal(0, _SHEAR, n)
    widen = np.exp(rng.normal(0, _WIDEN, n))
    matrix = np.empty((n, 2, 2))
    matrix[:, 0, 0], matrix[:, 0, 1] = np.cos(turn) * widen, shear - np.sin(turn)
    matrix[:, 1, 0], matrix[:, 1, 1] = np.sin(turn) * widen, np.cos(turn)
    moved = np.einsum("ntjc,ndc->ntjd", poses - centre, matrix)
    spread = np.sqrt((moved**2).sum(axis=-1).mean(axis=(1, 2)))[:, None, None, None]
    moved += rng.normal(0, _DISPLACED, (n, 1, *poses.shape[2:])) * spread
    altered: NDArray[np.float64] = moved + rng.normal(0, _SHAKEN, poses.shape) * spread
    return altered
