"""A simulated history as records that `manage.py import_history` reads, one a row."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from apps.triage.cost_model import CostModel, default_cost_model
from apps.triage.simulation.behaviours import SIGNAL_NAMES
from apps.triage.simulation.history import SimulatedHistory
from apps.triage.simulation.people import draw_operators, draw_verdicts
from apps.triage.simulation.settings import SECONDS_A_DAY
from apps.triage.states import Verdict
from apps.triage.tables import Labels


@dataclass(frozen=True, kw_only=True)
class PastLabels:
    """Who looked at what in the simulated past: the upper part of each detector's scores was
    watched, of the rest a share was drawn at random. 0 < `audited` ≤ 1, 0 ≤ `unwatched` < 1.
    """

    unwatched: float = 0.4
    audited: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.audited <= 1 or not 0 <= self.unwatched < 1:
            raise ValueError("0 < audited ≤ 1 and 0 ≤ unwatched < 1 are needed")


def past_labels(
    *,
    history: SimulatedHistory,
    chosen: PastLabels | None = None,
    model: CostModel | None = None,
) -> Labels:
    """Return the biased, erring labels of such a past. Deterministic."""
    chosen = chosen or PastLabels()
    rng = np.random.default_rng([history.seed, 3])
    operators = draw_operators(
        settings=history.settings, model=model or default_cost_model(), rng=rng
    )
    verdicts = draw_verdicts(theft=history.theft, operators=operators, rng=rng)
    share = np.ones(len(history))
    for detector in np.unique(history.table.detector):
        rows = history.table.detector == detector
        low = history.table.score < np.quantile(history.table.score[rows], chosen.unwatched)
        share[rows & low] = chosen.audited
    theft = np.where(rng.random(len(history)) < share, verdicts.verified, np.nan)
    wait = np.where(share < 1, verdicts.audited_wait_days, verdicts.verified_wait_days)
    known_at = np.where(np.isnan(theft), np.inf, history.table.at + wait * SECONDS_A_DAY)
    return Labels(theft=theft, sampling_probability=share, labelled_at=known_at)


def records_of(*, history: SimulatedHistory, labels: Labels) -> Iterator[dict[str, object]]:
    """Yield the alerts in order of time, JSON-ready; external ids name the seed."""
    table = history.table
    for row in range(len(table)):
        detector, version = str(table.detector[row]).split("@")
        yield {
            "external_id": f"simulated-{history.seed}-{row}",
            "happened_at": _time(table.at[row]),
            "site": str(table.segments["site"][row]),
            "camera": str(table.segments["camera"][row]),
            "detector_id": detector,
            "detector_version": version,
            "label": str(table.label[row]),
            "score": round(float(table.score[row]), 6),
            "signals": _signals(table.signals[row].tolist()),
            "zone_kind": str(table.segments["zone_kind"][row]),
            "lighting": str(table.segments["lighting"][row]),
            "daypart": str(table.segments["daypart"][row]),
            "weekday": str(table.segments["weekday"][row]),
            "crowding": str(table.segments["crowding"][row]),
            "sequence": str(table.sequence[row]),
            "verdict": _verdict(history, labels, row),
            "labelled_at": _time(labels.labelled_at[row]),
            "sampling_probability": round(float(labels.sampling_probability[row]), 9),
        }


def _signals(values: list[float]) -> dict[str, float]:
    pairs = zip(SIGNAL_NAMES, values, strict=True)
    return {name: round(value, 5) for name, value in pairs if not math.isnan(value)}


def _verdict(history: SimulatedHistory, labels: Labels, row: int) -> str:
    if np.isnan(labels.theft[row]):
        return ""
    if labels.theft[row] == 1:
        return Verdict.THEFT_CONFIRMED.value
    explained = bool(history.behaviour[row] % 2)
    return (Verdict.BENIGN_EXPLAINED if explained else Verdict.FALSE_ALARM).value


def _time(seconds: float) -> str | None:
    if not math.isfinite(seconds):
        return None
    return datetime.fromtimestamp(float(seconds), UTC).isoformat(timespec="milliseconds")
