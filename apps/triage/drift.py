"""Whether false alarms became more or less frequent at a camera or in a segment, and since when.

Null hypothesis: one false-positive rate over the last eight weeks. Alternatives: from the beginning
of one of the half weeks on the log-odds are higher, or lower, by one of three stated shifts. The
evidence of a change point is the likelihood of the labels under the alternatives, averaged (three
quarters on higher ones), over that under the null, both averaged over the unknown rate (a Beta prior around the network's):
under the null a non-negative martingale in the labels with mean 1, a mixture of likelihood ratios as
in A. Wald's sequential test (*Sequential tests of statistical hypotheses*, 1945) and in the change
detectors of E. Page (*Continuous inspection schemes*, Biometrika 1954) and of J. Shin, A. Ramdas,
A. Rinaldo (*E-detectors*, 2023). By Ville's inequality (1939) the chance that one change point's
evidence *ever* reaches b is at most 1/b, however often one looks. With one change point a week, K
units a site and the bound b = 13·K the expected number of false alarms of a site is at most one a
quarter. There are two a week, fixed in the calendar, so that a change in mid-week is not missed;
neighbours share nearly all of their labels and count as one. That, the estimated mean of the prior
and the weeks that move on are not covered by the inequality: the benchmark measures what remains.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from scipy.special import betaincinv, expit, logit, logsumexp

from apps.triage.reliability_cells import (
    DAY,
    Indices,
    camera_named,
    row_keys,
    segment_codes,
    summed_by,
    usable_rows,
)
from apps.triage.segments import Drift, Segment
from apps.triage.tables import DIMENSIONS, AlertTable, Floats, Labels

WEEK = 7 * DAY
MONDAY = 4 * DAY  # 1970-01-05, the first Monday, 00:00 UTC
POINTS = 2  # change points a week: Monday 00:00 and Thursday 12:00 UTC
QUARTER_WEEKS = 13
RISING_SHARE = 0.75  # of the evidence; a falling rate harms nobody
SHIFTS = np.array([0.5, 1.0, 1.5])  # log-odds: 30% → 41%, 54%, 66%
PRIOR_LABELS = 8.0
RATES = np.linspace(0.005, 0.995, 100)
_BATCH = 200  # units tested at once: keeps the arrays of the average over rates small


class DriftLevel(StrEnum):
    """What is tested as one unit: a camera in all its conditions, or each full segment."""

    CAMERA = "camera"
    SEGMENT = "segment"


@dataclass(frozen=True, kw_only=True)
class DriftSettings:
    """`weeks` are looked back upon, the current one included; a unit with fewer than `least_labels`
    in them is not known; `false_alarms` are accepted a site and quarter.
    """

    weeks: int = 8
    least_labels: int = 30
    false_alarms: float = 1.0

    def __post_init__(self) -> None:
        if not 2 <= self.weeks <= 52:
            raise ValueError("2 to 52 weeks are needed")
        if self.least_labels < 2:
            raise ValueError("at least 2 labels are needed")
        if not 0 < self.false_alarms <= 100:
            raise ValueError("0 < false alarms ≤ 100 is needed")


@dataclass(frozen=True, kw_only=True)
class WeekRate:
    """The labels of one week from its Monday (seconds since the epoch, UTC): counts as they are, the
    rate weighted, with its 90% interval (Jeffreys); None without labels.
    """

    start: float
    label_count: int
    false_count: int
    rate: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class DriftFinding:
    """What the labels of the last weeks say about one unit.

    `evidence` is that of the strongest change point, `bound` what it must reach; `since` is the
    beginning of the half week from which the rate differs, None unless it rises or falls. `segment` has "" in every
    dimension that the unit does not fix.
    """

    segment: Segment
    drift: Drift
    label_count: int
    evidence: float
    bound: float
    since: float | None = None
    weekly: tuple[WeekRate, ...] = field(default=())

    def __post_init__(self) -> None:
        if (self.since is not None) != (self.drift in (Drift.RISING, Drift.FALLING)):
            raise ValueError("since when is given exactly when the rate rises or falls")
        if not 0 <= self.evidence < math.inf or not self.bound > 0:
            raise ValueError("evidence is finite and not negative, its bound positive")


@dataclass(frozen=True, kw_only=True)
class _Periods:
    """Labels by unit and period [u, w]: weights of false and of all, squared weights, counts."""

    false: Floats
    weight: Floats
    spread: Floats
    label_count: Indices
    false_count: Indices

    def by_week(self) -> "_Periods":
        """The same by whole weeks."""
        shape = (len(self.false), -1, POINTS)
        return _Periods(
            **{name: one.reshape(shape).sum(axis=2) for name, one in vars(self).items()}
        )

    @property
    def worth(self) -> Floats:
        return np.asarray(self.weight**2 / np.where(self.spread > 0, self.spread, 1.0))

    @property
    def rate(self) -> Floats:
        rate = self.false / np.where(self.weight > 0, self.weight, 1.0)
        return np.asarray(np.clip(rate, 0.0, 1.0))


def drift_of(
    *,
    table: AlertTable,
    labels: Labels,
    as_of: float,
    by: DriftLevel = DriftLevel.CAMERA,
    settings: DriftSettings = DriftSettings(),
) -> tuple[DriftFinding, ...]:
    """Test every unit that has labels in the last weeks, in the order of their words.

    Alerts count in the week in which they happened, once their label is known by `as_of`. Raises
    ValueError when table and labels differ in length.
    """
    first = _monday(as_of) - (settings.weeks - 1) * WEEK
    rows = usable_rows(table=table, labels=labels, as_of=as_of, window_days=None)
    rows &= table.at >= first
    if not rows.any():
        return ()
    recent, known = table.where(rows), labels.where(rows)
    segments, sites, unit = _units(recent, by)
    part = ((recent.at - first) // (WEEK / POINTS)).astype(np.intp)
    parts = _counted(unit, part, known, (len(segments), settings.weeks * POINTS))
    weeks = parts.by_week()
    bound = _bounds(weeks, sites, settings)
    up, down = _evidence(parts)
    return tuple(
        _finding(weeks, row, segment, (up[row], down[row]), float(bound[row]), first, settings)
        for row, segment in enumerate(segments)
    )


def _monday(at: float) -> float:
    return (at - MONDAY) // WEEK * WEEK + MONDAY


def _units(table: AlertTable, by: DriftLevel) -> tuple[list[Segment], Indices, Indices]:
    """The units as segments, the site of each, and the unit of each row."""
    words, codes = segment_codes(table)
    names = DIMENSIONS if by is DriftLevel.SEGMENT else DIMENSIONS[:2]
    own = codes[:, : len(names)]
    keys = row_keys(own, [len(words[name]) for name in names])
    _, first, unit = np.unique(keys, return_index=True, return_inverse=True)
    segments = []
    for codes_of_one in own[first].tolist():
        named = {name: words[name][code] for name, code in zip(names, codes_of_one, strict=True)}
        named["camera"] = camera_named(named["site"], named["camera"])
        segments.append(Segment(**{"detector_version": "", **named}))
    return segments, own[first, 0], unit.astype(np.intp)


def _counted(unit: Indices, week: Indices, labels: Labels, shape: tuple[int, int]) -> _Periods:
    weights, false = 1.0 / labels.sampling_probability, labels.theft == 0.0
    at = unit * shape[1] + week
    order = np.lexsort((false, weights, at))
    at, weights, false = at[order], weights[order], false[order]
    size = shape[0] * shape[1]
    return _Periods(
        false=summed_by(at, weights * false, size).reshape(shape),
        weight=summed_by(at, weights, size).reshape(shape),
        spread=summed_by(at, weights**2, size).reshape(shape),
        label_count=np.bincount(at, minlength=size).reshape(shape).astype(np.intp),
        false_count=np.bincount(at[false], minlength=size).reshape(shape).astype(np.intp),
    )


def _bounds(weeks: _Periods, sites: Indices, settings: DriftSettings) -> Floats:
    """What evidence must reach [u]: a quarter's weeks times the units tested at the same site."""
    tested = weeks.label_count.sum(axis=1) >= settings.least_labels
    units = np.bincount(sites, tested)[sites]
    return np.asarray(QUARTER_WEEKS * np.maximum(units, 1.0) / settings.false_alarms)


