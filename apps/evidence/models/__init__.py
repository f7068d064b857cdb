"""Evidence items and their custody, holds, and what retention did."""

from apps.evidence.models.holds import Hold, HoldKind
from apps.evidence.models.items import CheckOutcome, CustodyEvent, EvidenceItem, EvidenceKind
from apps.evidence.models.retention import (
    RetentionFinding,
    RetentionPeriod,
    RetentionRules,
    RetentionRun,
    Tombstone,
)

__all__ = [
    "CheckOutcome",
    "CustodyEvent",
    "EvidenceItem",
    "EvidenceKind",
    "Hold",
    "HoldKind",
    "RetentionFinding",
    "RetentionPeriod",
    "RetentionRules",
    "RetentionRun",
    "Tombstone",
]
