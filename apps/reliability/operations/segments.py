"""What a refresh says of segments: pooled rates, the worst slices, drift, and labels still needed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

import numpy as np
from scipy.special import betainc

from apps.triage.crossings import cross
from apps.triage.drift import DriftFinding, drift_of
from apps.triage.reliability import PooledNodes, PooledReliability, fit_reliability
from apps.triage.reliability_settings import ReliabilitySettings
from apps.triage.segments import Drift, ReliabilityState, Segment, SegmentReliability
from apps.triage.slices import FoundSegment, find_bad_segments
from apps.triage.tables import DIMENSIONS, AlertTable, Bools, Floats, Labels

WEEKS: Final = 8
MOST_SEGMENTS: Final = 5_000
_DAY: Final = 86_400.0
_EPOCH: Final = date(1970, 1, 1).toordinal()
_PLACE: Final = ("site", "camera")
CROSSED: Final = tuple(
    (*rows, column)
    for rows in (("site",), ("site", "camera"), ("site", "zone_kind"))
    for column in ("lighting", "daypart", "weekday", "crowding")
)
"""The cells of the atlas's heat table: a place, or a kind of zone at a site, under one condition."""

Codes = np.ndarray[Any, np.dtype[np.intp]]


@dataclass(frozen=True, kw_only=True)
class LearnedSegments:
    """The pooled rates, the fields of every `SegmentFinding`, and the figures of the report."""

    pooled: PooledReliability
    findings: tuple[Mapping[str, Any], ...]
    report: Mapping[str, Any]

    @property
    def states(self) -> dict[str, int]:
        return dict(sorted(Counter(one["state"] for one in self.findings).items()))


def learn_segments(
    *, table: AlertTable, labels: Labels, as_of: float, settings: ReliabilitySettings, version: str
) -> LearnedSegments:
    """Fit, search and test every segment on what was known by `as_of` (seconds since the epoch).

    Findings are the network, every site and camera with labels, every full segment (those with
    most alerts first, at most `MOST_SEGMENTS`), every place and kind of zone under one condition, and the
    slices that the search found.
    """
    known = {"table": table, "labels": labels, "as_of": as_of}
    pooled = fit_reliability(**known, settings=settings, version=version)  # type: ignore[arg-type]
    found = find_bad_segments(**known, settings=settings)  # type: ignore[arg-type]
    weeks = _Weeks(table, labels, as_of)
    rows = dict(_crossed(weeks, labels, as_of, settings))
    rows |= {_key(one): fields for one, fields in _placed(pooled, weeks)}
    full, left_out = _full_segments(pooled, weeks)
    rows |= full
    for slice_ in found:
        segment = _segment_of(slice_, weeks)
        fields = rows.get(_key(segment)) or _of_slice(slice_, segment, weeks)
        rows[_key(segment)] = fields | {"is_found": True, "q_value": slice_.q_value}
    drifts = {one.segment.camera: one for one in drift_of(**known) if one.segment.camera}  # type: ignore[arg-type]
    for fields in rows.values():
        fields["drift"] = _drift(drifts, fields["camera_id"])
    report = {
        "drift": {camera: one.drift.value for camera, one in drifts.items()},
        "drift_since": {camera: one.since for camera, one in drifts.items() if one.since},
        "network_rate": pooled.network_rate,
        "limit": settings.limit,
        "least_labels": settings.least_labels,
        "found": len(found),
        "segments_left_out": left_out,
    }
    return LearnedSegments(pooled=pooled, findings=tuple(rows.values()), report=report)


