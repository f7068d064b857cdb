"""Incidents of the system: what was done with them, when, and what is frozen from the report on.

The terms are those of Art. 73 of Regulation (EU) 2024/1689, counted from the day the organisation became aware. They are
guidance: whether an incident is serious, and who must be told, people decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.alerts.models import Alert, Assessment
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.evidence.models import HoldKind
from apps.evidence.operations.holds import UnableToHold, place_hold
from apps.oversight.models import PublishedModel, Seriousness, SystemIncident
from apps.oversight.queries.register import register_of
from apps.triage.states import SYSTEM_INCIDENT, SystemIncidentState

TERMS: Final = {
    Seriousness.SERIOUS: timedelta(days=15),
    Seriousness.DEATH: timedelta(days=10),
    Seriousness.WIDESPREAD: timedelta(days=2),
}
MOST_ALERTS: Final = 100
LONGEST: Final = 2_000


class UnableToReport(Exception):
    """The incident cannot be reported or moved like this; the message says why."""


@dataclass(frozen=True, kw_only=True)
class IncidentReport:
    """What a person reports. `alerts` may be empty: not every incident is about one."""

    what: str
    seriousness: Seriousness
    aware_at: datetime
    alerts: Sequence[Alert] = ()

    def __post_init__(self) -> None:
        if not 10 <= len(self.what.strip()) <= LONGEST:
            raise ValueError(f"Say what happened, in 10 to {LONGEST} characters.")
        if len(self.alerts) > MOST_ALERTS:
            raise ValueError(f"At most {MOST_ALERTS} alerts belong to one incident.")


def report_incident(
    *, actor: Actor, user: User, report: IncidentReport, now: datetime
) -> SystemIncident:
    """Write the incident down, put everything of its alerts on hold and start its clock, in one transaction.

    Raises UnableToReport when the organisation is said to become aware in the future, or nothing can be put on hold.
    """
    if report.aware_at > now:
        raise UnableToReport(gettext("The organisation became aware in the past, or now."))
    term = TERMS.get(report.seriousness)
    with transaction.atomic():
        incident = SystemIncident(
            tenant_id=actor.tenant_id,
            seriousness=report.seriousness,
            what=report.what.strip(),
            alert_ids=[str(alert.id) for alert in report.alerts],
            camera_ids=sorted({str(alert.camera_id) for alert in report.alerts}),
            frozen=_frozen(report.alerts, actor),
            aware_at=report.aware_at,
            due_at=report.aware_at + term if term else None,
            reported_by=user,
            reported_at=now,
        )
        incident.hold_ids = _hold(actor, incident, report.alerts, now=now)
        incident.save(force_insert=True)
        record(
            actor=actor,
            event=Event.SYSTEM_INCIDENT_REPORTED,
            subject=Subject("system_incident", incident.id),
            after={"frozen": incident.frozen, "seriousness": incident.seriousness},
            reason=incident.what,
            details={
                "seriousness": incident.seriousness,
                "alerts": len(incident.alert_ids),
                "holds": len(incident.hold_ids),
            },
        )
    return incident


def note_authority_told(
    *, actor: Actor, incident: SystemIncident, whom: str, now: datetime
) -> None:
    """Write down that an authority was told, and which. Raises UnableToReport."""
    if not whom.strip():
        raise UnableToReport(gettext("Say who was told."))
    changes = {"notified_at": now, "notified_whom": whom.strip()}
    _move(actor, incident, to=SystemIncidentState.NOTIFIED, reason=whom.strip(), **changes)


def close_incident(
    *, actor: Actor, user: User, incident: SystemIncident, findings: str, now: datetime
) -> None:
    """Close with findings. Holds stay until a person releases them. Raises UnableToReport."""
    words = findings.strip()
    if not 10 <= len(words) <= LONGEST:
        raise UnableToReport(
            gettext("Say what was found, in 10 to %(longest)s characters.") % {"longest": LONGEST}
        )
    changes = {"findings": words, "closed_by": user, "closed_at": now}
    _move(actor, incident, to=SystemIncidentState.CLOSED, reason=words, **changes)


def _move(
    actor: Actor,
    incident: SystemIncident,
    *,
    to: SystemIncidentState,
    reason: str,
    **changes: object,
) -> None:
    sources = SYSTEM_INCIDENT.sources_of(to)
    with transaction.atomic():
        rows = SystemIncident.objects.filter(id=incident.id, state__in=sources)
        if rows.update(state=to, **changes) != 1:
            raise UnableToReport(gettext("Somebody has moved this incident meanwhile."))
        record(
            actor=actor,
            event=Event.SYSTEM_INCIDENT_MOVED,
            subject=Subject("system_incident", incident.id),
            before={"state": incident.state},
            after={"state": to.value},
            reason=reason,
            details={"to": to.value},
        )


def _hold(
    actor: Actor, incident: SystemIncident, alerts: Sequence[Alert], *, now: datetime
) -> list[str]:
    if not alerts:
        return []
    reason = f"Incident of the system {incident.reference}"
    try:
        holds = place_hold(
            actor=actor,
            alert_ids=[alert.id for alert in alerts],
            reason=reason,
            kind=HoldKind.INCIDENT,
            now=now,
        )
    except UnableToHold as error:
        raise UnableToReport(str(error)) from error
    return [str(hold.id) for hold in holds]


def _frozen(alerts: Sequence[Alert], actor: Actor) -> dict[str, object]:
    """What was in force that day: the records of the alerts, the register and the models, by digest."""
    latest = Assessment.objects.filter(alert__in=[alert.id for alert in alerts])
    return {
        "assessments": sorted(latest.values_list("digest", flat=True)),
        "risk_register": register_of(actor.tenant_id).name,
        "models": sorted(PublishedModel.objects.values_list("sha256", flat=True).distinct()),
    }
