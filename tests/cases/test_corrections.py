"""A wrong confirmation is taken back by somebody else, and what rested on it stops."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.alerts.models import Alert, Disposition
from apps.audit.events import Subject
from apps.audit.queries import events_of
from apps.cases.models import Case, CaseFile
from apps.cases.operations import open_case
from tests.cases.test_from_theft_to_case import decide
from tests.console.people import signed_in
from tests.world import NOW, World, make_person, make_waiting_alert

pytestmark = pytest.mark.django_db
BECAUSE = {"verdict": "false_alarm", "reason": "The receipt was found: it had been paid for."}


@pytest.fixture
def confirmed(world: World) -> Alert:
    """A theft that the operator confirmed, with its case."""
    alert = make_waiting_alert(world.camera)
    decided(world, alert, "theft_confirmed")
    open_case(alert_id=alert.id, now=NOW)
    return Alert.objects.get(id=alert.id)


def decided(world: World, alert: Alert, verdict: str) -> None:
    """The operator's verdict, as applying a decision leaves it."""
    decide(alert, world, verdict)
    Alert.objects.filter(id=alert.id).update(state="resolved", resolved_at=NOW)


def events(world: World, kind: str, identity: object) -> list[str]:
    found = events_of(tenant_id=world.tenant.id, subjects=[Subject(kind, identity)])  # type: ignore[arg-type]
    return [event.event for event in found]


def file_of(alert: Alert, *, released_by: User | None = None) -> CaseFile:
    """A written case file; handed over, when somebody released it."""
    now = timezone.now()
    file = CaseFile.objects.create(
        tenant_id=alert.tenant_id,
        case=alert.incident.case,
        recipient="Police, Madrid Centro",
        purpose="Report",
        with_originals=True,
        requested_by=alert.tenant_id,
        requested_at=now,
        expires_at=now + timedelta(days=3),
    )
    CaseFile.objects.filter(id=file.id).update(state="ready", written_at=now)
    if released_by:
        CaseFile.objects.filter(id=file.id).update(
            state="released", released_by=released_by.id, released_at=now
        )
    return file


def test_a_lead_takes_back_what_an_operator_confirmed_and_the_first_verdict_stays(
    world: World, confirmed: Alert
) -> None:
    client = signed_in(world.lead)
    path = f"/alerts/{confirmed.id}/correct/"
    before = client.get(path).content.decode()
    assert "Theft confirmed" in before
    assert confirmed.incident.case.reference in before
    assert client.post(path, BECAUSE)["Location"] == path
    first, second = Disposition.objects.filter(alert=confirmed).order_by("decided_at")
    assert (first.verdict, second.verdict) == ("theft_confirmed", "false_alarm")
    assert second.supersedes == first
    assert second.decided_by == world.lead.id
    assert second.sampling_probability == first.sampling_probability
    confirmed.refresh_from_db()
    assert confirmed.state == "resolved"
    told = events(world, "alert", confirmed.id)
    assert {"disposition:superseded", "alert:corrected"} <= set(told)
    assert "incident:superseded" in events(world, "incident", confirmed.incident.id)
    case = client.get(f"/cases/{confirmed.incident.case_id}/").content.decode()
    assert "Confirmation taken back" in case
    timeline = client.get(f"/cases/{confirmed.incident.case_id}/timeline/").content.decode()
    assert "the incident is superseded" in timeline
    page = signed_in(world.operator).get(f"/alerts/{confirmed.id}/").content.decode()
    assert "False alarm" in page


def test_a_case_whose_confirmations_were_all_taken_back_does_not_go_to_the_police(
    world: World, confirmed: Alert
) -> None:
    case = confirmed.incident.case
    for state in ("under_investigation", "submitted_for_approval"):
        Case.objects.filter(id=case.id).update(state=state)
    signed_in(world.lead).post(f"/alerts/{confirmed.id}/correct/", BECAUSE)
    step = {"to": "approved", "version": case.version}
    answer = signed_in(world.administrator).post(f"/cases/{case.id}/move/", step)
    assert answer.status_code == 409
    assert "was taken back" in answer.content.decode()
    back = {"to": "under_investigation", "version": case.version, "reason": "It was paid for."}
    assert signed_in(world.lead).post(f"/cases/{case.id}/move/", back).status_code == 302


def test_nobody_corrects_their_own_decision_nor_without_the_role(
    world: World, confirmed: Alert
) -> None:
    path = f"/alerts/{confirmed.id}/correct/"
    assert signed_in(world.operator).get(path).status_code == 403
    assert signed_in(world.stranger).get(path).status_code == 404
    assert signed_in(world.foreign_operator).get(path).status_code == 404
    User.objects.filter(id=world.operator.id).update(role=Role.LP_LEAD)
    own = signed_in(User.objects.get(id=world.operator.id)).post(path, BECAUSE)
    assert own.status_code == 409
    assert "You decided this yourself" in own.content.decode()
    assert Disposition.objects.filter(alert=confirmed).count() == 1


def test_an_old_sign_in_is_asked_for_again_and_what_was_written_is_kept(
    world: World, confirmed: Alert
) -> None:
    client = signed_in(world.lead, seconds_ago=900)
    path = f"/alerts/{confirmed.id}/correct/"
    answer = client.post(path, BECAUSE)
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert BECAUSE["reason"] in client.get(path).content.decode()
    assert Disposition.objects.filter(alert=confirmed).count() == 1


