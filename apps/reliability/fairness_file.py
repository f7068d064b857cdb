"""Reading an audit sample: a CSV file of judged alerts that names no alert and no person.

Columns, in any order: day (2026-11-20), attribute, group, detector (id@version or empty), and
was_false, was_escalated, was_overridden (1 or 0, yes or no, true or false). Other columns are
refused: what is not needed is not taken.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext

COLUMNS = (
    "day",
    "attribute",
    "group",
    "detector",
    "was_false",
    "was_escalated",
    "was_overridden",
)
FLAGS = {"1": True, "yes": True, "true": True, "0": False, "no": False, "false": False}
MOST_BYTES = 16 * 1024 * 1024
MOST_ROWS = 200_000
MOST_GROUPS = 20
FAULTS_SHOWN = 20
LONGEST = {"attribute": 60, "group": 60, "detector": 190}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong on one line of the file (1 is the header)."""

    line: int
    message: str

    def __str__(self) -> str:
        return gettext("Line %(line)s: %(message)s") % {
            "line": self.line,
            "message": self.message,
        }


class UnableToReadSample(ValueError):
    """The file is no audit sample; `faults` name the lines, at most `FAULTS_SHOWN` of `count`."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults, self.count = faults[:FAULTS_SHOWN], len(faults)
        super().__init__("; ".join(str(fault) for fault in self.faults))


@dataclass(frozen=True, kw_only=True)
class JudgedRow:
    """One judged alert under one attribute."""

    day: date
    attribute: str
    group: str
    detector: str
    was_false: bool
    was_escalated: bool
    was_overridden: bool


def read_sample(content: bytes, *, today: date) -> tuple[JudgedRow, ...]:
    """The rows of the file, all or none. Raises UnableToReadSample naming the lines at fault."""
    rows: list[JudgedRow] = []
    faults: list[Fault] = []
    for line, header, values in _lines(_text(content)):
        try:
            rows.append(_row(header, values, today=today))
        except ValueError as error:
            faults.append(Fault(line=line, message=str(error)))
        if len(rows) > MOST_ROWS:
            raise UnableToReadSample(
                [
                    Fault(
                        line=line,
                        message=gettext("more than %(most)s rows") % {"most": f"{MOST_ROWS:,}"},
                    )
                ]
            )
    if faults:
        raise UnableToReadSample(faults)
    if not rows:
        raise UnableToReadSample(
            [Fault(line=1, message=gettext("there are no rows below the header"))]
        )
    _require_few_groups(rows)
    return tuple(rows)


def _text(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise _unreadable(
            gettext("the file is larger than %(limit)s MiB") % {"limit": MOST_BYTES // 2**20}
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UnableToReadSample(
            [Fault(line=line, message=gettext("this is not UTF-8 text"))]
        ) from None
    if "\x00" in text:
        raise _unreadable(gettext("this is not a text file"))
    return text


def _lines(text: str) -> Iterator[tuple[int, list[str], list[str]]]:
    """Line number, header and values of every line that is not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _require_columns(header)
        for values in reader:
            if any(values):
                yield reader.line_num, header, values
    except csv.Error as error:
        raise UnableToReadSample([Fault(line=reader.line_num, message=str(error))]) from None


def _require_columns(header: list[str]) -> None:
    if missing := [name for name in COLUMNS if name not in header]:
        raise _unreadable(gettext("missing columns: %(names)s") % {"names": ", ".join(missing)})
    if unknown := [name for name in header if name not in COLUMNS]:
        raise _unreadable(
            gettext("columns that are not taken: %(names)s") % {"names": ", ".join(unknown)}
        )
    if len(set(header)) != len(header):
        raise _unreadable(gettext("a column appears twice"))


def _row(header: list[str], values: list[str], *, today: date) -> JudgedRow:
    if len(values) != len(header):
        raise ValueError(
            gettext("%(needed)s values are needed, %(found)s found")
            % {"needed": len(header), "found": len(values)}
        )
    found = dict(zip(header, values, strict=True))
    return JudgedRow(
        day=_day(found["day"], today=today),
        attribute=_word(found, "attribute"),
        group=_word(found, "group"),
        detector=_word(found, "detector", may_be_empty=True),
        was_false=_flag(found, "was_false"),
        was_escalated=_flag(found, "was_escalated"),
        was_overridden=_flag(found, "was_overridden"),
    )


def _day(value: str, *, today: date) -> date:
    try:
        day = date.fromisoformat(value.strip())
    except ValueError:
        raise ValueError(
            gettext("day %(value)s is not a date such as 2026-11-20") % {"value": repr(value)}
        ) from None
    if day > today:
        raise ValueError(gettext("day %(value)s lies in the future") % {"value": repr(value)})
    return day


def _word(found: dict[str, str], name: str, *, may_be_empty: bool = False) -> str:
    value = found[name].strip()
    if not value and not may_be_empty:
        raise ValueError(gettext("%(name)s is empty") % {"name": name})
    if len(value) > LONGEST[name]:
        raise ValueError(
            gettext("%(name)s is longer than %(most)s characters")
            % {"name": name, "most": LONGEST[name]}
        )
    if not value.isprintable():
        raise ValueError(gettext("%(name)s has characters that cannot be shown") % {"name": name})
    return value


def _flag(found: dict[str, str], name: str) -> bool:
    value = FLAGS.get(found[name].strip().lower())
    if value is None:
        raise ValueError(
            gettext("%(name)s is %(value)s, 1 or 0 is needed")
            % {"name": name, "value": repr(found[name])}
        )
    return value


def _require_few_groups(rows: list[JudgedRow]) -> None:
    groups: dict[str, set[str]] = {}
    for row in rows:
        groups.setdefault(row.attribute, set()).add(row.group)
    for attribute, names in sorted(groups.items()):
        if len(names) > MOST_GROUPS:
            raise _unreadable(
                gettext("%(attribute)s has %(count)s groups; more than %(most)s are no groups")
                % {"attribute": repr(attribute), "count": len(names), "most": MOST_GROUPS}
            )


def _unreadable(message: str) -> UnableToReadSample:
    return UnableToReadSample([Fault(line=1, message=message)])
