"""How long one decision takes as a pure Python call, with its four intervals, reasons and flip points."""

import statistics
import time

import numpy as np
import pytest

from apps.triage.cost_model import default_cost_model
from apps.triage.decision import DecisionInputs, decide
from apps.triage.fairness import FairnessState
from apps.triage.probability import ProbabilityBasis, TheftProbability
from apps.triage.segments import ReliabilityState
from apps.triage.sequence import SequenceState
from tests.bench.conftest import Report

DECISIONS = 2_000
SEED = 1000


@pytest.mark.bench
def test_one_decision_takes_at_most_a_millisecond(report: Report) -> None:
    model = default_cost_model()
    inputs = list(_inputs(np.random.default_rng(SEED)))
    for one in inputs[:100]:
        decide(inputs=one, model=model)
    seconds = []
    for one in inputs:
        started = time.perf_counter()
        decide(inputs=one, model=model)
        seconds.append(time.perf_counter() - started)
    report.latencies("one decision", seconds)
    assert statistics.median(seconds) <= 0.001


def _inputs(rng: np.random.Generator):
    for _ in range(DECISIONS):
        low, mean, high = (float(one) for one in np.sort(rng.random(3)))
        yield DecisionInputs(
            probability=TheftProbability(
                mean=mean, low=low, high=high, basis=ProbabilityBasis.CALIBRATED, version="p-1"
            ),
            sequence=list(SequenceState)[int(rng.integers(4))],
            reliability=list(ReliabilityState)[int(rng.integers(4))],
            fairness=FairnessState.PASSED,
            has_viewable_clip=True,
            minute_shadow_price=float(rng.gamma(1, 0.2)),
        )