class _Weeks:
    """Alerts and labels of any group of rows, in all and by week."""

    def __init__(self, table: AlertTable, labels: Labels, as_of: float) -> None:
        self.table = table
        known = labels.known_by(as_of)
        self.false = known & (labels.theft == 0)
        self.weight = np.where(known, 1 / labels.sampling_probability, 0.0)
        self.known = known
        monday = _mondays(np.array([as_of]))[0]
        self.names = [date.fromordinal(monday - 7 * back).isoformat() for back in range(WEEKS)]
        self.names.reverse()
        self.week = WEEKS - 1 - (monday - _mondays(table.at)) // 7
        self.site_of = dict(
            zip(table.segments["camera"].tolist(), table.segments["site"].tolist(), strict=True)
        )

    def by_group(self, group: Codes, size: int) -> list[dict[str, Any]]:
        """`alert_count` and `weekly` of each group; rows with code -1 are in none."""
        rows = group >= 0
        alerts = np.bincount(group[rows], minlength=size)
        rows &= (self.week >= 0) & (self.week < WEEKS) & self.known
        cell = group[rows] * WEEKS + self.week[rows]
        shape = (size, WEEKS)
        labels = np.bincount(cell, minlength=size * WEEKS).reshape(shape)
        false = np.bincount(cell, self.false[rows], size * WEEKS).reshape(shape)
        weight = np.bincount(cell, self.weight[rows], size * WEEKS).reshape(shape)
        wrong = np.bincount(cell, (self.weight * self.false)[rows], size * WEEKS).reshape(shape)
        return [
            {
                "alert_count": int(alerts[one]),
                "weekly": self._weekly(labels[one], false[one], weight[one], wrong[one]),
            }
            for one in range(size)
        ]

    def of_rows(self, rows: Bools) -> dict[str, Any]:
        return self.by_group(np.where(rows, 0, -1), 1)[0]

    def _weekly(
        self, labels: Codes, false: Floats, weight: Floats, wrong: Floats
    ) -> list[dict[str, Any]]:
        return [
            {
                "week": name,
                "labels": int(labels[at]),
                "false": int(false[at]),
                "rate": float(wrong[at] / weight[at]) if labels[at] else None,
            }
            for at, name in enumerate(self.names)
        ]


def _placed(pooled: PooledReliability, weeks: _Weeks) -> Iterator[tuple[Segment, dict[str, Any]]]:
    """The network, its sites and its cameras."""
    everywhere = np.ones(len(weeks.table), dtype=np.bool_)
    above = _above(pooled.network, pooled.settings)
    network = pooled.of_network()
    yield network.segment, _told(network, above[0]) | weeks.of_rows(everywhere)
    for name, nodes, told in (
        ("site", pooled.sites, pooled.of_sites()),
        ("camera", pooled.cameras, pooled.of_cameras()),
    ):
        words = [getattr(one.segment, name) for one in told]
        at = {word: index for index, word in enumerate(words) if word}
        codes = np.array([at.get(word, -1) for word in weeks.table.segments[name].tolist()])
        counted = weeks.by_group(codes.astype(np.intp), len(words))
        above = _above(nodes, pooled.settings)
        for index, one in enumerate(told):
            if words[index]:
                yield one.segment, _told(one, above[index]) | counted[index]


