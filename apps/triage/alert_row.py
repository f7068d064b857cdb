"""One alert as a table of one row, the same columns that past alerts are learned from."""

import math
from collections.abc import Iterable

import numpy as np

from apps.triage.segments import Segment
from apps.triage.sequence import SequenceState
from apps.triage.signals import Signal
from apps.triage.surrogate import strongest
from apps.triage.tables import DIMENSIONS, AlertTable


def alert_row(
    *,
    at: float,
    label: str,
    detector: str,
    score: float | None,
    signals: Iterable[Signal],
    segment: Segment,
    sequence: SequenceState,
) -> AlertTable:
    """`at` in seconds since the epoch, `detector` "id@version"; of each signal the strongest counts."""
    values = strongest(tuple(signals))
    names = tuple(sorted(values))
    return AlertTable(
        at=np.array([at]),
        score=np.array([math.nan if score is None else score]),
        detector=np.array([detector]),
        label=np.array([label]),
        signal_names=names,
        signals=np.array([[values[name] for name in names]]),
        sequence=np.array([sequence.value]),
        segments={name: np.array([getattr(segment, name)]) for name in DIMENSIONS},
    )
