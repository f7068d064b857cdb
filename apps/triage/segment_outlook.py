"""What it would take to change a segment's state: how many more labels of one kind in a row."""

from dataclasses import dataclass

import numpy as np

from apps.triage.tables import Bools, Floats

MOST_LABELS = 500
DEVIATES_90 = 3.2897  # width of a 90% interval in standard deviations of a normal distribution


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Red from P(rate > limit) = `red_from` on, green up to `green_up_to`; all 0..1."""

    limit: float
    red_from: float
    green_up_to: float


@dataclass(frozen=True, kw_only=True)
class SegmentOutlook:
    """Labels in a row after which the state would change; None where 500 would not be enough.

    `to_green` and `out_of_red` count alerts found not false, `to_red` and `out_of_green` false ones.
    """

    to_green: int | None
    out_of_red: int | None
    to_red: int | None
    out_of_green: int | None


def segment_outlook(*, rate: float, low: float, high: float, bounds: Bounds) -> SegmentOutlook:
    """An estimate from a Beta distribution with the rate's mean and the width of its 90% interval.

    Each label adds 1 to one of its two counts. Raises ValueError when the interval has no width or
    the rate is 0 or 1: no Beta distribution has these.
    """
    if not (0 < rate < 1 and low < high):
        raise ValueError("a rate within 0..1 and an interval with a width are needed")
    deviation = (high - low) / DEVIATES_90
    strength = max(rate * (1 - rate) / deviation**2 - 1, 1e-3)
    false, right = rate * strength, (1 - rate) * strength
    kind = _Beta(false=false, right=right, limit=bounds.limit)
    return SegmentOutlook(
        to_green=_first(kind.chances(are_false=False) <= bounds.green_up_to),
        out_of_red=_first(kind.chances(are_false=False) < bounds.red_from),
        to_red=_first(kind.chances(are_false=True) >= bounds.red_from),
        out_of_green=_first(kind.chances(are_false=True) > bounds.green_up_to),
    )


@dataclass(frozen=True, kw_only=True)
class _Beta:
    false: float
    right: float
    limit: float

    def chances(self, *, are_false: bool) -> Floats:
        """P(rate > limit) after 0, 1, … more labels of one kind."""
        from scipy.special import betaincc

        more = np.arange(MOST_LABELS + 1, dtype=np.float64)
        false = self.false + (more if are_false else 0)
        right = self.right + (0 if are_false else more)
        found: Floats = betaincc(false, right, self.limit)
        return found


def _first(reached: Bools) -> int | None:
    places = np.flatnonzero(reached)
    return int(places[0]) if len(places) else None