def _crossed(
    weeks: _Weeks, labels: Labels, as_of: float, settings: ReliabilitySettings
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """The cells of the heat table, from the labels inside each alone."""
    for names in CROSSED:
        cut = cross(table=weeks.table, labels=labels, as_of=as_of, names=names, settings=settings)
        counted = weeks.by_group(cut.group, len(cut.told))
        for one, above, counts in zip(cut.told, cut.above, counted, strict=True):
            yield _key(one.segment), _told(one, above) | counts


def _full_segments(
    pooled: PooledReliability, weeks: _Weeks
) -> tuple[dict[tuple[str, ...], dict[str, Any]], int]:
    """Every segment in which there were alerts, most alerts first, and how many were left out."""
    segments, group = _segments(weeks.table)
    counted = weeks.by_group(group, len(segments))
    labelled = {_key(one.segment): row for row, one in enumerate(pooled.labelled_segments())}
    above = _above_segments(pooled)
    order = sorted(range(len(segments)), key=lambda one: -counted[one]["alert_count"])
    found = {}
    for one in order[:MOST_SEGMENTS]:
        key = _key(segments[one])
        row = labelled.get(key)
        told = _told(pooled.lookup(segments[one]), None if row is None else above[row])
        found[key] = told | counted[one]
    return found, max(0, len(segments) - MOST_SEGMENTS)


def _segments(table: AlertTable) -> tuple[list[Segment], Codes]:
    """The different segments of a table, and which of them each row is in."""
    columns = [np.unique(table.segments[name], return_inverse=True) for name in DIMENSIONS]
    codes = np.stack([back.reshape(-1) for _, back in columns], axis=1)
    kinds, group = np.unique(codes, axis=0, return_inverse=True)
    segments = [
        Segment(
            **{
                name: str(words[code])
                for name, (words, _), code in zip(DIMENSIONS, columns, kind, strict=True)
            }
        )
        for kind in kinds.tolist()
    ]
    return segments, group.reshape(-1)


def _of_slice(slice_: FoundSegment, segment: Segment, weeks: _Weeks) -> dict[str, Any]:
    rows = np.ones(len(weeks.table), dtype=np.bool_)
    for one in slice_.conditions:
        rows &= weeks.table.segments[one.dimension] == one.value
    known = slice_.state is not ReliabilityState.UNKNOWN
    told = SegmentReliability(
        state=slice_.state,
        segment=segment,
        false_positive_rate=slice_.false_positive_rate if known else None,
        low=slice_.low if known else None,
        high=slice_.high if known else None,
        label_count=slice_.label_count,
        labels_needed=0,
    )
    return _told(told, None) | weeks.of_rows(rows)


def _drift(drifts: Mapping[str, DriftFinding], camera_id: UUID | None) -> str:
    """That of the segment's camera, the smallest place whose weeks hold labels enough to tell."""
    found = drifts.get(str(camera_id)) if camera_id else None
    return (found.drift if found else Drift.UNKNOWN).value


def _segment_of(slice_: FoundSegment, weeks: _Weeks) -> Segment:
    words = {one.dimension: one.value for one in slice_.conditions}
    if "camera" in words:
        words.setdefault("site", weeks.site_of.get(words["camera"], ""))
    return Segment(**({"camera": "", "detector_version": ""} | words))


def _told(one: SegmentReliability, above: float | None) -> dict[str, Any]:
    """The fields of a `SegmentFinding`, but for what is counted."""
    segment, known = one.segment, one.state is not ReliabilityState.UNKNOWN
    return {
        "site_id": _id(segment.site),
        "camera_id": _id(segment.camera),
        **{name: getattr(segment, name) for name in DIMENSIONS if name not in _PLACE},
        "state": one.state.value,
        "false_positive_rate": one.false_positive_rate,
        "low": one.low,
        "high": one.high,
        "label_count": one.label_count,
        "labels_needed": one.labels_needed,
        "probability_above_limit": above if known else None,
        "drift": Drift.UNKNOWN.value,
    }


def _above(nodes: PooledNodes, settings: ReliabilitySettings) -> list[float]:
    """P(rate > limit) of each node's Beta posterior."""
    return _beyond(nodes.mean, nodes.worth, settings)


def _above_segments(pooled: PooledReliability) -> list[float]:
    return _beyond(pooled.segments.mean, pooled.segments.worth, pooled.settings)


def _beyond(
    mean: Sequence[float], worth: Sequence[float], settings: ReliabilitySettings
) -> list[float]:
    rate, labels = np.array(mean, np.float64), np.array(worth, np.float64)
    below = betainc(labels * rate, labels * (1 - rate), settings.limit)
    return [float(one) for one in np.clip(1 - below, 0.0, 1.0)]


def _mondays(at: Floats) -> Codes:
    """The Monday (UTC) of each time's week, as the proleptic ordinal of its date."""
    days = np.floor(at / _DAY).astype(np.intp) + _EPOCH
    mondays: Codes = days - (days - 1) % 7
    return mondays


def _key(segment: Segment) -> tuple[str, ...]:
    return tuple(getattr(segment, name) for name in DIMENSIONS)


def _id(opaque: str) -> UUID | None:
    return UUID(opaque) if opaque else None
