"""Reminding people of clocks: once before one runs out, once when it has."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.oversight.models import ClockReminder
from apps.oversight.queries.clocks import Clock, ClockKind, Stage, oversight_clocks


def remind_of_clocks(*, tenant_id: UUID, now: datetime) -> int:
    """Record a reminder of every clock that is near or over and was not told of as such; return how many.

    Asked again it adds nothing. Inside the tenant's scope.
    """
    due = [one for one in oversight_clocks(tenant_id) if one.stage(now) is not Stage.RUNNING]
    return sum(_remind(tenant_id, clock, clock.stage(now), now=now) for clock in due)


def _remind(tenant_id: UUID, clock: Clock, stage: Stage, *, now: datetime) -> bool:
    with transaction.atomic():
        _, is_new = ClockReminder.objects.get_or_create(
            tenant_id=tenant_id,
            kind=clock.kind,
            subject=clock.subject,
            due_at=clock.due_at,
            stage=stage,
            defaults={"reminded_at": now},
        )
        if is_new:
            _tell(tenant_id, clock, stage)
    return is_new


def _tell(tenant_id: UUID, clock: Clock, stage: Stage) -> None:
    is_incident = clock.kind is ClockKind.INCIDENT
    record(
        actor=Actor.system(tenant_id),
        event=Event.SYSTEM_INCIDENT_DUE if is_incident else Event.RISK_REVIEW_DUE,
        subject=Subject("system_incident", clock.subject)
        if is_incident
        else Subject("risk_register", tenant_id),
        details={
            "due": clock.due_at.isoformat(),
            "stage": stage.value,
            "entries": clock.entries,
        },
    )
