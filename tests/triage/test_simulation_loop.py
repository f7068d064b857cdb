"""The closed loop: it sees only what its decisions bought, by then; and its costs add up."""

from dataclasses import replace

import numpy as np
import pytest

from apps.triage.audit_share import AuditSettings, audit_shares, verify_from
from apps.triage.cost_model import default_cost_model
from apps.triage.economics import expected_costs
from apps.triage.simulation.baselines import ARCHIVE, ESCALATE, VERIFY, true_costs
from apps.triage.simulation.closed_loop import LoopResult, LoopSettings, run_closed_loop
from apps.triage.simulation.figures import (
    figures_of,
    interventions_of,
    verify_enough,
    work_in_order_of_arrival,
    work_of,
)
from apps.triage.simulation.history import SimulatedHistory, simulate
from apps.triage.simulation.judging import product_judge
from apps.triage.simulation.learners import Estimate, logistic_learner, product_learner
from apps.triage.simulation.settings import SECONDS_A_DAY, SimulationSettings

MODEL = default_cost_model()
SMALL = SimulationSettings(days=12, sites=3)


@pytest.fixture(scope="module")
def history() -> SimulatedHistory:
    return simulate(seed=31, settings=SMALL)


@pytest.fixture(scope="module")
def result(history) -> LoopResult:
    return run_closed_loop(history=history, learner=logistic_learner())


class Knows:
    """A learner that knows the exact probabilities, to test the loop itself."""

    def __init__(self, history: SimulatedHistory) -> None:
        self.known = dict(zip(history.table.at.tolist(), history.probability.tolist(), strict=True))

    def __call__(self, _table, _labels, _as_of) -> "Knows":
        return self

    def predict(self, table) -> Estimate:
        mean = np.array([self.known[one] for one in table.at.tolist()])
        return Estimate(mean=mean, low=mean, high=mean, calibrated=np.ones(len(mean), bool))


def test_a_learner_is_never_given_the_future_or_a_label_nobody_bought(history) -> None:
    inner, told = logistic_learner(), []

    def watching(table, labels, as_of):
        told.append((len(table), labels, as_of))
        assert (table.at <= as_of).all()
        given = ~np.isnan(labels.theft)
        assert (labels.labelled_at[given] <= as_of).all()
        assert np.isinf(labels.labelled_at[~given]).all()
        return inner(table, labels, as_of)

    result = run_closed_loop(history=history, learner=watching)
    assert len(told) >= 6
    bought = (result.choice != ARCHIVE) | result.audited
    for size, labels, _ in told:
        given = ~np.isnan(labels.theft)
        assert not (given & ~bought[:size]).any()
        assert np.array_equal(labels.theft[given], result.labels.theft[:size][given])


def test_what_happens_later_changes_no_earlier_decision(history) -> None:
    """The same run with all truth and all alerts after day 8 replaced decides the first 8 alike."""
    later = history.day >= 8
    rng = np.random.default_rng(1)
    table = history.table
    changed = replace(
        history,
        theft=np.where(later, ~history.theft, history.theft),
        table=replace(table, score=np.where(later, rng.random(len(table)), table.score)),
    )
    first = run_closed_loop(history=history, learner=logistic_learner())
    second = run_closed_loop(history=changed, learner=logistic_learner())
    assert np.array_equal(first.choice[~later], second.choice[~later])
    assert np.array_equal(first.audited[~later], second.audited[~later])
    assert not np.array_equal(first.choice[later], second.choice[later])


def test_a_run_can_be_repeated(history, result) -> None:
    again = run_closed_loop(history=history, learner=logistic_learner())
    assert np.array_equal(result.choice, again.choice)
    assert np.array_equal(result.labels.theft, again.labels.theft, equal_nan=True)


def test_archived_alerts_are_labelled_by_audit_only_with_a_stored_probability(result) -> None:
    archived = result.choice == ARCHIVE
    labelled = ~np.isnan(result.labels.theft)
    assert not (labelled & archived & ~result.audited).any()
    assert (result.audit_share[archived] >= 0.05).all()
    assert (result.audit_share[~archived] == 0).all()
    assert np.array_equal(
        result.labels.sampling_probability[archived], result.audit_share[archived]
    )
    assert (result.labels.sampling_probability[~archived] == 1).all()
    spread = np.sqrt((result.audit_share * (1 - result.audit_share)).sum())
    assert abs(result.audited.sum() - result.audit_share.sum()) < 4 * spread


def test_before_there_is_a_calibrator_nothing_is_escalated(history, result) -> None:
    first = history.day < 1
    assert not (result.choice[first] == ESCALATE).any()


def test_incomplete_sequences_are_never_escalated(history, result) -> None:
    escalated = result.choice == ESCALATE
    assert escalated.any()
    assert (history.table.sequence[escalated] == "complete").all()


def test_whoever_knows_the_probabilities_only_pays_for_rules_and_audits(history) -> None:
    result = run_closed_loop(history=history, learner=Knows(history))
    after = history.day >= 1
    sums = figures_of(history=history, result=result, model=MODEL).over_all
    assert sums.oracle <= sums.oracle_under_rules <= sums.policy
    ruled = np.where(
        (history.table.sequence == "complete")[:, None] | (np.arange(3) < ESCALATE),
        true_costs(history=history, model=MODEL),
        np.inf,
    )
    assert np.array_equal(result.choice[after], ruled.argmin(axis=1)[after])


