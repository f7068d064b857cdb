"""Testing thousands of overlapping slices at once without naming many that are no worse than the rest.

Each slice is tested one-sided against the rest of the network: the tail of a Binomial (mid-p: H.
Lancaster, *Significance tests in discrete distributions*, JASA 1961) with the rest's rate, at the
effective number of labels n = 1 / (1/n_slice + 1/n_rest), Kish's for weighted labels.

Of the slices named at most a stated share is expected to be wrong: Y. Benjamini, Y. Hochberg
(*Controlling the false discovery rate*, JRSS B 1995) on p-values divided by weights of mean 1 (C.
Genovese, K. Roeder, L. Wasserman, *False discovery control with p-value weighting*, Biometrika
2006). The weights share the budget equally between single conditions, pairs and triples, of which
there are ever more, and within that put it where a slice of twice the network's rate can be found
but is not found anyway (K. Roeder, L. Wasserman, *Genome-wide significance levels and weighted
hypothesis testing*, Statistical Science 2009). They depend on how many labels a slice has and on the
network's rate, never on what was found in the slice. Slices overlap and so depend on each other,
mostly positively, which the procedure tolerates (Y. Benjamini, D. Yekutieli, Annals of Statistics
2001; their own correction for any dependence would cost a factor of ln m, about 8); the benchmark
measures the share that remains.
"""

import numpy as np
from scipy.special import betainc, ndtr

from apps.triage.reliability_cells import Indices
from apps.triage.tables import Floats

RATIO = 2.0  # the weights are best for a slice of so many times the network's rate
FLAT_SHARE = 0.1  # of the budget is spread evenly: no slice is beyond discovery


def adjusted(p_values: Floats) -> Floats:
    """Benjamini and Hochberg's adjusted p-values [m]."""
    size = len(p_values)
    order = np.argsort(p_values, kind="stable")
    stepped = p_values[order] * size / np.arange(1, size + 1)
    least = np.minimum.accumulate(stepped[::-1])[::-1]
    result = np.empty(size)
    result[order] = np.minimum(least, 1.0)
    return result


def excess_p_value(
    false: Floats,
    weight: Floats,
    spread: Floats,
    rest_false: Floats,
    rest_weight: Floats,
    rest_spread: Floats,
) -> Floats:
    """One-sided p-values [k]: is the rate inside above that of the rest?

    Sums of weights of false labels, of all labels, and of squared weights, inside and of the rest.
    1 where either side has no labels.
    """
    has = (weight > 0) & (rest_weight > 0)
    weight, rest_weight = (np.where(has, column, 1.0) for column in (weight, rest_weight))
    spread, rest_spread = (np.where(has, column, 1.0) for column in (spread, rest_spread))
    n = 1.0 / (spread / weight**2 + rest_spread / rest_weight**2)
    expected = (rest_false + 0.5) / (rest_weight + 1.0)
    count = np.clip(false / weight, 0.0, 1.0) * n
    at_least = np.where(count > 0, betainc(np.maximum(count, 1e-9), n - count + 1, expected), 1.0)
    left = np.maximum(n - count, 1e-9)
    more = np.where(n - count > 0, betainc(count + 1, left, expected), 0.0)
    return np.where(has, np.clip((at_least + more) / 2, 0.0, 1.0), 1.0)


def level_weights(*, worth: Floats, level: Indices, rate: float, error: float) -> Floats:
    """Weights [m] of mean 1 for slices whose labels are worth `worth`, of `level` conditions."""
    levels, level_of = np.unique(level, return_inverse=True)
    budget = len(level) / (len(levels) * np.bincount(level_of))
    focused = _focused(worth, rate, error) * budget[level_of]
    return np.asarray((1 - FLAT_SHARE) * focused / focused.mean() + FLAT_SHARE)


def _focused(worth: Floats, rate: float, error: float) -> Floats:
    """Roeder and Wasserman's weights: m/α · Φ̄(ξ/2 + c/ξ), c such that their mean is 1."""
    base = float(np.clip(rate, 0.01, 0.99))
    excess = min(RATIO * base, (1 + base) / 2) - base
    shift = excess * np.sqrt(worth / (base * (1 - base)))
    low, high = -50.0, 200.0
    for _ in range(60):
        middle = (low + high) / 2
        weights = len(worth) / error * ndtr(-(shift / 2 + middle / shift))
        low, high = (middle, high) if weights.mean() > 1 else (low, middle)
    return np.asarray(weights)