def test_a_correction_never_confirms_a_theft_and_needs_another_verdict_and_a_reason(
    world: World,
) -> None:
    alert = make_waiting_alert(world.camera)
    decided(world, alert, "false_alarm")
    path = f"/api/v1/alerts/{alert.id}/correction/"
    client = signed_in(world.lead)

    def ask(verdict: str, reason: str = BECAUSE["reason"]) -> tuple[int, str]:
        body = json.dumps({"verdict": verdict, "reason": reason})
        answer = client.post(path, body, content_type="application/json")
        return answer.status_code, answer.content.decode()

    assert ask("false_alarm")[0] == 409
    code, said = ask("theft_confirmed")
    assert (code, "A correction takes a verdict back" in said) == (409, True)
    assert ask("inconclusive", "short")[0] == 400
    assert ask("inconclusive")[0] == 201
    waiting = make_waiting_alert(world.camera)
    undecided = client.post(
        f"/api/v1/alerts/{waiting.id}/correction/",
        json.dumps(BECAUSE),
        content_type="application/json",
    )
    assert undecided.status_code == 409


def test_a_correction_is_corrected_by_a_third_person(world: World, confirmed: Alert) -> None:
    path = f"/alerts/{confirmed.id}/correct/"
    signed_in(world.lead).post(path, BECAUSE)
    again = BECAUSE | {"verdict": "inconclusive"}
    assert signed_in(world.lead).post(path, again).status_code == 409
    other = make_person(world.tenant, Role.LP_LEAD, world.site)
    assert signed_in(other).post(path, again).status_code == 302
    verdicts = Disposition.objects.filter(alert=confirmed).order_by("decided_at")
    assert [one.verdict for one in verdicts] == [
        "theft_confirmed",
        "false_alarm",
        "inconclusive",
    ]


def test_files_not_handed_over_are_withdrawn_and_recipients_are_listed_until_told(
    world: World, confirmed: Alert
) -> None:
    ready = file_of(confirmed)
    handed = file_of(confirmed, released_by=world.administrator)
    client = signed_in(world.lead)
    path = f"/alerts/{confirmed.id}/correct/"
    assert "Police, Madrid Centro" in client.get(path).content.decode()
    early = client.post(f"{path}{handed.id}/told/", {"account": "By letter"}, follow=True)
    assert "There is no correction" in early.content.decode()
    client.post(path, BECAUSE)
    ready.refresh_from_db()
    handed.refresh_from_db()
    assert (ready.state, handed.state) == ("withdrawn", "released")
    assert "case_file:withdrawn" in events(world, "case_file", ready.id)
    client.post(f"{path}{handed.id}/told/", {"account": "By letter on 23 November"})
    page = client.get(path).content.decode()
    assert "By letter on 23 November" in page
    assert "Note that they were told" not in page
    assert "case_file:recipient_told" in events(world, "case_file", handed.id)


def test_the_api_says_what_rests_on_a_decision_and_notes_who_was_told(
    world: World, confirmed: Alert
) -> None:
    ready, handed = file_of(confirmed), file_of(confirmed, released_by=world.administrator)
    client, path = signed_in(world.lead), f"/api/v1/alerts/{confirmed.id}/correction/"
    before = client.get(path).json()
    assert [one["id"] for one in before["unreleased"]] == [str(ready.id)]
    assert [one["file"]["id"] for one in before["handed_over"]] == [str(handed.id)]
    account, told = {"account": "By letter on 23 November"}, f"{path}told/{handed.id}/"
    assert client.post(told, account, content_type="application/json").status_code == 409
    client.post(path, BECAUSE, content_type="application/json")
    after = client.post(told, account, content_type="application/json").json()
    assert [one["id"] for one in after["withdrawn"]] == [str(ready.id)]
    assert after["handed_over"][0]["told"] == account["account"]
    assert signed_in(world.operator).get(path).status_code == 403
    assert signed_in(world.stranger).get(path).status_code == 404
    elsewhere = f"{path}told/{confirmed.id}/"
    assert client.post(elsewhere, account, content_type="application/json").status_code == 404


def test_screen_and_api_leave_the_same_events_but_for_the_channel(world: World) -> None:
    alerts = [make_waiting_alert(world.camera) for _ in range(2)]
    for alert in alerts:
        decided(world, alert, "false_alarm")
    client = signed_in(world.lead)
    body = BECAUSE | {"verdict": "inconclusive"}
    client.post(f"/alerts/{alerts[0].id}/correct/", body)
    client.post(
        f"/api/v1/alerts/{alerts[1].id}/correction/",
        json.dumps(body),
        content_type="application/json",
    )
    by_screen, by_api = (
        [
            (event.event, event.role, event.actor, event.before_digest, event.after_digest)
            for event in events_of(tenant_id=world.tenant.id, subjects=[Subject("alert", alert.id)])
            if event.event in ("disposition:superseded", "alert:corrected")
        ]
        for alert in alerts
    )
    assert by_screen == by_api
    assert len(by_screen) == 2
