"""Backtests: what was decided is what is replayed, a draft is measured beside it, and sums add up."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.triage.backtest import GROUPED_BY, Choice, Groups, PastAlerts, backtest, groups_of
from apps.triage.backtest_report import LEAST_EFFECTIVE_LABELS, BacktestReport
from apps.triage.cost_model import MoneyRange, default_cost_model
from apps.triage.decision import DEFAULT_TRIAGE_POLICY, OUTCOMES, batch_of, decide
from apps.triage.decoding import decode, encode
from apps.triage.economics import Option
from apps.triage.golden import GOLDEN_CASES
from apps.triage.tables import Labels
from tests.triage.strategies import cost_models, decision_inputs

MODEL = default_cost_model()
AS_SHIPPED = Choice(model=MODEL, policy=DEFAULT_TRIAGE_POLICY)
INTRUSION = {"model_review": 0, "archive": 0, "verify": 1, "escalate": 2}


@st.composite
def periods(draw, least=1, most=25):
    inputs = draw(st.lists(decision_inputs(), min_size=least, max_size=most))
    size = len(inputs)
    verdicts = st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=size, max_size=size)
    shares = st.lists(st.floats(0.01, 1), min_size=size, max_size=size)
    names = st.lists(st.sampled_from(["", "a", "b"]), min_size=size, max_size=size)
    return inputs, past(
        inputs,
        theft=np.array(draw(verdicts)),
        share=np.array(draw(shares)),
        groups={name: groups_of(np.array(draw(names))) for name in GROUPED_BY},
    )


def past(inputs, *, theft, share, groups=None) -> PastAlerts:
    everything = Groups(names=("",), codes=np.zeros(len(inputs), np.intp))
    return PastAlerts(
        batch=batch_of(inputs),
        labels=Labels(theft=theft, sampling_probability=share, labelled_at=np.zeros(len(inputs))),
        groups=groups or dict.fromkeys(GROUPED_BY, everything),
    )


@given(periods(), cost_models())
def test_replaying_the_active_versions_changes_nothing(period, model) -> None:
    choice = Choice(model=model, policy=DEFAULT_TRIAGE_POLICY)
    report = backtest(chunks=[period[1]], active=choice, draft=choice)
    assert report.changed == 0
    assert report.active_outcomes == report.draft_outcomes
    for comparison in (report.by_draft_model, report.by_active_model):
        assert comparison.active == comparison.draft
        assert comparison.change.expected_cost == 0
        assert comparison.change.low == comparison.change.high == 0


@given(periods(), cost_models(), st.floats(1, 100))
def test_dearer_wrong_interventions_never_make_a_decision_more_aggressive(
    period, model, factor
) -> None:
    dear = MoneyRange(
        low=model.wrong_intervention.low * factor, high=model.wrong_intervention.high * factor
    )
    report = backtest(
        chunks=[period[1]],
        active=Choice(model=model, policy=DEFAULT_TRIAGE_POLICY),
        draft=Choice(model=replace(model, wrong_intervention=dear), policy=DEFAULT_TRIAGE_POLICY),
    )
    bolder = [
        one for one in report.changes if INTRUSION[one.after] > INTRUSION[one.before] and one.count
    ]
    assert bolder == []
    wrong = report.by_draft_model.change.wrong_interventions
    assert wrong <= 1e-9


@given(periods(), cost_models(), cost_models())
def test_a_report_counts_every_alert_once_and_matches_single_decisions(
    period, active, draft
) -> None:
    inputs, alerts = period
    sides = [Choice(model=model, policy=DEFAULT_TRIAGE_POLICY) for model in (active, draft)]
    report = backtest(chunks=[alerts], active=sides[0], draft=sides[1])
    assert sum(one.count for one in report.changes) == report.alerts == len(inputs)
    for choice, counted in zip(sides, (report.active_outcomes, report.draft_outcomes), strict=True):
        alone = [decide(inputs=one, model=choice.model).outcome for one in inputs]
        assert counted == {outcome.value: alone.count(outcome) for outcome in OUTCOMES}
    for dimension in GROUPED_BY:
        lines = [one for one in report.segments if one.dimension == dimension]
        assert sum(one.alerts for one in lines) == len(inputs)
        assert sum(one.changed for one in lines) == report.changed
        total = report.by_draft_model.draft.expected_cost
        assert sum(one.draft_cost for one in lines) == pytest.approx(total, rel=1e-9)
    assert decode(BacktestReport, encode(report)) == decode(
        BacktestReport, encode(decode(BacktestReport, encode(report)))
    )


@given(periods(least=2), st.integers(1, 24))
@settings(max_examples=50)
def test_where_a_period_is_cut_into_chunks_changes_no_figure(period, at) -> None:
    _, alerts = period
    draft = Choice(model=replace(MODEL, minute_price=3.0), policy=DEFAULT_TRIAGE_POLICY)
    whole = backtest(chunks=[alerts], active=AS_SHIPPED, draft=draft)
    parts = [_part(alerts, slice(0, at)), _part(alerts, slice(at, None))]
    cut = backtest(chunks=[one for one in parts if len(one)], active=AS_SHIPPED, draft=draft)
    assert cut.changes == whole.changes
    assert {(one.dimension, one.name, one.alerts) for one in cut.segments} == {
        (one.dimension, one.name, one.alerts) for one in whole.segments
    }
    assert cut.by_draft_model.draft.expected_cost == pytest.approx(
        whole.by_draft_model.draft.expected_cost, rel=1e-12, abs=1e-9
    )


@given(periods())
def test_expected_cost_is_the_sum_of_what_single_decisions_cost(period) -> None:
    inputs, alerts = period
    report = backtest(chunks=[alerts], active=AS_SHIPPED, draft=AS_SHIPPED)
    total = 0.0
    for one in inputs:
        decision = decide(inputs=one, model=MODEL)
        option = Option(decision.outcome.value) if decision.strategy else Option.VERIFY
        price = MODEL.minute_price + one.minute_shadow_price
        audit = decision.audit_share * MODEL.verify.minutes * price
        total += decision.row(option).expected + audit
    figures = report.by_draft_model.draft
    assert figures.expected_cost == pytest.approx(total)
    assert figures.low <= figures.high
    parts = figures.value_lost + figures.wrong_cost + figures.minutes_cost
    assert parts == pytest.approx(figures.expected_cost)


def test_labels_of_archived_alerts_stand_for_those_nobody_looked_at(isolated_step) -> None:
    """Of 20,000 archived alerts 30% were theft; 5% were drawn, and calibration is badly wrong (60%)."""
    rng = np.random.default_rng(7)
    size = 20_000
    theft = (rng.random(size) < 0.30).astype(float)
    drawn = rng.random(size) < 0.05
    alerts = past(
        [isolated_step] * size,
        theft=np.where(drawn, theft, np.nan),
        share=np.full(size, 0.05),
    )
    figures = backtest(chunks=[alerts], active=AS_SHIPPED, draft=AS_SHIPPED).by_draft_model.draft
    truth = theft.sum() * MODEL.item_value.mean
    estimate = figures.value_lost_by_verdicts
    assert estimate.effective_labels == pytest.approx(drawn.sum())
    assert estimate.low < truth < estimate.high
    assert figures.value_lost > 1.4 * truth


def test_the_interval_by_verdicts_holds_as_often_as_it_says(isolated_step) -> None:
    """Mixed sampling probabilities, 300 repetitions: a 90% interval covers in 86 to 94 of 100."""
    rng, size, covered = np.random.default_rng(11), 2_000, 0
    share = np.where(np.arange(size) % 4 == 0, 1.0, 0.1)
    chance = np.where(share == 1.0, 0.8, 0.2)
    truth = size * chance.mean() * MODEL.item_value.mean
    inputs = [isolated_step] * size
    alerts = past(inputs, theft=np.zeros(size), share=share)
    for _ in range(300):
        happened = (rng.random(size) < chance).astype(float)
        theft = np.where(rng.random(size) < share, happened, np.nan)
        labels = Labels(theft=theft, sampling_probability=share, labelled_at=np.zeros(size))
        alerts = replace(alerts, labels=labels)
        report = backtest(chunks=[alerts], active=AS_SHIPPED, draft=AS_SHIPPED)
        found = report.by_draft_model.draft.value_lost_by_verdicts
        covered += found.low <= truth <= found.high
    assert 0.86 <= covered / 300 <= 0.94


def test_too_few_labels_are_not_an_estimate(isolated_step) -> None:
    size = int(LEAST_EFFECTIVE_LABELS) - 1
    alerts = past([isolated_step] * size, theft=np.ones(size), share=np.ones(size))
    figures = backtest(chunks=[alerts], active=AS_SHIPPED, draft=AS_SHIPPED).by_draft_model.draft
    assert figures.cost_by_verdicts.value is None
    assert figures.cost_by_verdicts.labels == size


def test_an_empty_period_has_an_empty_report() -> None:
    report = backtest(chunks=[], active=AS_SHIPPED, draft=AS_SHIPPED)
    assert (report.alerts, report.changed, report.segments) == (0, 0, ())


def test_costs_in_two_currencies_are_not_compared() -> None:
    pounds = Choice(model=replace(MODEL, currency="GBP"), policy=DEFAULT_TRIAGE_POLICY)
    with pytest.raises(ValueError, match="one currency"):
        backtest(chunks=[], active=AS_SHIPPED, draft=pounds)


def test_a_report_says_what_it_cannot_know(isolated_step) -> None:
    alerts = past([isolated_step], theft=np.array([np.nan]), share=np.array([0.05]))
    said = " ".join(backtest(chunks=[alerts], active=AS_SHIPPED, draft=AS_SHIPPED).cannot_know)
    assert "blind audit" in said
    assert "no alert" in said


@pytest.fixture
def isolated_step():
    return GOLDEN_CASES[2].inputs


def test_limits_that_are_not_replayed_are_said(isolated_step) -> None:
    alerts = past([isolated_step], theft=np.array([1.0]), share=np.ones(1))
    redder = replace(DEFAULT_TRIAGE_POLICY, reliability_limit=0.1)
    more = replace(DEFAULT_TRIAGE_POLICY, audit_share=0.1)
    for policy, is_said in ((redder, True), (more, False)):
        draft = Choice(model=MODEL, policy=policy)
        report = backtest(chunks=[alerts], active=AS_SHIPPED, draft=draft)
        assert any("other limits" in one for one in report.cannot_know) is is_said


def test_a_larger_audit_share_costs_its_minutes(isolated_step) -> None:
    size = 10
    alerts = past([isolated_step] * size, theft=np.ones(size), share=np.ones(size))
    more = replace(DEFAULT_TRIAGE_POLICY, raised_audit_share=0.5)
    report = backtest(chunks=[alerts], active=AS_SHIPPED, draft=Choice(model=MODEL, policy=more))
    minutes = size * (0.5 - 0.2) * MODEL.verify.minutes
    change = report.by_draft_model.change
    assert (change.audit_minutes, change.minutes) == pytest.approx((minutes, minutes))
    assert change.expected_cost == pytest.approx(minutes * MODEL.minute_price)
    assert report.changed == 0


def _part(alerts: PastAlerts, rows: slice) -> PastAlerts:
    batch = type(alerts.batch)(
        **{name: column[rows] for name, column in vars(alerts.batch).items()}
    )
    groups = {
        name: Groups(names=one.names, codes=one.codes[rows]) for name, one in alerts.groups.items()
    }
    return PastAlerts(batch=batch, labels=alerts.labels.where(rows), groups=groups)
