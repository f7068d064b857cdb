"""Importing an audit sample, and closing the alarms it raised."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction
from django.utils.translation import gettext

from apps.accounts.models import Tenant
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.reliability.fairness_file import JudgedRow, read_sample
from apps.reliability.models import FairnessAlarm, FairnessRow, FairnessSample
from apps.reliability.queries.fairness import Tested, fairness_settings_of, stream_of
from apps.triage.decoding import encode
from apps.triage.fairness_alarm import SequentialTest, sequential_test
from apps.triage.fairness_rates import FairnessReport, JudgedAlerts, report_fairness
from apps.triage.fairness_settings import FairnessMeasure, FairnessSettings

ROWS_AT_ONCE = 5_000
SHORTEST_REASON = 10


class UnableToImportSample(Exception):
    """The sample was not taken; the message says why."""


class UnableToCloseAlarm(Exception):
    """The alarm stays as it is; the message says why."""


@dataclass(frozen=True, kw_only=True)
class ImportedSample:
    """A sample as stored, with the alarms it raised."""

    sample: FairnessSample
    alarms: tuple[FairnessAlarm, ...]


def import_fairness_sample(
    *,
    actor: Actor,
    tenant_id: UUID,
    name: str,
    method: str,
    content: bytes,
    is_simulated: bool = False,
    now: datetime,
) -> ImportedSample:
    """Store an audit sample, judge it by the tenant's thresholds and continue the sequential tests.

    All or nothing, inside the tenant's scope. Raises UnableToImportSample for a file that was
    imported before, an empty name or method, and simulated rows outside a drill tenant;
    `apps.reliability.fairness_file.UnableToReadSample` naming the lines at fault.
    """
    rows = read_sample(content, today=now.date())
    digest = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        tenant = Tenant.objects.select_for_update().get(id=tenant_id)
        _require_importable(tenant, digest, name=name, method=method, is_simulated=is_simulated)
        settings = fairness_settings_of(tenant_id)
        sample = FairnessSample.objects.create(
            tenant_id=tenant_id,
            name=name.strip(),
            drawn_from=min(row.day for row in rows),
            drawn_to=max(row.day for row in rows),
            method=method.strip(),
            sha256=digest,
            row_count=len(rows),
            is_simulated=is_simulated,
            imported_by=actor.user_id if isinstance(actor.user_id, UUID) else None,
            imported_at=now,
        )
        _store_rows(sample, rows)
        _record_import(actor, sample)
        return _judged(actor, sample, rows, settings, now=now)


def close_fairness_alarm(
    *, actor: Actor, tenant_id: UUID, alarm_id: UUID, reason: str, now: datetime
) -> FairnessAlarm:
    """Close an open alarm; its test starts again with the samples imported from now on.

    Raises UnableToCloseAlarm without a reason in words, or when somebody closed it before.
    """
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise UnableToCloseAlarm(
            gettext("Say in at least %(least)s characters what was found and done.")
            % {"least": SHORTEST_REASON}
        )
    with transaction.atomic():
        closed = FairnessAlarm.objects.filter(
            id=alarm_id, tenant_id=tenant_id, closed_at__isnull=True
        ).update(
            closed_at=now,
            closed_by=actor.user_id if isinstance(actor.user_id, UUID) else None,
            closing_reason=reason,
        )
        if closed != 1:
            raise UnableToCloseAlarm(gettext("This alarm was closed before."))
        record(
            actor=actor,
            event=Event.FAIRNESS_ALARM_CLOSED,
            subject=Subject("fairness_alarm", alarm_id),
            reason=reason,
        )
    return FairnessAlarm.objects.get(id=alarm_id)


def _require_importable(
    tenant: Tenant, digest: str, *, name: str, method: str, is_simulated: bool
) -> None:
    if not name.strip() or not method.strip():
        raise UnableToImportSample(
            gettext("A sample has a name and says how it was drawn and labelled.")
        )
    if is_simulated and not tenant.is_drill:
        raise UnableToImportSample(gettext("Simulated rows belong into a drill tenant."))
    before = FairnessSample.objects.filter(tenant_id=tenant.id, sha256=digest).first()
    if before:
        raise UnableToImportSample(
            gettext("This very file was imported before, as “%(name)s” on %(day)s.")
            % {"name": before.name, "day": f"{before.imported_at:%Y-%m-%d}"}
        )


def _store_rows(sample: FairnessSample, rows: Iterable[JudgedRow]) -> None:
    FairnessRow.objects.bulk_create(
        [
            FairnessRow(
                tenant_id=sample.tenant_id,
                sample=sample,
                day=row.day,
                attribute=row.attribute,
                group=row.group,
                detector=row.detector,
                was_false=row.was_false,
                was_escalated=row.was_escalated,
                was_overridden=row.was_overridden,
            )
            for row in rows
        ],
        batch_size=ROWS_AT_ONCE,
    )


def _judged(
    actor: Actor,
    sample: FairnessSample,
    rows: tuple[JudgedRow, ...],
    settings: FairnessSettings,
    *,
    now: datetime,
) -> ImportedSample:
    report = _report(rows, settings)
    tests, alarms = [], []
    for tested in sorted({(row.attribute, row.detector) for row in rows}):
        for measure in FairnessMeasure:
            about = Tested(attribute=tested[0], detector=tested[1])
            found, entry = _tested(sample.tenant_id, about, measure, settings)
            tests.append(entry)
            if found.crossed is not None:
                alarms += _raised(actor, sample, about, found, settings, now=now)
    sample.report = {"rates": encode(report), "tests": tests}
    sample.save(update_fields=["report"])
    return ImportedSample(sample=sample, alarms=tuple(alarms))


def _report(rows: tuple[JudgedRow, ...], settings: FairnessSettings) -> FairnessReport:
    by_attribute: dict[str, list[JudgedRow]] = {}
    for row in rows:
        by_attribute.setdefault(row.attribute, []).append(row)
    return report_fairness(
        sample={name: _columns(found) for name, found in by_attribute.items()}, settings=settings
    )


def _columns(rows: list[JudgedRow]) -> JudgedAlerts:
    return JudgedAlerts(
        group=np.array([row.group for row in rows], dtype=np.str_),
        happened={
            FairnessMeasure.FALSE_ALARM: np.array([row.was_false for row in rows]),
            FairnessMeasure.ESCALATED: np.array([row.was_escalated for row in rows]),
            FairnessMeasure.OVERRIDDEN: np.array([row.was_overridden for row in rows]),
        },
    )


def _tested(
    tenant_id: UUID, about: Tested, measure: FairnessMeasure, settings: FairnessSettings
) -> tuple[SequentialTest, dict[str, Any]]:
    """The test up to now, and how the sample keeps it."""
    stream, samples = stream_of(tenant_id=tenant_id, tested=about, measure=measure)
    found = sequential_test(measure=measure, stream=stream, settings=settings)
    entry = {
        "attribute": about.attribute,
        "detector": about.detector,
        "sample_count": len(samples),
        "test": encode(found),
    }
    return found, entry


def _raised(
    actor: Actor,
    sample: FairnessSample,
    about: Tested,
    found: SequentialTest,
    settings: FairnessSettings,
    *,
    now: datetime,
) -> list[FairnessAlarm]:
    """A new alarm; none while one is open for the same test."""
    assert found.crossed is not None
    alarm, created = FairnessAlarm.objects.get_or_create(
        tenant_id=sample.tenant_id,
        attribute=about.attribute,
        detector=about.detector,
        measure=found.measure.value,
        closed_at=None,
        defaults={
            "raised_at": now,
            "details": {
                "sample": str(sample.id),
                "group": found.group,
                "direction": "higher" if found.is_higher else "lower",
                "e_value": found.path[found.crossed].e_value,
                "bound": found.bound,
                "match_count": found.match_count,
                "tolerance": settings.largest_difference,
                "alarm_error": settings.alarm_error,
                "method": found.method,
            },
        },
    )
    if not created:
        return []
    record(
        actor=actor,
        event=Event.FAIRNESS_ALARM_RAISED,
        subject=Subject("fairness_alarm", alarm.id),
        details={"sample": str(sample.id), "measure": found.measure.value},
    )
    return [alarm]


def _record_import(actor: Actor, sample: FairnessSample) -> None:
    record(
        actor=actor,
        event=Event.FAIRNESS_SAMPLE_IMPORTED,
        subject=Subject("fairness_sample", sample.id),
        after={"sha256": sample.sha256, "method": sample.method},
        details={
            "sha256": sample.sha256,
            "rows": sample.row_count,
            "simulated": sample.is_simulated,
        },
    )
