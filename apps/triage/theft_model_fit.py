"""The fit: penalised iteratively reweighted least squares with effect sizes by empirical Bayes.

A logistic regression whose coefficients have Gaussian priors N(0, σ²) with one σ a term (Gelman
and Hill 2007, chapters 12-14); the posterior is taken as Gaussian at its mode (Laplace), and each
σ² is re-estimated between Newton steps from the effective number of its coefficients (MacKay
1992). The label is a judgement with known sensitivity s and specificity t, so that its probability
is (1 − t) + (s + t − 1)·P(theft).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse
from scipy.special import expit

from apps.triage.tables import Floats

Integers = npt.NDArray[np.int64]
PRIOR_SCALE = 0.3
PRIOR_WEIGHT = 1.0
SMALLEST_SCALE = 0.01
LARGEST_SCALE = 3.0


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is fitted: numeric columns [n, c], effects [n, q], labels and weights [n].

    `group` [c + q] is the term a coefficient belongs to, −1 for one whose prior scale is fixed in
    `fixed` [c + q].
    """

    numeric: Floats
    effects: sparse.csr_matrix
    theft: Floats
    weight: Floats
    group: Integers
    fixed: Floats
    sensitivity: float
    specificity: float


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """The mode [p], its covariance [p, p] and the scale σ of each term [g]."""

    mode: Floats
    covariance: Floats
    scales: Floats


def fit_posterior(problem: Problem, *, rounds: int) -> Posterior:
    """The Laplace posterior. Converges or stops after `rounds` Newton steps."""
    groups = int(problem.group.max(initial=-1)) + 1
    scales = np.full(groups, PRIOR_SCALE)
    mode = np.zeros(len(problem.group))
    covariance = np.eye(len(mode))
    for index in range(rounds):
        precision = 1 / _prior_scale(problem, scales) ** 2
        step, covariance = _newton(problem, mode, precision)
        mode = _damped(problem, mode, step, precision)
        renewed = _scales(problem, mode, covariance, scales) if index else scales
        moved = np.abs(np.log(renewed / scales)).max(initial=0.0) if index else np.inf
        scales = renewed
        if moved < 0.03 and np.abs(step).max() < 0.01:
            break
    return Posterior(mode=mode, covariance=covariance, scales=scales)


def linear(problem: Problem, mode: Floats) -> Floats:
    """The log-odds of theft of every row. [n]"""
    width = problem.numeric.shape[1]
    total: Floats = problem.numeric @ mode[:width] + problem.effects @ mode[width:]
    return total


def row_variance(problem: Problem, covariance: Floats) -> Floats:
    """xᵀΣx of every row of the problem. [n]"""
    return variance_of(problem.numeric, problem.effects, covariance)


def variance_of(all_numeric: Floats, all_effects: sparse.csr_matrix, covariance: Floats) -> Floats:
    """xᵀΣx of every row. [n]"""
    width = all_numeric.shape[1]
    total = np.empty(len(all_numeric))
    for start in range(0, len(total), 16384):
        rows = slice(start, start + 16384)
        numeric, effects = all_numeric[rows], all_effects[rows]
        left = numeric @ covariance[:width] + effects @ covariance[width:]
        total[rows] = np.einsum("ij,ij->i", left[:, :width], numeric)
        total[rows] += np.asarray(effects.multiply(left[:, width:]).sum(axis=1)).ravel()
    return total


def judged(problem: Problem, odds: Floats) -> tuple[Floats, Floats]:
    """P(label says theft) and its slope in the log-odds. [n], [n]"""
    theft = expit(odds)
    gain = problem.sensitivity + problem.specificity - 1
    said = np.clip((1 - problem.specificity) + gain * theft, 1e-12, 1 - 1e-12)
    return said, gain * theft * (1 - theft)


def pull_and_weight(*, problem: Problem, odds: Floats) -> tuple[Floats, Floats]:
    """Gradient and expected information of each row's log-likelihood in its log-odds. [n], [n]"""
    said, slope = judged(problem, odds)
    spread = said * (1 - said)
    pull = problem.weight * (problem.theft - said) * slope / spread
    weight = problem.weight * slope**2 / spread
    return pull, weight


def _prior_scale(problem: Problem, scales: Floats) -> Floats:
    if not len(scales):
        return problem.fixed
    return np.where(problem.group >= 0, scales[problem.group], problem.fixed)


def _newton(problem: Problem, mode: Floats, precision: Floats) -> tuple[Floats, Floats]:
    pull, weight = pull_and_weight(problem=problem, odds=linear(problem, mode))
    gradient = np.concatenate([problem.numeric.T @ pull, problem.effects.T @ pull])
    gradient -= precision * mode
    information = _information(problem, weight)
    information[np.diag_indices_from(information)] += precision
    factor = linalg.cho_factor(information, lower=True, overwrite_a=True, check_finite=False)
    covariance = linalg.lapack.dpotri(factor[0], lower=1)[0]
    covariance = np.tril(covariance) + np.tril(covariance, -1).T
    return covariance @ gradient, covariance


def _information(problem: Problem, weight: Floats) -> Floats:
    numeric, effects = problem.numeric, problem.effects
    weighted = numeric * weight[:, None]
    scaled = effects.copy()
    scaled.data = effects.data * np.repeat(weight, np.diff(effects.indptr))
    across = effects.T @ weighted
    return np.block([[numeric.T @ weighted, across.T], [across, (effects.T @ scaled).toarray()]])


def _objective(problem: Problem, mode: Floats, precision: Floats) -> float:
    said, _ = judged(problem, linear(problem, mode))
    likelihood = problem.theft * np.log(said) + (1 - problem.theft) * np.log1p(-said)
    return float(problem.weight @ likelihood - 0.5 * (precision @ mode**2))


def _damped(problem: Problem, mode: Floats, step: Floats, precision: Floats) -> Floats:
    """The step, halved until it does not worsen the objective (at most six times)."""
    before = _objective(problem, mode, precision)
    for halving in range(6):
        after = mode + step * 0.5**halving
        if _objective(problem, after, precision) >= before - 1e-9:
            return after
    return mode


def _scales(problem: Problem, mode: Floats, covariance: Floats, scales: Floats) -> Floats:
    """MacKay's update of each σ, held by a weak prior so that no term collapses or explodes."""
    inside = problem.group >= 0
    group = problem.group[inside]
    size = np.bincount(group, minlength=len(scales))
    left = np.bincount(group, np.diag(covariance)[inside], minlength=len(scales)) / scales**2
    square = np.bincount(group, mode[inside] ** 2, minlength=len(scales))
    used = np.clip(size - left, 0.0, None)
    renewed = np.sqrt((square + PRIOR_WEIGHT * PRIOR_SCALE**2) / (used + PRIOR_WEIGHT))
    return np.clip(renewed, SMALLEST_SCALE, LARGEST_SCALE)
