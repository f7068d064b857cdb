"""Segments (slices of operating conditions) and how far scores can be trusted in each."""

import math
from dataclasses import dataclass, field
from enum import StrEnum

from apps.triage.decoding import SINCE_2


class ReliabilityState(StrEnum):
    """What P(false-positive rate > limit) says about a segment; unknown until labels say more."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    UNKNOWN = "unknown"


class Drift(StrEnum):
    """Where a segment's false-positive rate went over the last weeks; unknown until tested."""

    STEADY = "steady"
    RISING = "rising"
    FALLING = "falling"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One slice of operating conditions. `site` and `camera` are opaque ids; "" means not known."""

    site: str = field(default="", metadata=SINCE_2)
    camera: str
    detector_version: str
    zone_kind: str = ""
    lighting: str = ""
    daypart: str = ""
    weekday: str = ""
    crowding: str = ""


@dataclass(frozen=True, kw_only=True)
class SegmentReliability:
    """A segment's false-positive rate (0..1) with its 90% interval, and the labels behind it.

    The rate is None exactly while the state is unknown. `labels_needed` says how many more labels
    the segment needs before its state can be told; None when that has not been worked out.
    `drift` is the finding of the drift test at the same refresh. `borrowed` (0..1) is the share of
    the evidence that comes from camera, site, network and conditions rather than from the
    segment's own labels; None when that has not been worked out.
    """

    state: ReliabilityState
    segment: Segment
    false_positive_rate: float | None = None
    low: float | None = None
    high: float | None = None
    label_count: int = 0
    labels_needed: int | None = None
    version: str = ""
    drift: Drift = field(default=Drift.UNKNOWN, metadata=SINCE_2)
    borrowed: float | None = field(default=None, metadata=SINCE_2)

    def __post_init__(self) -> None:
        figures = (self.low, self.false_positive_rate, self.high)
        known = self.state is not ReliabilityState.UNKNOWN
        if any((figure is not None) != known for figure in figures):
            raise ValueError("rate and interval are given exactly when the state is known")
        if self.label_count < 0 or (self.labels_needed or 0) < 0:
            raise ValueError("label counts must not be negative")
        if self.borrowed is not None and not 0 <= self.borrowed <= 1:
            raise ValueError("a share lies within 0..1")
        _require_ordered(figures)


def unknown_reliability(
    *, segment: Segment, label_count: int = 0, labels_needed: int | None = None
) -> SegmentReliability:
    """The reliability of a segment that too few labels speak for: the state of every new tenant."""
    return SegmentReliability(
        state=ReliabilityState.UNKNOWN,
        segment=segment,
        label_count=label_count,
        labels_needed=labels_needed,
    )


def _require_ordered(figures: tuple[float | None, ...]) -> None:
    given = [figure for figure in figures if figure is not None]
    if not all(math.isfinite(figure) and 0 <= figure <= 1 for figure in given):
        raise ValueError("false-positive rates lie within 0..1")
    if given != sorted(given):
        raise ValueError("0 ≤ low ≤ rate ≤ high ≤ 1 is needed")
