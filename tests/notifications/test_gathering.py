"""People hear of what concerns them, where they work, once; of their own acts never."""

from datetime import timedelta
from uuid import uuid4

import pytest

from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Event, Subject
from apps.cases.models import Case
from apps.cases.operations import add_task, open_case, plan_task
from apps.notifications.models import Notification, NotificationMail
from apps.notifications.operations import choose, forget, gathering
from apps.notifications.queries import count_unread, kept_count
from apps.notifications.rules import Kind
from apps.reviews.operations import open_task
from apps.sites.stopping import stop_machine
from tests.audit.chain import Connection
from tests.cases.test_from_theft_to_case import decide
from tests.notifications.conftest import Round, Tell
from tests.reviews.conftest import sign_in
from tests.world import NOW, World, make_waiting_alert

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("as_service", "redis_server"),
]


def listeners(rows: list[Notification]) -> set[str]:
    return {row.user.username for row in rows}


def test_an_alert_given_to_somebody_is_told_to_that_person_once(
    world: World, told: Round, tell: Tell
) -> None:
    with tenant_scope(world.tenant.id):
        alert = make_waiting_alert(world.camera)
    subject = Subject("alert", alert.id)
    tell(Event.TASK_REASSIGNED, subject, assignee=str(world.operator.id))
    tell(Event.TASK_REASSIGNED, subject, assignee=str(uuid4()))
    tell(Event.ALERT_VIEWED, subject)
    for _ in range(2):
        [row] = told()
    assert row.user == world.operator
    assert (row.path, row.reference) == (f"/alerts/{alert.id}/", alert.reference)
    assert row.said == f"An alert was given to you {alert.reference}"
    assert not hasattr(row, "mail")
    with tenant_scope(world.tenant.id):
        assert count_unread(world.operator) == 1


def test_a_second_look_for_anybody_is_told_where_the_alert_is_and_not_to_who_asked(
    world: World, told: Round, tell: Tell
) -> None:
    with tenant_scope(world.tenant.id):
        alert = make_waiting_alert(world.camera)
    subject = Subject("alert", alert.id)
    tell(Event.TASK_SECOND_LOOK, subject, by=sign_in(world.operator), assignee="")
    heard = listeners(told())
    assert {world.second_operator.username, world.lead.username} <= heard
    silent = {world.operator, world.stranger, world.store_manager, world.foreign_operator}
    assert not heard & {person.username for person in silent}


def test_what_is_gone_or_has_no_page_is_told_to_nobody(
    world: World, told: Round, tell: Tell
) -> None:
    tell(Event.TASK_REMINDED, Subject("alert", uuid4()))
    tell(Event.CASE_STATE_CHANGED, Subject("case", uuid4()), to="submitted_for_approval")
    assert told() == []


def test_a_case_tells_who_got_it_or_its_task_and_who_holds_it_when_a_decision_is_corrected(
    world: World, told: Round, tell: Tell
) -> None:
    lead, operator, second = world.lead, world.operator, world.second_operator
    with tenant_scope(world.tenant.id):
        alert = make_waiting_alert(world.camera)
        decide(alert, world)
        case = open_case(alert_id=alert.id, now=NOW)
        task = add_task(actor=sign_in(lead), case=case, title="Ask", assignee=operator.id, now=NOW)
        plan_task(actor=sign_in(lead), case=case, task_id=task.id, due_at=NOW, assignee=second.id)
        Case.objects.filter(id=case.id).update(assignee=operator.id)
        incident = case.incidents.get()
    tell(Event.INCIDENT_SUPERSEDED, Subject("incident", incident.id), by=sign_in(lead))
    tell(Event.CASE_ASSIGNED, Subject("case", case.id), to="nobody")
    assert [(row.user.username, row.words) for row in told()] == [
        (operator.username, "A task in a case was given to you"),
        (second.username, "A task of yours in a case was planned"),
        (operator.username, "A decision behind a case was corrected"),
    ]


def test_a_stop_is_told_to_those_who_can_lift_it_there_and_nobody_hears_twice(
    world: World, told: Round
) -> None:
    with tenant_scope(world.tenant.id):
        stop_machine(
            actor=sign_in(world.operator),
            user=world.operator,
            site=world.site,
            camera=None,
            reason="Camera moved",
            now=NOW,
        )
    assert listeners(told()) == {world.lead.username, world.administrator.username}
    assert len(told()) == 2
    assert {row.path for row in told()} == {"/stop/"}
    assert "Camera moved" not in str([vars(row) for row in told()])


def test_a_person_hears_of_what_they_chose_only(
    world: World, told: Round, settings: pytest.FixtureRequest
) -> None:
    settings.NOTIFICATION_MAIL = True  # type: ignore[attr-defined]
    with tenant_scope(world.tenant.id):
        choose(
            actor=sign_in(world.operator),
            user=world.operator,
            on_screen=[],
            by_email=[Kind.ALERT_WAITS],
            quiet_from=None,
            quiet_until=None,
            timezone="Europe/Madrid",
            language="es",
            now=NOW,
        )
        alert = make_waiting_alert(world.camera)
        open_task(alert=alert, due_at=NOW + timedelta(minutes=15), now=NOW)
    [row] = told()  # nobody else hears of every alert unasked
    assert (row.user, row.on_screen, row.mail.state) == (world.operator, False, "waiting")
    with tenant_scope(world.tenant.id):
        assert count_unread(world.operator) == 0


def test_many_events_are_told_in_several_rounds_and_none_is_lost(
    world: World, told: Round, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "MOST_AT_ONCE", 2)
    with tenant_scope(world.tenant.id):
        alert = make_waiting_alert(world.camera)
    for _ in range(3):
        tell(Event.TASK_REMINDED, Subject("alert", alert.id), assignee=str(world.operator.id))
        tell(Event.ALERT_VIEWED, Subject("alert", alert.id))
    assert [len(told()) for _ in range(3)] == [2, 3, 3]


def test_what_is_old_is_deleted_by_the_service_alone(
    world: World, told: Round, tell: Tell, app_connection: Connection
) -> None:
    with tenant_scope(world.tenant.id):
        alert = make_waiting_alert(world.camera)
    tell(Event.TASK_REMINDED, Subject("alert", alert.id), assignee=str(world.operator.id))
    [row] = told()
    with tenant_scope(world.tenant.id):
        NotificationMail.objects.create(notification=row, tenant=world.tenant, next_try_at=NOW)
        assert forget(tenant_id=world.tenant.id, before=NOW) == 0
        assert forget(tenant_id=world.tenant.id, before=NOW + timedelta(seconds=1)) == 1
        assert not NotificationMail.objects.exists()
    with pytest.raises(Exception, match="permission denied"):
        app_connection.execute("DELETE FROM notifications_notification")


def test_the_count_a_page_shows_is_kept_and_counted_anew_after_something_is_told(
    world: World, told: Round, tell: Tell
) -> None:
    with tenant_scope(world.tenant.id):
        alert = make_waiting_alert(world.camera)
        assert kept_count(world.operator) is None
        assert (count_unread(world.operator), kept_count(world.operator)) == (0, 0)
    tell(Event.TASK_REMINDED, Subject("alert", alert.id), assignee=str(world.operator.id))
    told()
    assert kept_count(world.operator) is None
