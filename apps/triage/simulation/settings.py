"""Everything the simulated store network is drawn from. Published in docs/simulator.md."""

from dataclasses import dataclass, fields

from apps.triage.simulation.behaviours import BEHAVIOURS, Behaviour

SECONDS_A_DAY = 86_400.0
FIRST_MONDAY = 1_772_409_600.0
"""2026-03-02 00:00 UTC, a Monday: simulated histories start here unless told otherwise."""


@dataclass(frozen=True, kw_only=True)
class DetectorKind:
    """How one detector version turns what it sees into a score.

    `leaning` is its logit for a neutral act, `gain` how much of a behaviour's looks it picks up by
    lighting (day, dim, dark), `shift` what lighting alone adds, `step_weight` how much the second
    step's signal moves it, `noise` the scale of its error (Student's t, 4 degrees of freedom), and
    score = floor + (1 − floor) · logistic(logit)^power.
    """

    identity: str
    version: str
    leaning: float
    gain: tuple[float, float, float]
    shift: tuple[float, float, float]
    step_weight: float
    noise: float
    floor: float
    power: float

    def __post_init__(self) -> None:
        if self.noise <= 0 or self.power <= 0 or not 0 <= self.floor < 1:
            raise ValueError("noise and power are above 0 and the floor lies within 0..1")


DETECTORS: tuple[DetectorKind, ...] = (
    DetectorKind(
        identity="handwatch",
        version="3.1",
        leaning=-0.1,
        gain=(1.5, 1.1, 0.4),
        shift=(0.0, 0.2, 0.9),
        step_weight=0.9,
        noise=0.64,
        floor=0.30,
        power=1.0,
    ),
    DetectorKind(
        identity="shelfsense",
        version="12",
        leaning=0.3,
        gain=(1.2, 1.0, 0.8),
        shift=(0.0, -0.2, -0.4),
        step_weight=0.5,
        noise=0.76,
        floor=0.0,
        power=0.6,
    ),
    DetectorKind(
        identity="laneguard",
        version="0.9",
        leaning=0.2,
        gain=(1.6, 1.3, 0.9),
        shift=(0.0, 0.1, 0.5),
        step_weight=1.1,
        noise=0.68,
        floor=0.50,
        power=1.4,
    ),
)
UPDATED = DetectorKind(
    identity="shelfsense",
    version="13",
    leaning=0.9,
    gain=(1.5, 1.1, 0.6),
    shift=(0.0, 0.1, 0.5),
    step_weight=0.7,
    noise=0.64,
    floor=0.0,
    power=0.9,
)


@dataclass(frozen=True, kw_only=True)
class SimulationSettings:
    """A network of stores, its detectors, its people, and what goes wrong.

    Spreads are standard deviations on the log-odds scale unless they say otherwise.
    """

    days: int = 90
    sites: int = 10
    least_cameras: int = 4
    most_cameras: int = 8
    alerts_per_camera_and_day: float = 6.0
    rate_spread: float = 0.35
    starts_at: float = FIRST_MONDAY

    theft_tilt: float = 0.15
    site_spread: float = 0.30
    camera_spread: float = 0.45
    behaviour_spread: float = 0.35
    dark_benign: float = 0.75
    dim_benign: float = 0.30
    evening_high_value: float = 0.45
    weekend: float = 0.20
    season: float = 0.15

    bad_camera_share: float = 0.10
    bad_camera_tilt: float = 1.1

    score_bias_spread: float = 0.50
    dwell_scale_spread: float = 0.30
    clear_at: float = 0.55
    clear_spread: float = 1.15
    vague_at: float = -0.4
    vague_spread: float = 1.2
    clear_left: tuple[float, float, float] = (1.0, 0.88, 0.62)
    unseen: tuple[float, float, float, float] = (0.02, 0.03, 0.06, 0.12)

    failing_cameras: int = 3
    failing_tilt: float = 1.2
    failing_clear_left: float = 0.55
    failing_score_shift: float = 0.8
    campaigns: int = 2
    campaign_days: int = 14
    campaign_tilt: float = 0.9

    operators: int = 8
    operator_spread: float = 0.35
    inconclusive_share: float = 0.03

    behaviours: tuple[Behaviour, ...] = BEHAVIOURS
    detectors: tuple[DetectorKind, ...] = DETECTORS
    updated: DetectorKind = UPDATED

    def __post_init__(self) -> None:
        if min(self.days, self.sites, self.least_cameras, self.operators) < 1:
            raise ValueError("days, sites, cameras and operators are at least 1")
        if self.most_cameras < self.least_cameras:
            raise ValueError("most cameras must not be below least cameras")
        if self.alerts_per_camera_and_day <= 0:
            raise ValueError("alerts per camera and day are above 0")
        spreads = [one.name for one in fields(self) if one.name.endswith("_spread")]
        if any(getattr(self, name) < 0 for name in spreads):
            raise ValueError("spreads are not negative")
        if not 0 <= self.inconclusive_share < 1 or not 0 <= self.bad_camera_share <= 1:
            raise ValueError("shares lie within 0..1")
        if len(self.detectors) != len(DETECTORS):
            raise ValueError(f"{len(DETECTORS)} detectors are needed, one a kind of place")
