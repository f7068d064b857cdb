"""A drawn store network: its cameras, what is peculiar to each, and what will go wrong when."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.triage.simulation.settings import SimulationSettings

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

ZONE_KINDS = ("shelf", "aisle", "high_value", "exit", "self_checkout")
_LABEL_OF_ZONE = np.array([0, 0, 1, 2, 3])
_DETECTOR_OF_ZONE = np.array([0, 0, 1, 2, 2])
_ZONE_SHARES = (0.26, 0.20, 0.22, 0.16, 0.16)
HIGH_VALUE = ZONE_KINDS.index("high_value")


@dataclass(frozen=True, kw_only=True)
class Network:
    """Columns over cameras [c] (behaviours [k] where said). Times are days from the first.

    `failing_from` is the day from which a camera is out of order, +inf for most. A site's campaign
    runs from `campaign_from` [sites] on. `updated_from` [sites] is the day of the detector update.
    """

    site: Indices
    zone_kind: Indices
    label: Indices
    detector: Indices
    daily_alerts: Floats
    tilt: Floats
    score_bias: Floats
    dwell_scale: Floats
    gloom: Floats
    failing_from: Floats
    bad: npt.NDArray[np.bool_]
    campaign_from: Floats
    updated_from: Floats
    opens_at: Floats
    closes_at: Floats

    def __len__(self) -> int:
        return len(self.site)

    @property
    def camera_names(self) -> npt.NDArray[np.str_]:
        first = np.searchsorted(self.site, self.site)
        numbers = np.arange(len(self)) - first + 1
        pairs = zip(self.site, numbers, strict=True)
        return np.array([f"site-{site + 1:02}/camera-{number:02}" for site, number in pairs])

    @property
    def site_names(self) -> npt.NDArray[np.str_]:
        return np.array([f"site-{site + 1:02}" for site in range(len(self.opens_at))])


def draw_network(*, settings: SimulationSettings, rng: np.random.Generator) -> Network:
    """Return a network: every camera is a little different, some are bad, some will fail."""
    counts = rng.integers(settings.least_cameras, settings.most_cameras + 1, settings.sites)
    site = np.repeat(np.arange(settings.sites), counts)
    size = len(site)
    zone_kind = rng.choice(len(ZONE_KINDS), size, p=_ZONE_SHARES)
    bad = rng.random(size) < settings.bad_camera_share
    late = rng.random(settings.sites) < 0.4
    spread = np.exp(settings.rate_spread * rng.standard_normal(size))
    return Network(
        site=site,
        zone_kind=zone_kind,
        label=_LABEL_OF_ZONE[zone_kind],
        detector=_DETECTOR_OF_ZONE[zone_kind],
        daily_alerts=settings.alerts_per_camera_and_day * spread / spread.mean(),
        tilt=_tilts(settings, site, bad, rng),
        score_bias=settings.score_bias_spread * rng.standard_normal(size),
        dwell_scale=np.exp(settings.dwell_scale_spread * rng.standard_normal(size)),
        gloom=rng.beta(1.2, 4.0, size),
        failing_from=_failing_days(settings, size, rng),
        bad=bad,
        campaign_from=_campaign_days(settings, rng),
        updated_from=np.full(settings.sites, settings.days * rng.uniform(0.4, 0.6)),
        opens_at=np.where(late, 6.0, 8.0),
        closes_at=np.where(late, 24.0, 21.5),
    )


def _tilts(
    settings: SimulationSettings,
    site: Indices,
    bad: npt.NDArray[np.bool_],
    rng: np.random.Generator,
) -> Floats:
    """[c, k]: how much more or less often (log) each behaviour is seen by each camera."""
    theft = np.array([one.is_theft for one in settings.behaviours])
    tilt = settings.behaviour_spread * rng.standard_normal((len(site), len(theft)))
    level = settings.site_spread * rng.standard_normal(settings.sites)[site]
    level = level + settings.camera_spread * rng.standard_normal(len(site)) + settings.theft_tilt
    tilt[:, theft] += level[:, np.newaxis]
    benign = np.flatnonzero(~theft)
    favoured = rng.choice(benign, len(site))
    tilt[np.ix_(bad, benign)] += settings.bad_camera_tilt / 2
    rows = np.flatnonzero(bad)
    tilt[rows, favoured[rows]] += settings.bad_camera_tilt / 2
    return tilt


def _failing_days(settings: SimulationSettings, size: int, rng: np.random.Generator) -> Floats:
    days = np.full(size, np.inf)
    failing = rng.choice(size, min(settings.failing_cameras, size), replace=False)
    days[failing] = settings.days * rng.uniform(0.35, 0.75, len(failing))
    return days


def _campaign_days(settings: SimulationSettings, rng: np.random.Generator) -> Floats:
    days = np.full(settings.sites, np.inf)
    chosen = rng.choice(settings.sites, min(settings.campaigns, settings.sites), replace=False)
    days[chosen] = settings.days * rng.uniform(0.2, 0.8, len(chosen))
    return days
