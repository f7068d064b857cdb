"""Whether a map says what moves the score: measured on the same frames, against maps that know nothing.

Deletion and insertion (Petsiuk et al., BMVC 2018): the places of a map are taken away, most important
first, and the score should fall fast; they are put back, and it should rise fast. Beside it stand a
map that only knows the middle of the picture and several random ones. The sanity check (J. Adebayo et
al., *Sanity checks for saliency maps*, NeurIPS 2018): with the detector's weights made chance the map
must become another one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from workers.inference.saliency import AskAll, EffectMap, Hider, SaliencyBudget, Scores

ScoreWithout = Callable[[NDArray[np.bool_]], float]
"""The score with some of n places hidden ([n], true: hidden)."""

_ROUNDING = 1e-9
MOST_ALIKE: Final = 0.5
"""Above this rank correlation a map made with chance weights is still the same map."""
OUT_OF_REACH: Final = (
    "The detector's weights are out of reach, so it is not known whether the map follows them."
)
SAME_WITH_CHANCE: Final = (
    "The map hardly changes when the detector's weights are made chance: it shows the picture, "
    "not what was learned."
)
NOT_MOVED: Final = "The score did not move, whatever was hidden."
NO_BETTER: Final = "Hiding what the map names moves the score no more than hiding {what}."


@dataclass(frozen=True, kw_only=True)
class CurvePair:
    """Areas under the two curves, each the mean score on the way (0..1): deletion should be low, insertion high."""

    deletion: float
    insertion: float

    @property
    def gain(self) -> float:
        """Insertion less deletion, −1..1: how far apart the places named hold the two."""
        return self.insertion - self.deletion

    def to_json(self) -> dict[str, float]:
        return {
            "deletion": round(self.deletion, 4),
            "insertion": round(self.insertion, 4),
            "gain": round(self.gain, 4),
        }


@dataclass(frozen=True, kw_only=True)
class Faithfulness:
    """How a map fares against maps that know nothing, and against itself with chance weights.

    `alike` is the mean Spearman correlation of the map's absolute values with those made by the
    randomised copies, None where the weights are out of reach. `why_not` is "" exactly when reliable.
    """

    own: CurvePair
    centre: CurvePair
    random: tuple[CurvePair, ...]
    alike: float | None
    copies: int
    why_not: tuple[str, ...]

    @property
    def reliable(self) -> bool:
        return not self.why_not

    def to_json(self) -> dict[str, Any]:
        return {
            "own": self.own.to_json(),
            "centre": self.centre.to_json(),
            "random": [one.to_json() for one in self.random],
            "alike": None if self.alike is None else round(self.alike, 4),
            "most_alike": MOST_ALIKE,
            "copies": self.copies,
            "not_randomised": OUT_OF_REACH if self.alike is None else "",
            "reliable": self.reliable,
            "why_not": list(self.why_not),
        }


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
        copies=found.effects[1:],
    )


def judged(
    effects: NDArray[np.float64],
    *,
    sizes: NDArray[np.float64],
    centre: NDArray[np.float64],
    score_without: ScoreWithout,
    base: float,
    budget: SaliencyBudget,
    copies: NDArray[np.float64],
) -> Faithfulness:
    """Judge effects [n] of n places of `sizes` [n] against `centre` [n] and random orders.

    `copies` [k, n] are the effects under randomised weights, k = 0 where these are out of reach.
    """
    chance = np.random.default_rng(budget.seed + 1)
    curves = _Curves(sizes=sizes, score_without=score_without, base=base, steps=budget.curve_steps)
    own, middle = curves.of(effects), curves.of(centre)
    random = tuple(
        curves.of(chance.permutation(len(sizes)).astype(float)) for _ in range(budget.random_maps)
    )
    alike = likeness(effects, copies)
    moved = bool(np.ptp(effects) > _ROUNDING)
    return Faithfulness(
        own=own,
        centre=middle,
        random=random,
        alike=alike,
        copies=len(copies),
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
) -> list[str]:
    if not moved:
        return [NOT_MOVED]
    faults = []
    if not own.gain > centre.gain:
        faults.append(NO_BETTER.format(what="the middle of the picture"))
    if not all(own.gain > one.gain for one in random):
        faults.append(NO_BETTER.format(what="places drawn at random"))
    if alike is not None and alike > MOST_ALIKE:
        faults.append(SAME_WITH_CHANCE)
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
