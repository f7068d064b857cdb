"""The worst segments of a network: a search through all combinations of conditions, tested honestly.

The lattice of up to three conditions is searched level by level as in SliceLine (S. Sagadeeva,
M. Boehm, *SliceLine: Fast, Linear-Algebra-based Slice Finding for ML Model Debugging*, SIGMOD
2021): a slice has fewer labels than any slice that contains it, so that nothing below a slice
without the least support is looked at, and a slice with the same labels as one of fewer conditions
is the same slice. Their upper bound of the score is not used to prune: what is not tested would
still have to be counted as a test, since the bound depends on the labels.

How slices are tested, and how few of those named are named wrongly, is in `slice_tests`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from apps.triage.reliability_cells import (
    Cells,
    Indices,
    count_cells,
    place_of,
    row_keys,
    summed_by,
    usable_rows,
)
from apps.triage.reliability_settings import DEFAULT_RELIABILITY, ReliabilitySettings
from apps.triage.reliability_states import columns_of
from apps.triage.segments import ReliabilityState, Segment
from apps.triage.slice_tests import adjusted, excess_p_value, level_weights
from apps.triage.tables import DIMENSIONS, AlertTable, Bools, Floats, Labels

_NESTED = {"site", "camera"}  # a camera says its site


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One dimension of a segment and its word there."""

    dimension: str
    value: str

    def __post_init__(self) -> None:
        if self.dimension not in DIMENSIONS or not self.value:
            raise ValueError("a condition names a dimension of a segment and a known word")


@dataclass(frozen=True, kw_only=True)
class FoundSegment:
    """A slice of the network with more false alerts than the rest.

    `false_positive_rate` (0..1) with its 90% interval from the labels inside alone (Jeffreys);
    `ratio` to the rate of the whole network; `q_value` the false-discovery rate at which it would
    just be named.
    """

    conditions: tuple[Condition, ...]
    false_positive_rate: float
    low: float
    high: float
    ratio: float
    label_count: int
    q_value: float
    state: ReliabilityState

    def __post_init__(self) -> None:
        if not self.conditions:
            raise ValueError("a found segment has conditions")
        if not 0 <= self.low <= self.false_positive_rate <= self.high <= 1:
            raise ValueError("0 ≤ low ≤ rate ≤ high ≤ 1 is needed")

    def covers(self, segment: Segment) -> bool:
        """Whether the segment meets every condition."""
        return all(getattr(segment, one.dimension) == one.value for one in self.conditions)

    def rows(self, table: AlertTable) -> Bools:
        """Which rows [n] of a table meet every condition."""
        met = np.ones(len(table), np.bool_)
        for one in self.conditions:
            met &= table.segments[one.dimension] == one.value
        return met


@dataclass(frozen=True, kw_only=True)
class _Group:
    """The cells of a network cut along some dimensions: `slice_of` [c] numbers the slices."""

    dimensions: tuple[str, ...]
    slice_of: Indices
    first: Indices
    label_count: Indices


@dataclass(frozen=True, kw_only=True)
class _Candidates:
    """Supported slices [m]: the group that each is of, its number there, its level, what its
    labels are worth and its p-value.
    """

    group: Indices
    number: Indices
    level: Indices
    worth: Floats
    p_value: Floats


def find_bad_segments(
    *,
    table: AlertTable,
    labels: Labels,
    as_of: float,
    settings: ReliabilitySettings = DEFAULT_RELIABILITY,
) -> tuple[FoundSegment, ...]:
    """Name the slices that are worse than the rest of the network, the surest first.

    Of two slices that overlap the surer one stays, the other only if what it adds is as
    significant as the procedure asks. Empty when nothing is found or nothing is labelled; raises
    ValueError when table and labels differ in length.
    """
    rows = usable_rows(table=table, labels=labels, as_of=as_of, window_days=settings.window_days)
    cells = count_cells(table=table.where(rows), labels=labels.where(rows))
    if cells.label_count.sum() < 2 * settings.least_support:
        return ()
    groups = list(_groups(cells, settings))
    found = _candidates(cells, groups, settings)
    if not len(found.p_value):
        return ()
    weighted = found.p_value / _weights(cells, found, settings)
    q_values = adjusted(weighted)
    named = np.flatnonzero(q_values <= settings.false_discovery_rate)
    kept = _distinct(cells, groups, found, weighted, named, settings.false_discovery_rate)
    return tuple(_found(cells, groups, found, q_values, row, settings) for row in kept)


def _groups(cells: Cells, settings: ReliabilitySettings) -> Iterator[_Group]:
    """Every way to cut the network along up to so many dimensions, pruned from level to level."""
    named = {name: _is_named(cells, name) for name in DIMENSIONS}
    above: dict[tuple[str, ...], _Group] = {}
    for level in range(1, settings.most_conditions + 1):
        level_groups: dict[tuple[str, ...], _Group] = {}
        for names in combinations(DIMENSIONS, level):
            if set(names) >= _NESTED:
                continue
            alive = np.logical_and.reduce([named[name] for name in names])
            for parent in combinations(names, level - 1):
                if parent:
                    alive &= _is_supported(above[parent], settings)
            level_groups[names] = _group(cells, names, alive)
        yield from level_groups.values()
        above = level_groups


def _is_named(cells: Cells, name: str) -> Bools:
    """Cells [c] whose word in this dimension is known."""
    unknown = {""} | {place_of(site, "") for site in cells.words["site"] if name == "camera"}
    known = np.array([word not in unknown for word in cells.words[name]], np.bool_)
    return known[cells.code(name)]


def _is_supported(group: _Group, settings: ReliabilitySettings) -> Bools:
    """Cells [c] in a slice of the group that has the least support."""
    enough = np.append(group.label_count >= settings.least_support, False)
    supported: Bools = enough[group.slice_of]
    return supported


