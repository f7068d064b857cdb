"""Main effects of conditions on the false-positive rate, over all places of a network.

log-odds = b + site + camera + Σ condition, each group of effects normal around 0 with a variance
of its own: penalised likelihood by backfitting (T. Hastie, R. Tibshirani, *Generalized Additive
Models*, 1990), variances by the EM step of N. Laird and J. Ware (*Random-effects models for
longitudinal data*, Biometrics 1982) with a weak prior. So low light at one camera says something
about low light at the next, as much as the network shows it does.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from apps.triage.reliability_cells import CONDITIONS, Cells, Indices, summed_by
from apps.triage.tables import DIMENSIONS, Floats

SWEEPS = 40
PRIOR_WEIGHT = 4.0  # the prior variance counts as so many words of a dimension
PRIOR_VARIANCE: Mapping[str, float] = {"site": 0.15, "camera": 0.25}
CONDITION_VARIANCE = 0.10


@dataclass(frozen=True, kw_only=True)
class Effects:
    """Log-odds effects: `base`, and `by` [words] for each dimension, in the order of the words."""

    base: float
    by: Mapping[str, Floats]

    def offset(self, cells: Cells) -> Floats:
        """What the conditions of each cell [c] add to the log-odds of its place."""
        total = np.zeros(len(cells))
        for name in CONDITIONS:
            total += self.by[name][cells.code(name)]
        return total

    def expected(self, cells: Cells) -> Floats:
        """The rate [c] that place and conditions of each cell suggest."""
        place = self.by["site"][cells.code("site")] + self.by["camera"][cells.code("camera")]
        rate: Floats = expit(self.base + place + self.offset(cells))
        return rate


def fit_effects(cells: Cells) -> Effects:
    """Fit the effects to the cells; without cells, and without differences, all are 0."""
    effects = {name: np.zeros(len(cells.words[name])) for name in DIMENSIONS}
    if not len(cells):
        return Effects(base=0.0, by=effects)
    worth = cells.weight * (cells.weight.sum() / cells.spread.sum())
    rate = cells.false / cells.weight
    variance = {name: PRIOR_VARIANCE.get(name, CONDITION_VARIANCE) for name in DIMENSIONS}
    mean = (np.sum(worth * rate) + 1) / (worth.sum() + 2)
    base = float(np.log(mean / (1 - mean)))
    line = np.full(len(cells), base)
    for _ in range(SWEEPS):
        step, _ = _step(line, worth, rate, np.zeros(len(cells), np.intp), np.array([base]), 1e4)
        base += float(step[0])
        line += step[0]
        for name in DIMENSIONS:
            code = cells.code(name)
            step, known = _step(line, worth, rate, code, effects[name], variance[name])
            effects[name] = effects[name] + step
            line += step[code]
            variance[name] = _variance(name, effects[name], known)
    return Effects(base=base, by=effects)


def _step(
    line: Floats, worth: Floats, rate: Floats, code: Indices, effect: Floats, variance: float
) -> tuple[Floats, Floats]:
    """One Newton step of one group of effects (its Hessian is diagonal), and the Hessian."""
    expected = expit(line)
    size = len(effect)
    slope = summed_by(code, worth * (rate - expected), size) - effect / variance
    known = summed_by(code, worth * expected * (1 - expected), size) + 1 / variance
    return np.clip(slope / known, -1.0, 1.0), known


def _variance(name: str, effect: Floats, known: Floats) -> float:
    prior = PRIOR_VARIANCE.get(name, CONDITION_VARIANCE)
    seen = float(np.sum(effect**2 + 1 / known))
    return (seen + PRIOR_WEIGHT * prior) / (len(effect) + PRIOR_WEIGHT)
