"""What would clear an alert: the fewest behaviour signals without which it would not be raised.

Signals are only ever taken away ("not observed", NaN), never added or strengthened, and nothing
but behaviour signals is touched: conditions of the scene are held, identity, looks and place are
refused by name (S. Wachter, B. Mittelstadt, C. Russell, *Counterfactual explanations without
opening the black box*, 2018; sets of removed features as in D. Martens, F. Provost, *Explaining
data-driven document classifications*, 2014).

The alert is scored again through the detector where it is ours, else through the surrogate, and
the finding says which.
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from apps.triage.behaviour import require_behaviour
from apps.triage.canonical import significant
from apps.triage.findings import (
    CounterfactualFinding,
    CounterfactualMethod,
    CounterfactualState,
    Removal,
)
from apps.triage.segments import Segment
from apps.triage.signals import Signal
from apps.triage.surrogate import Surrogate, is_reliable, strongest
from apps.triage.surrogate_tree import RAISES
from apps.triage.tables import Bools, Floats

MOST_EXACT = 12
"""Up to so many observed signals every set is tried (4,096 scores); beyond, a greedy search."""

ScoreOf = Callable[[Floats], Floats]
"""Scores [m] of signal values [m, k], columns in the order of the signals, NaN: not observed."""


@dataclass(frozen=True, kw_only=True)
class ScoredBy:
    """Through what the scores come: the finding repeats it. Fidelity for a surrogate only."""

    method: CounterfactualMethod
    version: str
    fidelity: float | None = None
    reliable: bool | None = None


def counterfactual(
    *,
    score_of: ScoreOf,
    signals: Mapping[str, float],
    threshold: float,
    scored_by: ScoredBy,
    most_exact: int = MOST_EXACT,
) -> CounterfactualFinding:
    """Return the smallest set of `signals` (name → value) without which the score is below `threshold`.

    Values that are NaN were not observed and are no candidates. Up to `most_exact` candidates every
    set is tried, smallest first; among equally small ones the lowest score wins, then the order of
    `signals`. Beyond that one signal after the other is taken, each time the one that lowers the
    score most, and what turns out not to be needed is put back: that set is not proven smallest.
    A score that is not a number counts as not below. Raises `NotBehaviour` for a signal that names
    identity, looks or place.
    """
    require_behaviour(signals)
    search = _Search(score_of=score_of, signals=signals)
    score, singles = search.first_scores()
    found = CounterfactualFinding(
        state=_state(score, threshold),
        method=scored_by.method,
        version=scored_by.version,
        score=_number(score),
        threshold=threshold,
        removals=tuple(
            Removal(signal=name, score=_number(without))
            for name, without in zip(search.names, singles, strict=True)
        ),
        fidelity=scored_by.fidelity,
        reliable=scored_by.reliable,
    )
    if found.state is not CounterfactualState.NONE_FOUND:
        return found
    exact = len(search.names) <= most_exact
    smallest = (search.smallest if exact else search.greedy)(threshold)
    return _with_smallest(found, search, smallest, exact)


def surrogate_counterfactual(
    *,
    surrogate: Surrogate,
    label: str,
    signals: Sequence[Signal],
    segment: Segment,
    fidelity_floor: float | None = None,
) -> CounterfactualFinding:
    """What would clear an alert by the surrogate's rule; lighting and crowding stay as they are.

    The score is the share of the alerts under the rule that the detector raised; below half of
    them the surrogate does not raise.
    """
    floor = surrogate.settings.fidelity_floor if fidelity_floor is None else fidelity_floor
    seen = strongest(signals)
    tree, fidelity = surrogate.part_of(label).tree, surrogate.fidelity_of(label)
    held = surrogate.row(signals=(), segment=segment)[0, len(surrogate.signals) :]

    def score_of(values: Floats) -> Floats:
        scene = np.broadcast_to(held, (len(values), len(held)))
        return tree.raised_share(np.column_stack([values, scene]))

    return counterfactual(
        score_of=score_of,
        signals={name: seen.get(name, math.nan) for name in surrogate.signals},
        threshold=RAISES,
        scored_by=ScoredBy(
            method=CounterfactualMethod.SURROGATE,
            version=surrogate.version,
            fidelity=fidelity.share,
            reliable=is_reliable(fidelity, floor=floor),
        ),
    )


class _Search:
    """Scores of one alert without sets of its observed signals, given as indices of `names`."""

    def __init__(self, *, score_of: ScoreOf, signals: Mapping[str, float]) -> None:
        self._score_of = score_of
        self._values = np.array(list(signals.values()), dtype=float)
        self._columns = np.flatnonzero(~np.isnan(self._values))
        self.names = tuple(name for name, value in signals.items() if not math.isnan(value))

    def first_scores(self) -> tuple[float, Floats]:
        """The score as it is, and the scores [names] without each single signal."""
        scores = self.without([(), *((index,) for index in range(len(self.names)))])
        return float(scores[0]), scores[1:]

    def without(self, sets: Sequence[Sequence[int]]) -> Floats:
        """The score [sets] without the signals of each set."""
        rows = np.tile(self._values, (len(sets), 1))
        for row, removed in zip(rows, sets, strict=True):
            row[self._columns[list(removed)]] = np.nan
        scores = np.asarray(self._score_of(rows), dtype=float)
        if scores.shape != (len(sets),):
            raise ValueError(f"{len(sets)} scores are needed, not {scores.shape}")
        return scores

    def smallest(self, threshold: float) -> tuple[int, ...]:
        """Every set, smaller ones first; () when none takes the score below."""
        for size in range(1, len(self.names) + 1):
            sets = list(itertools.combinations(range(len(self.names)), size))
            scores = self.without(sets)
            below = _below(scores, threshold)
            if below.any():
                return sets[int(np.argmin(np.where(below, scores, np.inf)))]
        return ()

    def greedy(self, threshold: float) -> tuple[int, ...]:
        """The steepest way down, then without what it did not need; () when it does not get below."""
        removed: tuple[int, ...] = ()
        while len(removed) < len(self.names):
            sets = [(*removed, one) for one in range(len(self.names)) if one not in removed]
            scores = self.without(sets)
            removed = sets[int(np.argmin(np.where(np.isfinite(scores), scores, np.inf)))]
            if _below(scores, threshold).any():
                return self._needed(removed, threshold)
        return ()

    def _needed(self, removed: tuple[int, ...], threshold: float) -> tuple[int, ...]:
        for one in removed:
            rest = tuple(other for other in removed if other != one)
            if rest and _below(self.without([rest]), threshold).all():
                removed = rest
        return tuple(sorted(removed))


def _with_smallest(
    found: CounterfactualFinding, search: _Search, smallest: tuple[int, ...], exact: bool
) -> CounterfactualFinding:
    if not smallest:
        return replace(found, proven_smallest=exact)
    return replace(
        found,
        state=CounterfactualState.FOUND,
        smallest=tuple(search.names[one] for one in smallest),
        score_after=_number(float(search.without([smallest])[0])),
        proven_smallest=exact or len(smallest) <= 2,  # every single removal has been tried
    )


def _state(score: float, threshold: float) -> CounterfactualState:
    if not math.isfinite(score):
        return CounterfactualState.NOT_COMPUTABLE
    if significant(score) < threshold:
        return CounterfactualState.BELOW_ALREADY
    return CounterfactualState.NONE_FOUND


def _below(scores: Floats, threshold: float) -> Bools:
    """Below as it will be written: rounded to the digits a record keeps."""
    below: Bools = np.array([math.isfinite(one) and significant(one) < threshold for one in scores])
    return below


def _number(score: float) -> float | None:
    return significant(score) if math.isfinite(score) else None
