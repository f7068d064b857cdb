"""Incidents of the system: what a report freezes, which clock it starts, who closes it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.audit.events import Event
from apps.audit.models import InboxEntry
from apps.evidence.models import Hold
from apps.oversight.models import Seriousness, SystemIncident
from tests.console.people import signed_in
from tests.world import World, make_waiting_alert

pytestmark = pytest.mark.django_db
WHAT = "A customer was stopped on the word of an alert nobody had looked at."


def report(world: World, seriousness: str, *, alerts: str = "") -> SystemIncident:
    aware = timezone.now() - timedelta(days=1)
    form = {
        "what": WHAT,
        "seriousness": seriousness,
        "aware_at": f"{aware:%Y-%m-%dT%H:%M}",
        "alerts": alerts,
    }
    answer = signed_in(world.operator).post("/compliance/incidents/report/", form)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return SystemIncident.objects.get()


@pytest.mark.parametrize(
    ("seriousness", "days"),
    [
        (Seriousness.SERIOUS, 15),
        (Seriousness.DEATH, 10),
        (Seriousness.WIDESPREAD, 2),
        (Seriousness.NOT_SERIOUS, None),
    ],
)
def test_the_clock_runs_from_the_day_one_became_aware(
    world: World, seriousness: str, days: int | None
) -> None:
    incident = report(world, seriousness)
    term = incident.due_at - incident.aware_at if incident.due_at else None
    assert term == (timedelta(days=days) if days else None)


def test_a_report_puts_its_alerts_on_hold_and_names_their_records(world: World) -> None:
    alert = make_waiting_alert(world.camera)

    incident = report(world, Seriousness.SERIOUS, alerts=f"{alert.reference}, {alert.id}")

    assert [str(hold.id) for hold in Hold.objects.filter(state="in_force")] == incident.hold_ids
    assert incident.frozen["assessments"] == [alert.assessments.get().digest]
    event = InboxEntry.objects.get(event=Event.SYSTEM_INCIDENT_REPORTED.value)
    assert event.subject_id == str(incident.id)


def test_an_alert_of_another_retailer_cannot_be_named(world: World) -> None:
    alert = make_waiting_alert(world.camera)
    aware = timezone.now() - timedelta(hours=1)
    form = {"what": WHAT, "seriousness": "serious", "aware_at": f"{aware:%Y-%m-%dT%H:%M}"}
    stranger = signed_in(world.stranger)
    answer = stranger.post("/compliance/incidents/report/", {**form, "alerts": str(alert.id)})
    assert answer.status_code == 422
    assert "not known where you work" in answer.content.decode()
    assert not SystemIncident.objects.exists()


def test_the_alert_page_leads_to_a_report_about_it(world: World) -> None:
    alert = make_waiting_alert(world.camera)
    browser = signed_in(world.operator)
    path = f"/compliance/incidents/report/?alert={alert.id}"
    assert path in browser.get(f"/alerts/{alert.id}/").content.decode()
    assert str(alert.id) in browser.get(path).content.decode()


def test_compliance_closes_with_findings_and_holds_stay(world: World) -> None:
    alert = make_waiting_alert(world.camera)
    incident = report(world, Seriousness.SERIOUS, alerts=str(alert.id))
    path = f"/compliance/incidents/{incident.id}/"
    assert signed_in(world.operator).post(f"{path}close/", {"findings": WHAT}).status_code == 403
    office = signed_in(world.compliance)
    assert office.post(f"{path}close/", {"findings": " "}).status_code == 422
    assert office.post(f"{path}told/", {"whom": "AESIA"}).status_code == 302
    assert office.post(f"{path}close/", {"findings": WHAT}).status_code == 302

    incident.refresh_from_db()
    assert (incident.state, incident.notified_whom) == ("closed", "AESIA")
    assert Hold.objects.filter(state="in_force").count() == len(incident.hold_ids) == 1
    assert office.post(f"{path}told/", {"whom": "AESIA"}).status_code == 409


def test_who_reported_sees_the_own_report_and_others_do_not(world: World) -> None:
    incident = report(world, Seriousness.SERIOUS)
    path = f"/compliance/incidents/{incident.id}/"
    assert signed_in(world.operator).get(path).status_code == 200
    assert signed_in(world.second_operator).get(path).status_code == 404
    assert signed_in(world.foreign_operator).get(path).status_code == 404
    assert InboxEntry.objects.filter(event=Event.SYSTEM_INCIDENT_VIEWED.value).count() == 1
