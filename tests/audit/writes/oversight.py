"""STOP, the risk register, incidents of the system, notices and archives of records."""

from datetime import date
from typing import Any

from django.utils import timezone

from apps.accounts.models import User
from apps.audit.events import Actor, Channel, Event
from apps.oversight.models import ExportKind, RecordsExport, Seriousness, SystemIncident
from apps.oversight.operations.incidents import IncidentReport, report_incident
from apps.sites.models import Stop
from apps.sites.stopping import stop_machine
from tests.audit.writes import Write, call, post
from tests.world import World

_WHAT = "A customer was stopped on the word of an alert."
_NOTICE = {
    "controller": "Mercado",
    "address": "Gran Vía 1",
    "contact": "the desk",
    "purposes": "preventing theft",
    "legal_basis": "Art. 6(1)(f)",
    "retention_footage_days": 30,
    "retention_case_days": 365,
    "retention_log_days": 183,
    "recipients": "the police",
    "authority": "AEPD",
}


def _actor(user: User) -> Actor:
    return Actor(tenant_id=user.tenant_id, user_id=user.id, role=user.role, channel=Channel.SCREEN)


def _stop(world: World) -> Stop:
    return stop_machine(
        actor=_actor(world.operator),
        user=world.operator,
        site=world.site,
        reason="The picture stands still",
        now=timezone.now(),
    )


def _press(world: World) -> Write:
    data = {"target": f"camera:{world.camera.id}", "reason": "The picture stands still"}
    return post(world.operator, "/stop/press/", data, event=Event.MACHINE_STOPPED)


def _press_by_api(world: World) -> Write:
    body = {"site": str(world.site.id), "reason": "The picture stands still"}
    return call(world.operator, "/api/v1/stops/", body, event=Event.MACHINE_STOPPED)


def _resume(world: World) -> Write:
    path = f"/stop/{_stop(world).id}/resume/"
    return post(world.lead, path, {"reason": "It moves again"}, event=Event.MACHINE_RESUMED)


def _resume_by_api(world: World) -> Write:
    path = f"/api/v1/stops/{_stop(world).id}/resume/"
    return call(world.lead, path, {"reason": "It moves again"}, event=Event.MACHINE_RESUMED)


def _risk(risk_id: str) -> dict[str, Any]:
    words = ("hazard", "cause", "affected", "control", "residual", "owner", "reason")
    stated = {name: f"The {name} in words" for name in words}
    return {**stated, "id": risk_id, "review_on": date(2027, 1, 1), "instead_of": 0}


def _risk_added(world: World) -> Write:
    path = "/compliance/risks/new/"
    return post(world.compliance, path, _risk("S-1"), event=Event.RISK_REGISTER_CHANGED)


def _risk_edited(world: World) -> Write:
    path = "/compliance/risks/R-01/"
    return post(world.compliance, path, _risk("R-01"), event=Event.RISK_REGISTER_CHANGED)


def _risk_removed(world: World) -> Write:
    path, data = "/compliance/risks/R-01/remove/", {"reason": "It cannot happen here"}
    return post(world.compliance, path, data, event=Event.RISK_REGISTER_CHANGED)


def _reported(world: World) -> Write:
    data = {"what": _WHAT, "seriousness": "serious", "aware_at": "2026-01-02T10:00"}
    path = "/compliance/incidents/report/"
    return post(world.operator, path, data, event=Event.SYSTEM_INCIDENT_REPORTED)


def _incident(world: World) -> SystemIncident:
    now = timezone.now()
    report = IncidentReport(what=_WHAT, seriousness=Seriousness.SERIOUS, aware_at=now)
    actor = _actor(world.operator)
    return report_incident(actor=actor, user=world.operator, report=report, now=now)


def _told(world: World) -> Write:
    path = f"/compliance/incidents/{_incident(world).id}/told/"
    return post(world.compliance, path, {"whom": "AESIA"}, event=Event.SYSTEM_INCIDENT_MOVED)


def _closed(world: World) -> Write:
    path = f"/compliance/incidents/{_incident(world).id}/close/"
    return post(world.compliance, path, {"findings": _WHAT}, event=Event.SYSTEM_INCIDENT_MOVED)


def _notice(world: World) -> Write:
    path = f"/compliance/notices/new/{world.site.id}/"
    return post(world.compliance, path, _NOTICE, event=Event.NOTICE_PUBLISHED)


