"""Settings on screen: who may set up what, what is refused, and that every change leaves its event."""

import re

import pytest

from apps.accounts.models import User
from apps.accounts.operations import UnableToChangePerson, change_person
from apps.accounts.permissions import Role
from apps.alerts.models import DetectorSource
from apps.audit.events import Subject
from apps.audit.queries import events_of
from apps.sites.models import Camera, CameraLink, Roster, Site, Zone
from apps.sites.queries import sites_visible_to
from apps.webhooks.models import Webhook
from tests.console.people import signed_in
from tests.reviews.conftest import sign_in
from tests.world import World, make_camera, make_person

pytestmark = pytest.mark.django_db
TRIANGLE = "10 10\n90 10\n50 80.5"


def events(world: World, kind: str, identity: object) -> list[str]:
    found = events_of(tenant_id=world.tenant.id, subjects=[Subject(kind, identity)])  # type: ignore[arg-type]
    return [event.event for event in found]


def test_settings_are_for_those_who_may_set_something_up(world: World) -> None:
    assert signed_in(world.administrator).get("/settings/").status_code == 200
    manager = signed_in(world.store_manager).get("/settings/").content.decode()
    assert world.site.name in manager
    assert "People and grants" not in manager
    for person in (world.operator, world.lead, world.compliance, world.ops):
        assert signed_in(person).get("/settings/").status_code == 403


def test_an_administrator_adds_a_site_with_its_camera_and_minutes(world: World) -> None:
    client = signed_in(world.administrator)
    new = {"name": "Plaza Mayor", "slug": "plaza-mayor", "timezone": "Atlantic/Canary"}
    at = client.post("/settings/sites/new/", new)["Location"]
    site = Site.objects.get(slug="plaza-mayor")
    assert at == f"/settings/sites/{site.id}/"
    camera_page = client.post(f"{at}cameras/", {"name": "Door", "slug": "door-1"})["Location"]
    camera = Camera.objects.get(slug="door-1")
    assert camera_page == f"/settings/cameras/{camera.id}/"
    period = {
        "starts_at": "2026-11-23T09:00",
        "ends_at": "2026-11-23T21:00",
        "operator_minutes": 600,
    }
    client.post(f"{at}minutes/", period)
    roster = Roster.objects.get(site=site)
    assert roster.starts_at.hour == 9  # the Canary Islands are on UTC in winter
    client.post(f"{at}minutes/{roster.id}/remove/")
    assert not Roster.objects.filter(site=site).exists()
    assert events(world, "site", site.id) == ["site:created", "roster:changed", "roster:changed"]


def test_what_cannot_be_saved_says_why_and_keeps_what_was_typed(world: World) -> None:
    client = signed_in(world.administrator)
    taken = {"name": "Another", "slug": world.site.slug, "timezone": "Europe/Madrid"}
    answer = client.post("/settings/sites/new/", taken)
    assert answer.status_code == 422
    assert 'value="Another"' in answer.content.decode()
    at = f"/settings/sites/{world.site.id}/"
    backwards = {"starts_at": "2026-11-23T09:00", "ends_at": "2026-11-23T08:00"}
    refused = client.post(f"{at}minutes/", backwards | {"operator_minutes": 5})
    assert refused.status_code == 422
    camera = f"/settings/cameras/{world.camera.id}/zones/new/"
    wrong = {"name": "Shelf", "kind": "shelf", "polygon": "10 10\n20"}
    page = client.post(camera, wrong)
    assert page.status_code == 422
    assert "Each line holds one corner" in page.content.decode()
    assert not Zone.objects.filter(name="Shelf").exists()


def test_a_store_manager_draws_moves_and_takes_off_a_zone_of_their_own_store(
    world: World,
) -> None:
    client = signed_in(world.store_manager)
    at = f"/settings/cameras/{world.camera.id}/"
    drawn = {"name": "Spirits", "kind": "high_value", "polygon": TRIANGLE}
    assert client.post(f"{at}zones/new/", drawn)["Location"] == at
    zone = Zone.objects.get(name="Spirits")
    assert zone.polygon == [[0.1, 0.1], [0.9, 0.1], [0.5, 0.805]]
    shown = client.get(f"{at}zones/{zone.id}/").content.decode()
    assert "50.0 80.5" in shown
    client.post(f"{at}zones/{zone.id}/", drawn | {"polygon": "0 0\n100 0\n100 100\n0 100"})
    zone.refresh_from_db()
    assert len(zone.polygon) == 4
    client.post(f"{at}zones/{zone.id}/remove/")
    assert events(world, "zone", zone.id) == ["zone:created", "zone:changed", "zone:removed"]
    elsewhere = make_camera(world.other_site)
    assert client.get(f"/settings/cameras/{elsewhere.id}/").status_code == 404
    assert client.post(at, {"name": "Mine"}).status_code == 403


def test_cameras_of_one_site_are_said_to_be_adjacent_and_not(world: World) -> None:
    client = signed_in(world.administrator)
    other = make_camera(world.site)
    at = f"/settings/cameras/{world.camera.id}/"
    client.post(f"{at}link/", {"camera": str(other.id)})
    link = CameraLink.objects.get()
    assert other.name in client.get(at).content.decode()
    client.post(f"{at}link/{link.id}/remove/")
    assert not CameraLink.objects.exists()


