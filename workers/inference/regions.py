"""Named parts of a picture: where a hand meets clothing, the edge of a shelf, the way out, other people.

They come from poses, from zones drawn on the camera's picture and from other tracks. A part that
cannot be known (no shelf was drawn) is said so and gets no share; it is never taken for 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.triage.saliency import Region, RegionShare
from apps.triage.wording import gettext_noop
from workers.inference.poses import Joint
from workers.inference.results import SceneZone, Track, TrackSample

Points = NDArray[np.float64]
"""[n, 2], x and y in pixels."""


REGIONS: Final = tuple(Region)
SHELF_KINDS: Final = ("shelf", "high_value")
EXIT_KINDS: Final = ("exit",)
NO_SHELF: Final = gettext_noop("No shelf is drawn on this camera's picture.")
NO_EXIT: Final = gettext_noop("No exit is drawn on this camera's picture.")
NO_HANDS: Final = gettext_noop("No wrist and torso of this person were seen clearly enough.")

_SURE = 0.3
# In torso lengths: how near a wrist a place is, how near the torso a wrist is, and a body's flesh.
_HAND_RADIUS = 0.35
_AT_TORSO = 0.35
_FLESH = 0.2
# Half the width of the band along a shelf's edge, as a share of the picture's diagonal.
_EDGE_BAND = 0.03
_TORSO = (Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER, Joint.RIGHT_HIP, Joint.LEFT_HIP)
_WRISTS = (Joint.LEFT_WRIST, Joint.RIGHT_WRIST)
_SMALLEST_HULL = 3


@dataclass(frozen=True, eq=False, kw_only=True)
class Moment:
    """What is where at one moment: the person the score is of, and everybody else then in view."""

    subject: TrackSample | None
    others: tuple[TrackSample, ...]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The picture's size in pixels and the places drawn on it."""

    width: int
    height: int
    zones: tuple[SceneZone, ...] = ()

    def has(self, kinds: Sequence[str]) -> bool:
        return any(zone.kind in kinds for zone in self.zones)

    @property
    def edge_band(self) -> float:
        """Half the width of the band along a shelf's edge, in pixels."""
        return _EDGE_BAND * float(np.hypot(self.width, self.height))

    def pixels(self, points: NDArray[np.float64]) -> Points:
        """Points [n, 2] in 0..1 of the picture, in pixels."""
        return points * (self.width, self.height)


def moments_of(
    tracks: Sequence[Track], *, subject: int | None, times: NDArray[np.float64]
) -> tuple[Moment, ...]:
    """Who is where at each of `times`: each track's sample nearest in time, if within half a second."""
    moments = []
    for seconds in times:
        near = {track.id: _nearest(track, float(seconds)) for track in tracks}
        moments.append(
            Moment(
                subject=near.get(subject) if subject is not None else None,
                others=tuple(s for k, s in near.items() if k != subject and s is not None),
            )
        )
    return tuple(moments)


def labels_at(points: NDArray[np.float64], *, moment: Moment, scene: Scene) -> NDArray[np.intp]:
    """The region of each point [n, 2] (0..1 of the picture) at one moment: indices into `REGIONS`."""
    at = scene.pixels(points)
    inside = {
        Region.HAND_CLOTHING: _hand_at_clothing(at, moment.subject, scene),
        Region.SHELF_BOUNDARY: _near_edge(at, scene),
        Region.EXIT_CORRIDOR: _in_zones(at, scene, EXIT_KINDS),
        Region.BODY: _on_body(at, moment.subject, scene),
        Region.OTHER_PEOPLE: _on_anybody(at, moment.others, scene),
        Region.REST: np.ones(len(at), dtype=bool),
    }
    return np.asarray(np.argmax(np.stack([inside[region] for region in REGIONS]), axis=0))


