"""Whether a behaviour signal tells acts from ordinary shopping better than chance does, on labelled pose clips.

The protocol: frames as often as the product looks, with somebody on whom the signal can be read; a frame's score
is the highest of its people; smoothing stays inside a track. AUC over frames, its 95% interval by resampling
whole clips, since frames of one clip are alike. Chance: the same evaluation with the signal's own values moved
to other people and moments, keeping how they follow each other in time, so that no more is gained by having more
people in view, or calmer ones, than the signal itself brings.

Nothing is fitted. What a trimmed clip gives away (time in view, length) is never measured here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.inference.results import ValidityFigures
from workers.inference.signals_series import series_of
from workers.inference.training.poses import PoseClip
from workers.inference.validity import SignalFigures

POOLED = "frame AUC"
WITHIN = "frame AUC within cameras"
_RESAMPLES = 2000
_CHANCES = 200
_INTERVAL = (2.5, 97.5)
# A signal that is nearly always the same has an interval of no width: it must still beat a coin.
_COIN = 0.5

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


class UnableToMeasure(ValueError):
    """The clips cannot show anything about signals: one of the two kinds of frame is missing."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Readings:
    """One signal on many clips. Per reading `values` [m] and its `frame` [m] (index into the frames); per frame
    `labels` [f] (0 or 1), `clips` [f] and `cameras` [f] as whole numbers. Readings run person by person in time.
    """

    values: Floats
    frame: Whole
    labels: NDArray[np.bool_]
    clips: Whole
    cameras: Whole

    def scores(self, values: Floats) -> Floats:
        """[f] the highest of each frame's readings, were they `values`."""
        found = np.full(len(self.labels), -np.inf)
        np.maximum.at(found, self.frame, values)
        return found


def measured(
    clips: Sequence[PoseClip], *, data: str, at: str, every: int = 3, seed: int = 0
) -> dict[str, SignalFigures]:
    """The figures of every posture and gesture on `clips`, all of which are labelled; `data` and `at` name them.

    `every` chooses the frames (every 3rd of 15 a second is the product's rate). A signal that is never read in
    both kinds of frame has no figures. Raises UnableToMeasure when that is true of all.
    """
    found = readings_of_clips(clips, every=every)
    told = {name: one for name, one in found.items() if one.labels.any() and not one.labels.all()}
    if not told:
        raise UnableToMeasure("Both frames of an act and frames without one are needed.")
    return {name: _figures(name, one, data=data, at=at, seed=seed) for name, one in told.items()}


def readings_of_clips(clips: Sequence[PoseClip], *, every: int = 3) -> dict[str, Readings]:
    """Every signal's readings on `clips`. Frames without a label are left out."""
    rows: dict[str, list[tuple[float, int, int]]] = {}
    for number, clip in enumerate(clips):
        width, height = (max(1, round(side)) for side in clip.picture)
        for track in clip.tracks(every=every):
            for name, series in series_of(track, width=width, height=height).items():
                frames = np.rint(series.seconds * clip.fps).astype(np.int64)
                told = frames < len(clip.labels)
                found = zip(series.values[told], frames[told], strict=True)
                rows.setdefault(name, []).extend((v, number, int(f)) for v, f in found)
    return {name: _readings(kept, clips) for name, kept in rows.items()}


def _readings(rows: Sequence[tuple[float, int, int]], clips: Sequence[PoseClip]) -> Readings:
    at = np.array([(clip, frame) for _, clip, frame in rows], dtype=np.int64).reshape(-1, 2)
    frames, where = np.unique(at, axis=0, return_inverse=True)
    cameras = np.unique([clip.camera for clip in clips], return_inverse=True)[1]
    return Readings(
        values=np.array([value for value, _, _ in rows]),
        frame=where.reshape(-1),
        labels=np.array([clips[clip].labels[frame] > 0.5 for clip, frame in frames], dtype=bool),
        clips=frames[:, 0],
        cameras=cameras[frames[:, 0]].astype(np.int64),
    )


def _figures(name: str, readings: Readings, *, data: str, at: str, seed: int) -> SignalFigures:
    one_camera = np.zeros_like(readings.cameras)
    pooled, within = (
        _against_chance(readings, cameras, statistic=statistic, data=data, at=at, seed=seed)
        for statistic, cameras in ((POOLED, one_camera), (WITHIN, readings.cameras))
    )
    return SignalFigures(signal=name, pooled=pooled, within=within)


def _against_chance(
    readings: Readings, cameras: Whole, *, statistic: str, data: str, at: str, seed: int
) -> ValidityFigures:
    rng = np.random.default_rng(seed)
    scores = readings.scores(readings.values)
    figure = auc_within(scores, readings.labels, cameras)
    spread = [
        auc_within(scores[rows], readings.labels[rows], cameras[rows])
        for rows in (_resampled(readings.clips, rng) for _ in range(_RESAMPLES))
    ]
    low, high = np.nanpercentile(spread, _INTERVAL)
    chance = [
        auc_within(readings.scores(_moved(readings.values, rng)), readings.labels, cameras)
        for _ in range(_CHANCES)
    ]
    return ValidityFigures(
        statistic=statistic,
        figure=figure,
        low=min(float(low), figure),
        high=max(float(high), figure),
        null=max(_COIN, float(np.mean(chance))),
        samples=len(np.unique(readings.clips)),
        data=data,
        at=at,
    )


def auc_within(scores: Floats, labels: NDArray[np.bool_], strata: Whole) -> float:
    """The chance that a labelled frame scores higher than an unlabelled one of its stratum; ties count half.

    NaN when no stratum has both.
    """
    right = pairs = 0.0
    for stratum in np.unique(strata):
        own = strata == stratum
        hit, miss = scores[own & labels], np.sort(scores[own & ~labels])
        below = np.searchsorted(miss, hit, side="left") + np.searchsorted(miss, hit, side="right")
        right += float(below.sum()) / 2
        pairs += len(hit) * len(miss)
    return right / pairs if pairs else float("nan")


def _resampled(clips: Whole, rng: np.random.Generator) -> Whole:
    """Rows of as many clips, drawn with replacement."""
    names = np.unique(clips)
    drawn = rng.choice(names, size=len(names))
    starts, ends = np.searchsorted(clips, drawn, "left"), np.searchsorted(clips, drawn, "right")
    return np.concatenate([np.arange(a, b) for a, b in zip(starts, ends, strict=True)])


def _moved(values: Floats, rng: np.random.Generator) -> Floats:
    """The values shifted round by a random distance: whose they are is lost, how they run on is kept."""
    return np.roll(values, int(rng.integers(1, max(2, len(values)))))


def by_signal(figures: Mapping[str, SignalFigures]) -> list[str]:
    """Lines fit for printing."""
    return [
        f"{name:<22} {one.statistic:<26} {one.figure:.3f} [{one.low:.3f}, {one.high:.3f}]  chance {one.null:.3f}"
        f"  {one.samples} clips  {'beats chance' if one.beats_chance else 'does not beat chance'}"
        for name, row in figures.items()
        for one in (row.pooled, row.within)
    ]
