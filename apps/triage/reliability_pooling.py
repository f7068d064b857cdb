"""Partial pooling of false-positive rates along network → site → camera → segment.

Each node has a Beta distribution around its parent's rate, shifted on the log-odds scale by how
its conditions differ from the parent's. How close the nodes of a level lie to their parents (the
concentration κ) comes from the labels themselves: the marginal Beta-Binomial likelihood under a
log-normal prior (empirical Bayes: B. Efron, C. Morris, *Data analysis using Stein's estimator*,
JASA 1975; A. Gelman et al., *Bayesian Data Analysis*, 3rd ed., chapter 5). What is learned at a
node passes upwards as far as one node can speak for its parent: n labels of one child are worth
n(κ+1)/(n+κ) of the parent's. Downwards a segment's own labels are taken out of its ancestors
first, so that nothing counts twice, and an uncertain parent is a weaker prior.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, expit, logit

from apps.triage.reliability_cells import Indices, summed_by
from apps.triage.tables import Floats

NETWORK_PRIOR = (0.5, 2.0)
"""Mean and worth in labels of the prior of the whole network: Beta(1, 1), uniform."""

CONCENTRATIONS = np.geomspace(2.0, 500.0, 41)
CONCENTRATION_MEDIAN = 20.0  # prior of κ: log-normal, weak; a handful of nodes outweighs it
CONCENTRATION_SPREAD = 1.0
_NOTHING = 1e-9  # what is left of a sum of weights after its only part is taken out
_EDGE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Weighted labels of nodes [k]: weights of false and of all labels, `spread` so that the labels
    are worth weight² / spread, and `shift` = Σ weight · condition effect.
    """

    false: Floats
    weight: Floats
    spread: Floats
    shift: Floats

    @property
    def worth(self) -> Floats:
        """How many unweighted labels of this node these would be (0 where there are none)."""
        spread = np.where(self.spread > 0, self.spread, 1.0)
        return np.asarray(self.weight**2 / spread)

    @property
    def rate(self) -> Floats:
        """The weighted share of false labels (0 where there are none)."""
        return np.asarray(self.false / np.where(self.weight > 0, self.weight, 1.0))

    def offset_or(self, other: Floats) -> Floats:
        """The mean condition effect, `other` where there are no labels."""
        has = self.weight > 0
        return np.where(has, self.shift / np.where(has, self.weight, 1.0), other)

    def of(self, rows: Indices) -> "Sums":
        return Sums(
            false=self.false[rows],
            weight=self.weight[rows],
            spread=self.spread[rows],
            shift=self.shift[rows],
        )

    def summed(self, parent: Indices, size: int, concentration: float) -> "Sums":
        """The sums of the parents [size] of these nodes."""
        told = self.told(concentration)
        return Sums(
            false=summed_by(parent, told.false, size),
            weight=summed_by(parent, told.weight, size),
            spread=summed_by(parent, told.spread, size),
            shift=summed_by(parent, told.shift, size),
        )

    def told(self, concentration: float) -> "Sums":
        """What these nodes tell their parents: the variance of a Beta-Binomial share grows by
        (κ + n)/(κ + 1) over that of a share of independent labels.
        """
        growth = (concentration + np.maximum(self.worth, 1.0)) / (concentration + 1)
        return Sums(
            false=self.false,
            weight=self.weight,
            spread=self.spread * growth,
            shift=self.shift,
        )

    def without(self, part: "Sums") -> "Sums":
        """These sums after `part` is taken out; nothing at all where it was everything."""
        weight = self.weight - part.weight
        left = weight > _NOTHING * np.maximum(self.weight, 1e-300)
        return Sums(
            false=np.where(left, np.clip(self.false - part.false, 0.0, weight), 0.0),
            weight=np.where(left, weight, 0.0),
            spread=np.where(left, np.maximum(self.spread - part.spread, weight * _NOTHING), 0.0),
            shift=np.where(left, self.shift - part.shift, 0.0),
        )

    def with_part(self, part: "Sums") -> "Sums":
        return Sums(
            false=self.false + part.false,
            weight=self.weight + part.weight,
            spread=self.spread + part.spread,
            shift=self.shift + part.shift,
        )


@dataclass(frozen=True, kw_only=True)
class Belief:
    """Beta distributions of rates [k] by mean and worth in labels (α + β), and the mean condition
    effect for which they hold.
    """

    mean: Floats
    worth: Floats
    offset: Floats

    def of(self, rows: Indices) -> "Belief":
        return Belief(mean=self.mean[rows], worth=self.worth[rows], offset=self.offset[rows])


def concentration_of(*, sums: Sums, expected: Floats) -> float:
    """How closely nodes [k] lie around the rates their parents expect, in labels."""
    used = sums.weight > 0
    worth, mean = sums.worth[used], np.clip(expected[used], _EDGE, 1 - _EDGE)
    false = np.clip(sums.rate[used], 0, 1) * worth
    kappa = CONCENTRATIONS[:, None]
    a, b = kappa * mean, kappa * (1 - mean)
    fit = (betaln(a + false, b + worth - false) - betaln(a, b)).sum(axis=1)
    far = np.log(CONCENTRATIONS / CONCENTRATION_MEDIAN) / CONCENTRATION_SPREAD
    fit = fit - far**2 / 2
    share = np.exp(fit - fit.max())
    return float(np.exp(np.sum(share * np.log(CONCENTRATIONS)) / share.sum()))


def child_prior(*, parent: Belief, offset: Floats, concentration: float) -> Belief:
    """What parents [k] say of their children before these have labels.

    Variance of the child's rate = of children around their parent + of the parent itself.
    """
    worth = (concentration + 1) * (parent.worth + 1) / (parent.worth + 1 + concentration) - 1
    inner = np.clip(parent.mean, _EDGE, 1 - _EDGE)
    return Belief(mean=expit(logit(inner) + offset - parent.offset), worth=worth, offset=offset)


def learned(*, prior: Belief, sums: Sums) -> Belief:
    """The posterior: prior and labels averaged by their worth."""
    worth = prior.worth + sums.worth
    mean = (prior.worth * prior.mean + sums.worth * sums.rate) / worth
    return Belief(mean=mean, worth=worth, offset=prior.offset)


def network_belief(sums: Sums) -> Belief:
    """The posterior of the network's rate [k] from its sums."""
    mean, worth = (np.full(len(sums.weight), figure) for figure in NETWORK_PRIOR)
    prior = Belief(mean=mean, worth=worth, offset=sums.offset_or(np.zeros(len(mean))))
    return learned(prior=prior, sums=sums)


def below(*, parent: Belief, sums: Sums, concentration: float) -> Belief:
    """The posterior of nodes [k] from their parents' [k] and their own sums."""
    offset = sums.offset_or(parent.offset)
    prior = child_prior(parent=parent, offset=offset, concentration=concentration)
    return learned(prior=prior, sums=sums)
