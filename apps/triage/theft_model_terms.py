"""From alerts to the columns of the theft model: bends of scores and signals, effects of places.

A numeric column is a function of one score or signal; an effect is one number a level of a
combination of dimensions (a site, a camera in low light, ...), or a slope on a numeric column that
differs by level. Numbers far outside what was seen are clipped; a missing one is a state of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations, repeat

import numpy as np
import numpy.typing as npt

from apps.triage.tables import AlertTable, Bools, Floats, Texts

Codes = npt.NDArray[np.int64]
FARTHEST = 4.0
SCORE_EDGE = 0.005
DETECTOR = "detector"
LABEL = "label"
SEQUENCE = "sequence"
SCORE = "score"


class Scale(StrEnum):
    """How raw values are read: shares as log-odds, amounts from 0 up as logarithms, others plain."""

    LOG_ODDS = "log_odds"
    LOGARITHM = "logarithm"
    PLAIN = "plain"


class Source(StrEnum):
    """Where a part of the log-odds comes from, for the explanation of one alert."""

    BASE = "base"
    SCORE = "score"
    SIGNALS = "signals"
    SEQUENCE = "sequence"
    SEGMENT = "segment"


@dataclass(frozen=True)
class Cameras:
    """The cameras of a table: their names, and for each row the place of its own. [n]"""

    names: tuple[str, ...]
    place: Codes

    @classmethod
    def of(cls, table: AlertTable) -> "Cameras":
        rows = table.segments["camera"].tolist()
        names = tuple(sorted(set(rows)))
        known = {name: at for at, name in enumerate(names)}
        return cls(names, np.fromiter(map(known.get, rows), dtype=np.int64, count=len(rows)))


@dataclass(frozen=True, kw_only=True)
class Bends:
    """A piecewise linear transform of one column: (scaled − middle)/spread, clipped, then hinges.

    `column` is "score" or the name of a signal; `detector` and `label` limit it to the alerts of
    one detector version or one kind of alert ("" for all). `usual` says how far the camera's alerts
    usually lie from the middle, in spreads: a signal counts relative to its place. Yields 1 + len(knots) columns, and one
    more that says "missing".
    """

    column: str
    detector: str
    label: str
    scale: Scale
    middle: float
    spread: float
    knots: tuple[float, ...]
    usual: Mapping[str, float]

    def standard(self, values: Floats, cameras: Cameras) -> Floats:
        """The clipped standardised values less what is usual at the camera, 0 where missing. [n]"""
        usual = np.array([self.usual.get(one, 0.0) for one in cameras.names], dtype=np.float64)
        away = self.away(values) - usual[cameras.place]
        return np.where(np.isnan(away), 0.0, np.clip(away, -FARTHEST, FARTHEST))

    def away(self, values: Floats) -> Floats:
        """(scaled − middle)/spread, clipped; NaN where missing. [n]"""
        with np.errstate(over="ignore", invalid="ignore"):
            away = (on_scale(values, self.scale) - self.middle) / self.spread
            return np.asarray(np.clip(away, -FARTHEST, FARTHEST))


@dataclass(frozen=True, kw_only=True)
class Term:
    """Effects of the levels of a combination of `dimensions`, or slopes on `slope` ("" for none)."""

    dimensions: tuple[str, ...]
    slope: str = ""

    @property
    def source(self) -> Source:
        """Which part of an explanation the term belongs to."""
        if self.slope:
            return Source.SCORE if self.slope == SCORE else Source.SIGNALS
        return Source.SEQUENCE if SEQUENCE in self.dimensions else Source.SEGMENT


SEGMENT_TERMS = (
    *((one,) for one in ("site", "camera", "zone_kind", "lighting", "daypart", "weekday")),
    ("crowding",),
    (DETECTOR,),
    (LABEL,),
    (SEQUENCE,),
    ("zone_kind", "lighting"),
    ("zone_kind", "crowding"),
    ("zone_kind", "daypart"),
    ("lighting", "crowding"),
    ("camera", "lighting"),
    ("camera", SEQUENCE),
    ("site", "daypart"),
    (DETECTOR, "lighting"),
    (DETECTOR, SEQUENCE),
    (LABEL, "daypart"),
    (LABEL, SEQUENCE),
    ("lighting", SEQUENCE),
    ("crowding", SEQUENCE),
)
SCORE_SLOPES = (("lighting",), (SEQUENCE,), (LABEL,), ("site",))
SIGNAL_SLOPES = ((SEQUENCE,), ("lighting",))


def terms_for(signal_names: Sequence[str]) -> tuple[Term, ...]:
    """All effects of the model: places and times, then slopes of the score, then of each signal."""
    return (
        *(Term(dimensions=one) for one in SEGMENT_TERMS),
        *(Term(dimensions=one, slope=SCORE) for one in SCORE_SLOPES),
        *(Term(dimensions=one, slope=name) for name in signal_names for one in SIGNAL_SLOPES),
    )


def column_of(table: AlertTable, dimension: str) -> Texts:
    """The text column of a dimension, of the detector version, the label or the sequence. [n]"""
    if dimension in table.segments:
        return table.segments[dimension]
    named = {DETECTOR: table.detector, LABEL: table.label, SEQUENCE: table.sequence}
    return named[dimension]


def words_of(table: AlertTable, terms: Sequence[Term]) -> dict[str, tuple[str, ...]]:
    """The words that occur in each dimension of the terms, sorted."""
    dimensions = sorted({one for term in terms for one in term.dimensions})
    return {one: tuple(sorted(set(column_of(table, one).tolist()))) for one in dimensions}


def on_scale(values: Floats, scale: Scale) -> Floats:
    """The values on their scale; those outside its range are held at its edge. [n]"""
    if scale is Scale.LOG_ODDS:
        held = np.clip(values, SCORE_EDGE, 1 - SCORE_EDGE)
        return np.asarray(np.log(held / (1 - held)))
    if scale is Scale.LOGARITHM:
        return np.asarray(np.log1p(np.maximum(values, 0.0)))
    return values


def scale_of(given: Floats) -> Scale:
    """The scale that fits values of this range."""
    if len(given) and given.min() >= 0:
        return Scale.LOG_ODDS if given.max() <= 1 else Scale.LOGARITHM
    return Scale.PLAIN


def values_of(table: AlertTable, column: str) -> Floats:
    """The raw values of the score or of a signal; NaN where the table has none."""
    if column == SCORE:
        return table.score
    if column in table.signal_names:
        values: Floats = table.signals[:, table.signal_names.index(column)]
        return values
    return np.full(len(table), np.nan)


def bends_of(
    *,
    column: str,
    values: Floats,
    cameras: Cameras,
    knots: int,
    detector: str = "",
    label: str = "",
) -> Bends:
    """The transform of a column, from all its values, labelled or not: median, spread, quantiles."""
    given = ~np.isnan(values)
    scale = scale_of(values[given])
    middle, spread = _middle_and_spread(on_scale(values[given], scale))
    plain = Bends(
        column=column,
        detector=detector,
        label=label,
        scale=scale,
        middle=middle,
        spread=spread,
        knots=(),
        usual={},
    )
    if not given.any():
        return plain
    line = replace(plain, usual=_usual(plain.away(values), cameras))
    if not knots:
        return line
    shares = np.linspace(0, 1, knots + 2)[1:-1]
    spots = np.quantile(line.standard(values, cameras)[given], shares)
    places = np.unique(np.round(spots, 6))
    return replace(line, knots=tuple(float(one) for one in places if abs(one) < FARTHEST))


def _usual(away: Floats, cameras: Cameras) -> dict[str, float]:
    """Each camera's mean, drawn towards 0 by n/(n + within ÷ between variance) (Efron, Morris)."""
    names, place = cameras.names, cameras.place
    given = ~np.isnan(away)
    count = np.bincount(place[given], minlength=len(names))
    held = np.maximum(count, 1)
    mean = np.bincount(place[given], away[given], minlength=len(names)) / held
    mean -= (count @ mean) / max(count.sum(), 1)
    within = float(np.mean((away[given] - mean[place[given]]) ** 2))
    some = count > 0
    between = max(float(np.mean(mean[some] ** 2 - within / held[some])), 1e-4)
    shrunken = mean * count / (held + within / between)
    return {name: rounded(float(one)) for name, one in zip(names, shrunken, strict=True)}


