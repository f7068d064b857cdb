"""An alarm that stays honest when it is looked at every week: a test by betting on the difference between groups.

Null hypothesis: in no week does the rate of any group lie further than the tenant's tolerance δ
from the overall rate. Each week the alerts of a group are matched, in an order drawn at random
without looking at outcomes, with those of the other groups; every match gives a difference D
(scaled to group − overall) of which the null says E[D | past] ≤ δ. A bettor who starts with 1 and
stakes a share λ of the wealth on D > δ multiplies it by 1 + λ(D − δ): under the null a
non-negative supermartingale, so that by Ville's inequality (1939) the chance that it *ever*
reaches 1/α is at most α, whenever and however often one looks. λ is spread evenly over a grid
(a mixture of such wealths is one again); groups and both directions are combined by a weighted
mean, valid under any dependence (V. Vovk, R. Wang, *E-values*, Annals of Statistics 2021), in which
a group that turns up later has had its weight from the start. See
I. Waudby-Smith, A. Ramdas, *Estimating means of bounded random variables by betting*, JRSS B 2024,
and A. Ramdas, P. Grünwald, V. Vovk, G. Shafer, *Game-theoretic statistics and safe anytime-valid
inference*, Statistical Science 2023; the idea of stopping as soon as the evidence suffices is
A. Wald's (*Sequential tests of statistical hypotheses*, 1945).
"""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from apps.triage.fairness_settings import FairnessMeasure, FairnessSettings
from apps.triage.tables import Bools, Floats, Texts

