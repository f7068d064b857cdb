"""The audit page and its API: who may read the chain, how it is searched, and what a check says."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.audit.checks import UnableToCheck, ask_for_check, give_up_lost_checks, run_check
from apps.audit.events import Actor, Channel, Event, Subject
from apps.audit.models import ChainCheck, Leaf
from apps.audit.operations import record
from apps.audit.queries import EventFilters, find_events
from tests.audit import chain
from tests.audit.chain import Connection
from tests.console.people import signed_in
from tests.world import World, make_alert

pytestmark = pytest.mark.django_db(transaction=True)


def actor(world: World, channel: Channel = Channel.SCREEN) -> Actor:
    return Actor(
        tenant_id=world.tenant.id, user_id=world.operator.id, role="operator", channel=channel
    )


def told(world: World, event: Event, subject: Subject, **fields: object) -> None:
    with tenant_scope(world.tenant.id):
        record(actor=actor(world), event=event, subject=subject, **fields)  # type: ignore[arg-type]


@pytest.fixture
def alert_id(world: World, sequencer_connection: Connection) -> UUID:
    """An alert that was looked at twice, among sixty other events, all of them chained."""
    with tenant_scope(world.tenant.id):
        alert = make_alert(world.camera)
    for _ in range(60):
        told(world, Event.CASE_VIEWED, Subject("case", uuid4()))
    for reason in ("first look", "second look"):
        told(world, Event.ALERT_VIEWED, Subject("alert", alert.id), reason=reason)
    chain.chain(sequencer_connection)
    return alert.id


def test_compliance_reads_the_chain_and_an_operator_does_not(world: World, alert_id: UUID) -> None:
    page = signed_in(world.compliance).get("/audit/")
    assert page.status_code == 200
    assert "second look" in page.content.decode()
    assert page.context["rows"][0].who == world.operator.display_name
    assert signed_in(world.operator).get("/audit/").status_code == 403
    assert signed_in(world.operator).get("/api/v1/audit/events/").status_code == 403
    assert signed_in(world.operator).post("/audit/check/").status_code == 403


def test_a_thing_has_its_own_chain_and_links_to_its_page(world: World, alert_id: UUID) -> None:
    page = signed_in(world.compliance).get(f"/audit/?kind=alert&subject={alert_id}")
    rows = page.context["rows"]
    assert {row.event.event for row in rows} >= {Event.ALERT_VIEWED}
    assert {str(row.event.subject.id) for row in rows} == {str(alert_id)}
    assert {row.url for row in rows} == {f"/alerts/{alert_id}/"}


def test_pages_go_on_where_the_last_one_ended_whatever_comes_in_meanwhile(
    world: World, alert_id: UUID, sequencer_connection: Connection
) -> None:
    browser = signed_in(world.compliance)
    first = browser.get("/audit/")
    told(world, Event.ALERT_VIEWED, Subject("alert", alert_id))
    chain.chain(sequencer_connection)
    second = browser.get(f"/audit/?before={first.context['next_before']}")
    places = [row.event.index for page in (first, second) for row in page.context["rows"]]
    assert places == list(range(places[0], -1, -1))


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ("event=alert:viewed", 2),
        ("event=case", 60),
        ("channel=admin", 0),
        ("since=2001-01-01&until=2001-12-31", 0),
        ("event=nonsense&since=never&before=-1&actor=x", None),
    ],
)
def test_filters_narrow_and_nonsense_is_dropped(
    world: World, alert_id: UUID, filters: str, count: int | None
) -> None:
    browser = signed_in(world.compliance)
    page = browser.get(f"/audit/?{filters}")
    assert page.status_code == 200
    listed = browser.get(f"/api/v1/audit/events/?{filters}").json()["events"]
    assert len(listed) == len(page.context["rows"])
    assert len(listed) == min(50, Leaf.objects.count() if count is None else count) or count is None


def test_the_api_gives_every_event_once(world: World, alert_id: UUID) -> None:
    browser, seen, address = signed_in(world.compliance), [], "/api/v1/audit/events/?kind=case"
    while True:
        page = browser.get(address).json()
        seen += [event["index"] for event in page["events"]]
        if page["next_before"] is None:
            break
        address = f"/api/v1/audit/events/?kind=case&before={page['next_before']}"
    assert len(seen) == len(set(seen)) == 60


def test_another_retailer_sees_nothing_of_it(world: World, alert_id: UUID) -> None:
    with tenant_scope(world.foreign_tenant.id):
        assert find_events(tenant_id=world.tenant.id, filters=EventFilters()) == []


def test_a_check_finds_that_the_chain_holds_and_the_page_says_so(
    world: World, alert_id: UUID, sequencer_connection: Connection, s3: dict[str, str]
) -> None:
    chain.sign(sequencer_connection)
    chain.store_all(sequencer_connection)
    browser = signed_in(world.compliance)
    assert "is being verified" in browser.post("/audit/check/", follow=True).content.decode()
    again = browser.post("/api/v1/audit/checks/")
    assert again.status_code == 409
    _carry_out(world)
    check = browser.get("/api/v1/audit/checks/").json()[0]
    assert (check["state"], check["problems"]) == ("holds", [])
    assert check["entries"] >= 62
    assert "Holds" in browser.get("/audit/").content.decode()


def test_a_check_names_the_entry_that_was_rewritten(
    world: World,
    alert_id: UUID,
    sequencer_connection: Connection,
    superuser_connection: Connection,
    s3: dict[str, str],
) -> None:
    chain.sign(sequencer_connection)
    chain.store_all(sequencer_connection)
    superuser_connection.execute("ALTER TABLE audit_leaf DISABLE TRIGGER USER")
    superuser_connection.execute(
        "UPDATE audit_leaf SET role = 'nobody' WHERE tenant_id = %s AND index = 5",
        [world.tenant.id],
    )
    signed_in(world.compliance).post("/audit/check/")
    _carry_out(world)
    page = signed_in(world.compliance).get("/audit/").content.decode()
    assert "Does not hold" in page
    assert "entry 5 is not what was chained" in page


def test_a_check_whose_worker_died_is_given_up_and_may_be_asked_for_again(world: World) -> None:
    now = timezone.now()
    with tenant_scope(world.tenant.id):
        check = ask_for_check(actor=actor(world), now=now)
        with pytest.raises(UnableToCheck):
            ask_for_check(actor=actor(world), now=now)
        ChainCheck.objects.filter(id=check.id).update(
            state="running", started_at=now - timedelta(hours=1)
        )
        assert give_up_lost_checks(now=now) == 1
        assert ask_for_check(actor=actor(world), now=now).state == "waiting"


def _carry_out(world: World) -> None:
    with tenant_scope(world.tenant.id):
        waiting = ChainCheck.objects.get(state="waiting")
        assert run_check(check_id=waiting.id)
        assert not run_check(check_id=waiting.id)
