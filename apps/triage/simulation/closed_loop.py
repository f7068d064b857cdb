"""A policy in a simulated network, day by day: it sees only the labels that its own decisions buy.

Looked-at alerts (verified, escalated) get the verdict of an erring person. Archived ones get one
only when drawn for audit, with a probability that is stored. Audits happen after the visit: they
cost minutes and buy a label, nothing is recovered and nobody is approached. Costs are expected
costs under the exact probability, which the policy never sees.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from apps.triage.audit_share import DEFAULT_AUDIT_SETTINGS, AuditSettings, audit_shares
from apps.triage.cost_model import CostModel, default_cost_model
from apps.triage.decision import (
    DEFAULT_TRIAGE_POLICY,
    DecidedBatch,
    DecisionBatch,
    TriagePolicy,
    decide_batch,
)
from apps.triage.fairness import FairnessState
from apps.triage.segments import ReliabilityState
from apps.triage.simulation.baselines import ARCHIVE, ESCALATE, VERIFY, cost_of, true_costs
from apps.triage.simulation.history import SimulatedHistory
from apps.triage.simulation.learners import Estimate, Learner
from apps.triage.simulation.network import Floats, Indices
from apps.triage.simulation.people import Verdicts, draw_operators, draw_verdicts
from apps.triage.simulation.settings import SECONDS_A_DAY
from apps.triage.tables import AlertTable, Bools, Labels, Texts

ReliabilityOf = Callable[[AlertTable], Texts]
Judge = Callable[[AlertTable, Labels, float], ReliabilityOf]
"""Judges segments on a table and its labels as of a time; gives the state of each alert asked."""


@dataclass(frozen=True, kw_only=True)
class LoopSettings:
    """How the policy runs: refitted every day up to `daily_until`, then every `refit_days`."""

    refit_days: int = 2
    daily_until: int = 10
    model: CostModel = field(default_factory=default_cost_model)
    policy: TriagePolicy = DEFAULT_TRIAGE_POLICY
    audit: AuditSettings = DEFAULT_AUDIT_SETTINGS

    def __post_init__(self) -> None:
        if self.refit_days < 1 or self.daily_until < 1:
            raise ValueError("a model is refitted after at least one day")

    def refits_on(self, day: int) -> bool:
        """Whether the model is fitted in the morning of this day; on day 0 nothing is known."""
        return 0 < day <= self.daily_until or (day > 0 and day % self.refit_days == 0)


@dataclass(frozen=True, kw_only=True)
class LoopResult:
    """What the policy did to each alert [n], and the labels it bought.

    `audit_share` is 0 unless archived; `audited` says which were drawn. `allowed_escalation` says
    where no rule stood in the way. `estimate`, `low`, `high`, `calibrated` and `reliability` are as
    they stood when the alert was decided.
    """

    choice: Indices
    audit_share: Floats
    audited: Bools
    allowed_escalation: Bools
    estimate: Floats
    low: Floats
    high: Floats
    calibrated: Bools
    reliability: Texts
    labels: Labels

    def costs(self, *, history: SimulatedHistory, model: CostModel) -> Floats:
        """Expected cost [n] with audits at the price of their minutes."""
        minutes = model.verify.minutes * model.minute_price
        taken = cost_of(costs=true_costs(history=history, model=model), choice=self.choice)
        return taken + self.audit_share * minutes

    def costs_with_full_audits(self, *, history: SimulatedHistory, model: CostModel) -> Floats:
        """The same with every audit priced as a verification of somebody still in the store."""
        costs = true_costs(history=history, model=model)
        taken = cost_of(costs=costs, choice=self.choice)
        return taken + self.audit_share * (costs[:, VERIFY] - costs[:, ARCHIVE])


def run_closed_loop(
    *,
    history: SimulatedHistory,
    learner: Learner,
    settings: LoopSettings | None = None,
    judge: Judge | None = None,
) -> LoopResult:
    """Run the policy over the history's days and return what it did. Deterministic.

    `judge` gives the reliability of segments; without one it is unknown everywhere, which stops
    nothing.
    """
    settings = settings or LoopSettings()
    rng = np.random.default_rng([history.seed, 2])
    operators = draw_operators(settings=history.settings, model=settings.model, rng=rng)
    verdicts = draw_verdicts(theft=history.theft, operators=operators, rng=rng)
    loop = _Loop(history, settings, verdicts, rng.random(len(history)))
    days = history.settings.days
    edges = np.searchsorted(history.day, np.arange(days + 1))
    predictor: Callable[[AlertTable], Estimate] | None = None
    states: ReliabilityOf | None = None
    for day in range(days):
        if settings.refits_on(day) and edges[day] > 0:
            past, labels, as_of = loop.known_at(day, int(edges[day]))
            predictor = learner(past, labels, as_of).predict
            states = judge(past, labels, as_of) if judge else None
        loop.decide(slice(int(edges[day]), int(edges[day + 1])), predictor, states)
    return loop.result()


class _Loop:
    """The state of a run: what was chosen and what was learned so far."""

    def __init__(
        self, history: SimulatedHistory, settings: LoopSettings, verdicts: Verdicts, draws: Floats
    ) -> None:
        size = len(history)
        self.table, self.settings, self.verdicts = history.table, settings, verdicts
        self.first = history.settings.starts_at
        self.draws = draws
        self.choice = np.zeros(size, dtype=np.intp)
        self.audit_share = np.zeros(size)
        self.audited = np.zeros(size, dtype=np.bool_)
        self.free = np.zeros(size, dtype=np.bool_)
        self.estimate, self.low, self.high = (np.full(size, np.nan) for _ in range(3))
        self.calibrated = np.zeros(size, dtype=np.bool_)
        self.reliability = np.full(size, ReliabilityState.UNKNOWN.value)
        self.theft = np.full(size, np.nan)
        self.sampling = np.ones(size)
        self.labelled_at = np.full(size, np.inf)

    def known_at(self, day: int, end: int) -> tuple[AlertTable, Labels, float]:
        """What the policy may learn from in the morning of a day: earlier alerts, verdicts by then."""
        as_of = self.first + day * SECONDS_A_DAY
        rows = slice(0, end)
        known = self.labelled_at[rows] <= as_of
        labels = Labels(
            theft=np.where(known, self.theft[rows], np.nan),
            sampling_probability=self.sampling[rows],
            labelled_at=np.where(known, self.labelled_at[rows], np.inf),
        )
        return self.table.where(rows), labels, as_of

    def decide(
        self,
        rows: slice,
        predictor: Callable[[AlertTable], Estimate] | None,
        states: ReliabilityOf | None,
    ) -> None:
        """Decide the alerts of one day and buy their labels."""
        table = self.table.where(rows)
        if not len(table):
            return
        batch = self._batch(table, predictor, states)
        decided = decide_batch(batch=batch, model=self.settings.model, policy=self.settings.policy)
        self.choice[rows] = decided.chosen
        self.free[rows] = decided.allowed[:, ESCALATE]
        self.estimate[rows] = batch.probability
        self.low[rows], self.high[rows] = batch.low, batch.high
        self.calibrated[rows], self.reliability[rows] = batch.calibrated, batch.reliability
        self.audit_share[rows] = self._shares(batch, decided)
        self.audited[rows] = self.draws[rows] < self.audit_share[rows]
        self._buy_labels(rows)

    def _batch(
        self,
        table: AlertTable,
        predictor: Callable[[AlertTable], Estimate] | None,
        states: ReliabilityOf | None,
    ) -> DecisionBatch:
        size = len(table)
        found = predictor(table) if predictor else _unknown(size)
        unknown = np.full(size, ReliabilityState.UNKNOWN.value)
        return DecisionBatch(
            probability=found.mean,
            low=found.low,
            high=found.high,
            calibrated=found.calibrated,
            sequence=table.sequence,
            reliability=states(table) if states else unknown,
            fairness=np.full(size, FairnessState.PASSED.value),
            has_viewable_clip=np.ones(size, dtype=np.bool_),
            minute_shadow_price=np.zeros(size),
            stopped=np.zeros(size, dtype=np.bool_),
        )

    def _shares(self, batch: DecisionBatch, decided: DecidedBatch) -> Floats:
        shares = audit_shares(
            probability=batch.probability,
            high=batch.high,
            minute_shadow_price=batch.minute_shadow_price,
            model=self.settings.model,
            settings=self.settings.audit,
        )
        archived = decided.chosen == ARCHIVE
        return np.where(archived, np.maximum(shares, decided.audit_share), 0.0)

    def _buy_labels(self, rows: slice) -> None:
        choice, audited, v = self.choice[rows], self.audited[rows], self.verdicts
        verdict = np.where(
            choice == VERIFY,
            v.verified[rows],
            np.where(choice == ESCALATE, v.escalated[rows], v.audited[rows]),
        )
        wait = np.where(audited, v.audited_wait_days[rows], v.verified_wait_days[rows])
        bought = ((choice != ARCHIVE) | audited) & ~np.isnan(verdict)
        self.theft[rows] = np.where(bought, verdict, np.nan)
        self.sampling[rows] = np.where(choice == ARCHIVE, self.audit_share[rows], 1.0)
        self.labelled_at[rows] = np.where(
            bought, self.table.at[rows] + wait * SECONDS_A_DAY, np.inf
        )

    def result(self) -> LoopResult:
        return LoopResult(
            choice=self.choice,
            audit_share=self.audit_share,
            audited=self.audited,
            allowed_escalation=self.free,
            estimate=self.estimate,
            low=self.low,
            high=self.high,
            calibrated=self.calibrated,
            reliability=self.reliability,
            labels=Labels(
                theft=self.theft,
                sampling_probability=self.sampling,
                labelled_at=self.labelled_at,
            ),
        )


def _unknown(size: int) -> Estimate:
    half = np.full(size, 0.5)
    return Estimate(mean=half, low=half, high=half, calibrated=np.zeros(size, dtype=np.bool_))
