"""Everything that is written about what triage rests on. Each function is one business act with its audit event."""

from apps.reliability.operations.versions import create_cost_model_version

__all__ = ["create_cost_model_version"]
