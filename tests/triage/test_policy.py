"""A tenant's triage policy: what it refuses, and that policies stored before a field existed stay readable."""

import pytest

from apps.triage.decision import DEFAULT_TRIAGE_POLICY, TriagePolicy
from apps.triage.decoding import UnableToDecode, decode, encode


@pytest.mark.parametrize(
    "wrong",
    [
        {"audit_share": 0.0},
        {"audit_share": 0.3, "raised_audit_share": 0.2},
        {"reliability_limit": 0.0},
        {"reliability_limit": float("nan")},
        {"green_up_to": 0.8, "red_from": 0.2},
        {"red_from": 1.0},
        {"least_labels": 0},
        {"fidelity_floor": 0.2},
        {"invariance_tolerance": 0.0},
        {"fairness": {"largest_difference": 2.0}},
        {"fairness": {"least_rows": 1}},
        {"judged_first_share": 1.5},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(wrong) -> None:
    with pytest.raises(UnableToDecode):
        decode(TriagePolicy, encode(DEFAULT_TRIAGE_POLICY) | wrong)


def test_a_policy_stored_before_it_had_thresholds_is_read_with_the_defaults() -> None:
    old = encode(DEFAULT_TRIAGE_POLICY, schema=1)
    assert set(old) == {"version", "audit_share", "raised_audit_share"}
    assert decode(TriagePolicy, old) == DEFAULT_TRIAGE_POLICY


def test_a_policy_survives_storing() -> None:
    changed = TriagePolicy(version="triage-2", reliability_limit=0.3, least_labels=40)
    assert decode(TriagePolicy, encode(changed)) == changed
