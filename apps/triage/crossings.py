"""How often alerts are false where a place and a few conditions meet: the cells of a heat table.

A cell speaks from the labels inside it alone (Jeffreys' prior Beta(½, ½), 90% interval), as a found segment
does: nothing is borrowed, so that what the table shows of a corner of a store is what was seen there. A cell with
fewer labels than a state needs is unknown and says how many are missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.special import betainc

from apps.triage.reliability_cells import Indices, row_keys, summed_by, usable_rows
from apps.triage.reliability_settings import ReliabilitySettings
from apps.triage.reliability_states import ReliabilityColumns, columns_of
from apps.triage.segments import ReliabilityState, Segment, SegmentReliability
from apps.triage.tables import DIMENSIONS, AlertTable, Floats, Labels

_PRIOR: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Crossings:
    """The cells of a table cut along some dimensions, in the order of their words.

    `group` [n] is the cell of each alert, -1 where one of the dimensions is not known; `above` [k] is
    P(rate > limit) of each cell.
    """

    told: tuple[SegmentReliability, ...]
    above: tuple[float, ...]
    group: Indices


def cross(
    *,
    table: AlertTable,
    labels: Labels,
    as_of: float,
    names: Sequence[str],
    settings: ReliabilitySettings,
) -> Crossings:
    """Cut the table along `names` and tell each cell that holds alerts, by the labels known by `as_of`.

    Raises ValueError for a name that is no dimension, or when table and labels differ in length.
    """
    if not names or not set(names) <= set(DIMENSIONS):
        raise ValueError(f"a table is cut along some of {', '.join(DIMENSIONS)}")
    words, group = _cells(table, names)
    usable = usable_rows(table=table, labels=labels, as_of=as_of, window_days=settings.window_days)
    mean, worth, count = _posteriors(labels, np.where(usable, group, -1), len(words))
    columns = columns_of(
        mean=mean,
        worth=worth,
        borrowed=np.zeros(len(words)),
        label_count=count,
        settings=replace(settings, least_own_labels=settings.least_labels),
    )
    above = 1 - betainc(worth * mean, worth * (1 - mean), settings.limit)
    return Crossings(
        told=tuple(_told(columns, row, _segment(names, one)) for row, one in enumerate(words)),
        above=tuple(float(one) for one in np.clip(above, 0.0, 1.0)),
        group=group,
    )


def _cells(table: AlertTable, names: Sequence[str]) -> tuple[list[tuple[str, ...]], Indices]:
    """The words of each cell, and the cell [n] of each alert."""
    cut = [np.unique(table.segments[name], return_inverse=True) for name in names]
    group = np.full(len(table), -1, np.intp)
    alive = np.logical_and.reduce([table.segments[name] != "" for name in names])
    if not alive.any():
        return [], group
    codes = np.stack([back.reshape(-1)[alive] for _, back in cut], axis=1)
    keys = row_keys(codes, [len(words) for words, _ in cut])
    _, first, group[alive] = np.unique(keys, return_index=True, return_inverse=True)
    words = [words for words, _ in cut]
    cells = [
        tuple(str(words[at][code]) for at, code in enumerate(one)) for one in codes[first].tolist()
    ]
    return cells, group


def _posteriors(labels: Labels, group: Indices, size: int) -> tuple[Floats, Floats, Indices]:
    """Mean, worth and number of labels [size] of each cell; alerts with -1 are in none."""
    inside = group >= 0
    code, weight = group[inside], 1.0 / labels.sampling_probability[inside]
    total = summed_by(code, weight, size)
    false = summed_by(code, weight * (labels.theft[inside] == 0.0), size)
    spread = summed_by(code, weight**2, size)
    worth = np.divide(total**2, spread, out=np.zeros(size), where=spread > 0)
    rate = np.divide(false, total, out=np.zeros(size), where=total > 0)
    mean = (rate * worth + _PRIOR) / (worth + 2 * _PRIOR)
    return mean, worth + 2 * _PRIOR, np.bincount(code, minlength=size).astype(np.intp)


def _segment(names: Sequence[str], words: Sequence[str]) -> Segment:
    named = dict(zip(names, words, strict=True))
    return Segment(**({"camera": "", "detector_version": ""} | named))


def _told(columns: ReliabilityColumns, row: int, segment: Segment) -> SegmentReliability:
    state = ReliabilityState(str(columns.state[row]))
    known = state is not ReliabilityState.UNKNOWN
    return SegmentReliability(
        state=state,
        segment=segment,
        false_positive_rate=float(columns.rate[row]) if known else None,
        low=float(columns.low[row]) if known else None,
        high=float(columns.high[row]) if known else None,
        label_count=int(columns.label_count[row]),
        labels_needed=int(columns.labels_needed[row]),
        borrowed=0.0,
    )
