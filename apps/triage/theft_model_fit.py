"""The fit: penalised iteratively reweighted least squares with effect sizes by empirical Bayes.

A logistic regression whose coefficients have Gaussian priors N(0, σ²) with one σ a term (Gelman
and Hill 2007, chapters 12-14); the posterior is taken as Gaussian at its mode (Laplace), and each
σ² is re-estimated between Newton steps from the effective number of its coefficients (MacKay
1992). The label is a judgement with known sensitivity s and specificity t, so that its probability
is (1 − t) + (s + t − 1)·P(theft).
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import linalg
from scipy.special import expit

from apps.triage.tables import Floats
from apps.triage.theft_model_blocks import Blocks

Integers = npt.NDArray[np.int64]
FIRST_SCALE = 0.4
PRIOR_SCALE = 0.1
PRIOR_WEIGHT = 1.0
SMALLEST_SCALE = 0.01
LARGEST_SCALE = 3.0
RENEWALS = 2
MOVED = 0.02
CLOSE = 0.05
ENOUGH_ROWS = 4000
FIRST_ROUNDS = 3
LAST_ROUNDS = 2


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """How well the people judge whose labels are learned from, both 0.5..1."""

    sensitivity: float
    specificity: float


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is fitted: columns of n rows, their labels (0 or 1) and weights [n].

    `group` [p] is the term a coefficient belongs to, −1 for one whose prior scale is fixed in
    `fixed` [p].
    """

    design: Blocks
    theft: Floats
    weight: Floats
    group: Integers
    fixed: Floats
    judgement: Judgement


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """The mode [p], its covariance [p, p] and the scale σ of each term [g]."""

    mode: Floats
    covariance: Floats
    scales: Floats


def fit_posterior(problem: Problem, *, rounds: int) -> Posterior:
    """The Laplace posterior: converged, or after `rounds` Newton steps.

    With many rows the first steps see only some of them, each counted for those left out; the last
    ones, and the covariance, rest on all.
    """
    groups = int(problem.group.max(initial=-1)) + 1
    size = problem.design.columns
    start = Posterior(
        mode=np.zeros(size), covariance=np.eye(size), scales=np.full(groups, FIRST_SCALE)
    )
    every = problem.design.rows // ENOUGH_ROWS
    if every < 2:
        return _improved(problem, start, rounds)
    thin = _improved(_thinned(problem, every), start, min(rounds, FIRST_ROUNDS))
    return _improved(problem, thin, min(rounds, LAST_ROUNDS))


def _thinned(problem: Problem, every: int) -> Problem:
    design = problem.design.thinned(every)
    weight = np.zeros(design.rows)
    used = design.used
    total = problem.weight.sum()
    weight[used] = problem.weight[used] * (total / max(problem.weight[used].sum(), 1e-12))
    return replace(problem, design=design, weight=weight)


def _improved(problem: Problem, start: Posterior, rounds: int) -> Posterior:
    """Newton steps from `start`; the scales are renewed on the quadratic that each step rests on."""
    mode, covariance, scales = start.mode, start.covariance, start.scales
    for _ in range(rounds):
        odds = problem.design.times(mode)
        pull, weight = pull_and_weight(
            odds=odds, theft=problem.theft, weight=problem.weight, judgement=problem.judgement
        )
        information = problem.design.information(weight)
        target = information @ mode + problem.design.sum_of(pull)
        before, earlier = mode, scales
        for _ in range(RENEWALS):
            precision = 1 / _prior_scale(problem, scales) ** 2
            covariance = _inverse(information, precision)
            mode = covariance @ target
            scales = _scales(problem, mode, covariance, scales)
        mode, halved = _damped(problem, before, mode - before, precision)
        still = np.abs(scales - earlier).max(initial=0.0) < MOVED
        if still and not halved and _distance(problem, mode, odds) < CLOSE:
            break
    return Posterior(mode=mode, covariance=covariance, scales=scales)


def _distance(problem: Problem, mode: Floats, odds: Floats) -> float:
    return float(np.abs(problem.design.times(mode) - odds).max(initial=0.0))


def pull_and_weight(
    *, odds: Floats, theft: Floats, weight: Floats, judgement: Judgement
) -> tuple[Floats, Floats]:
    """Gradient and expected information of each row's log-likelihood in its log-odds. [n], [n]"""
    said, slope = _said(odds, judgement)
    spread = said * (1 - said)
    return weight * (theft - said) * slope / spread, weight * slope**2 / spread


def _said(odds: Floats, judgement: Judgement) -> tuple[Floats, Floats]:
    """P(label says theft) and its slope in the log-odds. [n], [n]"""
    theft = expit(odds)
    gain = judgement.sensitivity + judgement.specificity - 1
    said = np.clip((1 - judgement.specificity) + gain * theft, 1e-12, 1 - 1e-12)
    return said, gain * theft * (1 - theft)


def _prior_scale(problem: Problem, scales: Floats) -> Floats:
    if not len(scales):
        return problem.fixed
    return np.where(problem.group >= 0, scales[problem.group], problem.fixed)


def _inverse(information: Floats, precision: Floats) -> Floats:
    total = information.copy()
    total[np.diag_indices_from(total)] += precision
    factor = linalg.lapack.dpotrf(total, lower=1, overwrite_a=1)[0]
    half = np.tril(linalg.lapack.dpotri(factor, lower=1, overwrite_c=1)[0])
    whole: Floats = half + np.tril(half, -1).T
    return whole


def _objective(problem: Problem, mode: Floats, precision: Floats) -> float:
    said, _ = _said(problem.design.times(mode), problem.judgement)
    likelihood = problem.theft * np.log(said) + (1 - problem.theft) * np.log1p(-said)
    return float(problem.weight @ likelihood - 0.5 * (precision @ mode**2))


def _damped(problem: Problem, mode: Floats, step: Floats, precision: Floats) -> tuple[Floats, bool]:
    """The point after the step, halved until it does not worsen the objective; whether halved."""
    before = _objective(problem, mode, precision)
    for halving in range(6):
        after = mode + step * 0.5**halving
        if _objective(problem, after, precision) >= before - 1e-9:
            return after, halving > 0
    return mode, True


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
