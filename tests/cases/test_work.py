"""Tasks of a case: when they are due, whose they are, and where that is seen."""

from datetime import timedelta

import pytest

from apps.audit.events import Subject
from apps.audit.queries import events_of
from apps.cases.models import Case
from apps.cases.operations import add_task, set_task_done
from apps.cases.queries import Wanted, find_cases, open_work
from tests.cases.test_connections import a_case, lead
from tests.console.people import signed_in
from tests.world import NOW, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(world: World) -> Case:
    return a_case(world)


def test_a_task_is_due_at_the_end_of_the_day_where_the_site_is(world: World, case: Case) -> None:
    client = signed_in(world.lead)
    world.site.timezone = "Europe/Madrid"
    world.site.save()
    sent = {"title": "Ask the guard", "due_on": "2026-01-15", "assignee": str(world.operator.id)}
    client.post(f"/cases/{case.id}/do/task/", sent)
    task = case.tasks.get()
    assert task.due_at is not None
    assert task.due_at.isoformat() == "2026-01-15T22:59:00+00:00"
    assert task.assignee == world.operator.id
    page = client.get(f"/cases/{case.id}/").content.decode()
    assert "15 Jan, 23:59" in page
    assert "Overdue" in page
    assert 'value="2026-01-15"' in page


def test_what_is_open_and_due_first_comes_first(world: World, case: Case) -> None:
    actor = lead(world)
    done = add_task(actor=actor, case=case, title="Was done", due_at=NOW, now=NOW)
    set_task_done(actor=actor, case=case, task_id=done.id, done=True, now=NOW)
    add_task(actor=actor, case=case, title="No end", now=NOW)
    add_task(actor=actor, case=case, title="Due", due_at=NOW + timedelta(days=1), now=NOW)
    page = signed_in(world.lead).get(f"/cases/{case.id}/").content.decode()
    work = page[page.index("work-title") :]
    assert work.index("Due") < work.index("No end") < work.index("Was done")


def test_an_open_task_is_planned_anew_and_a_done_one_is_not(world: World, case: Case) -> None:
    task = add_task(actor=lead(world), case=case, title="Ask the guard", due_at=NOW, now=NOW)
    client = signed_in(world.operator)
    path = f"/api/v1/cases/{case.id}/task-plan/"
    mine = {"task": str(task.id), "assignee": str(world.operator.id)}
    assert client.post(path, mine, content_type="application/json").status_code == 200
    task.refresh_from_db()
    assert (task.due_at, task.assignee) == (None, world.operator.id)
    both = mine | {"due_on": "2026-01-15", "due_at": "2026-01-15T10:00:00Z"}
    assert client.post(path, both, content_type="application/json").status_code == 400
    elsewhere = mine | {"assignee": str(world.stranger.id)}
    assert client.post(path, elsewhere, content_type="application/json").status_code == 409
    set_task_done(actor=lead(world), case=case, task_id=task.id, done=True, now=NOW)
    assert client.post(path, mine, content_type="application/json").status_code == 409
    told = events_of(tenant_id=world.tenant.id, subjects=[Subject("case", case.id)])
    planned = [one.details for one in told if one.event == "case:task_planned"]
    assert planned == [{"task": str(task.id), "to": str(world.operator.id), "due": "open"}]


def test_the_board_says_what_is_due_first_and_with_whom(world: World, case: Case) -> None:
    actor, other = lead(world), a_case(world)
    soon, late = NOW - timedelta(days=2), NOW + timedelta(days=9_000)
    add_task(actor=actor, case=case, title="No end", now=NOW)
    add_task(actor=actor, case=case, title="Much later", due_at=late, now=NOW)
    add_task(
        actor=actor,
        case=case,
        title="The first",
        due_at=soon,
        assignee=world.operator.id,
        now=NOW,
    )
    work = open_work([case, other], now=NOW)
    assert set(work) == {case.id}
    assert (work[case.id].first.title, work[case.id].count, work[case.id].overdue) == (
        "The first",
        3,
        1,
    )
    page = signed_in(world.lead).get("/cases/board/").content.decode()
    assert "3 open tasks, next: The first" in page
    assert world.operator.display_name in page
    assert "1 overdue" in page


def test_mine_are_cases_given_to_me_or_with_an_open_task_of_mine(world: World, case: Case) -> None:
    mine = Wanted(assignee=world.operator.id)
    assert not find_cases(world.operator, mine).exists()
    task = add_task(actor=lead(world), case=case, title="Look", assignee=world.operator.id, now=NOW)
    assert find_cases(world.operator, mine).get() == case
    assert case.reference in signed_in(world.operator).get("/cases/board/?mine=1").content.decode()
    set_task_done(actor=lead(world), case=case, task_id=task.id, done=True, now=NOW)
    assert not find_cases(world.operator, mine).exists()


def test_a_refused_step_keeps_the_reason_that_was_written(world: World, case: Case) -> None:
    step = {"to": "under_investigation", "version": 99, "reason": "The till roll came."}
    answer = signed_in(world.lead).post(f"/cases/{case.id}/move/", step)
    assert answer.status_code == 409
    assert "The till roll came." in answer.content.decode()
