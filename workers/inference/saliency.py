"""Where a detector looks: parts of the picture are hidden, and the score is asked again.

Works for any `Scorer`, from outside. As in RISE (V. Petsiuk, A. Das, K. Saenko, *RISE: Randomized
input sampling for explanation of black-box models*, BMVC 2018) the picture is hidden at random many
times, and a place weighs what the score is when it is seen less what it is when it is hidden. The
draws are balanced: the picture is cut into patches, and in each round every patch is hidden exactly
once, together with others drawn at random. The seed is part of the record, so that the map can be
made again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.inference.imaging import resized
from workers.inference.reading import FrameBatch
from workers.inference.scoring import NothingToScore, Scorer

GRID_SIDE: Final = 64
"""Cells along the longer side of a map."""

Scores = NDArray[np.float64]
AskAll = Callable[[FrameBatch], Scores]
"""Scores [m] of one clip by m models at once; the first is the detector, the rest its randomised copies."""

_BLUR_SIDE = 6


@dataclass(frozen=True, kw_only=True)
class SaliencyBudget:
    """What one map may cost: numbers of times the detector is asked. The seed draws patches and random maps."""

    rounds: int = 10
    groups: int = 6
    """In each round the patches are hidden in so many groups, one group a question."""
    curve_steps: int = 6
    random_maps: int = 4
    seed: int = 20_180_617

    def __post_init__(self) -> None:
        if not all(getattr(self, field.name) >= 1 for field in fields(self)) or self.groups < 2:
            raise ValueError("a budget asks at least once, in two groups or more")

    @property
    def map_evaluations(self) -> int:
        return 1 + self.rounds * self.groups

    @property
    def evaluations(self) -> int:
        """All questions: the map, and the curves of it, of the centre map and of the random maps."""
        curves = 2 + self.random_maps
        return self.map_evaluations + 1 + 2 * curves * (self.curve_steps - 1)


BUDGETS: Mapping[str, SaliencyBudget] = MappingProxyType(
    {
        "quick": SaliencyBudget(rounds=3, groups=4, curve_steps=2, random_maps=4),
        "standard": SaliencyBudget(),
    }
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Patches:
    """The picture cut up: `labels` [rows, columns] gives each cell of the map's grid its patch, 0 … count − 1."""

    labels: NDArray[np.intp]

    def __post_init__(self) -> None:
        found = np.unique(self.labels)
        if self.labels.ndim != 2 or not np.array_equal(found, np.arange(len(found))):
            raise ValueError("patches are numbered from 0 without gaps")

    @property
    def count(self) -> int:
        return int(self.labels.max()) + 1

    @property
    def cells(self) -> NDArray[np.intp]:
        """How many cells each patch has, [count]."""
        return np.bincount(self.labels.ravel(), minlength=self.count)

    def grid_of(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values [count] of the patches laid out on the grid [rows, columns]."""
        return np.asarray(values[self.labels])


@dataclass(frozen=True, eq=False, kw_only=True)
class EffectMap:
    """What each patch moved. `effects` [m, count]: mean score with the patch seen less with it hidden,
    for the detector (row 0) and its randomised copies; `base` [m] scores of the frames as they are.
    """

    patches: Patches
    effects: NDArray[np.float64]
    base: Scores
    evaluations: int

    @property
    def grid(self) -> NDArray[np.float64]:
        """The detector's effects on the grid [rows, columns], in points of its score."""
        return self.patches.grid_of(self.effects[0])


def grid_shape(width: int, height: int) -> tuple[int, int]:
    """Rows and columns of a map over a picture: about square cells, `GRID_SIDE` along the longer side."""
    longest = max(width, height)
    return (
        max(2, round(GRID_SIDE * height / longest)),
        max(2, round(GRID_SIDE * width / longest)),
    )


def cut_up(
    shape: tuple[int, int],
    *,
    focus: NDArray[np.float64] | None = None,
    coarse: int = 5,
    fine: int = 6,
) -> Patches:
    """Patches of a grid [rows, columns]: `coarse` along each side, and `fine` along each side of `focus`.

    `focus` is a box (x0, y0, x1, y1) in 0..1 of the picture where a closer look is worth its price,
    such as around the person that the score is of; the map covers the whole picture all the same.
    """
    rows, columns = shape
    labels = _tiles(rows, coarse)[:, None] * coarse + _tiles(columns, coarse)[None]
    if focus is not None:
        x0, y0, x1, y1 = np.clip(focus, 0.0, 1.0)
        top, left = int(y0 * rows), int(x0 * columns)
        bottom = min(rows, max(top + 1, int(np.ceil(y1 * rows))))
        right = min(columns, max(left + 1, int(np.ceil(x1 * columns))))
        inner = _tiles(bottom - top, fine)[:, None] * fine + _tiles(right - left, fine)[None]
        labels[top:bottom, left:right] = coarse * coarse + inner
    return Patches(labels=np.unique(labels, return_inverse=True)[1].reshape(shape))


def effect_map(
    frames: FrameBatch, *, ask: AskAll, patches: Patches, budget: SaliencyBudget
) -> EffectMap:
    """Hide patches of all `frames` at once, by the budget, and take the difference of conditional means:

        effect(p) = mean of score where p is seen − mean of score where p is hidden

    which is RISE's estimate less its baseline, divided by how often p was hidden. Raises UnableToScore
    like the scorer.
    """
    hider = Hider(frames, patches)
    base = ask(frames)
    hidden, scores = [], []
    for group in _groups(patches.count, budget):
        hidden.append(np.isin(np.arange(patches.count), group))
        scores.append(ask(hider.without(hidden[-1])))
    was_hidden, score = np.array(hidden, dtype=float), np.array(scores)
    without = was_hidden.T @ score / was_hidden.sum(axis=0)[:, None]
    seen = (1 - was_hidden).T @ score / (1 - was_hidden).sum(axis=0)[:, None]
    return EffectMap(
        patches=patches, effects=(seen - without).T, base=base, evaluations=1 + len(scores)
    )


def asking(scorer: Scorer) -> AskAll:
    """A scorer on its own. Frames that show it nobody score 0: what it cannot see it does not raise."""

    def ask(frames: FrameBatch) -> Scores:
        try:
            return np.array([scorer.score(frames)])
        except NothingToScore:
            return np.zeros(1)

    return ask


class Hider:
    """Frames with patches hidden: what is hidden shows the picture so coarsely that no person is left in it."""

    def __init__(self, frames: FrameBatch, patches: Patches) -> None:
        self._frames = frames
        self._blurred = np.stack([_coarse(image) for image in frames.images])
        height, width = frames.images.shape[1:3]
        rows, columns = patches.labels.shape
        # Each pixel's cell: a patch's edge lies between two pixels, nothing is mixed.
        self._row = np.minimum(np.arange(height) * rows // height, rows - 1)
        self._column = np.minimum(np.arange(width) * columns // width, columns - 1)
        self._labels = patches.labels

    def without(self, hidden: NDArray[np.bool_]) -> FrameBatch:
        """The frames with the patches hidden for which `hidden` [count] is true."""
        return self.without_cells(hidden[self._labels])

    def without_cells(self, hidden: NDArray[np.bool_]) -> FrameBatch:
        """The frames with the cells of the grid hidden for which `hidden` [rows, columns] is true."""
        mask = hidden[self._row[:, None], self._column[None]]
        images = np.where(mask[None, :, :, None], self._blurred, self._frames.images)
        return FrameBatch(self._frames.times, images)


def _groups(count: int, budget: SaliencyBudget) -> Iterator[NDArray[np.intp]]:
    """Patches to hide together: every patch once a round, in groups drawn anew each round."""
    chance = np.random.default_rng(budget.seed)
    for _ in range(budget.rounds):
        groups: Sequence[NDArray[np.intp]] = np.array_split(
            chance.permutation(count), budget.groups
        )
        yield from (group for group in groups if len(group))


def _tiles(cells: int, count: int) -> NDArray[np.intp]:
    """The tile, 0 … count − 1, of each of `cells` in a row."""
    return np.arange(cells) * count // cells


def _coarse(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    small = resized(image, width=_BLUR_SIDE, height=_BLUR_SIDE)
    return resized(small, width=width, height=height)
