"""Archived alerts are audited more where a label teaches more, at a share that the record states."""

from dataclasses import replace

import pytest

from apps.triage.cost_model import default_cost_model
from apps.triage.decision import DEFAULT_TRIAGE_POLICY, Decision, DecisionInputs, decide
from apps.triage.fairness import FairnessState
from apps.triage.probability import ProbabilityBasis, TheftProbability
from apps.triage.reasons import ReasonCode
from apps.triage.segments import ReliabilityState
from apps.triage.sequence import SequenceState

BY_DOUBT = replace(DEFAULT_TRIAGE_POLICY, audit_by_doubt=True)


def decided(*, high: float, by_doubt: bool = True) -> Decision:
    inputs = DecisionInputs(
        probability=TheftProbability(
            mean=0.001, low=0.0, high=high, basis=ProbabilityBasis.CALIBRATED, version="t"
        ),
        sequence=SequenceState.COMPLETE,
        reliability=ReliabilityState.GREEN,
        fairness=FairnessState.PASSED,
        has_viewable_clip=True,
    )
    policy = BY_DOUBT if by_doubt else DEFAULT_TRIAGE_POLICY
    return decide(inputs=inputs, model=default_cost_model(), policy=policy)


def test_an_alert_archived_beyond_doubt_is_drawn_at_the_policys_share() -> None:
    found = decided(high=0.001)

    assert found.outcome == "archive"
    assert found.audit_share == pytest.approx(BY_DOUBT.audit_share)
    assert ReasonCode.AUDIT_SHARE_RAISED not in found.reason_codes


def test_the_more_it_may_have_been_worth_a_look_the_more_often_it_is_drawn() -> None:
    shares = [decided(high=high).audit_share for high in (0.001, 0.005, 0.02, 0.9)]

    assert shares == sorted(shares)
    assert shares[-1] == BY_DOUBT.raised_audit_share
    assert ReasonCode.AUDIT_SHARE_RAISED in decided(high=0.9).reason_codes


def test_a_policy_stored_before_audits_evenly() -> None:
    assert decided(high=0.9, by_doubt=False).audit_share == DEFAULT_TRIAGE_POLICY.audit_share


def test_doubt_never_changes_the_outcome() -> None:
    for high in (0.001, 0.5):
        assert decided(high=high).outcome == decided(high=high, by_doubt=False).outcome
