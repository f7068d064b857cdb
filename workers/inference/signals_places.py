"""Signals that need the camera's zones: reach to the shelf, time at a place, the way to the exit.

Without the zones that one needs it says "not measurable" and why. With them, time and way are stated of the people
who were there; nothing is stated of the others.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from apps.triage.wording import gettext_noop
from workers.inference import zones as places
from workers.inference.poses import Joint
from workers.inference.posture import MIN_CONFIDENCE
from workers.inference.results import MeasuredSignal, SceneZone, Span, Track, TrackSample, Unit
from workers.inference.signals_series import Series, smoothed
from workers.inference.signals_stating import not_measurable, not_seen, peak_signal, stated

NO_ZONES = gettext_noop("No zones are drawn on this camera.")
_NEEDS = {
    "reach_to_shelf": (places.SHELVES,),
    "dwell_at_shelf": (places.GOODS,),
    "dwell_at_checkout": (places.CHECKOUTS,),
    "exit_reached": (places.GOODS, places.EXITS),
    "exit_without_checkout": (places.GOODS, places.EXITS, places.CHECKOUTS),
}
PLACE_SIGNALS = tuple(_NEEDS)
_NAMED = {
    places.SHELVES: "shelf or high-value zone",
    places.GOODS: "aisle, shelf or high-value zone",
    places.CHECKOUTS: "checkout, kiosk or queue zone",
    places.EXITS: "exit zone",
}


def of_the_scene(zones: Sequence[SceneZone], *, whole: Span) -> list[MeasuredSignal]:
    """The signals that this camera's zones cannot tell, for nobody."""
    return [
        not_measurable(name, span=whole, track=None, why=why)
        for name in PLACE_SIGNALS
        if (why := _lacking(name, zones))
    ]


def of_track(track: Track, zones: Sequence[SceneZone]) -> list[MeasuredSignal]:
    """The signals of one person that the zones drawn can tell."""
    found: list[MeasuredSignal] = []
    if not _lacking("reach_to_shelf", zones):
        found.append(_reach_to_shelf(track, zones))
    found.extend(_dwell(track, zones, name="dwell_at_shelf", kinds=places.GOODS))
    found.extend(_dwell(track, zones, name="dwell_at_checkout", kinds=places.CHECKOUTS))
    found.extend(_exit(track, zones))
    return found


def reaching_into(track: Track, zones: Sequence[SceneZone]) -> Series:
    """1 where a wrist is in a shelf while the body is not, 0 where no wrist is; smoothed.

    The body is the middle of the hips and, where seen, the foot. While it overlaps a shelf in the picture, a hand
    in that shelf cannot be told from a hand before it: such moments are not in the series.
    """
    rows = [(sample.seconds, *_reaching(sample, zones)) for sample in track.samples]
    kept = [(at, value, trust) for at, value, trust in rows if value is not None]
    seconds, values, trust = np.array(kept, dtype=np.float64).reshape(-1, 3).T
    return Series(seconds=seconds, values=smoothed(values), trust=trust)


def _reaching(sample: TrackSample, zones: Sequence[SceneZone]) -> tuple[float | None, float]:
    points = sample.keypoints
    hips = [Joint.LEFT_HIP, Joint.RIGHT_HIP]
    if points is None or points[hips, 2].min() < MIN_CONFIDENCE:
        return None, 0.0
    wrists = [w for w in (Joint.LEFT_WRIST, Joint.RIGHT_WRIST) if points[w, 2] >= MIN_CONFIDENCE]
    if not wrists:
        return None, 0.0
    foot = places.foot_of(sample)
    body = [points[hips, :2].mean(axis=0), *([] if foot is None else [np.array(foot)])]
    open_shelves = [
        zone
        for zone in zones
        if zone.kind in places.SHELVES and not places.inside(zone.polygon, np.array(body)).any()
    ]
    if not open_shelves:
        return None, 0.0
    return _hands_in(points[wrists], points[hips, 2], open_shelves)


def _hands_in(
    wrists: NDArray[np.float64], hips: NDArray[np.float64], shelves: Sequence[SceneZone]
) -> tuple[float, float]:
    """(1 or 0, confidence) of `wrists` [n, 3] in any of `shelves`; that of the hand inside, else of the surest."""
    within = places.in_any(shelves, wrists[:, :2], kinds=places.SHELVES)
    trust = wrists[within, 2].max() if within.any() else wrists[:, 2].max()
    return float(within.any()), float(min(trust, hips.min(), 1.0))


def _reach_to_shelf(track: Track, zones: Sequence[SceneZone]) -> MeasuredSignal:
    series = reaching_into(track, zones)
    if not len(series):
        return not_seen(track, "reach_to_shelf")
    return peak_signal(track, "reach_to_shelf", series)


def _dwell(
    track: Track, zones: Sequence[SceneZone], *, name: str, kinds: frozenset[str]
) -> list[MeasuredSignal]:
    """Seconds spent there in all visits; the span runs from the first entry to the last exit."""
    spans = places.visits(track, zones, kinds=kinds)
    if not spans:
        return []
    span = Span(spans[0].start_seconds, spans[-1].end_seconds)
    seconds = places.total_seconds(spans)
    return [stated(track, name, value=seconds, span=span, unit=Unit.SECONDS)]


def _exit(track: Track, zones: Sequence[SceneZone]) -> list[MeasuredSignal]:
    path = places.exit_path(track, zones)
    if path is None:
        return []
    found = [stated(track, "exit_reached", value=1.0, span=path.span)]
    if not _lacking("exit_without_checkout", zones):
        passed = 0.0 if path.checkout else 1.0
        found.append(stated(track, "exit_without_checkout", value=passed, span=path.span))
    return found


def _lacking(name: str, zones: Sequence[SceneZone]) -> str:
    """Why a signal cannot be told with `zones`; empty when it can."""
    if not zones:
        return NO_ZONES
    missing = [_NAMED[kinds] for kinds in _NEEDS[name] if not places.has_any(zones, kinds)]
    return f"No {' and no '.join(missing)} is drawn on this camera." if missing else ""
