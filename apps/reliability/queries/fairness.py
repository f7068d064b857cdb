"""Reading aggregate fairness: thresholds, audit samples, alarms. Groups exist in samples only."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.db.models import F, Max, QuerySet
from django.utils.translation import gettext_noop

from apps.reliability.models import FairnessAlarm, FairnessRow, FairnessSample
from apps.reliability.queries.choices import active_triage_policy
from apps.triage.decoding import decode
from apps.triage.fairness_alarm import AuditStream, SequentialTest
from apps.triage.fairness_rates import FairnessReport
from apps.triage.fairness_settings import FairnessMeasure, FairnessSettings

COLUMNS = {
    FairnessMeasure.FALSE_ALARM: "was_false",
    FairnessMeasure.ESCALATED: "was_escalated",
    FairnessMeasure.OVERRIDDEN: "was_overridden",
}


MEASURE_WORDS: dict[str, str] = {
    FairnessMeasure.FALSE_ALARM: gettext_noop("False alarms"),
    FairnessMeasure.ESCALATED: gettext_noop("Escalated"),
    FairnessMeasure.OVERRIDDEN: gettext_noop("Proposal overruled by a person"),
}


@dataclass(frozen=True, kw_only=True)
class Tested:
    """What one sequential test is about; `detector` is "id@version", "" every detector."""

    attribute: str
    detector: str


def fairness_settings_of(tenant_id: UUID) -> FairnessSettings:
    """The thresholds of the tenant's active triage policy; the shipped ones while there is none."""
    return active_triage_policy(tenant_id)[1].fairness


def samples_of(tenant_id: UUID) -> QuerySet[FairnessSample]:
    """The tenant's audit samples, newest first."""
    return FairnessSample.objects.filter(tenant_id=tenant_id).order_by("-imported_at", "-id")


def alarms_of(tenant_id: UUID) -> QuerySet[FairnessAlarm]:
    """The tenant's alarms: open ones first, then newest first."""
    return FairnessAlarm.objects.filter(tenant_id=tenant_id).order_by(
        F("closed_at").desc(nulls_first=True), "-raised_at", "-id"
    )


def rates_of(sample: FairnessSample) -> FairnessReport:
    """The rates of a sample as judged when it was imported, with the thresholds of that time."""
    return decode(FairnessReport, sample.report["rates"])


@dataclass(frozen=True, kw_only=True)
class StoredTest:
    """A sequential test as it stood when a sample was imported, over `sample_count` samples."""

    attribute: str
    detector: str
    sample_count: int
    test: SequentialTest


def tests_of(sample: FairnessSample) -> list[StoredTest]:
    """The sequential tests that a sample continued."""
    return [decode(StoredTest, stored) for stored in sample.report["tests"]]


def stream_of(
    *, tenant_id: UUID, tested: Tested, measure: FairnessMeasure
) -> tuple[AuditStream, tuple[FairnessSample, ...]]:
    """Every judged alert since the last closed alarm of this test, in the order it became known.

    Returns the stream and its samples; `arrival` is a sample's place among them.
    """
    samples = tuple(_since_restart(tenant_id, tested, measure))
    numbers = {sample.id: number for number, sample in enumerate(samples)}
    rows = list(
        FairnessRow.objects.filter(
            sample__in=samples, attribute=tested.attribute, detector=tested.detector
        )
        .order_by("sample__imported_at", "sample_id", "id")
        .values_list("sample_id", "day", "group", COLUMNS[measure])
    )
    stream = AuditStream(
        arrival=np.array([numbers[row[0]] for row in rows], dtype=np.int64),
        week=np.array([(row[1].toordinal() - 1) // 7 for row in rows], dtype=np.int64),
        order=_order([row[0] for row in rows], samples, tested),
        group=np.array([row[2] for row in rows], dtype=np.str_),
        happened=np.array([row[3] for row in rows], dtype=np.bool_),
    )
    return stream, samples


def _since_restart(
    tenant_id: UUID, tested: Tested, measure: FairnessMeasure
) -> QuerySet[FairnessSample]:
    closed = FairnessAlarm.objects.filter(
        tenant_id=tenant_id,
        attribute=tested.attribute,
        detector=tested.detector,
        measure=measure,
        closed_at__isnull=False,
    ).aggregate(last=Max("closed_at"))["last"]
    samples = FairnessSample.objects.filter(tenant_id=tenant_id).order_by("imported_at", "id")
    return samples.filter(imported_at__gt=closed) if closed else samples


def _order(
    sample_ids: list[UUID], samples: Sequence[FairnessSample], tested: Tested
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A random number a row, the same whenever it is asked for: drawn from the sample's digest."""
    counts = Counter(sample_ids)
    parts = [np.empty(0)]
    for sample in samples:
        seed = f"{sample.sha256}|{tested.attribute}|{tested.detector}"
        chance = np.random.default_rng(int(hashlib.sha256(seed.encode()).hexdigest(), 16))
        parts.append(chance.random(counts[sample.id]))
    return np.concatenate(parts)
