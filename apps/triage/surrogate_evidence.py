"""How good a surrogate and its rules are: agreement on held-out time, and what the labels say."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.triage.canonical import significant
from apps.triage.tables import Bools, Floats, Labels


@dataclass(frozen=True, kw_only=True)
class Fidelity:
    """Agreement of twin and detector on `held_out` alerts later than all that was fitted.

    `share` agreed, with its 90% interval; always giving the more frequent answer reaches
    `majority`; `kappa` is J. Cohen's (*A coefficient of agreement for nominal scales*, 1960), 0
    for chance and 1 for full agreement. Of the `raised_count` alerts the detector raised, the twin
    raised `raised_share` as well (with its 90% interval); None without any.
    """

    share: float
    low: float
    high: float
    held_out: int
    majority: float
    kappa: float
    raised_count: int
    raised_share: float | None
    raised_low: float | None
    raised_high: float | None


@dataclass(frozen=True, kw_only=True)
class RuleEvidence:
    """What is known of one rule: `support` alerts fell under it, `label_count` of them were judged.

    `precision` is the confirmed share of those, each weighted by its inverse sampling probability
    (D. Horvitz, D. Thompson 1952), `low` and `high` its 90% interval; None without labels.
    """

    leaf: int
    support: int
    label_count: int
    precision: float | None
    low: float | None
    high: float | None


def fidelity_of(*, answer: Bools, raised: Bools) -> Fidelity:
    """Compare the twin's answers [n] with the detector's [n], n ≥ 1."""
    count, agreed = len(raised), int((answer == raised).sum())
    share, low, high = share_interval(agreed / count, count)
    raised_count, both = int(raised.sum()), int((answer & raised).sum())
    of_raised = share_interval(both / raised_count, raised_count) if raised_count else (None,) * 3
    return Fidelity(
        share=share,
        low=low,
        high=high,
        held_out=count,
        majority=significant(max(raised_count, count - raised_count) / count),
        kappa=significant(cohens_kappa(answer=answer, raised=raised)),
        raised_count=raised_count,
        raised_share=of_raised[0],
        raised_low=of_raised[1],
        raised_high=of_raised[2],
    )


def cohens_kappa(*, answer: Bools, raised: Bools) -> float:
    """Agreement beyond chance: (p − e) / (1 − e); 0 where both always say the same."""
    agreed = float((answer == raised).mean())
    says, does = float(answer.mean()), float(raised.mean())
    by_chance = says * does + (1 - says) * (1 - does)
    return (agreed - by_chance) / (1 - by_chance) if by_chance < 1 else 0.0


def share_interval(share: float, count: float) -> tuple[float, float, float]:
    """Return a share of `count` with its 5th and 95th percentile under Jeffreys' prior.

    A share of 0 keeps 0 as its lower end, one of 1 keeps 1 as its upper (L. Brown, T. Cai,
    A. DasGupta, *Interval estimation for a binomial proportion*, 2001).
    """
    from scipy.stats import beta

    hits, misses, middle = share * count, (1 - share) * count, significant(share)
    low = 0.0 if share <= 0 else significant(float(beta.ppf(0.05, hits + 0.5, misses + 0.5)))
    high = 1.0 if share >= 1 else significant(float(beta.ppf(0.95, hits + 0.5, misses + 0.5)))
    return middle, min(low, middle), max(high, middle)


def rule_evidence(
    *, leaves: tuple[int, ...], leaf: npt.NDArray[np.intp], labels: Labels | None, as_of: float
) -> tuple[RuleEvidence, ...]:
    """The evidence of each of `leaves`; `leaf` [n] says under which each alert fell."""
    judged = np.zeros(len(leaf), dtype=bool) if labels is None else labels.known_by(as_of)
    return tuple(_evidence(one, leaf == one, judged, labels) for one in leaves)


def _evidence(leaf: int, under: Bools, judged: Bools, labels: Labels | None) -> RuleEvidence:
    support, rows = int(under.sum()), np.flatnonzero(under & judged)
    if labels is None or not len(rows):
        return RuleEvidence(
            leaf=leaf, support=support, label_count=0, precision=None, low=None, high=None
        )
    precision, low, high = _weighted_share(
        labels.theft[rows], 1 / labels.sampling_probability[rows]
    )
    return RuleEvidence(
        leaf=leaf,
        support=support,
        label_count=len(rows),
        precision=precision,
        low=low,
        high=high,
    )


def _weighted_share(theft: Floats, weight: Floats) -> tuple[float, float, float]:
    """The weighted share and its interval, over L. Kish's effective number of labels (1965)."""
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    return share_interval(float(np.average(theft, weights=weight)), effective)
