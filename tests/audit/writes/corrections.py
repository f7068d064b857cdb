"""Decisions taken back, and recipients told."""

from datetime import timedelta

from django.utils import timezone

from apps.alerts.models import Alert
from apps.audit.events import Event
from apps.cases.models import CaseFile
from apps.cases.operations import open_case
from tests.audit.writes import Write, call, post
from tests.cases.test_from_theft_to_case import decide
from tests.console.people import signed_in
from tests.world import NOW, World, make_waiting_alert

_BODY = {"verdict": "false_alarm", "reason": "The receipt was found: it had been paid for."}


def _confirmed(world: World) -> Alert:
    alert = make_waiting_alert(world.camera)
    decide(alert, world)
    Alert.objects.filter(id=alert.id).update(state="resolved", resolved_at=NOW)
    open_case(alert_id=alert.id, now=NOW)
    return Alert.objects.get(id=alert.id)


def _correct(world: World) -> Write:
    path = f"/alerts/{_confirmed(world).id}/correct/"
    return post(world.lead, path, _BODY, event=Event.ALERT_CORRECTED)


def _correct_by_api(world: World) -> Write:
    path = f"/api/v1/alerts/{_confirmed(world).id}/correction/"
    return call(world.lead, path, _BODY, event=Event.ALERT_CORRECTED)


def _handed_over(world: World) -> tuple[Alert, CaseFile]:
    """A corrected theft of whose case a file was handed over before."""
    alert, now = _confirmed(world), timezone.now()
    file = CaseFile.objects.create(
        tenant_id=alert.tenant_id,
        case=alert.incident.case,
        recipient="Police",
        purpose="Report",
        with_originals=True,
        requested_by=alert.tenant_id,
        requested_at=now,
        expires_at=now + timedelta(days=3),
    )
    files = CaseFile.objects.filter(id=file.id)
    files.update(state="ready", written_at=now)
    files.update(state="released", released_by=world.administrator.id, released_at=now)
    signed_in(world.lead).post(f"/alerts/{alert.id}/correct/", _BODY)
    return alert, file


def _told(world: World) -> Write:
    alert, file = _handed_over(world)
    path = f"/alerts/{alert.id}/correct/{file.id}/told/"
    data = {"account": "By letter"}
    return post(world.lead, path, data, event=Event.CASE_FILE_RECIPIENT_TOLD)


def _told_by_api(world: World) -> Write:
    alert, file = _handed_over(world)
    path = f"/api/v1/alerts/{alert.id}/correction/told/{file.id}/"
    data = {"account": "By letter"}
    return call(world.lead, path, data, event=Event.CASE_FILE_RECIPIENT_TOLD)


STORIES = {
    "POST alert-correct": _correct,
    "POST api-alert-correction": _correct_by_api,
    "POST alert-correct-told": _told,
    "POST api-alert-correction-told": _told_by_api,
}
