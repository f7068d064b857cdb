"""When and where simulated alerts happen, and under which conditions."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.triage.simulation.behaviours import DAYPARTS
from apps.triage.simulation.network import Floats, Indices, Network
from apps.triage.simulation.settings import SECONDS_A_DAY, SimulationSettings

EVENING, NIGHT = DAYPARTS.index("evening"), DAYPARTS.index("night")
_DAYPART_ENDS = np.array([6.0, 12.0, 18.0, 22.0])
_DAYPART_AT = np.array([3, 0, 1, 2, 3])
_WEEKDAY_VOLUME = np.array([0.85, 0.85, 0.90, 0.95, 1.15, 1.35, 0.95])
_CROWD_EDGES = np.array([-0.8, 0.3, 1.3])


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Columns over alerts [n], in order of time. Indices point into the tuples of `behaviours`.

    `detector` indexes the settings' detectors, then the updated one. `failing` and `campaign` are
    known to nobody in the stores.
    """

    day: Floats
    hour: Floats
    camera: Indices
    weekday: Indices
    daypart: Indices
    lighting: Indices
    crowding: Indices
    detector: Indices
    failing: npt.NDArray[np.bool_]
    campaign: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.day)


def draw_conditions(
    *, network: Network, settings: SimulationSettings, rng: np.random.Generator
) -> Conditions:
    """Return the conditions of every alert of the settings' days, in order of time."""
    camera, date, hour = _arrivals(network, settings, rng)
    day = date + hour / 24
    order = np.argsort(day, kind="stable")
    camera, date, hour, day = camera[order], date[order], hour[order], day[order]
    weekday = (date + _first_weekday(settings)) % 7
    site = network.site[camera]
    since_campaign = day - network.campaign_from[site]
    daypart = _DAYPART_AT[np.searchsorted(_DAYPART_ENDS, hour, side="right")]
    updates = (network.detector[camera] == 1) & (day >= network.updated_from[site])
    return Conditions(
        day=day,
        hour=hour,
        camera=camera,
        weekday=weekday,
        daypart=daypart,
        lighting=_lighting(network.gloom[camera], daypart, rng),
        crowding=_crowding(hour, weekday, rng),
        detector=np.where(updates, len(settings.detectors), network.detector[camera]),
        failing=day >= network.failing_from[camera],
        campaign=(since_campaign >= 0) & (since_campaign < settings.campaign_days),
    )


def _arrivals(
    network: Network, settings: SimulationSettings, rng: np.random.Generator
) -> tuple[Indices, Indices, Floats]:
    weekday = (np.arange(settings.days) + _first_weekday(settings)) % 7
    rate = network.daily_alerts[:, np.newaxis] * _WEEKDAY_VOLUME[weekday]
    counts = rng.poisson(rate).ravel()
    cameras = np.repeat(np.repeat(np.arange(len(network)), settings.days), counts)
    dates = np.repeat(np.tile(np.arange(settings.days), len(network)), counts)
    opens = network.opens_at[network.site[cameras]]
    open_hours = network.closes_at[network.site[cameras]] - opens
    return cameras, dates, opens + open_hours * rng.beta(1.9, 1.5, len(cameras))


def _first_weekday(settings: SimulationSettings) -> int:
    return (int(settings.starts_at // SECONDS_A_DAY) + 3) % 7


def _lighting(gloom: Floats, daypart: Indices, rng: np.random.Generator) -> Indices:
    late = np.where(daypart == NIGHT, 0.55, np.where(daypart == EVENING, 0.12, 0.0))
    dark = np.clip(0.35 * gloom + late, 0.0, 0.95)
    dim = (1 - dark) * np.clip(0.10 + 0.6 * gloom + late, 0.0, 0.95)
    draw = rng.random(len(gloom))
    return np.where(draw < dark, 2, np.where(draw < dark + dim, 1, 0))


def _crowding(hour: Floats, weekday: Indices, rng: np.random.Generator) -> Indices:
    rush = 1.3 * np.exp(-(((hour - 18.0) / 3.0) ** 2)) + 0.7 * np.exp(-(((hour - 12.5) / 1.5) ** 2))
    level = -0.4 + rush + 0.6 * (weekday >= 5) + 0.9 * rng.standard_normal(len(hour))
    return np.searchsorted(_CROWD_EDGES, level)
