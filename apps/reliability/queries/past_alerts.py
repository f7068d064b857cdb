"""Past alerts as arrays for a backtest: read in chunks, so that a period of any length fits in memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import QuerySet

from apps.accounts.models import Tenant
from apps.reliability.models import AlertFact, FactOrigin
from apps.triage.backtest import CHUNK_ALERTS, GROUPED_BY, Groups, PastAlerts
from apps.triage.decision import DecisionBatch
from apps.triage.probability import UNIFORM_PRIOR
from apps.triage.states import Verdict
from apps.triage.tables import Floats, Labels

_THEFT = {
    Verdict.THEFT_CONFIRMED.value: 1.0,
    Verdict.FALSE_ALARM.value: 0.0,
    Verdict.BENIGN_EXPLAINED.value: 0.0,
}
_COLUMNS = (
    "probability",
    "low",
    "high",
    "is_calibrated",
    "sequence",
    "reliability",
    "fairness",
    "has_viewable_clip",
    "minute_shadow_price",
    "verdict",
    "sampling_probability",
    "labelled_at",
    "site_id",
    "camera_id",
    "lighting",
    "daypart",
    "detector_id",
    "detector_version",
)


@dataclass(frozen=True, kw_only=True)
class Period:
    """From (inclusive) to (exclusive), both aware. Raises ValueError when it does not run forward."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError("a period ends after it starts")


def facts_of_period(*, tenant_id: UUID, period: Period) -> QuerySet[AlertFact]:
    """What is replayed: each review item once, drills only in a tenant that is itself a drill."""
    found = AlertFact.objects.filter(
        tenant_id=tenant_id,
        happened_at__gte=period.start,
        happened_at__lt=period.end,
        is_duplicate=False,
    )
    if not Tenant.objects.only("is_drill").get(id=tenant_id).is_drill:
        found = found.filter(is_drill=False)
    return found


def holds_simulated(facts: QuerySet[AlertFact]) -> bool:
    """Whether any of it is simulated history; whatever rests on it is labelled so."""
    return facts.filter(origin=FactOrigin.SIMULATED).exists()


def past_alerts(
    facts: QuerySet[AlertFact], *, chunk_alerts: int = CHUNK_ALERTS
) -> Iterator[PastAlerts]:
    """Yield the facts in order of time. Raises ValueError for stored figures that contradict each other."""
    rows = facts.order_by("happened_at", "id").values_list(*_COLUMNS)
    kept: list[tuple[Any, ...]] = []
    for row in rows.iterator(chunk_size=5_000):
        kept.append(row)
        if len(kept) == chunk_alerts:
            yield _chunk(kept)
            kept = []
    if kept:
        yield _chunk(kept)


def _chunk(rows: Sequence[tuple[Any, ...]]) -> PastAlerts:
    column = dict(zip(_COLUMNS, zip(*rows, strict=True), strict=True))
    probability = _floats(column["probability"])
    unknown = np.isnan(probability)
    return PastAlerts(
        batch=DecisionBatch(
            probability=np.where(unknown, UNIFORM_PRIOR.mean, probability),
            low=_or_prior(column, "low", unknown, UNIFORM_PRIOR.low),
            high=_or_prior(column, "high", unknown, UNIFORM_PRIOR.high),
            calibrated=np.array(column["is_calibrated"], dtype=np.bool_) & ~unknown,
            sequence=np.array(column["sequence"], dtype=np.str_),
            reliability=np.array(column["reliability"], dtype=np.str_),
            fairness=np.array(column["fairness"], dtype=np.str_),
            has_viewable_clip=np.array(column["has_viewable_clip"], dtype=np.bool_),
            minute_shadow_price=_floats(column["minute_shadow_price"]),
            # A STOP is a person's doing, not a policy's: every policy is tried as if nobody had pressed it.
            stopped=np.zeros(len(rows), dtype=np.bool_),
        ),
        labels=Labels(
            theft=np.array([_THEFT.get(verdict, np.nan) for verdict in column["verdict"]]),
            sampling_probability=_floats(column["sampling_probability"]),
            labelled_at=np.array(
                [at.timestamp() if at else np.inf for at in column["labelled_at"]]
            ),
        ),
        groups=dict(zip(GROUPED_BY, _groups(column), strict=True)),
    )


def _groups(column: Mapping[str, Sequence[Any]]) -> Iterator[Groups]:
    for name in ("site_id", "camera_id", "lighting", "daypart"):
        yield _coded(column[name])
    yield _coded(list(zip(column["detector_id"], column["detector_version"], strict=True)))


def _coded(values: Sequence[Any]) -> Groups:
    known: dict[Any, int] = {}
    codes = np.array([known.setdefault(value, len(known)) for value in values], dtype=np.intp)
    return Groups(names=tuple(_text(value) for value in known), codes=codes)


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return "@".join(value)
    return "" if value is None else str(value)


def _or_prior(column: Mapping[str, Sequence[Any]], name: str, unknown: Any, prior: float) -> Floats:
    """Where the interval alone is missing, the probability itself stands in for it."""
    given, middle = _floats(column[name]), _floats(column["probability"])
    return np.where(unknown, prior, np.where(np.isnan(given), middle, given))


def _floats(values: Sequence[float | None]) -> Floats:
    return np.array(values, dtype=np.float64)
