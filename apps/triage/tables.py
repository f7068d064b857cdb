"""Alerts as columns: what calibration, reliability, surrogates, backtests and the simulator work on.

One implementation on arrays; a single alert is a table of one row. Times are seconds since the
epoch in UTC. Nothing here names a person: cameras and sites are opaque ids.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.str_]
Bools = npt.NDArray[np.bool_]

DIMENSIONS = (
    "site",
    "camera",
    "zone_kind",
    "lighting",
    "daypart",
    "weekday",
    "crowding",
    "detector_version",
)
"""The dimensions of a segment; "" in a column means not known."""


@dataclass(frozen=True, kw_only=True)
class AlertTable:
    """Alerts as columns of one length n.

    `score` [n] is the detector's own, 0..1, NaN where a person raised the alert. `signals` [n, k]
    holds the values of `signal_names`, only of signals with evidential weight, NaN where not
    observed or not measurable; `sequence` [n] holds `SequenceState` words; `segments` one text
    column a dimension of `DIMENSIONS`; `label` [n] the kind of alert; `detector` [n]
    "id@version"; `at` [n] when the alert was received.
    """

    at: Floats
    score: Floats
    detector: Texts
    label: Texts
    signal_names: tuple[str, ...]
    signals: Floats
    sequence: Texts
    segments: Mapping[str, Texts]

    def __post_init__(self) -> None:
        size = len(self.at)
        if self.signals.shape != (size, len(self.signal_names)):
            raise ValueError(f"signals have shape [{size}, {len(self.signal_names)}]")
        if tuple(self.segments) != DIMENSIONS:
            raise ValueError(f"segments have the columns {', '.join(DIMENSIONS)}, in that order")
        columns = (self.score, self.detector, self.label, self.sequence, *self.segments.values())
        if any(column.shape != (size,) for column in columns):
            raise ValueError("all columns of a table have one length")
        if not np.isfinite(self.at).all():
            raise ValueError("every alert has the time it was received")
        given = self.score[~np.isnan(self.score)]
        if ((given < 0) | (given > 1)).any():
            raise ValueError("scores lie within 0..1, or are NaN")
        if np.isinf(self.signals).any():
            raise ValueError("signal values are finite, or NaN")

    def __len__(self) -> int:
        return len(self.at)

    def where(self, rows: npt.NDArray[np.intp] | Bools | slice) -> "AlertTable":
        """The table of these rows (indices, a mask or a slice)."""
        return AlertTable(
            at=self.at[rows],
            score=self.score[rows],
            detector=self.detector[rows],
            label=self.label[rows],
            signal_names=self.signal_names,
            signals=self.signals[rows],
            sequence=self.sequence[rows],
            segments={name: column[rows] for name, column in self.segments.items()},
        )


@dataclass(frozen=True, kw_only=True)
class Labels:
    """What people found, one row an alert.

    `theft` [n] is 1 (theft confirmed), 0 (false alarm or benign), NaN (no verdict, or
    inconclusive); `sampling_probability` [n] the probability, 0 < p ≤ 1, with which the alert
    came to a person at all (its inverse weighs the label: Horvitz and Thompson 1952);
    `labelled_at` [n] when the verdict was known, +inf where there is none.
    """

    theft: Floats
    sampling_probability: Floats
    labelled_at: Floats

    def __post_init__(self) -> None:
        if len({getattr(self, one.name).shape for one in fields(self)}) != 1:
            raise ValueError("all columns of labels have one length")
        given = self.theft[~np.isnan(self.theft)]
        if not np.isin(given, (0.0, 1.0)).all():
            raise ValueError("a label is 1, 0 or NaN")
        share = self.sampling_probability
        if not ((share > 0) & (share <= 1)).all():
            raise ValueError("0 < sampling probability ≤ 1 is needed")

    def __len__(self) -> int:
        return len(self.theft)

    def where(self, rows: npt.NDArray[np.intp] | Bools | slice) -> "Labels":
        """The labels of these rows."""
        return Labels(
            theft=self.theft[rows],
            sampling_probability=self.sampling_probability[rows],
            labelled_at=self.labelled_at[rows],
        )

    def known_by(self, as_of: float) -> Bools:
        """Which rows had a verdict of theft or none by `as_of`: nothing later may be learned from."""
        known: Bools = ~np.isnan(self.theft) & (self.labelled_at <= as_of)
        return known


def concatenated(tables: Sequence[AlertTable]) -> AlertTable:
    """One table of all rows, in order. Raises ValueError when their signals differ."""
    if len({table.signal_names for table in tables}) != 1:
        raise ValueError("tables with different signals cannot be put together")
    return AlertTable(
        at=np.concatenate([one.at for one in tables]),
        score=np.concatenate([one.score for one in tables]),
        detector=np.concatenate([one.detector for one in tables]),
        label=np.concatenate([one.label for one in tables]),
        signal_names=tables[0].signal_names,
        signals=np.concatenate([one.signals for one in tables]),
        sequence=np.concatenate([one.sequence for one in tables]),
        segments={
            name: np.concatenate([one.segments[name] for one in tables]) for name in DIMENSIONS
        },
    )