def region_grid(
    shape: tuple[int, int], *, moments: Sequence[Moment], scene: Scene
) -> NDArray[np.intp]:
    """The region of each cell of a grid [rows, columns] laid over the picture, over all `moments`:
    a cell that is in several of them in turn belongs to the first in order of precedence.
    """
    rows, columns = shape
    y, x = np.mgrid[:rows, :columns]
    centres = np.column_stack([(x.ravel() + 0.5) / columns, (y.ravel() + 0.5) / rows])
    labels = np.full(rows * columns, len(REGIONS) - 1, dtype=np.intp)
    for moment in moments:
        labels = np.minimum(labels, labels_at(centres, moment=moment, scene=scene))
    return labels.reshape(shape)


def unknown_regions(*, moments: Sequence[Moment], scene: Scene) -> dict[Region, str]:
    """The regions that cannot be told from the rest here, each with the reason."""
    unknown = {}
    if not any(_has_hands(moment.subject) for moment in moments):
        unknown[Region.HAND_CLOTHING] = NO_HANDS
    if not scene.has(SHELF_KINDS):
        unknown[Region.SHELF_BOUNDARY] = NO_SHELF
    if not scene.has(EXIT_KINDS):
        unknown[Region.EXIT_CORRIDOR] = NO_EXIT
    return unknown


def shares_of(
    weights: NDArray[np.float64], labels: NDArray[np.intp], *, unknown: dict[Region, str]
) -> tuple[RegionShare, ...]:
    """How the positive part of `weights` divides among the regions of `labels` (same shape).

    The shares that are known sum to 1. () where no weight is positive: then nothing raised the score.
    """
    positive = np.clip(weights, 0.0, None).ravel()
    total = float(positive.sum())
    if not total > 0:
        return ()
    sums = np.bincount(labels.ravel(), weights=positive, minlength=len(REGIONS)) / total
    return tuple(
        RegionShare(region=region, share=None, why=unknown[region])
        if region in unknown
        else RegionShare(region=region, share=float(min(1.0, sums[k])))
        for k, region in enumerate(REGIONS)
    )


def _nearest(track: Track, seconds: float) -> TrackSample | None:
    best = min(track.samples, key=lambda sample: abs(sample.seconds - seconds))
    return best if abs(best.seconds - seconds) <= 0.5 else None


def _sure_points(sample: TrackSample, scene: Scene) -> Points:
    if sample.keypoints is None:
        return np.empty((0, 2))
    return scene.pixels(sample.keypoints[sample.keypoints[:, 2] >= _SURE, :2])


def _has_hands(sample: TrackSample | None) -> bool:
    if sample is None or sample.keypoints is None:
        return False
    sure = sample.keypoints[:, 2] >= _SURE
    return bool(sure[list(_TORSO)].all() and sure[list(_WRISTS)].any())


def _torso_length(sample: TrackSample, scene: Scene) -> float:
    """Mid-shoulder to mid-hip in pixels; a third of the box's height where the torso is not seen."""
    by_box = (sample.box[3] - sample.box[1]) * scene.height / 3
    if sample.keypoints is None or not (sample.keypoints[list(_TORSO), 2] >= _SURE).all():
        return float(by_box)
    torso = scene.pixels(sample.keypoints[list(_TORSO), :2])
    return max(float(np.linalg.norm(torso[:2].mean(axis=0) - torso[2:].mean(axis=0))), 1.0)


def _hand_at_clothing(at: Points, subject: TrackSample | None, scene: Scene) -> NDArray[np.bool_]:
    """Near a wrist that is near the torso."""
    found = np.zeros(len(at), dtype=bool)
    if subject is None or subject.keypoints is None or not _has_hands(subject):
        return found
    length = _torso_length(subject, scene)
    torso = scene.pixels(subject.keypoints[list(_TORSO), :2])
    for wrist in _WRISTS:
        if subject.keypoints[wrist, 2] < _SURE:
            continue
        hand = scene.pixels(subject.keypoints[wrist, :2][None])
        if _from_polygon(hand, torso)[0] <= _AT_TORSO * length:
            found |= np.linalg.norm(at - hand, axis=1) <= _HAND_RADIUS * length
    return found