def _group(cells: Cells, names: tuple[str, ...], alive: Bools) -> _Group:
    at = np.flatnonzero(alive)
    codes = np.stack([cells.code(name)[at] for name in names], axis=1)
    keys = row_keys(codes, [len(cells.words[name]) for name in names])
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    slice_of = np.full(len(cells), -1, np.intp)
    slice_of[at] = inverse
    counts = np.bincount(inverse, cells.label_count[at], len(first)).astype(np.intp)
    return _Group(dimensions=names, slice_of=slice_of, first=at[first], label_count=counts)


def _candidates(
    cells: Cells, groups: Sequence[_Group], settings: ReliabilitySettings
) -> _Candidates:
    by_names = {group.dimensions: group for group in groups}
    parts = []
    for index, group in enumerate(groups):
        number = np.flatnonzero(
            (group.label_count >= settings.least_support) & ~_said_shorter(group, by_names)
        )
        worth, p_value = _tested(cells, group.slice_of, len(group.first))
        same = np.full(len(number), index, np.intp)
        level = np.full(len(number), len(group.dimensions))
        parts.append((same, number, level, worth[number], p_value[number]))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return _Candidates(
        group=columns[0],
        number=columns[1],
        level=columns[2],
        worth=columns[3],
        p_value=columns[4],
    )


def _said_shorter(group: _Group, by_names: Mapping[tuple[str, ...], _Group]) -> Bools:
    """Slices [k] with exactly the labels of a slice with one condition less."""
    same = np.zeros(len(group.first), np.bool_)
    for names in combinations(group.dimensions, len(group.dimensions) - 1):
        if names:
            parent = by_names[names]
            same |= parent.label_count[parent.slice_of[group.first]] == group.label_count
    return same


def _tested(cells: Cells, slice_of: Indices, size: int) -> tuple[Floats, Floats]:
    """What the labels of slices [size] are worth, and their one-sided p-values against the rest;
    cells with -1 are in no slice.
    """
    inside = slice_of >= 0
    code = slice_of[inside]
    false, weight, spread = (
        summed_by(code, column[inside], size)
        for column in (cells.false, cells.weight, cells.spread)
    )
    rest = [
        np.maximum(column.sum() - part, 0.0)
        for column, part in (
            (cells.false, false),
            (cells.weight, weight),
            (cells.spread, spread),
        )
    ]
    worth = weight**2 / np.where(spread > 0, spread, 1.0)
    return worth, excess_p_value(false, weight, spread, *rest)


def _weights(cells: Cells, found: _Candidates, settings: ReliabilitySettings) -> Floats:
    return level_weights(
        worth=found.worth,
        level=found.level,
        rate=float(cells.false.sum() / cells.weight.sum()),
        error=settings.false_discovery_rate,
    )


def _distinct(
    cells: Cells,
    groups: Sequence[_Group],
    found: _Candidates,
    weighted: Floats,
    named: Indices,
    error: float,
) -> list[int]:
    """Of the named slices, the surest first, those that add something to what is already said.

    What overlaps is tested again without the shared labels: Bonferroni over the named, since a
    slice may be named for the labels that it shares alone.
    """
    if not len(named):
        return []
    cut = float(weighted[named].max())
    again = error / len(named)
    taken = np.zeros(len(cells), np.bool_)
    kept = []
    for row in named[np.lexsort((found.level[named], found.p_value[named]))].tolist():
        inside = groups[found.group[row]].slice_of == found.number[row]
        fresh = np.where(inside & ~taken, 0, np.where(inside | taken, -2, -1))
        if not (fresh == 0).any():
            continue
        overlaps = bool((inside & taken).any())
        factor = weighted[row] / found.p_value[row] if found.p_value[row] > 0 else 1.0
        if _fresh_p(cells, fresh) * factor <= (min(cut, again) if overlaps else cut):
            kept.append(row)
            taken |= inside
    return kept


def _fresh_p(cells: Cells, fresh: Indices) -> float:
    """The p-value of cells marked 0 against those marked -1; cells marked -2 are left out."""
    parts = [
        np.array([column[fresh == mark].sum()])
        for mark in (0, -1)
        for column in (cells.false, cells.weight, cells.spread)
    ]
    return float(excess_p_value(*parts)[0])


def _found(
    cells: Cells,
    groups: Sequence[_Group],
    found: _Candidates,
    q_values: Floats,
    row: int,
    settings: ReliabilitySettings,
) -> FoundSegment:
    group = groups[found.group[row]]
    inside = group.slice_of == found.number[row]
    false, weight = cells.false[inside].sum(), cells.weight[inside].sum()
    worth = weight**2 / cells.spread[inside].sum()
    rate = float(np.clip(false / weight, 0.0, 1.0))
    told = columns_of(
        mean=np.array([(rate * worth + 0.5) / (worth + 1)]),
        worth=np.array([worth + 1]),
        borrowed=np.zeros(1),
        label_count=np.array([1]),
        settings=replace(settings, least_labels=1, least_own_labels=0),
    )
    network = float(cells.false.sum() / cells.weight.sum())
    return FoundSegment(
        conditions=_conditions(cells, group, int(group.first[found.number[row]])),
        false_positive_rate=rate,
        low=min(float(told.low[0]), rate),
        high=max(float(told.high[0]), rate),
        ratio=rate / network,
        label_count=int(group.label_count[found.number[row]]),
        q_value=float(q_values[row]),
        state=ReliabilityState(str(told.state[0])),
    )


def _conditions(cells: Cells, group: _Group, cell: int) -> tuple[Condition, ...]:
    return tuple(
        Condition(dimension=name, value=cells.words[name][cells.code(name)[cell]])
        for name in group.dimensions
    )
