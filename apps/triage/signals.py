"""Signals: measured behaviour features, each with the validity that says how much it may weigh.

A signal below its random null is shown ("observed, no evidential weight") and changes nothing: it
cannot raise a probability and cannot complete a sequence. What a sensor cannot see is
`not_measurable`, never guessed.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from apps.triage.canonical import significant
from apps.triage.decoding import SINCE_2

MOST_SIGNALS = 64
MOST_OWN_SIGNALS = 1024
LARGEST_VALUE = 1e9
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


class UnableToReadSignals(ValueError):
    """An alert's signals do not have the documented shape; the message names the first fault."""


class ValidityState(StrEnum):
    """What is known of a signal's power to tell its act from ordinary shopping."""

    MEASURED = "measured"
    NO_EVIDENTIAL_WEIGHT = "no_evidential_weight"
    NOT_MEASURABLE = "not_measurable"
    STATED_BY_DETECTOR = "stated_by_detector"


class Origin(StrEnum):
    """Who measured: our own inference, or a detector whose statements we can only repeat."""

    OWN_INFERENCE = "own_inference"
    DETECTOR = "detector"


@dataclass(frozen=True, kw_only=True)
class Validity:
    """How well a signal separates, on which statistic, against which random null.

    `figure` and `null` are on the scale of `statistic` (for example "auc", null 0.5), higher is
    better. `samples` counts the clips behind it. A figure at or below its null is refused as
    `measured` or `stated_by_detector`.
    """

    state: ValidityState
    statistic: str = ""
    figure: float | None = None
    null: float | None = None
    samples: int | None = None
    note: str = ""

    def __post_init__(self) -> None:
        _require_finite(figure=self.figure, null=self.null)
        if self.samples is not None and self.samples < 0:
            raise ValueError("validity samples must not be negative")
        if (self.figure is None) != (self.null is None):
            raise ValueError(
                "a validity figure needs the null it is compared with, and the reverse"
            )
        if self.carries_weight and (self.figure is None or self.null is None or not self.statistic):
            raise ValueError(f"validity '{self.state}' needs statistic, figure and null")
        if self.carries_weight and self.below_null:
            raise ValueError(
                f"a figure at or below its null has no evidential weight, not '{self.state}'"
            )

    @property
    def carries_weight(self) -> bool:
        return self.state in (ValidityState.MEASURED, ValidityState.STATED_BY_DETECTOR)

    @property
    def below_null(self) -> bool:
        if self.figure is None or self.null is None:
            return False
        return significant(self.figure) <= significant(self.null)

    @property
    def weight(self) -> float:
        """How far the figure lies on the way from its null (0) to a perfect 1 (1), 0..1.

        (figure − null) / (1 − null), as Cohen's kappa relates agreement to chance; 0 without
        evidential weight. For statistics whose best is 1, such as an AUC or a precision.
        """
        if not self.carries_weight or self.figure is None or self.null is None:
            return 0.0
        if self.null >= 1:
            return 1.0
        return significant(min(1.0, (self.figure - self.null) / (1 - self.null)))


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One behaviour feature of one alert.

    `value` is in the signal's own unit (a score 0..1 for acts, seconds for dwell); `confidence`
    is 0..1; the span is in seconds from the start of the clip, or None when the source gave no
    times. `not_measurable` signals have no value. `track` numbers the person it was seen on in this
    clip, None when the source does not say. `segment_mean` is what the signal usually measures in
    the alert's segment, of earlier alerts only; None while too few are known.
    """

    name: str
    value: float | None
    validity: Validity
    confidence: float | None = None
    start_seconds: float | None = None
    end_seconds: float | None = None
    track: int | None = None
    source: str = ""
    segment_mean: float | None = field(default=None, metadata=SINCE_2)

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"signal name {self.name!r} must match {NAME.pattern}")
        _require_finite(
            value=self.value,
            confidence=self.confidence,
            start_seconds=self.start_seconds,
            end_seconds=self.end_seconds,
            segment_mean=self.segment_mean,
        )
        if self.value is not None and abs(self.value) > LARGEST_VALUE:
            raise ValueError(f"{self.name}: a value beyond ±{LARGEST_VALUE:g} is no measurement")
        if self.confidence is not None and not 0 <= self.confidence <= 1:
            raise ValueError(f"{self.name}: confidence {self.confidence} is outside 0..1")
        if (self.value is None) != (self.validity.state == ValidityState.NOT_MEASURABLE):
            raise ValueError(f"{self.name}: a value is given exactly when the signal is measurable")
        if self.track is not None and self.track < 0:
            raise ValueError(f"{self.name}: a track number must not be negative")
        _require_span(self.name, self.start_seconds, self.end_seconds)

    @property
    def carries_weight(self) -> bool:
        """True when the signal may raise a probability or complete a sequence."""
        return self.validity.carries_weight


def evidential(signals: Sequence[Signal]) -> tuple[Signal, ...]:
    """Return the signals that may count; rules, calibrators and surrogates read only these."""
    return tuple(signal for signal in signals if signal.carries_weight)


def read_signals(raw: object, *, origin: Origin, source: str) -> tuple[Signal, ...]:
    """Read named signals from plain JSON; raise `UnableToReadSignals` naming the first fault.

    `raw` is a list of objects with `name`, `value` and optionally `confidence`, `start_seconds`,
    `end_seconds`, `track`, `validity` (`state`, `statistic`, `figure`, `null`, `samples`,
    `note`); or an object of name → number; or None. `source` is recorded with each signal
    ("model@digest" or "detector@version"). Only our own inference may call a signal measured; a
    detector's statement becomes `stated_by_detector`, and a statement without figures carries no
    weight.
    """
    entries = _entries(raw)
    most = MOST_SIGNALS if origin is Origin.DETECTOR else MOST_OWN_SIGNALS
    if len(entries) > most:
        raise UnableToReadSignals(f"{len(entries)} signals sent, at most {most} are read")
    return tuple(
        _read_one(entry, at=at, origin=origin, source=source) for at, entry in enumerate(entries)
    )


def _entries(raw: object) -> list[object]:
    if raw is None:
        return []
    if isinstance(raw, Mapping):
        return [{"name": name, "value": value} for name, value in raw.items()]
    if isinstance(raw, list | tuple):
        return list(raw)
    raise UnableToReadSignals("signals must be a list of objects or an object of name → number")


def _read_one(entry: object, *, at: int, origin: Origin, source: str) -> Signal:
    if not isinstance(entry, Mapping):
        raise UnableToReadSignals(
            f"signal {at + 1}: an object is needed, not {type(entry).__name__}"
        )
    name = entry.get("name")
    if not isinstance(name, str):
        raise UnableToReadSignals(f"signal {at + 1}: 'name' is missing or not text")
    try:
        return _signal(entry, name=name, origin=origin, source=source)
    except ValueError as error:
        raise UnableToReadSignals(f"signal {at + 1} ({name[:64]}): {error}") from error


def _signal(entry: Mapping[str, object], *, name: str, origin: Origin, source: str) -> Signal:
    validity = _validity(entry.get("validity"), origin=origin)
    measurable = validity.state != ValidityState.NOT_MEASURABLE
    value = _number(entry, "value") if measurable else None
    if measurable and value is None:
        raise ValueError("'value' is missing")
    return Signal(
        name=name,
        value=value,
        validity=validity,
        confidence=_number(entry, "confidence"),
        start_seconds=_number(entry, "start_seconds"),
        end_seconds=_number(entry, "end_seconds"),
        track=_count(entry, "track"),
        source=source,
    )


def _validity(raw: object, *, origin: Origin) -> Validity:
    if raw is None:
        return _weightless("its source states no validity")
    if isinstance(raw, str):
        raw = {"state": raw}
    if not isinstance(raw, Mapping):
        raise ValueError("'validity' must be an object")
    state = _state(raw.get("state", ValidityState.STATED_BY_DETECTOR), origin=origin)
    if state == ValidityState.NOT_MEASURABLE:
        return Validity(state=state, note=_words(raw, "note"))
    return _weighed(raw, state=state)


def _state(raw: object, *, origin: Origin) -> ValidityState:
    try:
        state = ValidityState(str(raw))
    except ValueError:
        choices = ", ".join(ValidityState)
        raise ValueError(f"validity state {str(raw)[:40]!r} is not one of {choices}") from None
    if origin is Origin.DETECTOR and state is ValidityState.MEASURED:
        return ValidityState.STATED_BY_DETECTOR
    return state


def _weighed(raw: Mapping[str, object], *, state: ValidityState) -> Validity:
    """Keep the claimed state only where its figures carry it."""
    figure, null = _number(raw, "figure"), _number(raw, "null")
    statistic, note = _words(raw, "statistic"), _words(raw, "note")
    if figure is None or null is None or not statistic:
        return _weightless(note or "its source gives no figures for its validity")
    weighs = state is not ValidityState.NO_EVIDENTIAL_WEIGHT and significant(figure) > significant(
        null
    )
    return Validity(
        state=state if weighs else ValidityState.NO_EVIDENTIAL_WEIGHT,
        statistic=statistic,
        figure=figure,
        null=null,
        samples=_count(raw, "samples"),
        note=note,
    )


def _weightless(note: str) -> Validity:
    return Validity(state=ValidityState.NO_EVIDENTIAL_WEIGHT, note=note)


def _number(entry: Mapping[str, object], key: str) -> float | None:
    value = entry.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"'{key}' must be a number")
    try:
        number = float(value)
    except OverflowError:
        raise ValueError(f"'{key}' is too large") from None
    if not math.isfinite(number):
        raise ValueError(f"'{key}' must be a finite number")
    return number


def _count(entry: Mapping[str, object], key: str) -> int | None:
    number = _number(entry, key)
    if number is not None and (number < 0 or not number.is_integer()):
        raise ValueError(f"'{key}' must be a whole number, 0 or more")
    return None if number is None else int(number)


def _words(entry: Mapping[str, object], key: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str) or len(value) > 200:
        raise ValueError(f"'{key}' must be text of at most 200 characters")
    return value


def _require_finite(**numbers: float | None) -> None:
    for name, number in numbers.items():
        if number is not None and not math.isfinite(number):
            raise ValueError(f"{name} must be a finite number")


def _require_span(name: str, start: float | None, end: float | None) -> None:
    if (start is None) != (end is None):
        raise ValueError(f"{name}: a span needs both its start and its end")
    if start is not None and end is not None and not 0 <= start <= end:
        raise ValueError(
            f"{name}: the span {start}..{end} s does not run forward from the clip's start"
        )