def _records(world: World) -> Write:
    data = {"since": "2026-01-01", "until": "2026-01-31"}
    path = "/compliance/exports/records/"
    return post(world.compliance, path, data, event=Event.RECORDS_EXPORT_REQUESTED)


def _techdoc(world: World) -> Write:
    path = "/compliance/exports/techdoc/"
    return post(world.compliance, path, event=Event.RECORDS_EXPORT_REQUESTED)


def _export(world: World, *states: str) -> RecordsExport:
    export = RecordsExport.objects.create(
        tenant=world.tenant, kind=ExportKind.TECHDOC, requested_at=timezone.now()
    )
    for state in states:
        known = {"key": "tenants/x/exports/y.zip", "sha256": "0" * 64} if state == "ready" else {}
        RecordsExport.objects.filter(id=export.id).update(state=state, **known)
    return export


def _again(world: World) -> Write:
    path = f"/compliance/exports/{_export(world, 'writing', 'failed').id}/again/"
    return post(world.compliance, path, event=Event.RECORDS_EXPORT_REQUESTED)


def _fetched(world: World) -> Write:
    path = f"/compliance/exports/{_export(world, 'writing', 'ready').id}/fetch/"
    return post(world.compliance, path, event=Event.RECORDS_EXPORT_DOWNLOADED)


_API = "/api/v1/oversight"


def _risk_put_by_api(world: World) -> Write:
    body = {**_risk("S-1"), "review_on": "2027-01-01"}
    path, event = f"{_API}/risks/S-1/", Event.RISK_REGISTER_CHANGED
    return call(world.compliance, path, body, event=event, method="PUT")


def _risk_removed_by_api(world: World) -> Write:
    path, body = f"{_API}/risks/R-01/remove/", {"reason": "It cannot happen here", "instead_of": 0}
    return call(world.compliance, path, body, event=Event.RISK_REGISTER_CHANGED)


def _reported_by_api(world: World) -> Write:
    body = {"what": _WHAT, "seriousness": "serious", "aware_at": "2026-01-02T10:00:00Z"}
    path, event = f"{_API}/incidents/", Event.SYSTEM_INCIDENT_REPORTED
    return call(world.operator, path, body, event=event)


def _told_by_api(world: World) -> Write:
    path = f"{_API}/incidents/{_incident(world).id}/told/"
    return call(world.compliance, path, {"whom": "AESIA"}, event=Event.SYSTEM_INCIDENT_MOVED)


def _closed_by_api(world: World) -> Write:
    path = f"{_API}/incidents/{_incident(world).id}/close/"
    return call(world.compliance, path, {"findings": _WHAT}, event=Event.SYSTEM_INCIDENT_MOVED)


def _export_by_api(world: World) -> Write:
    body = {"kind": "records", "since": "2026-01-01", "until": "2026-01-31"}
    path, event = f"{_API}/exports/", Event.RECORDS_EXPORT_REQUESTED
    return call(world.compliance, path, body, event=event)


def _again_by_api(world: World) -> Write:
    path = f"{_API}/exports/{_export(world, 'writing', 'failed').id}/again/"
    return call(world.compliance, path, event=Event.RECORDS_EXPORT_REQUESTED)


def _fetched_by_api(world: World) -> Write:
    path = f"{_API}/exports/{_export(world, 'writing', 'ready').id}/fetch/"
    return call(world.compliance, path, event=Event.RECORDS_EXPORT_DOWNLOADED)


STORIES = {
    "POST stop-press": _press,
    "POST api-stops": _press_by_api,
    "POST stop-resume": _resume,
    "POST api-stop-resume": _resume_by_api,
    "POST risk-new": _risk_added,
    "POST risk-edit": _risk_edited,
    "POST risk-remove": _risk_removed,
    "POST system-incident-report": _reported,
    "POST system-incident-told": _told,
    "POST system-incident-close": _closed,
    "POST notice-new": _notice,
    "POST export-records": _records,
    "POST export-techdoc": _techdoc,
    "POST export-again": _again,
    "POST export-fetch": _fetched,
    "PUT api-risk": _risk_put_by_api,
    "POST api-risk-remove": _risk_removed_by_api,
    "POST api-system-incidents": _reported_by_api,
    "POST api-system-incident-told": _told_by_api,
    "POST api-system-incident-close": _closed_by_api,
    "POST api-exports": _export_by_api,
    "POST api-export-again": _again_by_api,
    "POST api-export-fetch": _fetched_by_api,
}
