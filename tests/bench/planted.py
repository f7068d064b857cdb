"""Networks with planted segments: known truth for the search and the drift test, from a seed.

Own marginals, chosen to look like stores: dayparts and crowding go together, low light at night and
at some cameras, a zone kind is a camera's for good, two detector versions by site.
"""

from dataclasses import dataclass

import numpy as np

from apps.triage.tables import DIMENSIONS, AlertTable, Labels

DAY = 86_400.0
SITES, CAMERAS = 6, 36
ZONES = ("shelf", "shelf", "aisle", "self_checkout", "exit", "fitting_area")
DAYPARTS, DAYPART_SHARE = ("morning", "afternoon", "evening", "night"), (0.25, 0.4, 0.3, 0.05)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKDAY_SHARE = (0.12, 0.12, 0.13, 0.14, 0.18, 0.20, 0.11)
CROWDING = ("empty", "few", "many")
CROWD_SHARE = ((0.4, 0.45, 0.15), (0.1, 0.5, 0.4), (0.15, 0.5, 0.35), (0.7, 0.25, 0.05))
LIGHTING = ("good", "mixed", "low")
LIGHT_SHARE = ((0.75, 0.2, 0.05), (0.85, 0.12, 0.03), (0.5, 0.35, 0.15), (0.1, 0.3, 0.6))


@dataclass(frozen=True, kw_only=True)
class PlantedNetwork:
    """A network of labelled alerts, the true false-positive rate of each row and where it was planted."""

    table: AlertTable
    labels: Labels
    truth: np.ndarray
    planted: tuple[np.ndarray, ...]


def table_of(segments, at):
    size = len(at)
    nothing = np.full(size, "")
    return AlertTable(
        at=at,
        score=np.full(size, 0.5),
        detector=segments["detector_version"],
        label=nothing,
        signal_names=(),
        signals=np.zeros((size, 0)),
        sequence=nothing,
        segments={name: segments[name] for name in DIMENSIONS},
    )


