"""The product's own reliability of segments, as the closed loop asks for it."""

from apps.triage.decision import TriagePolicy
from apps.triage.reliability import fit_reliability
from apps.triage.reliability_settings import ReliabilitySettings
from apps.triage.simulation.closed_loop import Judge, ReliabilityOf
from apps.triage.tables import AlertTable, Labels, Texts


def product_judge(*, policy: TriagePolicy, every: int = 7) -> Judge:
    """Fit pooled false-positive rates on what is known; red stops escalation.

    Fitted afresh at every `every`-th call, in between the last states stand, as in a store that
    refreshes reliability less often than probabilities. Raises ValueError for every < 1.
    """
    if every < 1:
        raise ValueError("reliability is fitted at every call, or at every second, third ...")
    settings = ReliabilitySettings(
        limit=policy.reliability_limit,
        red_from=policy.red_from,
        green_up_to=policy.green_up_to,
        least_labels=policy.least_labels,
        least_own_labels=0,
    )
    calls = 0
    last: ReliabilityOf | None = None

    def judge(table: AlertTable, labels: Labels, as_of: float) -> ReliabilityOf:
        nonlocal calls, last
        if last is None or calls % every == 0:
            pooled = fit_reliability(table=table, labels=labels, as_of=as_of, settings=settings)

            def states(rows: AlertTable) -> Texts:
                return pooled.lookup_many(rows).state

            last = states
        calls += 1
        return last

    return judge
