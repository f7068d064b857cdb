"""Four cases every shipped cost model must decide as stated; with `docs/triage.md` they are the
contract that a change of the defaults is measured against.

Where a case is named by its false-positive rate (14%, 31%), P(theft) is the rest; where it is
named by its strength (79%, 58%), that is P(theft) itself.
"""

from dataclasses import dataclass

from apps.triage.decision import DecisionInputs, Outcome
from apps.triage.fairness import FairnessState
from apps.triage.probability import ProbabilityBasis, TheftProbability
from apps.triage.segments import ReliabilityState
from apps.triage.sequence import SequenceState
from apps.triage.wording import gettext_noop


@dataclass(frozen=True, kw_only=True)
class GoldenCase:
    words: str
    inputs: DecisionInputs
    outcome: Outcome


def _case(
    words: str,
    *,
    theft: float,
    sequence: SequenceState,
    reliability: ReliabilityState,
    outcome: Outcome,
) -> GoldenCase:
    probability = TheftProbability(
        mean=theft,
        low=theft - 0.05,
        high=theft + 0.05,
        basis=ProbabilityBasis.CALIBRATED,
        version="golden-1",
        label_count=200,
    )
    inputs = DecisionInputs(
        probability=probability,
        sequence=sequence,
        reliability=reliability,
        fairness=FairnessState.PASSED,
        has_viewable_clip=True,
    )
    return GoldenCase(words=words, inputs=inputs, outcome=outcome)


GOLDEN_CASES: tuple[GoldenCase, ...] = (
    _case(
        gettext_noop("Complete sequence, 14% false positives"),
        theft=0.86,
        sequence=SequenceState.COMPLETE,
        reliability=ReliabilityState.GREEN,
        outcome=Outcome.ESCALATE,
    ),
    _case(
        gettext_noop("Incomplete sequence at 79%"),
        theft=0.79,
        sequence=SequenceState.INCOMPLETE,
        reliability=ReliabilityState.GREEN,
        outcome=Outcome.VERIFY,
    ),
    _case(
        gettext_noop("Isolated step at 58%"),
        theft=0.58,
        sequence=SequenceState.ISOLATED,
        reliability=ReliabilityState.GREEN,
        outcome=Outcome.ARCHIVE,
    ),
    _case(
        gettext_noop("Complete sequence, 31% false positives, red night segment"),
        theft=0.69,
        sequence=SequenceState.COMPLETE,
        reliability=ReliabilityState.RED,
        outcome=Outcome.VERIFY,
    ),
)
