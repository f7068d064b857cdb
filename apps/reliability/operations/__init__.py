"""Everything that is written about what triage rests on. Each function is one business act with its audit event."""

from apps.reliability.operations.versions import (
    UnableToActivate,
    UnableToDraft,
    activate_version,
    create_cost_model_version,
    draft_version,
    raise_basis_revision,
)

__all__ = [
    "UnableToActivate",
    "UnableToDraft",
    "activate_version",
    "create_cost_model_version",
    "draft_version",
    "raise_basis_revision",
]
