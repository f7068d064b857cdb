"""Whether a map says what moves the score: measured on the same frames, against maps that know nothing.

Deletion and insertion (Petsiuk et al., BMVC 2018): the places of a map are taken away, most important
first, and the score should fall fast; they are put back, and it should rise fast. Beside it stand a
map that only knows the middle of the picture and several random ones. The sanity check (J. Adebayo et
al., *Sanity checks for saliency maps*, NeurIPS 2018): with the detector's weights made chance the map
must become another one.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from apps.triage.saliency import MOST_ALIKE, CurvePair, Faithfulness, WhyNot
from workers.inference.saliency import AskAll, EffectMap, Hider, SaliencyBudget, Scores

ScoreWithout = Callable[[NDArray[np.bool_]], float]
"""The score with some of n places hidden ([n], true: hidden)."""

_ROUNDING = 1e-9


def judge_map(
    found: EffectMap, *, hider: Hider, ask: AskAll, budget: SaliencyBudget
) -> Faithfulness:
    """Draw the curves of a map of the picture, of the centre map and of random ones, and judge.

    Places are patches, taken by area. Asks `budget.evaluations − budget.map_evaluations` times.
    """
    patches = found.patches

    def score_without(hidden: NDArray[np.bool_]) -> float:
        return float(ask(hider.without(hidden))[0])

    return judged(
        found.effects[0],
        sizes=patches.cells.astype(float),
        centre=_nearness_to_centre(patches.labels, patches.count),
        score_without=score_without,
        base=float(found.base[0]),
        budget=budget,
        alike=likeness(found.effects[0], found.effects[1:]),
        copies=len(found.effects) - 1,
    )


def judged(
    effects: NDArray[np.float64],
    *,
    sizes: NDArray[np.float64],
    centre: NDArray[np.float64],
    score_without: ScoreWithout,
    base: float,
    budget: SaliencyBudget,
    alike: float | None,
    copies: int,
) -> Faithfulness:
    """Judge effects [n] of n places of `sizes` [n] against `centre` [n] and random orders.

    `alike` is the map's `likeness` with those of `copies` randomised copies, None where weights are out of reach.
    """
    chance = np.random.default_rng(budget.seed + 1)
    curves = _Curves(sizes=sizes, score_without=score_without, base=base, steps=budget.curve_steps)
    own, middle = curves.of(effects), curves.of(centre)
    random = tuple(
        curves.of(chance.permutation(len(sizes)).astype(float)) for _ in range(budget.random_maps)
    )
    moved = bool(np.ptp(effects) > _ROUNDING)
    return Faithfulness(
        own=own,
        centre=middle,
        random=random,
        alike=alike,
        copies=copies,
        why_not=tuple(_faults(own, middle, random, alike=alike, moved=moved)),
    )


def likeness(effects: NDArray[np.float64], copies: NDArray[np.float64]) -> float | None:
    """The mean Spearman correlation of |effects| [n] with each |copy| of [k, n]; None without copies.

    A copy that is flat has nothing in common with anything: 0.
    """
    if not len(copies):
        return None
    return float(np.mean([_spearman(np.abs(effects), np.abs(copy)) for copy in copies]))


def _faults(
    own: CurvePair,
    centre: CurvePair,
    random: Sequence[CurvePair],
    *,
    alike: float | None,
    moved: bool,
) -> list[WhyNot]:
    if not moved:
        return [WhyNot.NOT_MOVED]
    faults = []
    if not own.gain > centre.gain:
        faults.append(WhyNot.NO_BETTER_THAN_CENTRE)
    if not all(own.gain > one.gain for one in random):
        faults.append(WhyNot.NO_BETTER_THAN_RANDOM)
    if alike is not None and alike > MOST_ALIKE:
        faults.append(WhyNot.SAME_WITH_CHANCE_WEIGHTS)
    return faults


class _Curves:
    """Deletion and insertion of orders of places. The k-th of n steps takes the share (k / n)² of the area,
    so that maps which name a small place are told apart; both ends are asked once.
    """

    def __init__(
        self, *, sizes: NDArray[np.float64], score_without: ScoreWithout, base: float, steps: int
    ) -> None:
        self._sizes = sizes / sizes.sum()
        self._score_without = score_without
        self._shares = (np.arange(1, steps) / steps) ** 2
        self._seen = base
        self._hidden = score_without(np.ones(len(sizes), dtype=bool))

    def of(self, values: NDArray[np.float64]) -> CurvePair:
        """The areas for places [n] in order of falling value; equal ones in their own order."""
        order = np.argsort(-values, kind="stable")
        # A place is taken when its own middle is reached, so a large one cannot swallow a step.
        middle = np.empty(len(order))
        sizes = self._sizes[order]
        middle[order] = np.cumsum(sizes) - sizes / 2
        taken = [middle <= share for share in self._shares]
        falling = [self._score_without(one) for one in taken]
        rising = [self._score_without(~one) for one in taken]
        return CurvePair(
            deletion=_area([self._seen, *falling, self._hidden]),
            insertion=_area([self._hidden, *rising, self._seen]),
        )


def _area(scores: Sequence[float]) -> float:
    """By the trapezoid rule over equally spaced steps, from 0 to 1."""
    values = np.array(scores)
    return float(((values[1:] + values[:-1]) / 2).mean())


def _spearman(a: Scores, b: Scores) -> float:
    ranks_a, ranks_b = rankdata(a), rankdata(b)
    if not (np.ptp(ranks_a) > 0 and np.ptp(ranks_b) > 0):
        return 0.0
    return float(np.corrcoef(ranks_a, ranks_b)[0, 1])


def _nearness_to_centre(labels: NDArray[np.intp], count: int) -> NDArray[np.float64]:
    """How near each patch's middle is to the picture's: 0 in the middle, below elsewhere."""
    rows, columns = labels.shape
    y, x = np.mgrid[:rows, :columns]
    cells = np.bincount(labels.ravel(), minlength=count)
    up = np.bincount(labels.ravel(), weights=((y + 0.5) / rows - 0.5).ravel(), minlength=count)
    side = np.bincount(labels.ravel(), weights=((x + 0.5) / columns - 0.5).ravel(), minlength=count)
    return -np.hypot(up / cells, side / cells)