def _middle_and_spread(given: Floats) -> tuple[float, float]:
    """Median and interquartile range ÷ 1.349 (1 where that is no usable number)."""
    if not len(given):
        return 0.0, 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        low, middle, high = np.quantile(given, (0.25, 0.5, 0.75))
        spread = (high - low) / 1.349
    usable = 1e-9 < spread < 1e300 and np.isfinite(middle)
    return (rounded(float(middle)), rounded(float(spread))) if usable else (0.0, 1.0)


def rounded(number: float) -> float:
    """The number at the 12 significant digits that stored parameters keep."""
    return float(f"{number:.12g}")


def _mine(table: AlertTable, bends: Bends) -> Bools:
    mine = np.ones(len(table), dtype=bool)
    if bends.detector:
        mine &= table.detector == bends.detector
    if bends.label:
        mine &= table.label == bends.label
    return mine


def numeric_columns(
    table: AlertTable, bends: Sequence[Bends], pairs: Sequence[tuple[str, ...]]
) -> Floats:
    """The numeric columns: 1, the score's line, each transform's, then the products. [n, c]

    Those of a transform are its line, its hinges and "missing"; a product is that of two lines.
    """
    common = lines(table, bends)
    cameras = Cameras.of(table)
    columns = [np.ones(len(table)), common[SCORE]]
    for one in bends:
        values = values_of(table, one.column)
        mine = _mine(table, one)
        line = one.standard(values, cameras)
        given = mine & ~np.isnan(values)
        columns.append(np.where(given, line, 0.0))
        columns.extend(np.where(given, np.maximum(line - knot, 0.0), 0.0) for knot in one.knots)
        columns.append((mine & np.isnan(values)).astype(np.float64))
    columns.extend(common[first] * common[second] / 2 for first, second in pairs)
    return np.column_stack(columns)


