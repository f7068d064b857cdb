"""The heat table: cameras, kinds of zone or sites in rows, one condition in columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.reliability.models import SegmentFinding
from apps.reliability.queries.atlas import CONDITIONS, Places, condition_value, readable
from apps.triage.dayparts import WEEKDAYS

WORD_ORDER: Final = {
    "daypart": ("morning", "afternoon", "evening", "night"),
    "lighting": ("bright", "day", "dim", "low", "dark"),
    "weekday": WEEKDAYS,
    "crowding": ("empty", "sparse", "busy", "crowded"),
}
_ANYTHING: Final = dict.fromkeys((*CONDITIONS, "detector_version"), "")


class HeatRows(StrEnum):
    """What the rows are."""

    CAMERA = "camera"
    ZONE = "zone"
    SITE = "site"


class HeatColumns(StrEnum):
    """Which condition the columns are; the words are columns of `SegmentFinding`."""

    DAYPART = "daypart"
    LIGHTING = "lighting"
    WEEKDAY = "weekday"
    CROWDING = "crowding"


@dataclass(frozen=True, kw_only=True)
class HeatRow:
    """A place with its cells in the order of the columns; None where no alert ever was."""

    where: str
    whole: SegmentFinding | None
    cells: tuple[SegmentFinding | None, ...]


@dataclass(frozen=True, kw_only=True)
class HeatTable:
    """`columns` are the stored words of the condition, in an order people expect."""

    columns: tuple[str, ...]
    rows: tuple[HeatRow, ...]
    rows_in_all: int


def heat_table(
    visible: QuerySet[SegmentFinding],
    *,
    rows: HeatRows,
    columns: HeatColumns,
    places: Places,
    site: UUID | None,
    most: int,
) -> HeatTable:
    """The cells among the visible segments, at most `most` rows, the worst place first."""
    if site:
        visible = visible.filter(site_id=site)
    found = list(visible.filter(_whole(rows) | _cell(rows, columns)))
    words = _ordered({getattr(one, columns) for one in found} - {""}, columns)
    whole = {_place(one): one for one in found if not getattr(one, columns)}
    cells = {(_place(one), getattr(one, columns)): one for one in found if getattr(one, columns)}
    order = sorted({*whole, *(place for place, _ in cells)}, key=lambda one: _worst(one, whole))
    shown = [
        HeatRow(
            where=_words(place, places, several=site is None),
            whole=whole.get(place),
            cells=tuple(cells.get((place, word)) for word in words),
        )
        for place in order[:most]
    ]
    return HeatTable(columns=words, rows=tuple(shown), rows_in_all=len(order))


def column_words(columns: HeatColumns, value: str) -> str:
    """A column's heading: "Night", "Dim light", "Mondays"."""
    words = condition_value(columns.value, value)
    return words[:1].upper() + words[1:]


_Place = tuple[UUID | None, UUID | None, str]


def _place(one: SegmentFinding) -> _Place:
    return one.site_id, one.camera_id, one.zone_kind


def _whole(rows: HeatRows) -> Q:
    """The places themselves, under any condition; a kind of zone is told under conditions only."""
    if rows is HeatRows.ZONE:
        return Q(pk__in=[])
    return _at(rows) & Q(**_ANYTHING)


def _cell(rows: HeatRows, columns: HeatColumns) -> Q:
    free = {columns.value, *(["zone_kind"] if rows is HeatRows.ZONE else [])}
    fixed = {name: "" for name in _ANYTHING if name not in free}
    named = Q(**fixed) & ~Q(**{columns.value: ""})
    return _at(rows) & (named & ~Q(zone_kind="") if rows is HeatRows.ZONE else named)


def _at(rows: HeatRows) -> Q:
    return Q(site_id__isnull=False, camera_id__isnull=rows is not HeatRows.CAMERA)


def _ordered(words: Iterable[str], columns: HeatColumns) -> tuple[str, ...]:
    known: Sequence[Any] = WORD_ORDER[columns.value]
    return tuple(
        sorted(words, key=lambda one: (known.index(one) if one in known else len(known), one))
    )


def _worst(place: _Place, whole: dict[_Place, SegmentFinding]) -> tuple[float, str]:
    found = whole.get(place)
    rate = found.false_positive_rate if found else None
    return (-1.0 if rate is None else -1.0 - rate, str(place))


def _words(place: _Place, places: Places, *, several: bool) -> str:
    site_id, camera_id, zone_kind = place
    site = places.sites.get(site_id, "") if site_id else ""
    if not camera_id and not zone_kind:
        return site
    inner = places.cameras.get(camera_id, "") if camera_id else readable(zone_kind).capitalize()
    return f"{site}, {inner}" if several and len(places.sites) > 1 else inner
