"""Facts as the columns that are learned from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.db.models import QuerySet

from apps.accounts.models import Tenant
from apps.reliability.models import AlertFact, FactOrigin
from apps.triage.states import Verdict
from apps.triage.tables import AlertTable, Floats, Labels

LEARNED_DAYS: Final = 365
THEFT: Final[Mapping[str, float]] = {
    Verdict.THEFT_CONFIRMED.value: 1.0,
    Verdict.FALSE_ALARM.value: 0.0,
    Verdict.BENIGN_EXPLAINED.value: 0.0,
}
_COLUMNS: Final = (
    *("happened_at", "score", "detector_id", "detector_version", "label", "signals", "sequence"),
    *("site_id", "camera_id", "zone_kind", "lighting", "daypart", "weekday", "crowding"),
    *("verdict", "sampling_probability", "labelled_at", "origin"),
)
_PLAIN_DIMENSIONS: Final = ("zone_kind", "lighting", "daypart", "weekday", "crowding")


@dataclass(frozen=True, kw_only=True)
class LabelledTable:
    """What may be learned from, row by row. `is_simulated`: it holds simulated or rehearsed alerts."""

    table: AlertTable
    labels: Labels
    is_simulated: bool

    def of_detector(self, detector: str) -> "LabelledTable":
        """The rows of one detector version ("id@version")."""
        rows = self.table.detector == detector
        return LabelledTable(
            table=self.table.where(rows),
            labels=self.labels.where(rows),
            is_simulated=self.is_simulated,
        )


def labelled_table(*, tenant_id: UUID, until: datetime, days: int = LEARNED_DAYS) -> LabelledTable:
    """The tenant's alerts of the `days` before `until`, oldest first, with what was known by then.

    Each review item counts once. A rehearsal tenant learns from its drills and simulated history
    (and says so); any other from real and imported alerts alone. A verdict given after `until` is
    not there; inconclusive is no label.
    """
    rehearsal = Tenant.objects.only("is_drill").get(id=tenant_id).is_drill
    facts = learned_facts(tenant_id, until=until, days=days, rehearsal=rehearsal)
    rows = list(facts.values_list(*_COLUMNS).iterator(chunk_size=5_000))
    column = dict(
        zip(_COLUMNS, zip(*rows, strict=True) if rows else [()] * len(_COLUMNS), strict=True)
    )
    simulated = rehearsal or FactOrigin.SIMULATED.value in set(column["origin"])
    return LabelledTable(
        table=_table(column),
        labels=_labels(column, until=until),
        is_simulated=simulated and bool(rows),
    )


def learned_facts(
    tenant_id: UUID, *, until: datetime, days: int, rehearsal: bool
) -> QuerySet[AlertFact]:
    """The alerts that a fit at `until` sees, oldest first, whether judged or not."""
    found = AlertFact.objects.filter(
        tenant_id=tenant_id,
        happened_at__lte=until,
        happened_at__gt=until - timedelta(days=days),
        is_duplicate=False,
    ).order_by("happened_at", "id")
    if rehearsal:
        return found
    return found.filter(is_drill=False).exclude(origin=FactOrigin.SIMULATED)


def _table(column: Mapping[str, Sequence[Any]]) -> AlertTable:
    detector = _texts(
        map("@".join, zip(column["detector_id"], column["detector_version"], strict=True))
    )
    names, signals = _signals(column["signals"])
    plain = {name: _texts(column[name]) for name in _PLAIN_DIMENSIONS}
    return AlertTable(
        at=_times(column["happened_at"]),
        score=np.array(column["score"], dtype=np.float64),
        detector=detector,
        label=_texts(column["label"]),
        signal_names=names,
        signals=signals,
        sequence=_texts(column["sequence"]),
        segments={
            "site": _texts(_opaque(column["site_id"])),
            "camera": _texts(_opaque(column["camera_id"])),
            **plain,
            "detector_version": detector,
        },
    )


def _signals(values: Sequence[Mapping[str, float]]) -> tuple[tuple[str, ...], Floats]:
    names = tuple(sorted({name for one in values for name in one}))
    at = {name: index for index, name in enumerate(names)}
    signals = np.full((len(values), len(names)), np.nan)
    for row, one in enumerate(values):
        for name, value in one.items():
            signals[row, at[name]] = value
    return names, signals


def _labels(column: Mapping[str, Sequence[Any]], *, until: datetime) -> Labels:
    known = [
        THEFT.get(verdict, np.nan) if at and at <= until else np.nan
        for verdict, at in zip(column["verdict"], column["labelled_at"], strict=True)
    ]
    theft = np.array(known, dtype=np.float64)
    return Labels(
        theft=theft,
        sampling_probability=np.array(column["sampling_probability"], dtype=np.float64),
        labelled_at=np.where(np.isnan(theft), np.inf, _times(column["labelled_at"])),
    )


def _times(values: Iterable[datetime | None]) -> Floats:
    return np.array([at.timestamp() if at else np.inf for at in values], dtype=np.float64)


def _texts(values: Iterable[str]) -> Any:
    return np.array(list(values), dtype=np.str_)


def _opaque(ids: Iterable[UUID | None]) -> Iterable[str]:
    return ("" if one is None else str(one) for one in ids)
