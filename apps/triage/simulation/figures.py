"""What a closed loop cost, beside the oracle, the best score thresholds and escalating everything."""

from dataclasses import dataclass

import numpy as np

from apps.triage.cost_model import CostModel
from apps.triage.economics import option_terms
from apps.triage.simulation.baselines import (
    ARCHIVE,
    ESCALATE,
    VERIFY,
    best_thresholds,
    cost_of,
    oracle_choice,
    oracle_choice_under_rules,
    true_costs,
)
from apps.triage.simulation.closed_loop import LoopResult
from apps.triage.simulation.history import SimulatedHistory
from apps.triage.simulation.network import Floats, Indices
from apps.triage.tables import Bools

EARLY_DAYS = 30.0


@dataclass(frozen=True, kw_only=True)
class CostSums:
    """Sums of expected costs over the same alerts, each of one way to decide."""

    alerts: int
    policy: float
    policy_with_full_audits: float
    oracle: float
    oracle_under_rules: float
    thresholds: float
    escalate_everything: float
    verify_everything: float

    @property
    def above_oracle(self) -> float:
        """(policy − oracle) / oracle; the oracle is bound by no rule."""
        return self.policy / self.oracle - 1

    @property
    def above_oracle_under_rules(self) -> float:
        """The same against an oracle that, like the policy, escalates complete sequences only."""
        return self.policy / self.oracle_under_rules - 1

    @property
    def above_oracle_with_full_audits(self) -> float:
        return self.policy_with_full_audits / self.oracle - 1

    @property
    def cheaper_than_thresholds(self) -> float:
        return 1 - self.policy / self.thresholds

    @property
    def cheaper_than_escalating_everything(self) -> float:
        return 1 - self.policy / self.escalate_everything

    @property
    def thresholds_above_oracle(self) -> float:
        return self.thresholds / self.oracle - 1


@dataclass(frozen=True, kw_only=True)
class LoopFigures:
    """The sums over all days, and over those after the first `EARLY_DAYS`."""

    over_all: CostSums
    after_early: CostSums | None


def figures_of(*, history: SimulatedHistory, result: LoopResult, model: CostModel) -> LoopFigures:
    """Return the figures. Thresholds are the best in hindsight over the whole period."""
    costs = true_costs(history=history, model=model)
    ruled = oracle_choice_under_rules(costs=costs, history=history)
    thresholds = best_thresholds(score=history.table.score, costs=costs)
    columns = {
        "policy": result.costs(history=history, model=model),
        "policy_with_full_audits": result.costs_with_full_audits(history=history, model=model),
        "oracle": cost_of(costs=costs, choice=oracle_choice(costs)),
        "oracle_under_rules": cost_of(costs=costs, choice=ruled),
        "thresholds": cost_of(costs=costs, choice=thresholds.choose(history.table.score)),
        "escalate_everything": costs[:, ESCALATE],
        "verify_everything": costs[:, VERIFY],
    }
    late = history.day >= EARLY_DAYS
    return LoopFigures(
        over_all=_sums(columns, np.ones(len(history), dtype=np.bool_)),
        after_early=_sums(columns, late) if late.any() else None,
    )


def _sums(columns: dict[str, Floats], rows: Bools) -> CostSums:
    sums = {name: float(column[rows].sum()) for name, column in columns.items()}
    return CostSums(alerts=int(rows.sum()), **sums)


@dataclass(frozen=True, kw_only=True)
class Work:
    """Alerts triaged, operator minutes (audits included) and thefts expected to be confirmed."""

    alerts: int
    minutes: float
    confirmed: float

    @property
    def alerts_per_minute(self) -> float:
        return self.alerts / self.minutes


def work_of(
    *,
    history: SimulatedHistory,
    choice: Indices,
    audit_share: Floats,
    rows: Bools,
    model: CostModel,
) -> Work:
    """Return the work of these choices over `rows`; audits cost minutes and confirm nothing."""
    terms = option_terms(model)
    sensitivity = np.array([0.0, model.verify.sensitivity, model.escalate.sensitivity])
    minutes = terms.minutes[choice] + audit_share * terms.minutes[VERIFY]
    confirmed = sensitivity[choice] * history.probability
    return Work(
        alerts=int(rows.sum()),
        minutes=float(minutes[rows].sum()),
        confirmed=float(confirmed[rows].sum()),
    )


def work_in_order_of_arrival(*, work: Work, confirmed: float) -> Work:
    """The part of `work` in which alerts, taken as they come, confirm only `confirmed` thefts."""
    part = min(confirmed / work.confirmed, 1.0)
    return Work(alerts=round(work.alerts * part), minutes=work.minutes * part, confirmed=confirmed)


@dataclass(frozen=True, kw_only=True)
class Interventions:
    """Expected counts among the same alerts: thefts confirmed and wrong interventions."""

    confirmed: float
    wrong: float

    @property
    def wrong_share(self) -> float:
        """Wrong interventions of all interventions."""
        return self.wrong / (self.confirmed + self.wrong)


def interventions_of(
    *, theft: Bools, choice: Indices, rows: Bools, model: CostModel
) -> Interventions:
    """What people with the model's sensitivities and specificities would do after these choices."""
    sensitivity = np.array([0.0, model.verify.sensitivity, model.escalate.sensitivity])
    wrong = option_terms(model).wrong_share[: len(sensitivity)]
    real, taken = theft[rows], choice[rows]
    return Interventions(
        confirmed=float(sensitivity[taken][real].sum()),
        wrong=float(wrong[taken][~real].sum()),
    )


def verify_enough(*, estimate: Floats, rows: Bools, kept: float, model: CostModel) -> Indices:
    """Verify the most probable of `rows`, archive the rest, so that `kept` of the thefts remain.

    `kept` is the share of the thefts that escalating all of them would confirm, both reckoned from
    the estimates alone. Choices outside `rows` are archive.
    """
    wanted = kept * model.escalate.sensitivity * estimate[rows].sum()
    order = np.flatnonzero(rows)[np.argsort(-estimate[rows], kind="stable")]
    found = np.cumsum(model.verify.sensitivity * estimate[order])
    needed = int(np.searchsorted(found, wanted)) + 1
    choice = np.full(len(estimate), ARCHIVE, dtype=np.intp)
    choice[order[:needed]] = VERIFY
    return choice
