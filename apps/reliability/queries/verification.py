"""Stored assessments computed again: from their own record, and from the fits they name."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final
from uuid import UUID

from apps.alerts.models import Assessment
from apps.reliability.models import ProbabilityModelVersion, ReliabilityRefresh
from apps.reliability.queries.basis import borrowing_of, drifts_of, reliability_of
from apps.triage.alert_row import alert_row
from apps.triage.assessment import (
    AssessmentRecord,
    RecordAltered,
    read_record,
    recompute,
    record_json,
)
from apps.triage.decoding import UnableToDecode, decode, encode
from apps.triage.reliability import PooledReliability
from apps.triage.theft_model import TheftModel, probability_of

TOLERANCE: Final = 1e-9
# Digests are over the exact figures, so they differ with the last digit of any of them.
_DIGESTS: Final = frozenset({"digest", "inputs_digest"})


class Agreement(StrEnum):
    """How a computation anew compares with what was stored."""

    IDENTICAL = "identical"
    EQUAL = "equal"  # the same decision, figures within the tolerance: another machine
    DIFFERENT = "different"


@dataclass(frozen=True, kw_only=True)
class Verified:
    """One assessment computed again. `mismatch` names the first place that differs.

    `fits` counts the stored fits (probability, reliability) that were asked again.
    """

    assessment_id: UUID
    alert_id: UUID
    agreement: Agreement
    mismatch: str = ""
    fits: int = 0


def verify(assessments: Iterable[Assessment]) -> Iterator[Verified]:
    """Compute each again, in the order given. Runs in the scope of their tenant."""
    fits = _Fits()
    for one in assessments:
        yield _verify(one, fits)


def _verify(stored: Assessment, fits: "_Fits") -> Verified:
    try:
        record = read_record(stored.record)
    except (RecordAltered, UnableToDecode) as fault:
        return _verified(stored, Agreement.DIFFERENT, str(fault))
    if stored.digest != record.digest:
        return _verified(stored, Agreement.DIFFERENT, "digest: not that of the record")
    again = record_json(recompute(record))
    mismatch = first_difference(stored.record, again)
    if mismatch:
        return _verified(stored, Agreement.DIFFERENT, mismatch)
    mismatch, asked = fits.difference(stored, record)
    if mismatch:
        return _verified(stored, Agreement.DIFFERENT, mismatch, asked)
    same = json.dumps(stored.record, sort_keys=True) == json.dumps(again, sort_keys=True)
    return _verified(stored, Agreement.IDENTICAL if same else Agreement.EQUAL, "", asked)


def first_difference(stored: Any, again: Any, at: str = "") -> str:
    """Where two JSON values first differ by more than `TOLERANCE` (relative, or absolute below 1); "" nowhere."""
    if isinstance(stored, Mapping) and isinstance(again, Mapping):
        for name in sorted(set(stored) | set(again)):
            if name in _DIGESTS:
                continue
            place = f"{at}.{name}" if at else name
            if name not in stored or name not in again:
                return f"{place}: only in one of both"
            if found := first_difference(stored[name], again[name], place):
                return found
        return ""
    if isinstance(stored, list) and isinstance(again, list) and len(stored) == len(again):
        pairs = enumerate(zip(stored, again, strict=True))
        places = (first_difference(one, other, f"{at}[{index}]") for index, (one, other) in pairs)
        return next(filter(None, places), "")
    return "" if _same(stored, again) else f"{at}: {_short(stored)} stored, {_short(again)} now"


def _same(stored: Any, again: Any) -> bool:
    numbers = (int, float)
    if isinstance(stored, bool) or isinstance(again, bool) or not isinstance(stored, numbers):
        return bool(stored == again)
    return isinstance(again, numbers) and math.isclose(
        stored, again, rel_tol=TOLERANCE, abs_tol=TOLERANCE
    )


def _short(value: Any) -> str:
    return json.dumps(value)[:80]


def _verified(stored: Assessment, agreement: Agreement, mismatch: str, fits: int = 0) -> Verified:
    return Verified(
        assessment_id=stored.id,
        alert_id=stored.alert_id,
        agreement=agreement,
        mismatch=mismatch,
        fits=fits,
    )


class _Fits:
    """The fits that records name, read once each."""

    def __init__(self) -> None:
        self._theft = cache(_theft_model)
        self._refresh = cache(_refresh)

    def difference(self, stored: Assessment, record: AssessmentRecord) -> tuple[str, int]:
        """The first figure that a stored fit gives differently, and how many fits were asked."""
        inputs, asked = record.inputs, 0
        detector = (inputs.detector_id, inputs.detector_version)
        model = self._theft(
            stored.tenant_id, *detector, _number(inputs.probability.version, "theft")
        )
        if model is not None:
            asked += 1
            now = encode(probability_of(model, _row(stored, record)))
            if found := first_difference(encode(inputs.probability), now, "probability"):
                return found, asked
        refreshed = self._refresh(stored.tenant_id, _number(inputs.reliability.version, "isa"))
        if refreshed is not None:
            asked += 1
            pooled, borrowing, drifts = refreshed
            told = reliability_of(
                pooled, borrowing=borrowing, drifts=drifts, segment=inputs.reliability.segment
            )
            return first_difference(encode(inputs.reliability), encode(told), "reliability"), asked
        return "", asked


def _row(stored: Assessment, record: AssessmentRecord) -> Any:
    inputs = record.inputs
    return alert_row(
        at=stored.alert.received_at.timestamp(),
        label=inputs.label,
        detector=f"{inputs.detector_id}@{inputs.detector_version}",
        score=inputs.score,
        signals=inputs.signals,
        segment=inputs.reliability.segment,
        sequence=record.sequence.state,
    )


def _number(version: str, kind: str) -> int:
    """The number of a fit's version such as "theft-12"; 0 for a prior or a fit of another kind."""
    name, _, number = version.rpartition("-")
    return int(number) if name == kind and number.isdecimal() else 0


def _theft_model(
    tenant_id: UUID, detector_id: str, detector_version: str, number: int
) -> TheftModel | None:
    row = ProbabilityModelVersion.objects.filter(
        tenant_id=tenant_id,
        detector_id=detector_id,
        detector_version=detector_version,
        version=number,
    ).first()
    return decode(TheftModel, row.parameters) if row and row.parameters else None


def _refresh(tenant_id: UUID, number: int) -> Any:
    row = ReliabilityRefresh.objects.filter(tenant_id=tenant_id, version=number).first()
    if row is None:
        return None
    pooled = decode(PooledReliability, row.parameters)
    return pooled, borrowing_of(pooled), drifts_of(row)
