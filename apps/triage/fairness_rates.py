"""Rates by group in a separate, offline audit sample: what differs, how surely, and what cannot be told.

A group exists only in such a sample, labelled by people outside the running system, never at run
time. Rates, their largest difference and ratio come from fairlearn's `MetricFrame` (Bird et al.
2020); each rate has its Wilson interval (E. B. Wilson, *Probable inference*, JASA 1927), each
difference to the overall rate Newcombe's hybrid score interval (R. G. Newcombe, *Interval
estimation for the difference between independent proportions*, Statistics in Medicine 1998,
method 10), each ratio Katz's log interval (Katz et al., Biometrics 1978). The differences and
ratios of one attribute hold together at the stated confidence (Bonferroni over groups and measures).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from apps.triage.fairness_settings import FairnessMeasure, FairnessSettings, FairnessVerdict
from apps.triage.tables import Bools, Texts

METHOD = "Wilson intervals; differences by Newcombe's method 10, simultaneous (Bonferroni); fairlearn MetricFrame"


@dataclass(frozen=True, kw_only=True)
class JudgedAlerts:
    """Judged alerts of one attribute: `group` [n] and, for each measure, whether it happened [n]."""

    group: Texts
    happened: Mapping[FairnessMeasure, Bools]

    def __post_init__(self) -> None:
        if set(self.happened) != set(FairnessMeasure):
            raise ValueError(f"a sample says {', '.join(FairnessMeasure)} of every alert")
        if any(column.shape != self.group.shape for column in self.happened.values()):
            raise ValueError("all columns of a sample have one length")
        if not len(self.group) or (self.group == "").any():
            raise ValueError("a sample has rows, and every row its group")


@dataclass(frozen=True, kw_only=True)
class GroupRate:
    """One group under one measure: its rate, and how it lies to the overall rate.

    Rates, differences (group − overall) and their ends are shares of 1. A ratio (group ÷ overall)
    is None where the overall rate is 0, its interval where a rate is 0.
    """

    group: str
    count: int
    events: int
    rate: float
    low: float
    high: float
    difference: float
    difference_low: float
    difference_high: float
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    verdict: FairnessVerdict


@dataclass(frozen=True, kw_only=True)
class MeasureReport:
    """All groups under one measure. `largest_difference` and `smallest_ratio` are fairlearn's."""

    measure: FairnessMeasure
    rate: float
    low: float
    high: float
    largest_difference: float
    smallest_ratio: float | None
    groups: tuple[GroupRate, ...]
    verdict: FairnessVerdict


@dataclass(frozen=True, kw_only=True)
class AttributeReport:
    """One attribute: beyond as soon as one comparison is, within only when every one is."""

    attribute: str
    count: int
    measures: tuple[MeasureReport, ...]
    verdict: FairnessVerdict


@dataclass(frozen=True, kw_only=True)
class FairnessReport:
    """A whole audit sample under the thresholds it was judged by."""

    settings: FairnessSettings
    attributes: tuple[AttributeReport, ...]
    method: str = METHOD


def report_fairness(
    *, sample: Mapping[str, JudgedAlerts], settings: FairnessSettings
) -> FairnessReport:
    """Judge every attribute of `sample` (attribute → its rows)."""
    return FairnessReport(
        settings=settings,
        attributes=tuple(
            _attribute(name, judged, settings) for name, judged in sorted(sample.items())
        ),
    )


def joint_verdict(verdicts: tuple[FairnessVerdict, ...]) -> FairnessVerdict:
    """Beyond beats insufficient beats within; nothing compared is insufficient."""
    if FairnessVerdict.BEYOND in verdicts:
        return FairnessVerdict.BEYOND
    if not verdicts or FairnessVerdict.INSUFFICIENT_N in verdicts:
        return FairnessVerdict.INSUFFICIENT_N
    return FairnessVerdict.WITHIN


def wilson(*, events: int, count: int, z: float) -> tuple[float, float]:
    """Wilson's interval of a share, `z` standard normal deviates wide to each side; 0..1 without data."""
    if count == 0:
        return 0.0, 1.0
    rate, spread = events / count, z * z / count
    middle = (rate + spread / 2) / (1 + spread)
    half = z * math.sqrt(rate * (1 - rate) / count + spread / (4 * count)) / (1 + spread)
    low = 0.0 if events == 0 else max(0.0, min(middle - half, rate))
    high = 1.0 if events == count else min(1.0, max(middle + half, rate))
    return low, high


def _attribute(name: str, judged: JudgedAlerts, settings: FairnessSettings) -> AttributeReport:
    comparisons = _comparisons(judged)
    measures = tuple(
        _measure(one, judged.group, judged.happened[one], comparisons, settings)
        for one in FairnessMeasure
    )
    return AttributeReport(
        attribute=name,
        count=len(judged.group),
        measures=measures,
        verdict=joint_verdict(tuple(one.verdict for one in measures)),
    )


def _comparisons(judged: JudgedAlerts) -> int:
    """Two groups are one comparison seen from both sides; more groups are one each."""
    groups = len(np.unique(judged.group))
    return len(FairnessMeasure) * (1 if groups <= 2 else groups)


