"""How a behaviour shows: the densities that alerts are drawn from, and that Bayes' rule reads.

Drawing and reading use the same functions of (behaviour, conditions), so the exact probability
cannot drift away from the truth it is about.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, logsumexp

from apps.triage.simulation.behaviours import (
    LIGHTINGS,
    ROLES,
    Behaviour,
)
from apps.triage.simulation.conditions import EVENING, Conditions
from apps.triage.simulation.network import HIGH_VALUE, Floats, Indices, Network
from apps.triage.simulation.settings import DetectorKind, SimulationSettings

_DARK, _DIM = LIGHTINGS.index("dark"), LIGHTINGS.index("dim")
_FREEDOM = 4.0
_T_CONSTANT = gammaln((_FREEDOM + 1) / 2) - gammaln(_FREEDOM / 2) - 0.5 * np.log(_FREEDOM * np.pi)
_SECOND_STEP = ROLES.index("second step")
_HIDDEN_BY_CROWD = np.array([0.0, 0.1, 0.3, 0.6])
_HIDDEN_BY_LIGHT = np.array([0.0, 0.2, 0.6])
_WHEN_HIDDEN = np.array([-0.4, 0.15, 0.2, 0.9])
_CLEARER_BY_SEQUENCE = np.array([0.55, 1.0, 1.7, 1.3])


@dataclass(frozen=True, kw_only=True)
class Observations:
    """What is seen of each alert: `sequence` [n] indexes `SEQUENCES`, `signals` [n, roles] on the
    logit scale with NaN where hidden, `dwell` [n] seconds, `score_logit` [n].
    """

    sequence: Indices
    signals: Floats
    dwell: Floats
    score_logit: Floats


@dataclass(frozen=True)
class World:
    """A network under conditions: what every behaviour would look like for every alert."""

    network: Network
    conditions: Conditions
    settings: SimulationSettings

    def behaviour_log_shares(self) -> Floats:
        """[n, k]: the log of how likely each behaviour is before anything is seen."""
        c, s, network = self.conditions, self.settings, self.network
        with np.errstate(divide="ignore"):
            log_frequency = np.log(self._column(lambda b: b.frequency)).T
        weight = log_frequency[network.label[c.camera]] + network.tilt[c.camera]
        weight += self._column(lambda b: b.by_daypart).T[c.daypart]
        weight += self._column(lambda b: b.by_crowding).T[c.crowding]
        weight[:, self.is_theft] += self._theft_drive()[:, np.newaxis]
        benign = s.dark_benign * (c.lighting == _DARK) + s.dim_benign * (c.lighting == _DIM)
        benign = benign + s.failing_tilt * c.failing
        weight[:, ~self.is_theft] += benign[:, np.newaxis]
        weight[:, self._named("own bag as a basket")] += (s.campaign_tilt * c.campaign)[
            :, np.newaxis
        ]
        shares: Floats = weight - logsumexp(weight, axis=1, keepdims=True)
        return shares

    def _theft_drive(self) -> Floats:
        c, s = self.conditions, self.settings
        high_value = self.network.zone_kind[c.camera] == HIGH_VALUE
        drive = s.evening_high_value * ((c.daypart == EVENING) & high_value)
        drive = drive + s.weekend * (c.weekday >= 5) + s.season * np.sin(2 * np.pi * c.day / 60)
        closing = self.network.closes_at[self.network.site[c.camera]] - c.hour
        late: Floats = drive + 0.4 * np.exp(-closing)
        return late

    def sequence_shares(self, behaviour: Indices) -> Floats:
        """[n, 4]: how likely each sequence state is for alerts of these behaviours."""
        c = self.conditions
        hidden = _HIDDEN_BY_CROWD[c.crowding] + _HIDDEN_BY_LIGHT[c.lighting]
        logits = np.log(self._column(lambda b: b.sequence))[behaviour]
        shares = np.exp(logits + hidden[:, np.newaxis] * _WHEN_HIDDEN)
        normal: Floats = shares / shares.sum(axis=1, keepdims=True)
        return normal

    def clear_shares(self, behaviour: Indices, sequence: Indices) -> Floats:
        """[n, roles]: how likely each signal is clear rather than vague."""
        c, s = self.conditions, self.settings
        left = np.array(s.clear_left)[c.lighting] * np.where(c.failing, s.failing_clear_left, 1.0)
        clear = self._column(lambda b: b.clear)[behaviour]
        clear[:, : _SECOND_STEP + 1] **= _CLEARER_BY_SEQUENCE[sequence][:, np.newaxis]
        shares: Floats = clear * left[:, np.newaxis]
        return shares

    def clear_centres(self, behaviour: Indices) -> Floats:
        """[n, roles]: where a clear signal lies on the logit scale."""
        centres: Floats = self.settings.clear_at + self._column(lambda b: b.accent)[behaviour]
        return centres

    def dwell_logs(self, behaviour: Indices) -> tuple[Floats, Floats]:
        """Centre and spread [n] of the log of the seconds in view."""
        seconds = np.array([one.dwell_seconds for one in self.settings.behaviours])[behaviour]
        spread = np.array([one.dwell_spread for one in self.settings.behaviours])[behaviour]
        return np.log(seconds * self.network.dwell_scale[self.conditions.camera]), spread

    def score_centres(self, behaviour: Indices, signals: Floats) -> Floats:
        """[n]: the middle of the score's logit."""
        c, s = self.conditions, self.settings
        looks = np.array([one.looks_like_theft for one in s.behaviours])[behaviour]
        step = np.nan_to_num(np.tanh(signals[:, _SECOND_STEP] / 2), nan=-0.3)
        centre = self._of_detector(lambda d: d.leaning)
        centre = centre + self._by_light(lambda d: d.gain) * looks
        centre = centre + self._by_light(lambda d: d.shift)
        centre = centre + self._of_detector(lambda d: d.step_weight) * step
        bias = self.network.score_bias[c.camera] + s.failing_score_shift * c.failing
        middle: Floats = centre + bias
        return middle

    def score_noise(self) -> Floats:
        return self._of_detector(lambda d: d.noise)

    @cached_property
    def kinds(self) -> tuple[DetectorKind, ...]:
        return (*self.settings.detectors, self.settings.updated)

    @cached_property
    def is_theft(self) -> npt.NDArray[np.bool_]:
        return np.array([one.is_theft for one in self.settings.behaviours])

    def _column(self, read: Callable[[Behaviour], tuple[float, ...]]) -> Floats:
        return np.array([read(one) for one in self.settings.behaviours], dtype=np.float64)

    def _of_detector(self, read: Callable[[DetectorKind], float]) -> Floats:
        return np.array([read(one) for one in self.kinds])[self.conditions.detector]

    def _by_light(self, read: Callable[[DetectorKind], tuple[float, ...]]) -> Floats:
        table = np.array([read(one) for one in self.kinds])
        return table[self.conditions.detector, self.conditions.lighting]

    def _named(self, name: str) -> npt.NDArray[np.bool_]:
        return np.array([one.name == name for one in self.settings.behaviours])