METHOD = "betting on matched differences, mixture over 12 stakes, mean over groups and directions"
STAKES = 12
LARGEST_EVIDENCE = 1e12  # more is shown as this; a stored number stays exact
LARGEST_STAKE = 0.9  # of what would lose everything at once

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class AuditStream:
    """Judged alerts of one attribute and detector in the order in which they became known.

    `arrival` [n] numbers the samples, `week` [n] the week the alert happened; `order` [n] are
    random numbers drawn once for each sample without looking at outcomes: they order the alerts
    of a week. `group` [n] and `happened` [n] are one measure.
    """

    arrival: Ints
    week: Ints
    order: Floats
    group: Texts
    happened: Bools

    def __post_init__(self) -> None:
        if len({getattr(self, one.name).shape for one in fields(self)}) != 1:
            raise ValueError("all columns of a stream have one length")


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The wealth after a week of one sample: how many times over the null has been contradicted."""

    arrival: int
    week: int
    e_value: float


@dataclass(frozen=True, kw_only=True)
class SequentialTest:
    """The whole path of one test. `group` and `is_higher` name the strongest single piece of evidence.

    `crossed` is the index in `path` of the first week at or above `bound`, None when it never was.
    """

    measure: FairnessMeasure
    bound: float
    match_count: int
    path: tuple[Evidence, ...] = ()
    group: str = ""
    is_higher: bool = False
    crossed: int | None = None
    method: str = METHOD

    @property
    def e_value(self) -> float:
        """The evidence now; 1 while nothing could be compared."""
        return self.path[-1].e_value if self.path else 1.0


def alarm_bound(settings: FairnessSettings) -> float:
    """What the wealth of one measure must reach: all measures together err with `alarm_error`."""
    return len(FairnessMeasure) / settings.alarm_error


def sequential_test(
    *, measure: FairnessMeasure, stream: AuditStream, settings: FairnessSettings
) -> SequentialTest:
    """Test the stream from its beginning; what later samples add never changes the path before them."""
    bound = alarm_bound(settings)
    periods = _periods(stream)
    groups = _by_appearance(stream, periods)
    if len(groups) < 2:
        return SequentialTest(measure=measure, bound=bound, match_count=0)
    sides = [
        side
        for group in enumerate(groups, start=1)
        for side in _sides(stream, periods, group, settings)
    ]
    logs = np.stack([side.log_share for side in sides])
    unspent = 1.0 / (len(groups) + 1)  # the weight of groups that have not turned up
    largest = np.log(LARGEST_EVIDENCE)
    wealth = unspent + np.exp(np.minimum(logs, largest)).sum(axis=0)
    wealth = np.minimum(wealth, LARGEST_EVIDENCE)
    crossed = np.flatnonzero(wealth >= bound)
    at = int(crossed[0]) if len(crossed) else len(wealth) - 1
    strongest = sides[int(np.argmax(logs[:, at]))]
    return SequentialTest(
        measure=measure,
        bound=bound,
        match_count=max(side.match_count for side in sides),
        path=_path(stream, periods, wealth),
        group=strongest.group,
        is_higher=strongest.is_higher,
        crossed=at if len(crossed) else None,
    )


@dataclass(frozen=True, kw_only=True)
class _Side:
    """One group in one direction: log of weight × wealth after each period."""

    group: str
    is_higher: bool
    match_count: int
    log_share: Floats


def _path(
    stream: AuditStream, periods: list[npt.NDArray[np.intp]], wealth: Floats
) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            arrival=int(stream.arrival[rows[0]]),
            week=int(stream.week[rows[0]]),
            e_value=float(value),
        )
        for rows, value in zip(periods, wealth, strict=True)
    )


def _periods(stream: AuditStream) -> list[npt.NDArray[np.intp]]:
    """Row numbers of each week of each sample, in the order of knowledge, shuffled within."""
    order = np.lexsort((stream.order, stream.week, stream.arrival))
    keys = np.stack([stream.arrival[order], stream.week[order]])
    starts = np.flatnonzero((np.diff(keys, axis=1) != 0).any(axis=0)) + 1
    return [rows for rows in np.split(order, starts) if len(rows)]


def _by_appearance(stream: AuditStream, periods: list[npt.NDArray[np.intp]]) -> list[str]:
    """The groups in the order of their first period; by name within one."""
    return list(
        dict.fromkeys(str(one) for rows in periods for one in np.unique(stream.group[rows]))
    )


def _sides(
    stream: AuditStream,
    periods: list[npt.NDArray[np.intp]],
    group: tuple[int, str],
    settings: FairnessSettings,
) -> list[_Side]:
    """Both directions of the k-th group to turn up; its weight 1/k(k+1) is shared between them."""
    number, name = group
    matched = [_matched(stream, rows, name) for rows in periods]
    ends = np.cumsum([len(one) for one in matched])
    differences = np.concatenate(matched)
    weight = 1 / (2 * number * (number + 1))
    return [
        _Side(
            group=name,
            is_higher=is_higher,
            match_count=len(differences),
            log_share=np.log(weight)
            + _log_wealth(
                differences if is_higher else -differences, settings.largest_difference, ends
            ),
        )
        for is_higher in (True, False)
    ]


def _matched(stream: AuditStream, rows: npt.NDArray[np.intp], group: str) -> Floats:
    """Differences group − overall in one period: as many matches as the smaller side has alerts."""
    is_group = stream.group[rows] == group
    inside, outside = rows[is_group], rows[~is_group]
    count = min(len(inside), len(outside))
    if count == 0:
        return np.empty(0)
    rest_share = len(outside) / len(rows)
    return rest_share * (_means(stream, inside, count) - _means(stream, outside, count))


def _means(stream: AuditStream, rows: npt.NDArray[np.intp], count: int) -> Floats:
    """The means of `count` nearly equal consecutive parts of `rows`."""
    starts = np.arange(count) * len(rows) // count
    sizes = np.diff(np.append(starts, len(rows)))
    means: Floats = np.add.reduceat(stream.happened[rows].astype(np.float64), starts) / sizes
    return means


def _log_wealth(differences: Floats, tolerance: float, ends: Ints) -> Floats:
    """Log of the mixed wealth after the first `ends` matches, for every entry of `ends`."""
    stakes = LARGEST_STAKE / (1 + tolerance) * np.geomspace(0.02, 1.0, STAKES)
    gains = np.log1p(np.outer(differences - tolerance, stakes))
    paths = np.vstack([np.zeros(STAKES), np.cumsum(gains, axis=0)])
    return _log_mean(paths[ends], axis=1)


def _log_mean(logs: Floats, *, axis: int) -> Floats:
    """log(mean(exp(logs))) without overflow."""
    top = logs.max(axis=axis, keepdims=True)
    mean: Floats = np.log(np.exp(logs - top).mean(axis=axis)) + np.squeeze(top, axis=axis)
    return mean
