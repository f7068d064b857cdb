"""Which coefficient of the theft model stands for what: the plan that fit and prediction share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from apps.triage.tables import AlertTable, Floats
from apps.triage.theft_model_blocks import Blocks, blocks_of
from apps.triage.theft_model_fit import Integers
from apps.triage.theft_model_settings import TheftModelSettings
from apps.triage.theft_model_terms import (
    SCORE,
    Bends,
    Cameras,
    Codes,
    Coding,
    Source,
    Term,
    bends_of,
    lines,
    numeric_columns,
    pairs_of,
    terms_for,
    values_of,
    words_of,
)

BASE_SCALE = 3.0
LINE_SCALE = 1.5
MISSING_SCALE = 0.7


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The transforms, their products, the words of each dimension, the terms and their levels."""

    bends: tuple[Bends, ...]
    pairs: tuple[tuple[str, ...], ...]
    words: Mapping[str, tuple[str, ...]]
    terms: tuple[Term, ...]
    levels: tuple[tuple[tuple[str, ...], ...], ...]

    def __post_init__(self) -> None:
        if len(self.terms) != len(self.levels):
            raise ValueError("every term has its levels")

    @property
    def numeric_size(self) -> int:
        """The number of numeric columns, c."""
        return 2 + sum(2 + len(one.knots) for one in self.bends) + len(self.pairs)

    @property
    def size(self) -> int:
        """The number of coefficients, c + q."""
        return self.numeric_size + sum(map(len, self.levels))

    def design(self, table: AlertTable) -> Blocks:
        """All columns of the table's rows."""
        codes, values = self.effects(table)
        return blocks_of(
            numeric=numeric_columns(table, self.bends, self.pairs),
            codes=codes,
            values=values,
            sizes=[len(levels) for levels in self.levels],
            kinds=np.char.add(np.char.add(table.label, "/"), table.segments["site"]),
        )

    def effects(self, table: AlertTable) -> tuple[list[Codes], list[Floats]]:
        """Per term the place of each row's level (−1: not known) and the value it multiplies."""
        coding = Coding(table=table, words=self.words)
        known: dict[tuple[str, ...], Codes] = {}
        for term, levels in zip(self.terms, self.levels, strict=True):
            if term.dimensions not in known:
                known[term.dimensions] = coding.places(term.dimensions, levels)
        multiplied = {"": np.ones(len(table)), **lines(table, self.bends)}
        codes = [known[term.dimensions] for term in self.terms]
        return codes, [multiplied[term.slope] for term in self.terms]

    def groups(self) -> tuple[Integers, Floats]:
        """For each coefficient the group that shares a scale, or −1 and its fixed scale."""
        group, fixed = [-1, -1], [BASE_SCALE, LINE_SCALE]
        first = len(self.terms)
        for one in self.bends:
            bend = first if one.column == SCORE else first + 2 if one.label else first + 1
            line = bend if one.column == SCORE or one.label else -1
            group += [line, *([bend] * len(one.knots)), -1]
            fixed += [LINE_SCALE, *([1.0] * len(one.knots)), MISSING_SCALE]
        group += [first + 3] * len(self.pairs)
        fixed += [1.0] * len(self.pairs)
        for index, levels in enumerate(self.levels):
            group += [index] * len(levels)
            fixed += [1.0] * len(levels)
        return np.array(group), np.array(fixed)

    def sources(self) -> tuple[Source, ...]:
        """For each coefficient the part of an explanation it belongs to."""
        found = [Source.BASE, Source.SCORE]
        for one in self.bends:
            source = Source.SCORE if one.column == SCORE else Source.SIGNALS
            found += [source] * (2 + len(one.knots))
        found += [Source.SCORE if SCORE in pair else Source.SIGNALS for pair in self.pairs]
        for term, levels in zip(self.terms, self.levels, strict=True):
            found += [term.source] * len(levels)
        return tuple(found)


def plan_for(*, seen: AlertTable, learned: AlertTable, settings: TheftModelSettings) -> Plan:
    """The plan for a fit: transforms from all alerts seen, levels from those with a label."""
    terms = terms_for(seen.signal_names)
    words = words_of(learned, terms)
    coding = Coding(table=learned, words=words)
    return Plan(
        bends=(*_score_bends(seen, words["detector"], settings), *_signal_bends(seen, settings)),
        pairs=pairs_of(seen, settings.least_pair_share),
        words=words,
        terms=terms,
        levels=tuple(coding.levels(term.dimensions) for term in terms),
    )


def _score_bends(
    seen: AlertTable, detectors: Sequence[str], settings: TheftModelSettings
) -> tuple[Bends, ...]:
    found = []
    for detector in detectors:
        mine = seen.where(seen.detector == detector)
        found.append(
            bends_of(
                column=SCORE,
                detector=detector,
                values=values_of(mine, SCORE),
                cameras=Cameras.of(mine),
                knots=settings.score_knots,
            )
        )
    return tuple(found)


def _signal_bends(seen: AlertTable, settings: TheftModelSettings) -> tuple[Bends, ...]:
    """Every signal's transform, and its own in each kind of alert when several kinds have it."""
    found = []
    for name in seen.signal_names:
        labels = sorted(set(seen.label[~np.isnan(values_of(seen, name))].tolist()))
        for label in ("", *(labels if len(labels) > 1 else ())):
            mine = seen.where(seen.label == label) if label else seen
            found.append(
                bends_of(
                    column=name,
                    label=label,
                    values=values_of(mine, name),
                    cameras=Cameras.of(mine),
                    knots=settings.signal_knots,
                )
            )
    return tuple(found)