def _near_edge(at: Points, scene: Scene) -> NDArray[np.bool_]:
    found = np.zeros(len(at), dtype=bool)
    for zone in scene.zones:
        if zone.kind in SHELF_KINDS:
            corners = scene.pixels(np.array(zone.polygon))
            found |= _from_edges(at, corners) <= scene.edge_band
    return found


def _in_zones(at: Points, scene: Scene, kinds: Sequence[str]) -> NDArray[np.bool_]:
    found = np.zeros(len(at), dtype=bool)
    for zone in scene.zones:
        if zone.kind in kinds:
            found |= inside_polygon(at, scene.pixels(np.array(zone.polygon)))
    return found


def _on_body(at: Points, sample: TrackSample | None, scene: Scene) -> NDArray[np.bool_]:
    """Within the hull of the joints seen, with some flesh around; the box where too few are seen."""
    if sample is None:
        return np.zeros(len(at), dtype=bool)
    joints = _sure_points(sample, scene)
    hull = convex_hull(joints) if len(joints) >= _SMALLEST_HULL else np.empty((0, 2))
    if len(hull) >= _SMALLEST_HULL:
        return _from_polygon(at, hull) <= _FLESH * _torso_length(sample, scene)
    low, high = scene.pixels(sample.box.reshape(2, 2))
    return np.asarray(((at >= low) & (at <= high)).all(axis=1))


def _on_anybody(at: Points, samples: Sequence[TrackSample], scene: Scene) -> NDArray[np.bool_]:
    found = np.zeros(len(at), dtype=bool)
    for sample in samples:
        found |= _on_body(at, sample, scene)
    return found


def inside_polygon(points: Points, corners: Points) -> NDArray[np.bool_]:
    """Which points [n, 2] lie in a polygon [k, 2], by the even-odd rule."""
    a, b = corners, np.roll(corners, -1, axis=0)
    y = points[:, 1, None]
    crosses = (a[:, 1] > y) != (b[:, 1] > y)
    rise = np.where(b[:, 1] == a[:, 1], 1.0, b[:, 1] - a[:, 1])
    x = a[:, 0] + (y - a[:, 1]) / rise * (b[:, 0] - a[:, 0])
    return np.asarray((crosses & (points[:, 0, None] < x)).sum(axis=1) % 2 == 1)


def convex_hull(points: Points) -> Points:
    """Corners of the hull in order (Andrew's monotone chain); fewer than 3 where points lie in a line."""
    ordered = sorted({(float(x), float(y)) for x, y in points})
    if len(ordered) < _SMALLEST_HULL:
        return np.array(ordered).reshape(-1, 2)

    def half(way: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        kept: list[tuple[float, float]] = []
        for x, y in way:
            while len(kept) > 1 and _turn(kept[-2], kept[-1], (x, y)) <= 0:
                kept.pop()
            kept.append((x, y))
        return kept[:-1]

    return np.array(half(ordered) + half(ordered[::-1]))


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _from_edges(points: Points, corners: Points) -> NDArray[np.float64]:
    """The distance of each point from the nearest edge of a polygon."""
    a, b = corners, np.roll(corners, -1, axis=0)
    along = b - a
    length2 = np.maximum((along**2).sum(axis=1), 1e-12)
    offset = points[:, None] - a[None]
    share = np.clip((offset * along).sum(axis=2) / length2, 0.0, 1.0)
    gaps = np.linalg.norm(offset - share[..., None] * along, axis=2)
    return np.asarray(gaps.min(axis=1))


def _from_polygon(points: Points, corners: Points) -> NDArray[np.float64]:
    """The distance of each point from a polygon, 0 within it."""
    return np.where(inside_polygon(points, corners), 0.0, _from_edges(points, corners))
