"""The case pages: what a case rests on, what is sealed, and who may move it on."""

import pytest

from apps.audit.events import Subject
from apps.audit.queries import events_of
from apps.cases.models import Case, Exhibit
from apps.cases.operations import open_case
from apps.evidence.models import EvidenceItem
from tests.cases.test_from_theft_to_case import decide
from tests.console.people import signed_in
from tests.world import NOW, World, make_waiting_alert

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(world: World) -> Case:
    alert = make_waiting_alert(world.camera)
    decide(alert, world)
    return open_case(alert_id=alert.id, now=NOW)


def seal(case: Case) -> Exhibit:
    alert = case.incidents.get().alert
    item = EvidenceItem.objects.create(
        tenant_id=case.tenant_id,
        alert=alert,
        kind="master",
        bucket="b",
        key=f"k-{case.id}",
        media_type="video/mp4",
        size_bytes=1234,
        sha256="c" * 64,
        acquired_at=NOW,
        retain_until=NOW,
    )
    return Exhibit.objects.create(
        tenant_id=case.tenant_id, case=case, item=item, number=1, title="Footage", sealed_at=NOW
    )


def test_the_list_shows_the_cases_of_my_sites(world: World, case: Case) -> None:
    assert case.reference in signed_in(world.operator).get("/cases/").content.decode()
    stranger = signed_in(world.stranger).get("/cases/").content.decode()
    assert case.reference not in stranger
    assert "No case yet" in stranger
    other = signed_in(world.lead).get(f"/cases/?site={world.other_site.id}").content.decode()
    assert case.reference not in other
    assert signed_in(world.operator).get("/cases/?site=nonsense&page=x").status_code == 200


def test_strangers_find_nothing_and_the_unauthorised_are_refused(world: World, case: Case) -> None:
    path = f"/cases/{case.id}/"
    assert signed_in(world.stranger).get(path).status_code == 404
    assert signed_in(world.foreign_operator).get(path).status_code == 404
    assert signed_in(world.ops).get("/cases/").status_code == 403


def test_an_exhibit_shows_digest_and_lock(world: World, case: Case) -> None:
    page = signed_in(world.operator).get(f"/cases/{case.id}/").content.decode()
    assert "No exhibit is sealed yet" in page
    exhibit = seal(case)
    page = signed_in(world.operator).get(f"/cases/{case.id}/").content.decode()
    assert "c" * 64 in page
    assert "Locked until" in page
    assert f"/evidence/{exhibit.item_id}/" in page
    manager = signed_in(world.store_manager).get(f"/cases/{case.id}/").content.decode()
    assert f"/evidence/{exhibit.item_id}/" not in manager


def test_a_case_moves_once_and_whoever_is_late_is_told(world: World, case: Case) -> None:
    client, other = signed_in(world.operator), signed_in(world.lead)
    step = {"to": "under_investigation", "version": case.version}
    client.post(f"/cases/{case.id}/move/", step)
    assert Case.objects.get(id=case.id).state == "under_investigation"
    late = other.post(f"/cases/{case.id}/move/", step, follow=True).content.decode()
    assert "Somebody else moved this case" in late
    assert Case.objects.get(id=case.id).version == case.version + 1


def test_the_person_who_confirmed_cannot_approve(world: World, case: Case) -> None:
    for state in ("under_investigation", "submitted_for_approval"):
        Case.objects.filter(id=case.id).update(state=state)
    step = {"to": "approved", "version": case.version}
    assert signed_in(world.operator).post(f"/cases/{case.id}/move/", step).status_code == 403
    page = signed_in(world.operator).get(f"/cases/{case.id}/").content.decode()
    assert "Your role does not allow it" in page
    signed_in(world.administrator).post(f"/cases/{case.id}/move/", step)
    assert Case.objects.get(id=case.id).state == "approved"


def test_a_move_nobody_offers_changes_nothing(world: World, case: Case) -> None:
    client = signed_in(world.operator)
    for step in ({}, {"to": "reported", "version": 1}, {"to": "shout", "version": 1}):
        client.post(f"/cases/{case.id}/move/", step)
    assert Case.objects.get(id=case.id).state == "open"


def test_a_look_is_recorded_once_a_session_and_again_for_who_is_added(
    world: World, case: Case
) -> None:
    client = signed_in(world.lead)

    def looks(kind: str, identity: object) -> int:
        told = events_of(tenant_id=world.tenant.id, subjects=[Subject(kind, str(identity))])
        return sum(one.event == f"{kind}:viewed" for one in told)

    for _ in range(2):
        client.get(f"/cases/{case.id}/")
    assert looks("case", case.id) == 1
    someone = {"role": "witness", "name": "Ana Ruiz"}
    client.post(f"/cases/{case.id}/do/person/", someone, follow=True)
    client.get(f"/cases/{case.id}/")
    person = case.people.get().person_id
    assert (looks("case", case.id), looks("person", person)) == (1, 1)
    signed_in(world.lead).get(f"/api/v1/cases/{case.id}/")
    assert (looks("case", case.id), looks("person", person)) == (2, 1)
