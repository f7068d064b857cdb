"""A simulated history: alerts as columns, what really happened, and what an oracle knows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from apps.triage.simulation.behaviours import (
    CROWDINGS,
    DAYPARTS,
    DWELL,
    LABELS,
    LIGHTINGS,
    SEQUENCES,
    SIGNAL_NAMES,
    SIGNALS_OF,
)
from apps.triage.simulation.conditions import Conditions, draw_conditions
from apps.triage.simulation.network import ZONE_KINDS, Floats, Indices, Network, draw_network
from apps.triage.simulation.observing import (
    Observations,
    World,
    draw_behaviours,
    observe,
    theft_probabilities,
)
from apps.triage.simulation.settings import SECONDS_A_DAY, SimulationSettings
from apps.triage.tables import DIMENSIONS, AlertTable, Texts

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, kw_only=True)
class SimulatedHistory:
    """`table` is what the stores see; the rest nobody there knows.

    `theft` [n] is what really happened, `probability` [n] the exact P(theft | all that is seen),
    `day` [n] the days since the first, `behaviour` [n] indexes the settings' behaviours.
    """

    settings: SimulationSettings
    seed: int
    network: Network
    table: AlertTable
    theft: npt.NDArray[np.bool_]
    probability: Floats
    day: Floats
    behaviour: Indices
    conditions: Conditions

    def __len__(self) -> int:
        return len(self.theft)


def simulate(*, seed: int, settings: SimulationSettings | None = None) -> SimulatedHistory:
    """Return the history of one network. The same seed and settings give the same history."""
    settings = settings or SimulationSettings()
    rng = np.random.default_rng([seed, 1])
    network = draw_network(settings=settings, rng=rng)
    conditions = draw_conditions(network=network, settings=settings, rng=rng)
    world = World(network, conditions, settings)
    behaviour = draw_behaviours(world=world, rng=rng)
    seen = observe(world=world, behaviour=behaviour, rng=rng)
    return SimulatedHistory(
        settings=settings,
        seed=seed,
        network=network,
        table=_table(world, seen),
        theft=world.is_theft[behaviour],
        probability=theft_probabilities(world=world, seen=seen),
        day=conditions.day,
        behaviour=behaviour,
        conditions=conditions,
    )


def _table(world: World, seen: Observations) -> AlertTable:
    c, network = world.conditions, world.network
    kinds = [f"{one.identity}@{one.version}" for one in world.kinds]
    columns: dict[str, Texts] = {
        "site": network.site_names[network.site[c.camera]],
        "camera": network.camera_names[c.camera],
        "zone_kind": np.array(ZONE_KINDS)[network.zone_kind[c.camera]],
        "lighting": np.array(LIGHTINGS)[c.lighting],
        "daypart": np.array(DAYPARTS)[c.daypart],
        "weekday": np.array(WEEKDAYS)[c.weekday],
        "crowding": np.array(CROWDINGS)[c.crowding],
        "detector_version": np.array(kinds)[c.detector],
    }
    return AlertTable(
        at=world.settings.starts_at + c.day * SECONDS_A_DAY,
        score=_scores(world, seen),
        detector=np.array(kinds)[c.detector],
        label=np.array(LABELS)[network.label[c.camera]],
        signal_names=SIGNAL_NAMES,
        signals=_signals(world, seen),
        sequence=np.array([state.value for state in SEQUENCES])[seen.sequence],
        segments={name: columns[name] for name in DIMENSIONS},
    )


def _scores(world: World, seen: Observations) -> Floats:
    floor = np.array([one.floor for one in world.kinds])[world.conditions.detector]
    power = np.array([one.power for one in world.kinds])[world.conditions.detector]
    scores: Floats = floor + (1 - floor) * expit(seen.score_logit) ** power
    return scores


def _signals(world: World, seen: Observations) -> Floats:
    """[n, signals]: each label's own signals, NaN in the columns of the others."""
    signals = np.full((len(seen.dwell), len(SIGNAL_NAMES)), np.nan)
    labels = world.network.label[world.conditions.camera]
    for number, label in enumerate(LABELS):
        rows = np.flatnonzero(labels == number)
        columns = np.array([SIGNAL_NAMES.index(name) for name in SIGNALS_OF[label]])
        signals[np.ix_(rows, columns)] = expit(seen.signals[rows])
    signals[:, SIGNAL_NAMES.index(DWELL)] = seen.dwell
    return signals
