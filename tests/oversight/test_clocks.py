"""Clocks are told of before they run out and when they have, once each."""

import json
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.audit.events import Event
from apps.audit.models import InboxEntry
from apps.oversight.models import ClockReminder, Seriousness
from apps.oversight.operations.incidents import note_authority_told
from apps.oversight.operations.reminding import remind_of_clocks
from apps.oversight.queries.clocks import ClockKind, Stage, clock_lines, oversight_clocks
from apps.oversight.queries.register import register_of
from tests.console.people import signed_in
from tests.oversight.test_incidents import report
from tests.oversight.test_stop import actor_for
from tests.watchlists.people import fill, in_force
from tests.world import World

pytestmark = pytest.mark.django_db


def events(kind: Event) -> list[str]:
    rows = InboxEntry.objects.filter(event=kind.value).order_by("id")
    return [json.loads(row.details)["stage"] for row in rows]


@pytest.mark.parametrize(
    ("seriousness", "days_before"), [(Seriousness.SERIOUS, 3), (Seriousness.WIDESPREAD, 1)]
)
def test_an_incident_is_told_of_once_before_its_term_ends_and_once_after(
    world: World, seriousness: str, days_before: int
) -> None:
    incident = report(world, seriousness)
    assert incident.due_at is not None
    soon = incident.due_at - timedelta(days=days_before)

    def told(at: datetime) -> list[str]:
        remind_of_clocks(tenant_id=world.tenant.id, now=at)
        return events(Event.SYSTEM_INCIDENT_DUE)

    assert told(soon - timedelta(minutes=1)) == []
    assert told(soon) == ["clock_soon"]
    assert told(soon + timedelta(minutes=30)) == ["clock_soon"]
    assert told(incident.due_at) == told(incident.due_at) == ["clock_soon", "clock_over"]


def test_a_told_authority_ends_the_clock(world: World) -> None:
    incident = report(world, Seriousness.SERIOUS)
    assert incident.due_at is not None
    actor, now = actor_for(world.compliance), timezone.now()
    note_authority_told(actor=actor, incident=incident, whom="The authority", now=now)
    remind_of_clocks(tenant_id=world.tenant.id, now=incident.due_at)
    assert events(Event.SYSTEM_INCIDENT_DUE) == []


def test_risks_due_on_one_day_are_one_reminder(world: World) -> None:
    register = register_of(world.tenant.id)
    due = datetime.combine(min(one.review_on for one in register.risks), time(), tzinfo=UTC)
    same_day = sum(one.review_on == due.date() for one in register.risks)
    remind_of_clocks(tenant_id=world.tenant.id, now=due - timedelta(days=15))
    assert events(Event.RISK_REVIEW_DUE) == []
    remind_of_clocks(tenant_id=world.tenant.id, now=due - timedelta(days=14))
    [entry] = InboxEntry.objects.filter(event=Event.RISK_REVIEW_DUE.value)
    details = json.loads(entry.details)
    assert (details["stage"], details["entries"]) == ("clock_soon", same_day)


def test_a_reminder_cannot_be_unsaid(world: World) -> None:
    due = oversight_clocks(world.tenant.id)[0].due_at
    remind_of_clocks(tenant_id=world.tenant.id, now=due)
    for change in (
        ClockReminder.objects.all().delete,
        lambda: ClockReminder.objects.update(kind="x"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert ClockReminder.objects.exists()


def test_the_overview_shows_what_runs_out_to_those_who_may_see_it(world: World) -> None:
    incident = report(world, Seriousness.WIDESPREAD)
    now = timezone.now()
    fill(world.compliance, now=now)
    entry = in_force(world)
    remind_of_clocks(tenant_id=world.tenant.id, now=now)
    lines = clock_lines(world.compliance, now=now)
    found = {line.clock.kind: line for line in lines}
    assert found[ClockKind.INCIDENT].stage is Stage.SOON
    assert found[ClockKind.INCIDENT].clock.reminded_at == now
    assert found[ClockKind.ENTRY].clock.subject == str(entry.id)
    page = signed_in(world.compliance).get("/compliance/").content.decode()
    assert f"Report {incident.reference} to an authority" in page
    assert "Soon" in page
    mine = clock_lines(world.operator, now=now)
    theirs = {line.clock.kind for line in clock_lines(world.second_operator, now=now)}
    assert ClockKind.INCIDENT not in theirs  # reported by somebody else
    assert ClockKind.REQUEST not in {line.clock.kind for line in mine}
    assert not clock_lines(world.foreign_operator, now=now)
