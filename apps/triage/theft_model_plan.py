"""Which coefficient of the theft model stands for what: the plan that fit and prediction share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from apps.triage.tables import AlertTable, Floats
from apps.triage.theft_model_fit import Integers
from apps.triage.theft_model_settings import TheftModelSettings
from apps.triage.theft_model_terms import (
    SCORE,
    Bends,
    Codes,
    Coding,
    Source,
    Term,
    bends_of,
    effect_columns,
    numeric_columns,
    slopes,
    terms_for,
    values_of,
    words_of,
)

BASE_SCALE = 3.0
LINE_SCALE = 1.5
MISSING_SCALE = 0.7


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The transforms, the words known in each dimension, the terms, and the levels of each term."""

    bends: tuple[Bends, ...]
    words: Mapping[str, tuple[str, ...]]
    terms: tuple[Term, ...]
    levels: tuple[tuple[tuple[str, ...], ...], ...]

    def __post_init__(self) -> None:
        if len(self.terms) != len(self.levels):
            raise ValueError("every term has its levels")

    @property
    def numeric_size(self) -> int:
        """The number of numeric columns, c."""
        return 2 + sum(2 + len(one.knots) for one in self.bends)

    @property
    def size(self) -> int:
        """The number of coefficients, c + q + 1 (the last stands for unknown levels and is 0)."""
        return self.numeric_size + sum(map(len, self.levels)) + 1

    def numeric(self, table: AlertTable) -> Floats:
        """The numeric columns. [n, c]"""
        return numeric_columns(table, self.bends)

    def effects(self, table: AlertTable) -> tuple[sparse.csr_matrix, list[Codes], list[Floats]]:
        """The effect columns [n, q + 1], and per term the places of the rows and their values."""
        coding = Coding(table=table, words=self.words)
        known: dict[tuple[str, ...], Codes] = {}
        for term, levels in zip(self.terms, self.levels, strict=True):
            if term.dimensions not in known:
                known[term.dimensions] = coding.places(term.dimensions, levels)
        multiplied = slopes(table, self.bends, self.terms)
        codes = [known[term.dimensions] for term in self.terms]
        values = [multiplied[term.slope] for term in self.terms]
        sizes = [len(levels) for levels in self.levels]
        return effect_columns(codes=codes, values=values, sizes=sizes), codes, values

    def groups(self) -> tuple[Integers, Floats]:
        """For each coefficient the group that shares a scale, or −1 and its fixed scale."""
        group, fixed = [-1, -1], [BASE_SCALE, LINE_SCALE]
        hinges = {True: len(self.terms), False: len(self.terms) + 1}
        for one in self.bends:
            bend = hinges[one.column == SCORE]
            line = bend if one.column == SCORE else -1
            group += [line, *([bend] * len(one.knots)), -1]
            fixed += [LINE_SCALE, *([1.0] * len(one.knots)), MISSING_SCALE]
        for index, levels in enumerate(self.levels):
            group += [index] * len(levels)
            fixed += [1.0] * len(levels)
        return np.array([*group, -1]), np.array([*fixed, 1e-6])

    def sources(self) -> tuple[Source, ...]:
        """For each coefficient the part of an explanation it belongs to."""
        found = [Source.BASE, Source.SCORE]
        for one in self.bends:
            source = Source.SCORE if one.column == SCORE else Source.SIGNALS
            found += [source] * (2 + len(one.knots))
        for term, levels in zip(self.terms, self.levels, strict=True):
            found += [term.source] * len(levels)
        return (*found, Source.SEGMENT)


def plan_for(*, seen: AlertTable, learned: AlertTable, settings: TheftModelSettings) -> Plan:
    """The plan for a fit: transforms from all alerts seen, levels from those with a label."""
    terms = terms_for(seen.signal_names)
    words = words_of(learned, terms)
    coding = Coding(table=learned, words=words)
    return Plan(
        bends=(*_score_bends(seen, words["detector"], settings), *_signal_bends(seen, settings)),
        words=words,
        terms=terms,
        levels=tuple(coding.levels(term.dimensions) for term in terms),
    )


def _score_bends(
    seen: AlertTable, detectors: Sequence[str], settings: TheftModelSettings
) -> tuple[Bends, ...]:
    values = values_of(seen, SCORE)
    return tuple(
        bends_of(
            column=SCORE,
            detector=one,
            values=values[seen.detector == one],
            knots=settings.score_knots,
        )
        for one in detectors
    )


def _signal_bends(seen: AlertTable, settings: TheftModelSettings) -> tuple[Bends, ...]:
    return tuple(
        bends_of(
            column=name,
            detector="",
            values=values_of(seen, name),
            knots=settings.signal_knots,
        )
        for name in seen.signal_names
    )
