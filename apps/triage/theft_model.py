"""P(theft) of an alert from score, signals, sequence and segment, learned from biased labels.

A partially pooled logistic regression (see `theft_model_fit`), refitted from scratch, so that a
model depends on the table, the labels and `as_of` alone. Labels are bought by decisions that rest
on the same columns, so that given these columns the choice of what was labelled carries no further
information (Rubin 1976) and the likelihood needs no weights; against what the columns miss, a
last recalibration per detector version weighs every label by its inverse sampling probability
(Horvitz and Thompson 1952).
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from apps.triage.calibration import inverse_probability_weights
from apps.triage.probability import UNIFORM_PRIOR, ProbabilityBasis, TheftProbability
from apps.triage.tables import AlertTable, Bools, Floats, Labels
from apps.triage.theft_model_fit import (
    Judgement,
    Posterior,
    Problem,
    fit_posterior,
)
from apps.triage.theft_model_plan import Plan, plan_for
from apps.triage.theft_model_recalibration import left_out, shift_and_slope
from apps.triage.theft_model_settings import DEFAULT_SETTINGS, TheftModelSettings
from apps.triage.theft_model_terms import Source, rounded

NORMAL_95 = 1.6448536269514722
SECONDS_A_DAY = 86400.0
PREDICT_ROWS = 65536


@dataclass(frozen=True, kw_only=True)
class Probabilities:
    """P(theft) of n alerts with its 5th and 95th percentile, and which of them are calibrated.

    Rows that are not calibrated hold the documented prior.
    """

    mean: Floats
    low: Floats
    high: Floats
    calibrated: Bools


@dataclass(frozen=True, kw_only=True)
class DetectorFacts:
    """What a detector version's probabilities rest on, and its recalibration.

    `shift` and `slope` act on the log-odds. `labels_needed` is 0 once it is calibrated.
    """

    detector: str
    label_count: int
    theft_count: int
    labels_needed: int
    shift: float = 0.0
    slope: float = 1.0

    @property
    def calibrated(self) -> bool:
        return self.labels_needed == 0


@dataclass(frozen=True, kw_only=True)
class Contributions:
    """The log-odds of n alerts by source; `total` is their sum, whose curve the mean follows."""

    base: Floats
    score: Floats
    signals: Floats
    sequence: Floats
    segment: Floats

    @property
    def total(self) -> Floats:
        return self.base + self.score + self.signals + self.sequence + self.segment


@dataclass(frozen=True, kw_only=True)
class TheftModel:
    """A fitted model: pure data, JSON through `apps.triage.decoding`, same predictions after it.

    `mode` [p] are the coefficients in the order of the plan, `scales` the standard deviation σ of
    each term's effects, `covariance` the lower triangle of their posterior covariance [p, p], row
    by row, as base64 of little-endian float32.
    """

    version: str
    as_of: float
    label_count: int
    half_life_days: float
    detectors: tuple[DetectorFacts, ...]
    plan: Plan
    mode: tuple[float, ...]
    scales: tuple[float, ...]
    covariance: str

    def __post_init__(self) -> None:
        if len(self.mode) != self.plan.size:
            raise ValueError(f"{self.plan.size} coefficients are needed, not {len(self.mode)}")

    @cached_property
    def _mode(self) -> Floats:
        return np.array(self.mode, dtype=np.float64)

    @cached_property
    def _covariance(self) -> Floats:
        size = self.plan.size
        half = np.zeros((size, size))
        packed = np.frombuffer(base64.b64decode(self.covariance), dtype="<f4")
        half[np.tril_indices(size)] = packed
        whole: Floats = half + np.tril(half, -1).T
        return whole

    @cached_property
    def _facts(self) -> Mapping[str, DetectorFacts]:
        return MappingProxyType({one.detector: one for one in self.detectors})

    def facts(self, detector: str) -> DetectorFacts:
        """What is known of a detector version; of an unknown one, that all labels are missing."""
        unknown = DetectorFacts(
            detector=detector,
            label_count=0,
            theft_count=0,
            labels_needed=DEFAULT_SETTINGS.minimum_labels,
        )
        return self._facts.get(detector, unknown)

    def predict(self, table: AlertTable) -> Probabilities:
        """P(theft) of every row with its 90% interval; the prior where not calibrated."""
        parts = [
            self._predict(table.where(slice(start, start + PREDICT_ROWS)))
            for start in range(0, len(table), PREDICT_ROWS)
        ]
        return Probabilities(
            mean=_joined([one.mean for one in parts]),
            low=_joined([one.low for one in parts]),
            high=_joined([one.high for one in parts]),
            calibrated=_joined([one.calibrated for one in parts]).astype(bool),
        )

    def contributions(self, table: AlertTable) -> Contributions:
        """The log-odds of every row by source, as far as the model knows them."""
        design = self.plan.design(table)
        shift, slope, _ = self._recalibration(table)
        sources = np.array(self.plan.sources())
        part: dict[str, Floats] = {}
        for source in Source:
            mode = np.where(sources == source, self._mode, 0.0)
            part[source.value] = slope * design.times(mode)
        part[Source.BASE.value] = part[Source.BASE.value] + shift
        return Contributions(**part)

    def _recalibration(self, table: AlertTable) -> tuple[Floats, Floats, Bools]:
        facts = {one: self.facts(one) for one in set(table.detector.tolist())}
        rows = [facts[one] for one in table.detector.tolist()]
        return (
            np.array([one.shift for one in rows], dtype=np.float64),
            np.array([one.slope for one in rows], dtype=np.float64),
            np.array([one.calibrated for one in rows], dtype=bool),
        )

    def _predict(self, table: AlertTable) -> Probabilities:
        odds, variance = self._log_odds(table)
        shift, slope, calibrated = self._recalibration(table)
        odds, spread = shift + slope * odds, slope * np.sqrt(variance)
        mean = np.round(expit(odds / np.sqrt(1 + np.pi * spread**2 / 8)), 12)
        low = np.minimum(np.round(expit(odds - NORMAL_95 * spread), 12), mean)
        high = np.maximum(np.round(expit(odds + NORMAL_95 * spread), 12), mean)
        return Probabilities(
            mean=np.where(calibrated, mean, UNIFORM_PRIOR.mean),
            low=np.where(calibrated, low, UNIFORM_PRIOR.low),
            high=np.where(calibrated, high, UNIFORM_PRIOR.high),
            calibrated=calibrated,
        )

    def _log_odds(self, table: AlertTable) -> tuple[Floats, Floats]:
        """Mean and variance of the log-odds: levels never seen add the whole σ² of their term."""
        design = self.plan.design(table)
        odds = design.times(self._mode)
        variance = np.maximum(design.variance(self._covariance), 0.0)
        codes, values = self.plan.effects(table)
        for code, value, scale in zip(codes, values, self.scales, strict=False):
            variance += np.where(code < 0, (value * scale) ** 2, 0.0)
        return odds, variance


def fit_theft_model(
    *,
    table: AlertTable,
    labels: Labels,
    as_of: float,
    settings: TheftModelSettings = DEFAULT_SETTINGS,
    version: str = "theft-1",
) -> TheftModel:
    """Fit on what was received and judged by `as_of`; nothing later changes the result.

    Raises ValueError when table and labels differ in length. Without a label every detector
    version is "not calibrated" and `predict` gives the prior.
    """
    if len(table) != len(labels):
        raise ValueError("table and labels have one row an alert")
    seen = table.at <= as_of
    known = np.flatnonzero(labels.known_by(as_of) & seen)
    known = known[_canonical_order(table.where(known), labels.where(known))]
    learned, judgements = table.where(known), labels.where(known)
    plan = plan_for(seen=table.where(seen), learned=learned, settings=settings)
    problem = _problem(plan, learned, judgements, as_of, settings)
    posterior = fit_posterior(problem, rounds=settings.rounds)
    facts = _detector_facts(learned, judgements, problem, posterior, settings)
    return TheftModel(
        version=version,
        as_of=as_of,
        label_count=len(learned),
        half_life_days=settings.half_life_days,
        detectors=facts,
        plan=plan,
        mode=tuple(rounded(float(one)) for one in posterior.mode),
        scales=tuple(rounded(float(one)) for one in posterior.scales),
        covariance=_packed(posterior.covariance),
    )


def probability_of(model: TheftModel, table: AlertTable) -> TheftProbability:
    """The probability of the one alert in `table`, with what it rests on.

    Raises ValueError unless the table has exactly one row.
    """
    if len(table) != 1:
        raise ValueError("a table of one alert is needed")
    facts = model.facts(str(table.detector[0]))
    if not facts.calibrated:
        return UNIFORM_PRIOR.probability(label_count=facts.label_count)
    found = model.predict(table)
    return TheftProbability(
        mean=float(found.mean[0]),
        low=float(found.low[0]),
        high=float(found.high[0]),
        basis=ProbabilityBasis.CALIBRATED,
        version=model.version,
        label_count=facts.label_count,
    )


def _joined(parts: list[Floats] | list[Bools]) -> Floats:
    return np.concatenate(parts) if parts else np.zeros(0)


def _canonical_order(table: AlertTable, labels: Labels) -> npt.NDArray[np.intp]:
    """An order of the rows that does not depend on theirs, so that sums come out the same."""
    keys = [
        *table.signals.T,
        table.sequence,
        *table.segments.values(),
        labels.sampling_probability,
        labels.theft,
        table.score,
        table.detector,
        table.at,
    ]
    return np.lexsort(keys)


def _problem(
    plan: Plan,
    table: AlertTable,
    labels: Labels,
    as_of: float,
    settings: TheftModelSettings,
) -> Problem:
    group, fixed = plan.groups()
    age = (as_of - table.at) / SECONDS_A_DAY
    return Problem(
        design=plan.design(table),
        theft=labels.theft,
        weight=0.5 ** (age / settings.half_life_days),
        group=group,
        fixed=fixed,
        judgement=Judgement(sensitivity=settings.sensitivity, specificity=settings.specificity),
    )


def _packed(covariance: Floats) -> str:
    half = covariance[np.tril_indices(len(covariance))].astype("<f4")
    return base64.b64encode(half.tobytes()).decode("ascii")


def _detector_facts(
    table: AlertTable,
    labels: Labels,
    problem: Problem,
    posterior: Posterior,
    settings: TheftModelSettings,
) -> tuple[DetectorFacts, ...]:
    odds = left_out(problem, posterior)
    found = []
    for detector in sorted(set(table.detector.tolist())):
        rows = table.detector == detector
        count, thefts = int(rows.sum()), int(labels.theft[rows].sum())
        short = settings.minimum_of_each - min(thefts, count - thefts)
        needed = max(settings.minimum_labels - count, short, 0)
        shift, slope = shift_and_slope(
            odds=odds[rows],
            theft=labels.theft[rows],
            weight=problem.weight[rows]
            * inverse_probability_weights(
                labels.sampling_probability[rows], largest=settings.largest_weight
            ),
            judgement=problem.judgement,
        )
        found.append(
            DetectorFacts(
                detector=detector,
                label_count=count,
                theft_count=thefts,
                labels_needed=needed,
                shift=rounded(shift),
                slope=rounded(slope),
            )
        )
    return tuple(found)
