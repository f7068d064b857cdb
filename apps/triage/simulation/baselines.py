"""What a policy is compared with: an oracle, the best score thresholds in hindsight, one answer for all."""

from dataclasses import dataclass

import numpy as np

from apps.triage.cost_model import CostModel
from apps.triage.economics import STRATEGY_OPTIONS, Option, expected_costs
from apps.triage.sequence import SequenceState
from apps.triage.simulation.history import SimulatedHistory
from apps.triage.simulation.network import Floats, Indices

ARCHIVE, VERIFY, ESCALATE = (
    STRATEGY_OPTIONS.index(one) for one in (Option.ARCHIVE, Option.VERIFY, Option.ESCALATE)
)


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Archive below `verify_from`, verify below `escalate_from`, else escalate."""

    verify_from: float
    escalate_from: float

    def choose(self, score: Floats) -> Indices:
        return np.where(
            score >= self.escalate_from,
            ESCALATE,
            np.where(score >= self.verify_from, VERIFY, ARCHIVE),
        )


def true_costs(*, history: SimulatedHistory, model: CostModel) -> Floats:
    """Return the expected cost [alerts, 3] of each strategy under the exact probability."""
    return expected_costs(
        probability=history.probability,
        minute_shadow_price=np.zeros(len(history)),
        model=model,
    )[:, : len(STRATEGY_OPTIONS)]


def oracle_choice(costs: Floats) -> Indices:
    """The cheapest strategy of each alert, no rule in the way."""
    cheapest: Indices = costs.argmin(axis=1)
    return cheapest


def oracle_choice_under_rules(*, costs: Floats, history: SimulatedHistory) -> Indices:
    """The same, but like the product never escalating without a complete sequence."""
    ruled = costs.copy()
    ruled[history.table.sequence != SequenceState.COMPLETE.value, ESCALATE] = np.inf
    return oracle_choice(ruled)


def best_thresholds(*, score: Floats, costs: Floats) -> Thresholds:
    """Return the pair that is cheapest in hindsight, of all pairs of scores [alerts].

    With sums of costs in order of score, a pair (i ≤ j) costs
    archive[..i] + verify[i..j] + escalate[j..]; the best i for every j is a running minimum.
    """
    order = np.argsort(score, kind="stable")
    ordered = score[order]
    sums = np.vstack([np.zeros(costs.shape[1]), np.cumsum(costs[order], axis=0)])
    possible = np.concatenate([[True], ordered[1:] > ordered[:-1], [True]])
    lower = np.where(possible, sums[:, ARCHIVE] - sums[:, VERIFY], np.inf)
    best_lower = np.minimum.accumulate(lower)
    total = best_lower + sums[:, VERIFY] + sums[-1, ESCALATE] - sums[:, ESCALATE]
    upper = int(np.where(possible, total, np.inf).argmin())
    first = int(np.flatnonzero(lower[: upper + 1] == best_lower[upper])[0])
    edges = np.append(ordered, np.inf)
    return Thresholds(verify_from=float(edges[first]), escalate_from=float(edges[upper]))


def cost_of(*, costs: Floats, choice: Indices) -> Floats:
    """The cost [alerts] of these choices."""
    taken: Floats = costs[np.arange(len(costs)), choice]
    return taken