def test_costs_are_the_four_row_formula_under_the_exact_probability(history, result) -> None:
    costs = expected_costs(
        probability=history.probability,
        minute_shadow_price=np.zeros(len(history)),
        model=MODEL,
    )
    rows = np.arange(len(history))
    plain = costs[rows, result.choice]
    audits = result.audit_share * 1.5 * 0.50
    assert np.allclose(result.costs(history=history, model=MODEL), plain + audits)
    full = result.costs_with_full_audits(history=history, model=MODEL)
    assert np.allclose(full, plain + result.audit_share * (costs[:, VERIFY] - costs[:, ARCHIVE]))
    sums = figures_of(history=history, result=result, model=MODEL).over_all
    assert sums.policy == pytest.approx((plain + audits).sum())
    assert sums.escalate_everything == pytest.approx(costs[:, ESCALATE].sum())


def test_red_segments_are_not_escalated_in_the_loop(history) -> None:
    def red(_table, _labels, _as_of):
        return lambda rows: np.full(len(rows), "red")

    result = run_closed_loop(history=history, learner=Knows(history), judge=red)
    judged = history.day >= 1
    assert not (result.choice[judged] == ESCALATE).any()


def test_the_products_own_model_and_reliability_run_in_the_loop() -> None:
    """The short form of the benchmark: two networks, the product's own code, a month."""
    settings = LoopSettings(refit_days=6, daily_until=3)
    ratios = []
    for seed in (41, 42):
        history = simulate(seed=seed, settings=SimulationSettings(days=30, sites=4))
        result = run_closed_loop(
            history=history,
            learner=product_learner(model=MODEL),
            settings=settings,
            judge=product_judge(policy=settings.policy),
        )
        sums = figures_of(history=history, result=result, model=MODEL).over_all
        assert sums.oracle < sums.policy < sums.thresholds < sums.escalate_everything
        ratios.append(sums.above_oracle)
    assert max(ratios) < 0.70


def test_the_audit_share_rises_with_doubt_between_floor_and_most() -> None:
    settings = AuditSettings(floor=0.05, most=0.3)
    mean = np.array([0.05, 0.05, 0.40, 0.66, 0.9])
    high = np.array([0.06, 0.40, 0.60, 0.80, 0.95])
    quiet = np.zeros(len(mean))
    shares = audit_shares(
        probability=mean, high=high, minute_shadow_price=quiet, model=MODEL, settings=settings
    )
    assert (shares >= 0.05).all()
    assert (shares <= 0.3).all()
    assert shares[0] < shares[1] < shares[2] < shares[3] == shares[4] == 0.3


def test_verifying_pays_from_where_its_line_meets_that_of_archiving() -> None:
    point = verify_from(minute_shadow_price=np.array([0.0, 5.0]), model=MODEL)
    assert point[0] < point[1]
    costs = expected_costs(probability=point, minute_shadow_price=np.array([0.0, 5.0]), model=MODEL)
    assert costs[:, ARCHIVE] == pytest.approx(costs[:, VERIFY])


@pytest.mark.parametrize("wrong", [{"floor": 0.0}, {"floor": 0.4, "most": 0.3}, {"most": 1.1}])
def test_audit_settings_refuse_nonsense(wrong) -> None:
    with pytest.raises(ValueError, match="floor"):
        AuditSettings(**wrong)


def test_verifying_the_most_probable_keeps_the_thefts_it_promises(history) -> None:
    rows = history.table.segments["lighting"] == "dark"
    choice = verify_enough(estimate=history.probability, rows=rows, kept=0.92, model=MODEL)
    assert (choice[~rows] == ARCHIVE).all()
    everything = np.full(len(history), ESCALATE)
    kept = (0.95 * history.probability)[choice == VERIFY].sum()
    assert kept >= 0.92 * 0.97 * history.probability[rows].sum()
    least = history.probability[choice == VERIFY].min()
    assert history.probability[rows & (choice == ARCHIVE)].max() <= least
    baseline = interventions_of(theft=history.theft, choice=everything, rows=rows, model=MODEL)
    guided = interventions_of(theft=history.theft, choice=choice, rows=rows, model=MODEL)
    assert guided.wrong < baseline.wrong
    assert baseline.confirmed == pytest.approx(0.97 * history.theft[rows].sum())


def test_work_counts_minutes_of_looks_and_audits(history) -> None:
    rows = np.ones(len(history), bool)
    none = np.zeros(len(history))
    escalated = work_of(
        history=history,
        choice=np.full(len(history), ESCALATE),
        audit_share=none,
        rows=rows,
        model=MODEL,
    )
    assert escalated.alerts_per_minute == pytest.approx(0.25)
    archived = work_of(
        history=history,
        choice=np.full(len(history), ARCHIVE),
        audit_share=none + 0.1,
        rows=rows,
        model=MODEL,
    )
    assert archived.minutes == pytest.approx(0.15 * len(history))
    assert archived.confirmed == 0
    half = work_in_order_of_arrival(work=escalated, confirmed=escalated.confirmed / 2)
    assert half.minutes == pytest.approx(escalated.minutes / 2)


def test_verdicts_wait_before_they_are_known(history, result) -> None:
    told = ~np.isnan(result.labels.theft)
    wait = (result.labels.labelled_at - history.table.at)[told] / SECONDS_A_DAY
    assert (wait >= 0).all()
    assert (wait > 0.3).any()
