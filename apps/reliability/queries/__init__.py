"""Reading what triage rests on and what it learned."""

from apps.reliability.queries.choices import (
    active_cost_model,
    active_sequence_policies,
    active_triage_policy,
)

__all__ = ["active_cost_model", "active_sequence_policies", "active_triage_policy"]