def lines(table: AlertTable, bends: Sequence[Bends]) -> dict[str, Floats]:
    """The standardised values of the score and of each signal, 0 where missing. [n] each"""
    cameras = Cameras.of(table)
    found: dict[str, Floats] = {SCORE: np.zeros(len(table))}
    for one in bends:
        if not one.label:
            line = one.standard(values_of(table, one.column), cameras)
            found[one.column] = found.get(one.column, 0.0) + np.where(_mine(table, one), line, 0.0)
    return found


def pairs_of(table: AlertTable, least: float) -> tuple[tuple[str, str], ...]:
    """Pairs of score and signals that at least this share of the alerts have both of."""
    names = (SCORE, *table.signal_names)
    seen = {name: ~np.isnan(values_of(table, name)) for name in names}
    size = max(len(table), 1)
    return tuple(
        (first, second)
        for first, second in combinations(names, 2)
        if (seen[first] & seen[second]).sum() / size >= least
    )


class Coding:
    """The places of a table's words among known words, by dimension and by combination."""

    def __init__(self, *, table: AlertTable, words: Mapping[str, Sequence[str]]) -> None:
        self.words = words
        self._codes = {one: self._of(column_of(table, one), words[one]) for one in words}

    @staticmethod
    def _of(column: Texts, words: Sequence[str]) -> Codes:
        place = {word: index for index, word in enumerate(words)}
        found = map(place.get, column.tolist(), repeat(-1))
        return np.fromiter(found, dtype=np.int64, count=len(column))

    def combined(self, dimensions: Sequence[str]) -> Codes:
        """One number a row for its combination of words; −1 where a word is not known. [n]"""
        total = self._codes[dimensions[0]].copy()
        for one in dimensions[1:]:
            code = self._codes[one]
            known = (total >= 0) & (code >= 0)
            total = np.where(known, total * len(self.words[one]) + code, -1)
        return total

    def levels(self, dimensions: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """The combinations that occur, sorted."""
        sizes = [len(self.words[one]) for one in dimensions]
        seen = np.unique(self.combined(dimensions))
        places = np.unravel_index(seen[seen >= 0], sizes)
        columns = [
            [self.words[one][index] for index in place]
            for one, place in zip(dimensions, places, strict=True)
        ]
        return tuple(zip(*columns, strict=True))

    def places(self, dimensions: Sequence[str], levels: Sequence[Sequence[str]]) -> Codes:
        """The place of each row's combination among `levels`, −1 where it is not one of them."""
        known = [{word: at for at, word in enumerate(self.words[one])} for one in dimensions]
        sizes = [len(self.words[one]) for one in dimensions]
        table = np.full(int(np.prod(sizes)) + 1, -1, dtype=np.int64)
        for index, level in enumerate(levels):
            key = 0
            for word, place, size in zip(level, known, sizes, strict=True):
                key = key * size + place[word]
            table[key] = index
        return table[self.combined(dimensions)]
