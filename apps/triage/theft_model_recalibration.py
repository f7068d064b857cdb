"""The last step of the theft model: shift and slope of the log-odds per detector version.

Every label is weighted by its inverse sampling probability (Horvitz and Thompson 1952), truncated
and scaled to its effective sample size (Kish 1965), and judged on log-odds that did not learn from
it. Both numbers are held near 0 and 1 by Gaussian priors, so that few labels move little.
"""

import numpy as np

from apps.triage.tables import Floats
from apps.triage.theft_model_fit import Judgement, Posterior, Problem, pull_and_weight

SHIFT_SCALE = 0.3
SLOPE_SCALE = 0.15
STEPS = 12


def left_out(problem: Problem, posterior: Posterior) -> Floats:
    """The log-odds of every row as if its own label had not been learned from. [n]

    Approximate leave-one-out of a Laplace posterior: η − g·v/(1 − w·v) with gradient g,
    information w and variance v of the row (Rad and Maleki 2020).
    """
    odds = problem.design.times(posterior.mode)
    pull, weight = pull_and_weight(
        odds=odds, theft=problem.theft, weight=problem.weight, judgement=problem.judgement
    )
    variance = problem.design.variance(posterior.covariance)
    return odds - pull * variance / np.maximum(1 - weight * variance, 0.1)


def shift_and_slope(
    *, odds: Floats, theft: Floats, weight: Floats, judgement: Judgement
) -> tuple[float, float]:
    """Platt's (1999) shift a and slope b of a + b·odds, at the mode under the priors."""
    design = np.column_stack([np.ones(len(odds)), odds])
    middle = np.array([0.0, 1.0])
    precision = 1 / np.array([SHIFT_SCALE, SLOPE_SCALE]) ** 2
    found = middle.copy()
    for _ in range(STEPS):
        pull, information = pull_and_weight(
            odds=design @ found, theft=theft, weight=weight, judgement=judgement
        )
        gradient = design.T @ pull - precision * (found - middle)
        curvature = design.T @ (design * information[:, None]) + np.diag(precision)
        found = found + np.clip(np.linalg.solve(curvature, gradient), -0.2, 0.2)
    return float(found[0]), float(np.clip(found[1], 0.25, 2.0))
