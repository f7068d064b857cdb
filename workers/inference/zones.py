"""Where people are on the camera's picture: which zones their feet and hands are in, when, and which way they went.

All coordinates are shares of the picture's width and height. A point is in a polygon by the even-odd rule (a ray
to the right crosses its outline an odd number of times; W. R. Franklin's PNPOLY), so a self-crossing outline has
a defined inside too, and of two polygons that share an edge a point on it is in exactly one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.inference.poses import Joint
from workers.inference.posture import MIN_CONFIDENCE
from workers.inference.results import SceneZone, Span, Track, TrackSample

GOODS = frozenset({"aisle", "shelf", "high_value"})
"""Kinds of zone in which goods are taken."""
SHELVES = frozenset({"shelf", "high_value"})
"""Kinds of zone into which a hand reaches while the body stays outside."""
CHECKOUTS = frozenset({"self_checkout", "kiosk", "queue"})
"""Kinds of zone that a way to the exit may pass for paying."""
EXITS = frozenset({"exit"})

# A person who is lost for a moment, or whose feet are hidden, has not left; one stray box is no visit.
LONGEST_GAP_SECONDS = 1.0
_LEAST_SAMPLES = 2
# A box that ends at the edge of the picture is cut off there: its feet are somewhere below.
_EDGE = 0.99


def inside(
    polygon: Sequence[tuple[float, float]], points: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which of `points` [n, 2] lie in `polygon` [k >= 3 corners]; a point that is not a number lies nowhere."""
    corners = np.asarray(polygon, dtype=np.float64)
    x, y = points[:, 0], points[:, 1]
    within = np.zeros(len(points), dtype=bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        spans = (y0 > y) != (y1 > y)
        if spans.any():
            within ^= spans & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return within


def foot_of(sample: TrackSample) -> tuple[float, float] | None:
    """Where a person stands: between the ankles, else the middle of the box's lower edge.

    None when the ankles were not seen and the picture cuts the box off below: then the feet are not in it.
    """
    points = sample.keypoints
    ankles = [Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE]
    if points is not None and points[ankles, 2].min() >= MIN_CONFIDENCE:
        x, y = points[ankles, :2].mean(axis=0)
        return float(x), float(y)
    if sample.box[3] >= _EDGE:
        return None
    return float((sample.box[0] + sample.box[2]) / 2), float(sample.box[3])


def in_any(
    zones: Sequence[SceneZone], points: NDArray[np.float64], *, kinds: frozenset[str]
) -> NDArray[np.bool_]:
    """Which of `points` [n, 2] lie in a zone of one of `kinds`."""
    found = np.zeros(len(points), dtype=bool)
    for zone in zones:
        if zone.kind in kinds:
            found |= inside(zone.polygon, points)
    return found


def has_any(zones: Sequence[SceneZone], kinds: frozenset[str]) -> bool:
    """A zone of one of `kinds` is drawn."""
    return any(zone.kind in kinds for zone in zones)


def visits(track: Track, zones: Sequence[SceneZone], *, kinds: frozenset[str]) -> tuple[Span, ...]:
    """When the person stood in zones of `kinds` taken together: from entry to exit, in order.

    Less than `LONGEST_GAP_SECONDS` outside or unseen does not end a visit, and a single sample among several is
    none. A person who is inside from the first sample on entered then, as far as the clip shows.
    """
    feet = [foot_of(sample) for sample in track.samples]
    points = np.array([(np.nan, np.nan) if foot is None else foot for foot in feet])
    within = np.flatnonzero(in_any(zones, points, kinds=kinds))
    times = np.array([track.samples[k].seconds for k in within])
    if not len(times):
        return ()
    runs = np.split(times, np.flatnonzero(np.diff(times) > LONGEST_GAP_SECONDS) + 1)
    least = min(_LEAST_SAMPLES, len(track.samples))
    return tuple(Span(float(run[0]), float(run[-1])) for run in runs if len(run) >= least)


@dataclass(frozen=True, kw_only=True)
class ExitPath:
    """A way from the goods to the exit: `span` from leaving the goods to entering the exit zone.

    `checkout` is the time spent at a checkout on that way, None when it did not pass one.
    """

    span: Span
    checkout: Span | None


def exit_path(track: Track, zones: Sequence[SceneZone]) -> ExitPath | None:
    """The person's first way from the goods to an exit; None when no such way was seen.

    Zones may overlap: order is by the moment of entry.
    """
    goods = visits(track, zones, kinds=GOODS)
    exits = visits(track, zones, kinds=EXITS)
    for out in exits:
        before = [been for been in goods if been.start_seconds < out.start_seconds]
        if before:
            left = min(before[-1].end_seconds, out.start_seconds)
            paying = _checkout_between(track, zones, before[0].start_seconds, out.start_seconds)
            return ExitPath(span=Span(left, out.start_seconds), checkout=paying)
    return None


def _checkout_between(
    track: Track, zones: Sequence[SceneZone], start: float, end: float
) -> Span | None:
    """The first stop at a checkout that begins after `start` and by `end`.

    Looked for since the goods were first reached, not last: who pays and then crosses an aisle has paid.
    """
    stops = visits(track, zones, kinds=CHECKOUTS)
    return next((stop for stop in stops if start < stop.start_seconds <= end), None)


def total_seconds(spans: Sequence[Span]) -> float:
    """Seconds spent in `spans`, which do not overlap."""
    return sum(span.end_seconds - span.start_seconds for span in spans)
