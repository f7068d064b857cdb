"""Labels counted by segment: what pooling, search and drift tests start from.

A label weighs the inverse of its sampling probability (D. Horvitz, D. Thompson, JASA 1952). What
weighted labels are worth is Kish's effective number (Σw)² / Σw² (L. Kish, *Survey Sampling*, 1965).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.triage.tables import DIMENSIONS, AlertTable, Bools, Floats, Labels

Indices = npt.NDArray[np.intp]

CONDITIONS = DIMENSIONS[2:]
"""The dimensions of a segment that do not say where it is."""

DAY = 86_400.0


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Labelled alerts counted by full segment, c cells in the order of their codes.

    `words` holds the sorted words of each coded column: the place ("site", "camera") and
    `CONDITIONS`; `codes` [c, 8] indexes them. `false` and `weight` [c] are sums of the weights of
    false and of all labels, `spread` [c] of squared weights, `label_count` [c] of ones.
    """

    words: Mapping[str, tuple[str, ...]]
    codes: Indices
    false: Floats
    weight: Floats
    spread: Floats
    label_count: Indices

    def __len__(self) -> int:
        return len(self.codes)

    def code(self, dimension: str) -> Indices:
        """The column [c] of one dimension."""
        column: Indices = self.codes[:, DIMENSIONS.index(dimension)]
        return column


def usable_rows(
    *, table: AlertTable, labels: Labels, as_of: float, window_days: float | None
) -> Bools:
    """Rows [n] labelled by `as_of`, of alerts not after it and not older than the window.

    Raises ValueError when table and labels differ in length.
    """
    if len(table) != len(labels):
        raise ValueError("there is one row of labels for each alert")
    rows = labels.known_by(as_of) & (table.at <= as_of)
    if window_days is not None:
        rows &= table.at >= as_of - window_days * DAY
    return rows


def place_of(site: str, camera: str) -> str:
    """The name of a camera as a place; alerts without a camera count as one place a site."""
    return camera or f"@{site}"


def count_cells(*, table: AlertTable, labels: Labels) -> Cells:
    """Count labelled rows by segment. The order of rows changes nothing, not even a last digit."""
    words, codes = segment_codes(table)
    weights, false = 1.0 / labels.sampling_probability, labels.theft == 0.0
    keys = row_keys(codes, [len(one) for one in words.values()])
    order = np.lexsort((false, weights, keys))
    keys, weights, false = keys[order], weights[order], false[order]
    _, first, cell = np.unique(keys, return_index=True, return_inverse=True)
    size = len(first)
    return Cells(
        words=words,
        codes=codes[order][first],
        false=summed_by(cell, weights * false, size),
        weight=summed_by(cell, weights, size),
        spread=summed_by(cell, weights**2, size),
        label_count=np.bincount(cell, minlength=size).astype(np.intp),
    )


def camera_named(site: str, place: str) -> str:
    """The camera of a place, "" where alerts had none."""
    return "" if place == place_of(site, "") else place


def summed_by(group: Indices, figures: Floats, size: int) -> Floats:
    """The sums [size] of figures by group."""
    return np.bincount(group, figures, size).astype(np.float64)


def _columns(table: AlertTable) -> dict[str, list[str]]:
    """The eight columns as lists, with cameras as places of one site each."""
    columns = {name: table.segments[name].tolist() for name in DIMENSIONS}
    pairs = list(zip(columns["site"], columns["camera"], strict=True))
    places = [place_of(site, camera) for site, camera in pairs]
    site_of = _sites(places, columns["site"])
    columns["camera"] = places
    columns["site"] = [site_of[place] for place in places]
    return columns


def _sites(places: list[str], sites: list[str]) -> dict[str, str]:
    """One site a place: a known one before "", of several the last in the alphabet."""
    found: dict[str, str] = {}
    for place, site in set(zip(places, sites, strict=True)):
        found[place] = max(found.get(place, ""), site)
    return found


def segment_codes(table: AlertTable) -> tuple[dict[str, tuple[str, ...]], Indices]:
    """The sorted words of each dimension and the codes [n, 8] of each row's segment in them."""
    columns = _columns(table)
    words = {name: tuple(sorted(set(column))) for name, column in columns.items()}
    codes = [coded(column, words[name]) for name, column in columns.items()]
    return words, np.stack(codes, axis=1)


def coded(column: list[str], words: tuple[str, ...]) -> Indices:
    """Each text as its index in `words`, -1 where it is none of them."""
    index = {word: code for code, word in enumerate(words)}
    return np.fromiter((index.get(text, -1) for text in column), np.intp, len(column))


def row_keys(codes: Indices, sizes: list[int]) -> Indices:
    """One number a row that orders rows as their codes do (ranks are renewed before it overflows)."""
    keys = np.zeros(len(codes), np.intp)
    reach = 1
    for column, size in zip(codes.T, sizes, strict=True):
        if reach * max(size, 1) > 2**62:
            keys = np.unique(keys, return_inverse=True)[1].astype(np.intp)
            reach = len(keys)
        keys = keys * size + column
        reach *= max(size, 1)
    return keys