def _evidence(periods: _Periods) -> tuple[Floats, Floats]:
    """Evidence [u, w − 1] for a higher and for a lower rate from each change point on, as logarithms."""
    network = (periods.false.sum() + 1.0) / (periods.weight.sum() + 2.0)
    parts = [
        _log_ratios(periods.rate[at] * periods.worth[at], periods.worth[at], float(network))
        for at in (slice(start, start + _BATCH) for start in range(0, len(periods.false), _BATCH))
    ]
    up, down = (np.concatenate(column) for column in zip(*parts, strict=True))
    return up, down


def _log_ratios(false: Floats, worth: Floats, network: float) -> tuple[Floats, Floats]:
    """Log evidence [k, w − 1] upwards and downwards, for effective counts [k, w]."""
    theft = worth - false
    prior = _log_prior(network)
    before = [np.cumsum(column, axis=1)[:, :-1, None] for column in (false, theft)]
    after = [
        column.sum(axis=1)[:, None, None] - past
        for column, past in zip((false, theft), before, strict=True)
    ]
    past = before[0] * np.log(RATES) + before[1] * np.log1p(-RATES) + prior

    def likelihood(shift: float) -> Floats:
        line = logit(RATES) + shift
        now = after[0] * np.log(expit(line)) + after[1] * np.log(expit(-line))
        return np.asarray(logsumexp(past + now, axis=-1))

    null = likelihood(0.0)
    sides = []
    for sign in (1.0, -1.0):
        told = [likelihood(sign * shift) for shift in SHIFTS]
        sides.append(logsumexp(told, axis=0) - np.log(len(SHIFTS)) - null)
    return sides[0], sides[1]


