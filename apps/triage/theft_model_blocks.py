"""The columns of the theft model as dense blocks of rows that share the columns they use.

An alert has the signals of its kind and stands in one camera of one site, so most of the columns
are 0 for it. Rows of one kind and site form blocks that keep only the columns in use, which
makes sums of products several times cheaper and changes none of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.triage.tables import Floats, Texts

Places = npt.NDArray[np.intp]
BLOCK_ROWS = 8192


@dataclass(frozen=True, kw_only=True)
class Block:
    """Rows (their places in the table), the columns they use, and the dense design [r, k]."""

    rows: Places
    columns: Places
    design: Floats


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """A design of n rows and p columns, as blocks."""

    rows: int
    columns: int
    blocks: tuple[Block, ...]

    def thinned(self, every: int) -> "Blocks":
        """The same columns on every so-manieth row of each block; the others have no columns."""
        thin = tuple(
            Block(rows=one.rows[::every], columns=one.columns, design=one.design[::every])
            for one in self.blocks
        )
        return Blocks(rows=self.rows, columns=self.columns, blocks=thin)

    @property
    def used(self) -> Places:
        """The rows that have columns, rising."""
        return np.sort(np.concatenate([np.zeros(0, np.intp), *(one.rows for one in self.blocks)]))

    def times(self, coefficients: Floats) -> Floats:
        """X·β. [n]"""
        total = np.zeros(self.rows)
        for one in self.blocks:
            total[one.rows] = one.design @ coefficients[one.columns]
        return total

    def sum_of(self, values: Floats) -> Floats:
        """Xᵀ·v. [p]"""
        total = np.zeros(self.columns)
        for one in self.blocks:
            total[one.columns] += one.design.T @ values[one.rows]
        return total

    def information(self, weight: Floats) -> Floats:
        """Xᵀ·diag(w)·X for weights w ≥ 0. [p, p]"""
        total = np.zeros((self.columns, self.columns))
        for one in self.blocks:
            scaled = one.design * np.sqrt(weight[one.rows])[:, None]
            total[np.ix_(one.columns, one.columns)] += scaled.T @ scaled
        return total

    def variance(self, covariance: Floats) -> Floats:
        """xᵀΣx of every row. [n]"""
        total = np.zeros(self.rows)
        for one in self.blocks:
            inside = covariance[np.ix_(one.columns, one.columns)]
            total[one.rows] = np.einsum("ij,ij->i", one.design @ inside, one.design)
        return total


def blocks_of(
    *,
    numeric: Floats,
    codes: Sequence[npt.NDArray[np.int64]],
    values: Sequence[Floats],
    sizes: Sequence[int],
    kinds: Texts,
) -> Blocks:
    """Blocks of numeric columns [n, c] beside one effect a term: `values` at the place `codes`.

    A code of −1 (a level that is not known) has no column.
    """
    starts = numeric.shape[1] + np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    width = int(starts[-1])
    found = []
    for kind in sorted(set(kinds.tolist())):
        places = np.flatnonzero(kinds == kind)
        for start in range(0, len(places), BLOCK_ROWS):
            rows = places[start : start + BLOCK_ROWS]
            design = np.zeros((len(rows), width))
            design[:, : numeric.shape[1]] = numeric[rows]
            for code, value, first in zip(codes, values, starts[:-1], strict=True):
                known = np.flatnonzero(code[rows] >= 0)
                design[known, first + code[rows][known]] = value[rows][known]
            used = np.flatnonzero(design.any(axis=0))
            found.append(Block(rows=rows, columns=used, design=design[:, used]))
    return Blocks(rows=len(numeric), columns=width, blocks=tuple(found))
