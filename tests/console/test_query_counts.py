"""What a page asks of the database: at most fifteen queries, and as many over four times the rows.

Counted is everything, session and sign-in included, but what opens and closes the tenant's scope: of the four statements
that a test's own transaction makes of it, one is sent in the product (SET of the tenant; COMMIT and BEGIN are no queries to
Django). So one is added.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.alerts.models import Alert
from apps.audit.events import Actor, Channel
from apps.cases.models import Case, CaseRelation, Exhibit, Incident, PersonRole
from apps.cases.operations import (
    add_note,
    add_person,
    add_task,
    link_alert,
    link_cases,
    open_case,
)
from apps.evidence.models import CustodyEvent, EvidenceItem
from apps.reviews import precision
from apps.reviews.models import ItemMember, ReviewItem
from apps.sites.models import Stop
from tests.cases.test_from_theft_to_case import decide
from tests.console.people import HTMX, signed_in
from tests.world import NOW, World, make_camera, make_person, make_waiting_alert

pytestmark = pytest.mark.django_db

MOST = 15
FEW, MANY = 2, 8
SCOPE = ("SAVEPOINT", "RELEASE SAVEPOINT", "SELECT set_config", "SELECT current_setting")


@contextmanager
def asked() -> Iterator[list[str]]:
    """The statements of a page, the tenant's scope as one."""
    seen = ["the tenant's scope"]

    def note(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        if not sql.startswith(SCOPE):
            seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield seen


def count(client: Client, path: str, **headers: str) -> int:
    """The queries of a page."""
    with asked() as seen:
        answer = client.get(path, headers=headers)
    assert answer.status_code == 200, path
    assert len(seen) <= MOST, "\n".join(seen)
    return len(seen)


def grown(client: Client, path: str, make: Callable[[int], object], **headers: str) -> list[int]:
    """The queries of a page over FEW rows, and over MANY. Addresses and templates are loaded before."""
    make(FEW)
    client.get(path, headers=headers)
    few = count(client, path, **headers)
    make(MANY - FEW)
    return [few, count(client, path, **headers)]


@pytest.fixture
def a_minute_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The precision of sites is not kept any more: it is read anew once a minute."""
    monkeypatch.setattr(precision, "_kept", lambda site_ids: {})


@pytest.fixture(params=["operator", "lead"])
def person(request: pytest.FixtureRequest, world: World) -> User:
    found: User = getattr(world, request.param)
    return found


@pytest.mark.usefixtures("a_minute_later")
def test_the_queue(world: World, person: User, waiting: Callable[..., Alert]) -> None:
    def make(number: int) -> None:
        for _ in range(number):
            waiting()

    few, many = grown(signed_in(person), "/", make)
    assert few == many


def test_the_queue_by_filters_and_everything(world: World, waiting: Callable[..., Alert]) -> None:
    waiting()
    client = signed_in(world.lead)
    for path in ("/?state=all", "/?strategy=verify&label=item_to_bag&assignee=me&older=15"):
        client.get(path)
        count(client, path)


@pytest.mark.usefixtures("a_minute_later")
def test_an_alert_that_waits_with_others_behind_it(
    world: World, person: User, waiting: Callable[..., Alert]
) -> None:
    lead = waiting()
    item = ReviewItem.objects.create(
        tenant=world.tenant, site=world.site, lead=lead, opened_at=NOW, settings_version="1"
    )
    _join(item, lead)

    def make(number: int) -> None:
        for _ in range(number):
            _join(item, waiting())
            add_playback(person, lead)

    client, path = signed_in(person), f"/alerts/{lead.id}/"
    client.get("/")
    count(client, path)
    few, many = grown(client, path, make)
    assert few == many


@pytest.mark.usefixtures("a_minute_later")
def test_an_alert_that_was_decided(world: World, person: User) -> None:
    alert = make_waiting_alert(world.camera)
    decide(alert, world)
    open_case(alert_id=alert.id, now=NOW)
    Alert.objects.filter(id=alert.id).update(state="resolved", resolved_at=NOW)
    client = signed_in(person)
    client.get("/")
    count(client, f"/alerts/{alert.id}/")
    count(client, f"/alerts/{alert.id}/history/", **HTMX)


def test_a_case_with_everything_in_it(world: World, person: User) -> None:
    case = a_case(world)
    client = signed_in(person)
    count(client, f"/cases/{a_case(world).id}/")  # the first look, which is recorded
    parts = [f"/cases/{case.id}/", *(f"/cases/{case.id}/{name}/" for name in PARTS)]
    fill(world, case, FEW)
    for path in parts:
        client.get(path)
    few = [count(client, path) for path in parts[:1]] + [
        count(client, path, **HTMX) for path in parts[1:]
    ]
    fill(world, case, MANY - FEW)
    client.get(parts[0])  # who is new in it is seen for the first time, which writes
    many = [count(client, path) for path in parts[:1]] + [
        count(client, path, **HTMX) for path in parts[1:]
    ]
    assert few == many


def test_a_case_opened_by_somebody_of_another_store(world: World) -> None:
    stranger = make_person(world.tenant, Role.OPERATOR, world.other_site)
    client = signed_in(world.lead)
    cases = [a_case(world) for _ in range(3)]
    Case.objects.filter(id=cases[2].id).update(opened_by=stranger.id)
    client.get(f"/cases/{cases[0].id}/")
    own, other = (count(client, f"/cases/{case.id}/") for case in cases[1:])
    assert own == other


def test_the_cases_and_what_is_searched_for(world: World, person: User) -> None:
    case = a_case(world)
    client = signed_in(person)
    for path in ("/cases/", "/search/?q=item", f"/search/?q={case.reference}"):
        few, many = grown(client, path, lambda number: [a_case(world) for _ in range(number)])
        assert few == many, path


def test_search_finds_places_without_asking_for_each(world: World) -> None:
    def make(number: int) -> None:
        for _ in range(number):
            make_camera(world.site)

    few, many = grown(signed_in(world.lead), "/search/?q=aisle", make)
    assert few == many


def test_the_atlas(world: World) -> None:
    client = signed_in(world.lead)
    client.get("/reliability/")
    count(client, "/reliability/")


def test_a_stop_in_force_is_told_within_the_same_limit(
    world: World, waiting: Callable[..., Alert]
) -> None:
    alert = waiting()
    Stop.objects.create(
        tenant=world.tenant,
        site=world.site,
        reason="The camera looks elsewhere.",
        stopped_by=world.lead,
        stopped_at=timezone.now(),
    )
    client = signed_in(world.operator)
    for path in ("/", f"/alerts/{alert.id}/"):
        client.get(path)
        count(client, path)


PARTS = ("exhibits", "timeline", "related")


def a_case(world: World) -> Case:
    alert = make_waiting_alert(world.camera)
    decide(alert, world)
    return open_case(alert_id=alert.id, now=NOW)


def fill(world: World, case: Case, number: int) -> None:
    """Notes, people, tasks, links, and incidents of other cases moved here with a sealed exhibit each."""
    user = world.lead
    actor = Actor(tenant_id=user.tenant_id, user_id=user.id, role=user.role, channel=Channel.SCREEN)
    for _ in range(number):
        someone = add_person(
            actor=actor, case=case, role=PersonRole.WITNESS, name="Ana", observed="Red", now=NOW
        )
        add_note(actor=actor, case=case, text="Saw it.", person_id=someone.id, now=NOW)
        add_task(
            actor=actor, case=case, title="Ask", assignee=world.operator.id, due_at=NOW, now=NOW
        )
        other = a_case(world)
        linked = make_waiting_alert(world.camera)
        link_alert(actor=actor, case=case, alert=linked, reason="Same aisle", now=NOW)
        link_cases(
            actor=actor,
            case=case,
            other=a_case(world),
            relation=CaseRelation.SAME_METHOD,
            reason="Foil",
            now=NOW,
        )
        incident = Incident.objects.get(case=other)
        Incident.objects.filter(id=incident.id).update(case=case)
        seal(case, incident.alert)


def seal(case: Case, alert: Alert) -> None:
    item = EvidenceItem.objects.create(
        tenant_id=case.tenant_id,
        alert=alert,
        kind="master",
        bucket="b",
        key=f"k{uuid4()}",
        media_type="video/mp4",
        size_bytes=1234,
        sha256="c" * 64,
        acquired_at=NOW,
        retain_until=NOW + timedelta(days=365),
    )
    CustodyEvent.objects.create(
        tenant_id=case.tenant_id,
        evidence_item_id=item.id,
        action="acquired",
        actor_id=uuid4(),
        sha256="c" * 64,
        happened_at=NOW,
    )
    number = case.exhibits.count() + 1
    Exhibit.objects.create(
        tenant_id=case.tenant_id, case=case, item=item, number=number, title="Clip", sealed_at=NOW
    )


def add_playback(person: User, alert: Alert) -> None:
    alert.playbacks.create(
        tenant_id=alert.tenant_id, user=person, session="s", from_ms=0, to_ms=10, played_at=NOW
    )


def _join(item: ReviewItem, alert: Alert) -> None:
    ItemMember.objects.create(
        alert=alert,
        tenant_id=alert.tenant_id,
        item=item,
        starts_at=NOW,
        ends_at=NOW + timedelta(seconds=10),
        joined_at=NOW,
    )