def _log_prior(network: float) -> Floats:
    """Beta around the network's rate, on the grid of rates."""
    a, b = PRIOR_LABELS * network, PRIOR_LABELS * (1 - network)
    density = (a - 1) * np.log(RATES) + (b - 1) * np.log1p(-RATES)
    return np.asarray(density - logsumexp(density))


def _finding(
    weeks: _Periods,
    row: int,
    segment: Segment,
    sides: tuple[Floats, Floats],
    bound: float,
    first: float,
    settings: DriftSettings,
) -> DriftFinding:
    up, down = sides
    both = np.logaddexp(up + math.log(RISING_SHARE), down + math.log(1 - RISING_SHARE))
    point = int(np.argmax(both))
    evidence = float(np.exp(np.clip(both[point], -700.0, 700.0)))
    count = int(weeks.label_count[row].sum())
    known, crossed = count >= settings.least_labels, evidence >= bound
    drift = Drift.STEADY if known else Drift.UNKNOWN
    if known and crossed:
        drift = Drift.RISING if up[point] > down[point] else Drift.FALLING
    return DriftFinding(
        segment=segment,
        drift=drift,
        label_count=count,
        evidence=evidence,
        bound=bound,
        since=first + (point + 1) * WEEK / POINTS if known and crossed else None,
        weekly=_weekly(weeks, row, first),
    )


def _weekly(weeks: _Periods, row: int, first: float) -> tuple[WeekRate, ...]:
    rate, worth = weeks.rate[row], weeks.worth[row]
    low, high = (
        betaincinv(rate * worth + 0.5, (1 - rate) * worth + 0.5, level) for level in (0.05, 0.95)
    )
    return tuple(
        _week(first + index * WEEK, int(count), int(false), figures)
        for index, (count, false, *figures) in enumerate(
            zip(
                weeks.label_count[row].tolist(),
                weeks.false_count[row].tolist(),
                rate.tolist(),
                np.minimum(low, rate).tolist(),
                np.maximum(high, rate).tolist(),
                strict=True,
            )
        )
    )


def _week(start: float, count: int, false: int, figures: list[float]) -> WeekRate:
    if not count:
        return WeekRate(start=start, label_count=0, false_count=0)
    rate, low, high = figures
    return WeekRate(
        start=start, label_count=count, false_count=false, rate=rate, low=low, high=high
    )
