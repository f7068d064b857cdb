"""Face vectors in the likeness of dlib's, by the hundred thousand, for measuring searches.

Nobody's vectors are used. What is copied is how real ones lie: among 22 faces of 6 group photographs the distances
were 0.74 on average with a deviation of 0.08, which is what 48 independent directions of equal weight would give; two
pictures of one person lay about 0.4 apart. So a vector here is a mean of length 1.22, plus a centre (64 groups of unequal
size, 30% of the variance), plus a person's own part, along 128 directions whose variance falls as 1 / (rank + 4): their
participation ratio is 47.5.
"""

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 128
MEAN_DISTANCE = 0.75
SAME_PERSON = (0.38, 0.06)
"""Mean and deviation of the distance between two pictures of one person."""

_GROUPS = 64
_GROUP_SHARE = 0.3
_MEAN_LENGTH = 1.22

Vectors = NDArray[np.float32]


class Crowd:
    """A population: the same seed gives the same directions and groups."""

    def __init__(self, *, seed: int = 20261123) -> None:
        chance = np.random.default_rng(seed)
        weight = 1.0 / (np.arange(DIMENSIONS) + 4.0)
        self._weight = np.sqrt(weight / weight.sum())
        self._turn = np.linalg.qr(chance.standard_normal((DIMENSIONS, DIMENSIONS)))[0]
        spread = self._weight * MEAN_DISTANCE / np.sqrt(2)
        self._own = spread * np.sqrt(1 - _GROUP_SHARE)
        self._centres = chance.standard_normal((_GROUPS, DIMENSIONS)) * spread * _GROUP_SHARE**0.5
        self._sizes = chance.dirichlet(np.full(_GROUPS, 2.0))
        middle = chance.standard_normal(DIMENSIONS)
        self._middle = middle * _MEAN_LENGTH / np.linalg.norm(middle)

    def people(self, count: int, *, seed: int) -> Vectors:
        """One picture of each of `count` different people, [count, 128]."""
        chance = np.random.default_rng(seed)
        group = chance.choice(_GROUPS, count, p=self._sizes)
        own = chance.standard_normal((count, DIMENSIONS)) * self._own
        return ((self._centres[group] + own) @ self._turn.T + self._middle).astype(np.float32)

    def again(self, vectors: Vectors, *, seed: int) -> Vectors:
        """Another picture of each of these people."""
        chance = np.random.default_rng(seed)
        way = chance.standard_normal(vectors.shape) * self._weight
        length = np.clip(chance.normal(*SAME_PERSON, len(vectors)), 0.1, 0.6)
        way *= (length / np.linalg.norm(way, axis=1))[:, None]
        return (vectors + way @ self._turn.T).astype(np.float32)


def nearest_exactly(enrolled: Vectors, asked: Vectors, *, at_once: int = 20) -> NDArray[np.intp]:
    """The place of each asked vector's nearest neighbour, by comparing with all."""
    lengths = (enrolled.astype(np.float64) ** 2).sum(axis=1).astype(np.float32)
    found = [
        (lengths - 2 * part @ enrolled.T).argmin(axis=1)
        for part in np.array_split(asked, max(1, len(asked) // at_once))
    ]
    return np.concatenate(found)
