"""What came before an alert: of its camera for everybody who sees it, of people only for those who may, and on record."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.accounts.models import User
from apps.alerts.models import Alert
from apps.audit.events import Actor, Channel
from apps.audit.models import InboxEntry
from apps.cases.models import Case, Incident, PersonRole
from apps.cases.operations import add_person, link_alert, open_case
from apps.console.prior_events import MOST_ROWS, camera_before, people_before
from apps.people.models import Person
from tests.cases.test_from_theft_to_case import decide
from tests.console.people import HTMX, signed_in
from tests.console.test_query_counts import grown
from tests.watchlists.people import fill, propose
from tests.world import NOW, World, make_camera, make_waiting_alert

pytestmark = pytest.mark.django_db
Waiting = Callable[..., Alert]


def actor(user: User) -> Actor:
    return Actor(tenant_id=user.tenant_id, user_id=user.id, role=user.role, channel=Channel.SCREEN)


def earlier(alert: Alert, **ago: float) -> Alert:
    """Another alert of the same camera, received so long before."""
    made = make_waiting_alert(alert.camera)
    Alert.objects.filter(id=made.id).update(received_at=alert.received_at - timedelta(**ago))
    return made


def a_case(world: World) -> Case:
    alert = make_waiting_alert(world.camera)
    decide(alert, world)
    return open_case(alert_id=alert.id, now=NOW)


def subject_in(world: World, case: Case, *, known: Person | None = None) -> Person:
    named = {"known": known} if known else {"name": "Ana Ruiz", "observed": "Red coat"}
    row = add_person(
        actor=actor(world.operator), case=case, role=PersonRole.SUBJECT, now=NOW, **named
    )  # type: ignore[arg-type]
    return row.person


def linked(world: World, case: Case, alert: Alert) -> None:
    link_alert(actor=actor(world.operator), case=case, alert=alert, reason="Same coat", now=NOW)


def looks(event: str) -> list[InboxEntry]:
    return list(InboxEntry.objects.filter(event=event))


def test_the_camera_tells_its_last_thirty_days_and_what_people_decided(
    world: World, waiting: Waiting
) -> None:
    alert = waiting()
    false, theft = earlier(alert, days=2), earlier(alert, days=3)
    decide(false, world, "false_alarm")
    decide(theft, world)
    earlier(alert, days=31)
    earlier(alert, minutes=-1)
    open_one = earlier(alert, hours=1)
    elsewhere = make_waiting_alert(make_camera(world.site))
    Alert.objects.filter(id=elsewhere.id).update(received_at=alert.received_at - timedelta(days=1))

    before = camera_before(alert)
    assert [(row.alert, row.stands) for row in before.rows] == [
        (open_one, "awaiting_review"),
        (false, "false_alarm"),
        (theft, "theft_confirmed"),
    ]
    assert (before.total, before.undecided) == (3, 1)
    assert dict(before.verdicts) == {"false_alarm": 1, "theft_confirmed": 1}
    page = signed_in(world.operator).get(f"/alerts/{alert.id}/earlier/").content.decode()
    assert false.reference in page
    assert elsewhere.reference not in page


def test_the_part_asks_as_many_queries_over_more_alerts(world: World, waiting: Waiting) -> None:
    alert = waiting()

    def make(number: int) -> None:
        for minutes in range(number):
            decide(earlier(alert, minutes=minutes + 1), world, "false_alarm")

    few, many = grown(signed_in(world.operator), f"/alerts/{alert.id}/earlier/", make, **HTMX)
    assert few == many
    make(MOST_ROWS)
    before = camera_before(alert)
    assert (len(before.rows), before.total) == (MOST_ROWS, 8 + MOST_ROWS)


def test_an_alert_to_be_judged_blind_says_nothing_of_what_came_before(
    world: World, waiting: Waiting
) -> None:
    alert = waiting()
    theft = earlier(alert, days=1)
    decide(theft, world)
    Alert.objects.filter(id=alert.id).update(sampled_blind=True)
    client = signed_in(world.operator)
    page = client.get(f"/alerts/{alert.id}/earlier/").content.decode()
    assert "Shown once this alert is judged" in page
    assert theft.reference not in page
    assert client.get(f"/alerts/{alert.id}/earlier/people/").status_code == 404


def test_a_persons_other_cases_are_shown_on_request_and_the_look_is_recorded(
    world: World, waiting: Waiting
) -> None:
    alert, case, other = waiting(), a_case(world), a_case(world)
    person = subject_in(world, case)
    subject_in(world, other, known=person)
    linked(world, case, alert)
    client = signed_in(world.operator)
    part = client.get(f"/alerts/{alert.id}/earlier/", headers=HTMX).content.decode()
    assert "Look up who its records are about" in part
    assert other.reference not in part
    assert looks("person:viewed") == []

    page = client.get(f"/alerts/{alert.id}/earlier/people/", headers=HTMX).content.decode()
    assert f"Subject of {case.reference}" in page
    assert other.reference in page
    assert "Ana Ruiz" not in page
    [look] = looks("person:viewed")
    assert look.subject_id == str(person.id)
    assert str(alert.id) in look.details


def test_a_case_whose_only_theft_was_taken_back_is_not_held_against_anybody(
    world: World, waiting: Waiting
) -> None:
    alert, case, other = waiting(), a_case(world), a_case(world)
    person = subject_in(world, case)
    subject_in(world, other, known=person)
    linked(world, case, alert)
    theft = Incident.objects.get(case=other).disposition
    type(theft).objects.create(
        tenant=world.tenant,
        alert=theft.alert,
        verdict="false_alarm",
        decided_by=world.lead.id,
        decided_at=NOW,
        supersedes=theft,
    )
    [shown] = people_before(world.operator, alert).people
    assert shown.cases == ()


def test_who_may_not_see_watchlists_learns_of_no_entry(world: World) -> None:
    fill(world.administrator)
    case = a_case(world)
    theft = Incident.objects.get(case=case).alert
    entry = propose(world, alert=theft)
    path = f"/alerts/{theft.id}/earlier/"
    operator, lead = signed_in(world.operator), signed_in(world.lead)
    assert "Look up" not in operator.get(path).content.decode()
    assert entry.reference not in operator.get(f"{path}people/").content.decode()
    assert looks("watchlist_entry:viewed") == []
    assert "Look up" in lead.get(path).content.decode()
    assert entry.reference in lead.get(f"{path}people/").content.decode()
    [look] = looks("watchlist_entry:viewed")
    assert look.subject_id == str(entry.id)


def test_strangers_and_foreigners_find_no_part_of_it(world: World, waiting: Waiting) -> None:
    path = f"/alerts/{waiting().id}/earlier/"
    for person in (world.stranger, world.foreign_operator, world.ops):
        client = signed_in(person)
        assert client.get(path).status_code == 404
        assert client.get(f"{path}people/").status_code == 404
