"""Human tasks: one open task an alert, taken by people, reminded of by time, decided by neither time nor machine."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.alerts.models import Alert
from apps.reviews.models import HumanTask
from apps.reviews.operations import (
    UnableToTakeTask,
    assign_task,
    claim_task,
    escalate_task,
    open_task,
    reassign_task,
    release_task,
    remind_task,
)
from tests.reviews.conftest import open_for_people, sign_in
from tests.world import World, make_waiting_alert

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def task(waiting: Alert) -> HumanTask:
    return HumanTask.objects.select_related("alert").get(alert=waiting)


def fresh(task: HumanTask) -> HumanTask:
    return HumanTask.objects.select_related("alert").get(id=task.id)


def count(event: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_inbox WHERE event = %s", [event])
        return int(cursor.fetchone()[0])


def test_an_alert_has_one_open_task(waiting: Alert, task: HumanTask) -> None:
    again = open_task(alert=waiting, due_at=NOW + timedelta(days=1), now=NOW)
    assert again == task
    assert HumanTask.objects.count() == 1
    assert count("task:opened") == 1


def test_a_reminder_for_one_moment_is_given_once(task: HumanTask) -> None:
    at = NOW - timedelta(seconds=1)
    assert remind_task(task_id=task.id, at=at, now=NOW)
    assert not remind_task(task_id=task.id, at=at, now=NOW + timedelta(seconds=5))
    assert remind_task(task_id=task.id, at=NOW + timedelta(hours=1), now=NOW + timedelta(hours=1))
    assert count("task:reminded") == 2


def test_an_overdue_task_goes_to_the_least_busy_other_person(world: World, task: HumanTask) -> None:
    busy = open_for_people(make_waiting_alert(world.camera))
    HumanTask.objects.filter(alert=busy).update(assignee=world.lead)
    claim_task(actor=sign_in(world.operator), user=world.operator, task=task)
    assert reassign_task(task_id=task.id, at=NOW, now=NOW)
    assert fresh(task).assignee == world.second_operator
    assert not reassign_task(task_id=task.id, at=NOW, now=NOW)


def test_a_long_overdue_task_is_shown_to_a_lead_and_not_decided(
    world: World, task: HumanTask
) -> None:
    assert escalate_task(task_id=task.id, at=NOW, now=NOW)
    found = fresh(task)
    assert (found.assignee, found.state) == (world.lead, "open")
    assert Alert.objects.get(id=task.alert_id).state == "awaiting_review"


def test_without_anybody_else_a_task_stays_where_it_is(world: World, task: HumanTask) -> None:
    world.site.siteuserobjectpermission_set.exclude(user=world.operator).delete()
    claim_task(actor=sign_in(world.operator), user=world.operator, task=task)
    assert reassign_task(task_id=task.id, at=NOW, now=NOW)
    assert fresh(task).assignee == world.operator


@pytest.mark.parametrize("step", [remind_task, reassign_task, escalate_task])
def test_time_does_nothing_to_a_task_that_is_over(task: HumanTask, step: object) -> None:
    HumanTask.objects.filter(id=task.id).update(state="withdrawn")
    assert not step(task_id=task.id, at=NOW, now=NOW)  # type: ignore[operator]


def test_a_task_is_taken_by_one_person_and_given_back(world: World, task: HumanTask) -> None:
    claim_task(actor=sign_in(world.operator), user=world.operator, task=task)
    with pytest.raises(UnableToTakeTask, match=f"{world.operator.display_name} has this task"):
        claim_task(actor=sign_in(world.second_operator), user=world.second_operator, task=task)
    with pytest.raises(UnableToTakeTask):
        release_task(actor=sign_in(world.lead), user=world.lead, task=task)
    release_task(actor=sign_in(world.operator), user=world.operator, task=task)
    claim_task(actor=sign_in(world.second_operator), user=world.second_operator, task=task)
    assert fresh(task).assignee == world.second_operator


def test_only_people_who_may_decide_take_a_task(world: World, task: HumanTask) -> None:
    with pytest.raises(UnableToTakeTask):
        claim_task(actor=sign_in(world.compliance), user=world.compliance, task=task)


def test_a_lead_gives_a_task_to_somebody_who_may_decide_it(world: World, task: HumanTask) -> None:
    lead = sign_in(world.lead)
    assign_task(actor=lead, user=world.lead, task=task, to=world.operator)
    assert fresh(task).assignee == world.operator
    for unfit in (world.store_manager, world.stranger, world.foreign_operator):
        with pytest.raises(UnableToTakeTask):
            assign_task(actor=lead, user=world.lead, task=task, to=unfit)
    with pytest.raises(UnableToTakeTask):
        assign_task(
            actor=sign_in(world.operator), user=world.operator, task=task, to=world.operator
        )


def test_a_task_ends_with_a_disposition_only(task: HumanTask) -> None:
    """The database says so: no timer, script or admin can mark it done."""
    from django.db import IntegrityError

    with pytest.raises(IntegrityError, match="task_is_done_with_a_disposition_only"):
        HumanTask.objects.filter(id=task.id).update(
            state="done", done_at=datetime.now().astimezone()
        )