def test_a_person_is_added_with_a_password_shown_once_and_granted_a_site(world: World) -> None:
    client = signed_in(world.administrator)
    asked = {"name": "Ana Ruiz", "email": "Ana@Example.test", "role": "operator"}
    page = client.post("/settings/people/", asked).content.decode()
    person = User.objects.get(email="ana@example.test")
    found = re.search(r"<code[^>]*>([^<]+)</code>", page)
    assert found
    assert person.check_password(found.group(1))
    assert found.group(1) not in client.get(f"/settings/people/{person.id}/").content.decode()
    client.post(f"/settings/people/{person.id}/grant/", {"site": str(world.site.id)})
    assert list(sites_visible_to(person)) == [world.site]
    client.post(f"/settings/people/{person.id}/withdraw/{world.site.id}/")
    assert not sites_visible_to(person).exists()
    twice = client.post("/settings/people/", asked)
    assert twice.status_code == 422
    changed = {"name": "Ana Ruiz", "role": "store_manager"}
    client.post(f"/settings/people/{person.id}/", changed)
    person.refresh_from_db()
    assert (person.role, person.is_active) == (Role.STORE_MANAGER, False)


def test_nobody_changes_their_own_role_and_an_old_sign_in_is_asked_for_again(
    world: World,
) -> None:
    me = world.administrator
    own = signed_in(me).post(f"/settings/people/{me.id}/", {"name": "Me", "role": "operator"})
    assert "Somebody else has to change your own role." in own.content.decode()
    stale = signed_in(me, seconds_ago=900)
    path = f"/settings/people/{world.operator.id}/"
    answer = stale.post(path, {"name": "X", "role": "administrator"})
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    world.operator.refresh_from_db()
    assert world.operator.role == Role.OPERATOR
    foreign = signed_in(me).get(f"/settings/people/{world.foreign_operator.id}/")
    assert foreign.status_code == 404


def test_a_detector_gets_a_secret_once_a_new_one_and_is_not_heard_any_more(world: World) -> None:
    client = signed_in(world.administrator)
    page = client.post("/settings/detectors/", {"name": "Box at the door"}).content.decode()
    source = DetectorSource.objects.get(name="Box at the door")
    first = re.search(r"<code[^>]*>([^<]+)</code>", page)
    assert first
    at = f"/settings/detectors/{source.id}/"
    assert first.group(1) not in client.get(at).content.decode()
    second = re.search(r"<code[^>]*>([^<]+)</code>", client.post(f"{at}rotate/").content.decode())
    assert second
    assert second.group(1) != first.group(1)
    outside = client.post(f"{at}rescoring/", {"url": "http://203.0.113.9/score"})
    assert outside.status_code == 422
    client.post(f"{at}off/")
    source.refresh_from_db()
    assert not source.is_active
    stale = signed_in(world.administrator, seconds_ago=900)
    assert stale.post(f"{at}rotate/")["Location"].startswith("/accounts/reauthenticate/")


def test_a_webhook_is_added_with_its_secret_shown_once_tried_and_switched_off(
    world: World,
) -> None:
    client = signed_in(world.administrator)
    said = {"name": "Till", "url": "http://127.0.0.1:9/hook", "kinds": ["alert.resolved"]}
    refused = client.post("/settings/webhooks/", said | {"url": "http://93.184.216.34/"})
    assert refused.status_code == 422
    assert "lies outside the store&#x27;s network" in refused.content.decode()
    page = client.post("/settings/webhooks/", said).content.decode()
    found = re.search(r"<code[^>]*>([^<]+)</code>", page)
    assert found
    webhook = Webhook.objects.get()
    at = f"/settings/webhooks/{webhook.id}/"
    assert found.group(1) not in client.get(at).content.decode()
    client.post(f"{at}ping/")
    assert "on its way" in client.get(at).content.decode()
    assert client.get(f"{at}?state=given_up").status_code == 200
    client.post(f"{at}off/")
    assert "Switch it on again" in client.get(at).content.decode()
    stale = signed_in(world.administrator, seconds_ago=900)
    assert stale.post(f"{at}rotate/")["Location"].startswith("/accounts/reauthenticate/")
    assert signed_in(world.lead).get(at).status_code == 403


def test_the_last_administrator_stays_and_grants_need_a_fresh_sign_in(world: World) -> None:
    second = make_person(world.tenant, Role.ADMINISTRATOR)
    at, demoted = (
        f"/settings/people/{world.administrator.id}/",
        {"name": "X Y", "role": "operator", "is_active": "on"},
    )
    assert signed_in(second).post(at, demoted).status_code == 302
    second.is_active = False
    with pytest.raises(UnableToChangePerson, match="last administrator"):
        change_person(actor=sign_in(second), user=second)
    stale = signed_in(User.objects.get(id=second.id), seconds_ago=900)
    grant = f"/settings/people/{world.stranger.id}/grant/"
    assert stale.post(grant, {"site": str(world.site.id)})["Location"].startswith(
        "/accounts/reauthenticate/"
    )
    assert not sites_visible_to(world.stranger).exists()
