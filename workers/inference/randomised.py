"""Copies of the behaviour model that have learned nothing: what a map of it must not look like.

The weights of the model's first layer are dealt anew: each feature is read by the weights of another one.
Features of one kind (means, spreads, least, most, change, speeds over the window) lie side by side, so they are
exchanged within such a block only, and the copy still sees numbers of the size it was made for.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from workers.inference.behaviour.model import BehaviourModel

_BLOCKS = 6


def with_chance_weights(model: BehaviourModel, *, seed: int) -> BehaviourModel:
    """The model with its features' weights exchanged by chance; the same seed gives the same copy."""

    def log_odds(features: NDArray[np.float32]) -> NDArray[np.float64]:
        return model.log_odds(features[:, _dealt(features.shape[1], seed)])

    return replace(model, version=f"{model.version} with chance weights {seed}", log_odds=log_odds)


def _dealt(count: int, seed: int) -> NDArray[np.intp]:
    chance = np.random.default_rng(seed)
    return np.concatenate(
        [chance.permutation(b) for b in np.array_split(np.arange(count), _BLOCKS)]
    )
