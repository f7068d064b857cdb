"""What a signal usually measures in a segment, as of a moment: what "twice the usual" refers to.

The mean of a signal over the alerts of the same camera and daypart; with fewer than `least` of
them, of the same camera; then of the whole network. It needs no labels, and an alert never counts
towards the mean it is compared with: means are of earlier alerts only.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from apps.triage.canonical import significant
from apps.triage.segments import Segment
from apps.triage.tables import AlertTable, Floats, Texts

LEAST_ALERTS = 20


@dataclass(frozen=True, kw_only=True)
class UsualValue:
    """The mean of one signal over `count` alerts of one place: camera and daypart, "" for any."""

    signal: str
    mean: float
    count: int
    camera: str = ""
    daypart: str = ""

    def __post_init__(self) -> None:
        if not self.signal or not math.isfinite(self.mean) or self.count < 1:
            raise ValueError("a usual value is a finite mean over at least one alert")


@dataclass(frozen=True, kw_only=True)
class SignalMeans:
    """Means of signals known at `as_of` (seconds since the epoch)."""

    as_of: float = 0.0
    values: tuple[UsualValue, ...] = ()

    @cached_property
    def _found(self) -> Mapping[tuple[str, str, str], float]:
        return {(one.signal, one.camera, one.daypart): one.mean for one in self.values}

    def usual(self, *, signal: str, segment: Segment) -> float | None:
        """The mean for `segment`, or the nearest wider one; None where nothing was measured."""
        places = ((segment.camera, segment.daypart), (segment.camera, ""), ("", ""))
        means = (self._found.get((signal, *place)) for place in places)
        return next((mean for mean in means if mean is not None), None)


def signal_means(*, table: AlertTable, as_of: float, least: int = LEAST_ALERTS) -> SignalMeans:
    """The means over the alerts of `table` that were received by `as_of`."""
    known = table.where(table.at <= as_of)
    anywhere = np.full(len(known), "")
    camera, daypart = known.segments["camera"], known.segments["daypart"]
    places = ((camera, daypart), (camera, anywhere), (anywhere, anywhere))
    values = [
        usual
        for at, signal in enumerate(known.signal_names)
        for place in places
        for usual in _usual(signal, known.signals[:, at], *place, least=least)
    ]
    return SignalMeans(as_of=as_of, values=tuple(dict.fromkeys(values)))


def _usual(
    signal: str, value: Floats, camera: Texts, daypart: Texts, *, least: int
) -> Iterator[UsualValue]:
    rows = np.flatnonzero(~np.isnan(value))
    if not len(rows):
        return
    keys = np.stack([camera[rows], daypart[rows]], axis=1)
    places, group = np.unique(keys, axis=0, return_inverse=True)
    group = group.reshape(-1)
    counts = np.bincount(group, minlength=len(places))
    # Sorted first: a sum then does not depend on the order of the rows.
    order = np.lexsort([value[rows], group])
    sums = np.bincount(group[order], value[rows][order], minlength=len(places))
    for (at_camera, at_daypart), total, count in zip(places, sums, counts, strict=True):
        if count >= least:
            yield UsualValue(
                signal=signal,
                camera=str(at_camera),
                daypart=str(at_daypart),
                mean=significant(float(total / count)),
                count=int(count),
            )