def draw_behaviours(*, world: World, rng: np.random.Generator) -> Indices:
    """[n]: what really happened before each alert."""
    shares = np.exp(world.behaviour_log_shares())
    return _draw_from(shares, rng)


def observe(*, world: World, behaviour: Indices, rng: np.random.Generator) -> Observations:
    """Return what is seen of these behaviours."""
    s, size = world.settings, len(behaviour)
    sequence = _draw_from(world.sequence_shares(behaviour), rng)
    shape = (size, len(ROLES))
    clear = rng.random(shape) < world.clear_shares(behaviour, sequence)
    centre = np.where(clear, world.clear_centres(behaviour), s.vague_at)
    spread = np.where(clear, s.clear_spread, s.vague_spread)
    signals = centre + spread * rng.standard_normal(shape)
    unseen = np.array(s.unseen)[world.conditions.crowding][:, np.newaxis]
    signals[rng.random(shape) < unseen] = np.nan
    middle, width = world.dwell_logs(behaviour)
    noise = world.score_noise() * rng.standard_t(_FREEDOM, size)
    return Observations(
        sequence=sequence,
        signals=signals,
        dwell=np.exp(middle + width * rng.standard_normal(size)),
        score_logit=world.score_centres(behaviour, signals) + noise,
    )


def theft_probabilities(*, world: World, seen: Observations) -> Floats:
    """[n]: P(theft | everything that can be seen, and the time), by Bayes' rule over behaviours.

    This is what an oracle knows who knows the network. Factors that do not depend on the behaviour
    (which signals are hidden) cancel.
    """
    joint = world.behaviour_log_shares()
    for number in range(joint.shape[1]):
        joint[:, number] += _log_density(world, seen, np.full(len(joint), number))
    weight = np.exp(joint - joint.max(axis=1, keepdims=True))
    probability: Floats = weight[:, world.is_theft].sum(axis=1) / weight.sum(axis=1)
    return np.clip(probability, 0.0, 1.0)


def _log_density(world: World, seen: Observations, behaviour: Indices) -> Floats:
    rows = np.arange(len(behaviour))
    total = np.log(world.sequence_shares(behaviour)[rows, seen.sequence])
    total = total + _signal_log_density(world, seen, behaviour).sum(axis=1)
    middle, width = world.dwell_logs(behaviour)
    total = total + _normal_log_density(np.log(seen.dwell), middle, width)
    noise = world.score_noise()
    away = (seen.score_logit - world.score_centres(behaviour, seen.signals)) / noise
    score: Floats = total + _T_CONSTANT - np.log(noise)
    return score - (_FREEDOM + 1) / 2 * np.log1p(away * away / _FREEDOM)


def _signal_log_density(world: World, seen: Observations, behaviour: Indices) -> Floats:
    """[n, roles]: two overlapping bells, 0 where the signal is hidden."""
    s = world.settings
    share = world.clear_shares(behaviour, seen.sequence)
    value = np.nan_to_num(seen.signals)
    clear = _normal_log_density(value, world.clear_centres(behaviour), s.clear_spread)
    vague = _normal_log_density(value, s.vague_at, s.vague_spread)
    density = np.logaddexp(np.log(share) + clear, np.log1p(-share) + vague)
    return np.where(np.isnan(seen.signals), 0.0, density)


def _normal_log_density(value: Floats, centre: Floats | float, spread: Floats | float) -> Floats:
    away = (value - centre) / spread
    density: Floats = -0.5 * (away * away + np.log(2 * np.pi)) - np.log(spread)
    return density


def _draw_from(shares: Floats, rng: np.random.Generator) -> Indices:
    edges = np.cumsum(shares, axis=1)
    draws = rng.random(len(shares)) * edges[:, -1]
    drawn: Indices = (draws[:, np.newaxis] > edges[:, :-1]).sum(axis=1)
    return drawn
