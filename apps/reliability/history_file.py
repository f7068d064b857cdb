"""Reading past labelled alerts: NDJSON (one object a line) or CSV with the same columns.

Required: external_id (the sender's own, once per detector), happened_at (with its offset from
UTC), detector_id, detector_version, label. Optional: site and camera (name in addresses, or id),
score 0..1, signals (an object of name → number, only of signals with evidential weight), zone_kind,
lighting, daypart, weekday, crowding, sequence, verdict with labelled_at, and sampling_probability
(with which the alert came to a person at all; 1 when every alert was looked at). Anything else is
refused: what is not needed is not taken.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from apps.alerts.strict_json import NotStrictJson, read_json
from apps.triage.sequence import SequenceState
from apps.triage.signals import LARGEST_VALUE, NAME
from apps.triage.states import Verdict

REQUIRED: Final = ("external_id", "happened_at", "detector_id", "detector_version", "label")
PLACE: Final = ("site", "camera")
CONDITIONS: Final = ("zone_kind", "lighting", "daypart", "weekday", "crowding")
OPTIONAL: Final = (
    *PLACE,
    *("score", "signals"),
    *CONDITIONS,
    *("sequence", "verdict", "labelled_at", "sampling_probability"),
)
COLUMNS: Final = (*REQUIRED, *OPTIONAL)
LONGEST: Final = {
    "external_id": 200,
    "detector_id": 120,
    "detector_version": 60,
    "label": 80,
    "site": 120,
    "camera": 120,
    "weekday": 10,
}
LONGEST_LINE: Final = 64 * 1024
MOST_SIGNALS: Final = 64
_WORD: Final = re.compile(r"[a-z0-9_]{0,20}")
_PRINTABLE: Final = re.compile(r"[!-~]+")


class UnableToReadLine(ValueError):
    """One line is no past alert; the message says why."""


@dataclass(frozen=True, kw_only=True)
class PastAlert:
    """One past alert as stated. `site` and `camera` are names or ids, "" where not told."""

    line: int
    external_id: str
    happened_at: datetime
    detector_id: str
    detector_version: str
    label: str
    site: str = ""
    camera: str = ""
    score: float | None = None
    signals: Mapping[str, float] = field(default_factory=dict)
    zone_kind: str = ""
    lighting: str = ""
    daypart: str = ""
    weekday: str = ""
    crowding: str = ""
    sequence: str = SequenceState.UNKNOWN.value
    verdict: str = ""
    labelled_at: datetime | None = None
    sampling_probability: float = 1.0

    def __post_init__(self) -> None:
        if bool(self.verdict) != (self.labelled_at is not None):
            raise UnableToReadLine("a verdict and the time it was given belong together")
        if self.labelled_at and self.labelled_at < self.happened_at:
            raise UnableToReadLine("the verdict was given before the alert")


def past_alerts(lines: Iterable[str], *, is_csv: bool) -> Iterator[PastAlert | tuple[int, str]]:
    """Yield each line's alert, or its number and what is wrong with it. Empty lines are passed over."""
    stated = _csv_rows(lines) if is_csv else _json_rows(lines)
    for line, raw in stated:
        if isinstance(raw, str):
            yield line, raw
            continue
        try:
            yield _alert(line, raw)
        except UnableToReadLine as fault:
            yield line, str(fault)


def _json_rows(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        if len(text) > LONGEST_LINE:
            yield number, f"longer than {LONGEST_LINE} characters"
            continue
        try:
            value = read_json(text.encode("utf-8", "surrogatepass"))
        except NotStrictJson as fault:
            yield number, f"not JSON: {fault}"
            continue
        yield number, value if isinstance(value, dict) else "an object is needed"


def _csv_rows(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any] | str]]:
    reader = csv.DictReader(lines, strict=True)
    try:
        for row in reader:
            if None in row or None in row.values():
                yield reader.line_num, "the number of columns differs from the header"
                continue
            yield reader.line_num, _from_text(row)
    except csv.Error as fault:
        yield reader.line_num, f"not CSV: {fault}"


def _from_text(row: Mapping[str, str]) -> dict[str, Any] | str:
    """CSV has only text: empty is left out, numbers and signals are read as JSON."""
    found: dict[str, Any] = {name: value for name, value in row.items() if value != ""}
    for name in ("score", "sampling_probability", "signals"):
        if name in found:
            try:
                found[name] = read_json(found[name].encode())
            except NotStrictJson as fault:
                return f"{name}: {fault}"
    return found


def _alert(line: int, raw: Mapping[str, Any]) -> PastAlert:
    if unknown := sorted(set(raw) - set(COLUMNS)):
        raise UnableToReadLine(f"{', '.join(unknown)[:200]} is not a column we know")
    if missing := [name for name in REQUIRED if raw.get(name) in (None, "")]:
        raise UnableToReadLine(f"{', '.join(missing)} is missing")
    given = {name: value for name, value in raw.items() if value is not None}
    return PastAlert(line=line, **{name: _value(name, value) for name, value in given.items()})


def _value(name: str, value: Any) -> Any:
    if name in ("happened_at", "labelled_at"):
        return _time(name, value)
    if name in ("score", "sampling_probability"):
        return _share(name, value)
    if name == "signals":
        return _signals(value)
    text = _text(name, value)
    if name in CONDITIONS and not _WORD.fullmatch(text):
        raise UnableToReadLine(f"{name} is one lower-case word of at most 20 letters")
    if name == "sequence" and text not in list(SequenceState):
        raise UnableToReadLine(f"sequence is one of {', '.join(SequenceState)}")
    if name == "verdict" and text not in ("", *Verdict):
        raise UnableToReadLine(f"verdict is one of {', '.join(Verdict)}, or empty")
    return text


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise UnableToReadLine(f"{name} must be text")
    if len(value) > LONGEST.get(name, 20):
        raise UnableToReadLine(f"{name} is longer than {LONGEST.get(name, 20)} characters")
    if value and not _PRINTABLE.fullmatch(value):
        raise UnableToReadLine(f"{name} is one word of plain letters, digits and signs")
    return value


def _time(name: str, value: Any) -> datetime | None:
    if value == "" and name == "labelled_at":
        return None
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise UnableToReadLine(f"{name} must be a time such as 2026-03-01T12:00:00+01:00")
    return at


def _share(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise UnableToReadLine(f"{name} must be a number between 0 and 1")
    if name == "sampling_probability" and value == 0:
        raise UnableToReadLine("sampling_probability must be above 0")
    return float(value)


def _signals(value: Any) -> dict[str, float]:
    if not isinstance(value, Mapping) or len(value) > MOST_SIGNALS:
        raise UnableToReadLine(f"signals must be an object of at most {MOST_SIGNALS} numbers")
    for name, number in value.items():
        if not NAME.fullmatch(name):
            raise UnableToReadLine(f"signals: {name[:64]!r} is no name of a signal")
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise UnableToReadLine(f"signals: {name} must be a number")
        if abs(number) > LARGEST_VALUE:
            raise UnableToReadLine(f"signals: {name} is no measurement")
    return {name: float(number) for name, number in value.items()}
