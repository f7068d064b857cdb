"""Everything that is written about what triage rests on. Each function is one business act with its audit event."""

from apps.reliability.operations.backtests import (
    UnableToBacktest,
    give_up_stopped_backtests,
    replay_period,
    request_backtest,
    run_backtest,
)
from apps.reliability.operations.facts import gather_facts
from apps.reliability.operations.pricing import price_minutes
from apps.reliability.operations.refresh import Refreshed, refresh
from apps.reliability.operations.versions import (
    UnableToActivate,
    UnableToDraft,
    activate_version,
    create_cost_model_version,
    draft_version,
    raise_basis_revision,
)

__all__ = [
    "Refreshed",
    "UnableToActivate",
    "UnableToBacktest",
    "UnableToDraft",
    "activate_version",
    "create_cost_model_version",
    "draft_version",
    "gather_facts",
    "give_up_stopped_backtests",
    "price_minutes",
    "raise_basis_revision",
    "refresh",
    "replay_period",
    "request_backtest",
    "run_backtest",
]
