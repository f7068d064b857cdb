"""The frozen values that a decision is made of refuse nonsense, and every code has its sentence."""

import math
from dataclasses import replace

import pytest
from hypothesis import given

from apps.triage.decision import TriagePolicy
from apps.triage.fairness import FairnessFinding, FairnessState
from apps.triage.probability import UNIFORM_PRIOR
from apps.triage.reasons import SENTENCES, ReasonCode, not_known_yet, sentence
from apps.triage.segments import ReliabilityState, Segment, SegmentReliability
from tests.triage.strategies import probabilities


@pytest.mark.parametrize(
    "nonsense",
    [
        {"mean": 1.2},
        {"mean": math.nan},
        {"low": 0.51},
        {"high": 0.49},
        {"label_count": -1},
        {"version": ""},
    ],
)
def test_a_probability_refuses_nonsense(nonsense):
    with pytest.raises(ValueError, match=r"."):
        replace(UNIFORM_PRIOR.probability(), **nonsense)


@pytest.mark.parametrize("shares", [(0, 0.2), (0.3, 0.2), (0.1, 1.1), (math.nan, 0.2)])
def test_a_policy_refuses_an_audit_share_that_would_bias_the_labels(shares):
    with pytest.raises(ValueError, match="audit share"):
        TriagePolicy(version="t", audit_share=shares[0], raised_audit_share=shares[1])


@pytest.mark.parametrize(
    "figures", [(None, 0.1, 0.2), (0.3, 0.2, 0.4), (0.1, 0.2, 1.4), (math.nan, 0.2, 0.4)]
)
def test_a_segments_reliability_refuses_nonsense(figures):
    low, rate, high = figures
    with pytest.raises(ValueError, match=r"."):
        SegmentReliability(
            state=ReliabilityState.GREEN,
            segment=Segment(camera="c", detector_version="1"),
            low=low,
            false_positive_rate=rate,
            high=high,
        )


@pytest.mark.parametrize("state", list(FairnessState))
def test_a_fairness_finding_says_how_or_why(state):
    with pytest.raises(ValueError, match="fairness finding"):
        FairnessFinding(state=state)


def test_every_reason_code_has_one_plain_sentence():
    assert set(SENTENCES) == set(ReasonCode)
    for code in ReasonCode:
        words = sentence(code)
        assert words[0].isupper()
        assert words.endswith(".")
        assert not set("!_") & set(words)


def test_the_unknown_is_counted():
    assert not_known_yet(6) == "not known yet (6 labels)"
    assert not_known_yet(1) == "not known yet (1 label)"


@given(probabilities())
def test_a_false_positive_rate_is_the_rest(probability):
    assert probability.false_positive_rate == 1 - probability.mean