def segments_of(rng, size):
    """Columns of `DIMENSIONS` for alerts of a network of 6 sites with 6 cameras each."""
    busy = rng.gamma(3.0, 1.0, CAMERAS)
    camera = rng.choice(CAMERAS, size, p=busy / busy.sum())
    daypart = rng.choice(4, size, p=DAYPART_SHARE)
    dark = rng.random(CAMERAS) < 0.15
    light = _each(rng, np.array(LIGHT_SHARE)[daypart])
    light = np.where(dark[camera] & (rng.random(size) < 0.5), 2, light)
    return {
        "site": np.array([f"site-{number}" for number in range(SITES)])[camera // 6],
        "camera": np.array([f"camera-{number:02d}" for number in range(CAMERAS)])[camera],
        "zone_kind": np.array(ZONES)[(camera + camera // 6) % 6],
        "lighting": np.array(LIGHTING)[light],
        "daypart": np.array(DAYPARTS)[daypart],
        "weekday": rng.choice(WEEKDAYS, size, p=WEEKDAY_SHARE),
        "crowding": np.array(CROWDING)[_each(rng, np.array(CROWD_SHARE)[daypart])],
        "detector_version": np.where(camera // 6 < 4, "detector@2", "detector@1"),
    }


def planted_network(
    *, seed, label_count, times, network_rate, size=6000, planted=3, unlike=0.0, archived=0.0
):
    """A network of `size` labels with segments of `label_count` labels at `times` the network's rate.

    `unlike`: standard deviation of the log-odds between cameras. `archived`: this share of the
    alerts outside planted segments is archived and only every tenth of them judged.
    """
    rng = np.random.default_rng(seed)
    segments = segments_of(rng, 2 * size)
    masks = _plant(rng, segments, label_count, planted)
    keep = _thinned(rng, masks, label_count, size)
    segments = {name: column[keep] for name, column in segments.items()}
    masks = tuple(mask[keep] for mask in masks)
    shift = rng.normal(0.0, unlike, CAMERAS) if unlike else np.zeros(CAMERAS)
    camera = np.array([int(name[-2:]) for name in segments["camera"]])
    odds = network_rate / (1 - network_rate) * np.exp(shift[camera])
    truth = odds / (1 + odds)
    for mask in masks:
        truth = np.where(mask, times * network_rate, truth)
    false = rng.random(len(truth)) < truth
    share = np.where(rng.random(len(truth)) < archived, 0.1, 1.0)
    judged = rng.random(len(truth)) < share
    judged |= np.logical_or.reduce(masks)
    share = np.where(np.logical_or.reduce(masks), 1.0, share)
    at = rng.random(len(truth)) * 56 * DAY
    labels = Labels(
        theft=np.where(judged, 1.0 - false, np.nan),
        sampling_probability=share,
        labelled_at=np.where(judged, at, np.inf),
    )
    return PlantedNetwork(table=table_of(segments, at), labels=labels, truth=truth, planted=masks)


def _each(rng, shares):
    """One draw a row from its own shares [n, k]."""
    return (rng.random(len(shares))[:, None] > np.cumsum(shares, axis=1)[:, :-1]).sum(axis=1)


def _plant(rng, segments, label_count, planted):
    """Conjunctions of one to three conditions with room for the labels, none touching another."""
    taken, masks = np.zeros(len(segments["site"]), bool), []
    while len(masks) < planted:
        names = rng.choice(DIMENSIONS, rng.integers(1, 4), replace=False)
        if {"site", "camera"} <= set(names):
            continue
        like = rng.integers(len(taken))
        mask = np.logical_and.reduce([segments[name] == segments[name][like] for name in names])
        if 2 * label_count <= mask.sum() <= 12 * label_count and not (mask & taken).any():
            masks.append(mask)
            taken |= mask
    return masks


def _thinned(rng, masks, label_count, size):
    """Rows to keep: exactly so many of each planted segment, the rest at random."""
    inside = np.logical_or.reduce(masks)
    chosen = [rng.choice(np.flatnonzero(mask), label_count, replace=False) for mask in masks]
    others = rng.permutation(np.flatnonzero(~inside))
    rows = np.concatenate([*chosen, others[: size - label_count * len(masks)]])
    return np.sort(rows)


@dataclass(frozen=True, kw_only=True)
class DriftingNetwork:
    """Labelled alerts of 21 weeks; every second camera's rate changes `when` [cameras], once."""

    table: AlertTable
    labels: Labels
    changed: np.ndarray
    when: np.ndarray


def drifting_network(*, seed, labels_a_week, network_rate, times, start, sites=2, cameras=6):
    """Cameras with unlike rates (standard deviation 0.3 on the log-odds) and so many labels a week.

    `start` is when the 21 weeks begin; changes come at any moment of the weeks 10 to 17.
    """
    rng = np.random.default_rng(seed)
    size, weeks = sites * cameras, 21
    count = rng.poisson(labels_a_week * weeks * size)
    camera = rng.integers(0, size, count)
    at = start + rng.random(count) * weeks * 7 * DAY
    changed = np.arange(size) % 2 == 0
    when = start + (10 + 7 * rng.random(size)) * 7 * DAY
    line = np.log(network_rate / (1 - network_rate)) + rng.normal(0.0, 0.3, size)
    before = 1 / (1 + np.exp(-line))
    after = np.minimum(times * before, 0.95)
    late = changed[camera] & (at >= when[camera])
    false = rng.random(count) < np.where(late, after[camera], before[camera])
    segments = {name: np.full(count, "") for name in DIMENSIONS}
    segments["site"] = np.array([f"site-{number}" for number in range(sites)])[camera // cameras]
    segments["camera"] = np.array([f"camera-{number:02d}" for number in range(size)])[camera]
    labels = Labels(theft=1.0 - false, sampling_probability=np.ones(count), labelled_at=at + 3600.0)
    return DriftingNetwork(table=table_of(segments, at), labels=labels, changed=changed, when=when)
