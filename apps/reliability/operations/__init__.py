"""Everything that is written about what triage rests on. Each function is one business act with its audit event."""

from apps.reliability.operations.backtests import (
    UnableToBacktest,
    give_up_stopped_backtests,
    replay_period,
    request_backtest,
    run_backtest,
)
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
    "UnableToBacktest",
    "UnableToDraft",
    "activate_version",
    "create_cost_model_version",
    "draft_version",
    "give_up_stopped_backtests",
    "raise_basis_revision",
    "replay_period",
    "request_backtest",
    "run_backtest",
]
