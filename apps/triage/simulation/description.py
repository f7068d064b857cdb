"""A simulated network in figures and words: its configuration, and how hard it is."""

from dataclasses import dataclass, fields

from apps.triage.cost_model import CostModel, default_cost_model
from apps.triage.simulation.baselines import (
    ARCHIVE,
    ESCALATE,
    VERIFY,
    best_thresholds,
    cost_of,
    oracle_choice,
    true_costs,
)
from apps.triage.simulation.history import SimulatedHistory
from apps.triage.simulation.settings import SimulationSettings


@dataclass(frozen=True, kw_only=True)
class SimulationSummary:
    """What a simulated history holds; costs are expected costs an alert. Never a forecast."""

    seed: int
    days: int
    sites: int
    cameras: int
    alerts: int
    alerts_per_day: float
    theft_share: float
    low_light_share: float
    false_share_in_low_light: float
    oracle_cost: float
    best_thresholds_cost: float
    thresholds_above_oracle: float
    escalate_everything_cost: float
    verify_everything_cost: float
    archive_everything_cost: float


def summary_of(*, history: SimulatedHistory, model: CostModel | None = None) -> SimulationSummary:
    """Return the summary under a cost model (the shipped one if none is given)."""
    costs = true_costs(history=history, model=model or default_cost_model())
    oracle = float(cost_of(costs=costs, choice=oracle_choice(costs)).mean())
    score = history.table.score
    choice = best_thresholds(score=score, costs=costs).choose(score)
    hindsight = float(cost_of(costs=costs, choice=choice).mean())
    dark = history.table.segments["lighting"] == "dark"
    return SimulationSummary(
        seed=history.seed,
        days=history.settings.days,
        sites=history.settings.sites,
        cameras=len(history.network),
        alerts=len(history),
        alerts_per_day=len(history) / history.settings.days,
        theft_share=float(history.theft.mean()),
        low_light_share=float(dark.mean()),
        false_share_in_low_light=float(1 - history.theft[dark].mean()) if dark.any() else 0.0,
        oracle_cost=oracle,
        best_thresholds_cost=hindsight,
        thresholds_above_oracle=hindsight / oracle - 1,
        escalate_everything_cost=float(costs[:, ESCALATE].mean()),
        verify_everything_cost=float(costs[:, VERIFY].mean()),
        archive_everything_cost=float(costs[:, ARCHIVE].mean()),
    )


def plain_settings(settings: SimulationSettings) -> dict[str, object]:
    """The settings that are single numbers or short rows of them, by name, in order."""
    nested = ("behaviours", "detectors", "updated")
    return {
        one.name: getattr(settings, one.name) for one in fields(settings) if one.name not in nested
    }
