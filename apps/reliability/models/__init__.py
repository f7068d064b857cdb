"""The stored side of triage: versioned choices, what was learned from labels, and what was tried on the past."""

from apps.reliability.models.backtests import Backtest
from apps.reliability.models.facts import AlertFact, FactOrigin
from apps.reliability.models.fairness import FairnessAlarm, FairnessRow, FairnessSample
from apps.reliability.models.fits import (
    ProbabilityModelVersion,
    ReliabilityRefresh,
    SegmentFinding,
    SurrogateVersion,
)
from apps.reliability.models.versions import (
    CostModelVersion,
    SequencePolicyVersion,
    TriageBasis,
    TriagePolicyVersion,
)

__all__ = [
    "AlertFact",
    "Backtest",
    "CostModelVersion",
    "FactOrigin",
    "FairnessAlarm",
    "FairnessRow",
    "FairnessSample",
    "ProbabilityModelVersion",
    "ReliabilityRefresh",
    "SegmentFinding",
    "SequencePolicyVersion",
    "SurrogateVersion",
    "TriageBasis",
    "TriagePolicyVersion",
]