def _measure(
    measure: FairnessMeasure,
    group: Texts,
    happened: Bools,
    comparisons: int,
    settings: FairnessSettings,
) -> MeasureReport:
    frame = _frame(group, happened)
    total, events = len(group), int(happened.sum())
    z = _deviates(settings.confidence, comparisons=1)
    low, high = wilson(events=events, count=total, z=z)
    groups = tuple(
        _group(
            str(name),
            counted=(int(row["events"]), int(row["count"])),
            whole=(events, total),
            comparisons=comparisons,
            settings=settings,
        )
        for name, row in frame.by_group.iterrows()
    )
    alone = len(groups) < 2
    return MeasureReport(
        measure=measure,
        rate=events / total,
        low=low,
        high=high,
        largest_difference=float(frame.difference(method="to_overall")["rate"]),
        smallest_ratio=float(frame.ratio(method="to_overall")["rate"]) if events else None,
        groups=groups,
        verdict=joint_verdict(() if alone else tuple(one.verdict for one in groups)),
    )


def _frame(group: Texts, happened: Bools) -> Any:
    """fairlearn's frame of rates and counts by group. Imported here: it brings pandas along."""
    from fairlearn.metrics import MetricFrame, count, selection_rate

    outcome = happened.astype(np.int64)
    return MetricFrame(
        metrics={"rate": selection_rate, "count": count, "events": _events},
        y_true=outcome,
        y_pred=outcome,
        sensitive_features=group.tolist(),
    )


def _events(_: Any, happened: Any) -> int:
    return int(np.sum(happened))


def _group(
    name: str,
    *,
    counted: tuple[int, int],
    whole: tuple[int, int],
    comparisons: int,
    settings: FairnessSettings,
) -> GroupRate:
    events, count = counted
    rest = (whole[0] - events, whole[1] - count)
    rate = events / count
    low, high = wilson(events=events, count=count, z=_deviates(settings.confidence, comparisons=1))
    z = _deviates(settings.confidence, comparisons=comparisons)
    difference = _difference(counted, rest, z)
    ratio = _ratio(counted, rest, z)
    return GroupRate(
        group=name,
        count=count,
        events=events,
        rate=rate,
        low=low,
        high=high,
        difference=rate - whole[0] / whole[1],
        difference_low=difference[0],
        difference_high=difference[1],
        ratio=rate * whole[1] / whole[0] if whole[0] else None,
        ratio_low=ratio[0] if ratio else None,
        ratio_high=ratio[1] if ratio else None,
        verdict=_verdict(min(count, rest[1]), difference, ratio, settings),
    )


def _difference(counted: tuple[int, int], rest: tuple[int, int], z: float) -> tuple[float, float]:
    """The interval of group − overall: that of group − rest, times the rest's share of all."""
    if rest[1] == 0:
        return 0.0, 0.0
    one, two = counted[0] / counted[1], rest[0] / rest[1]
    low_one, high_one = wilson(events=counted[0], count=counted[1], z=z)
    low_two, high_two = wilson(events=rest[0], count=rest[1], z=z)
    share = rest[1] / (counted[1] + rest[1])
    down = math.hypot(one - low_one, high_two - two)
    up = math.hypot(high_one - one, two - low_two)
    return share * max(-1.0, one - two - down), share * min(1.0, one - two + up)


def _ratio(counted: tuple[int, int], rest: tuple[int, int], z: float) -> tuple[float, float] | None:
    """The interval of group ÷ overall from that of group ÷ rest, in which it rises."""
    if counted[0] == 0 or rest[0] == 0:
        return None
    relative = counted[0] * rest[1] / (counted[1] * rest[0])
    spread = math.sqrt(max(0.0, 1 / counted[0] - 1 / counted[1] + 1 / rest[0] - 1 / rest[1]))
    share = counted[1] / (counted[1] + rest[1])
    ends = (relative * math.exp(-z * spread), relative * math.exp(z * spread))
    low, high = (end / (share * end + 1 - share) for end in ends)
    return low, high


def _verdict(
    smaller: int,
    difference: tuple[float, float],
    ratio: tuple[float, float] | None,
    settings: FairnessSettings,
) -> FairnessVerdict:
    """Within when both intervals lie inside the thresholds, beyond when one lies outside, else not told."""
    if smaller < settings.least_rows:
        return FairnessVerdict.INSUFFICIENT_N
    limit = settings.largest_difference
    places = [_place(difference, -limit, limit)]
    if settings.largest_ratio is not None:
        most = settings.largest_ratio
        places.append(_place(ratio, 1 / most, most) if ratio else FairnessVerdict.INSUFFICIENT_N)
    return joint_verdict(tuple(places))


def _place(interval: tuple[float, float], low: float, high: float) -> FairnessVerdict:
    if low <= interval[0] and interval[1] <= high:
        return FairnessVerdict.WITHIN
    if interval[1] < low or interval[0] > high:
        return FairnessVerdict.BEYOND
    return FairnessVerdict.INSUFFICIENT_N


def _deviates(confidence: float, *, comparisons: int) -> float:
    return NormalDist().inv_cdf(1 - (1 - confidence) / (2 * comparisons))
