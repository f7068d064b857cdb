"""Settings on screen: who may set up what, what is refused, and that every change leaves its event."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from apps.accounts.models import User
from apps.accounts.operations import UnableToChangePerson, change_person
from apps.accounts.permissions import Role
from apps.alerts.models import DetectorSource
from apps.audit.events import Subject
from apps.audit.queries import events_of
from apps.sites.models import Camera, CameraLink, PlacePicture, Roster, Site, Zone
from apps.sites.pictures import delete_replaced
from apps.sites.queries import sites_visible_to
from apps.storage.errors import ObjectMissing
from apps.storage.store import media_store
from apps.webhooks.models import Webhook
from tests.console.people import signed_in
from tests.pictures import a_picture
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


def test_a_plan_is_uploaded_cameras_hang_on_it_and_it_is_replaced(
    world: World, s3: dict[str, str]
) -> None:
    client, at = signed_in(world.administrator), f"/settings/sites/{world.site.id}/plan/"
    assert "No plan yet" in client.get(at).content.decode()
    client.post(f"{at}upload/", {"picture": a_picture(mode="RGBA")})
    first = PlacePicture.objects.get()
    with media_store().get_stream(key=first.key) as stream:
        kept = Image.open(io.BytesIO(stream.read()))
    assert (kept.format, kept.size, kept.getpixel((5, 5))) == ("JPEG", (320, 200), (255, 255, 255))
    x, y = f"x-{world.camera.id}", f"y-{world.camera.id}"
    manager = signed_in(world.store_manager)
    half = manager.post(at, {x: 30})
    assert half.status_code == 422
    assert "Give both numbers" in half.content.decode()
    assert manager.post(at, {x: 130, y: 0}).status_code == 422
    manager.post(at, {x: 30, y: 62.5})
    manager.post(at, {x: 30, y: 62.5})  # nothing moved: no event
    world.camera.refresh_from_db()
    assert (world.camera.plan_x, world.camera.plan_y) == (0.3, 0.625)
    assert manager.post(f"{at}upload/", {"picture": a_picture()}).status_code == 403
    client.post(f"{at}upload/", {"picture": a_picture(width=400)})
    client.post(f"{at}remove/")
    assert delete_replaced() == 2
    assert not PlacePicture.objects.exists()
    with pytest.raises(ObjectMissing):
        media_store().stat(key=first.key)
    assert events(world, "site", world.site.id) == [
        *("site:plan_changed", "site:cameras_placed"),
        *("site:plan_changed", "site:plan_changed"),
    ]


def test_the_plan_is_lent_to_those_of_the_site_and_to_nobody_else(
    world: World, s3: dict[str, str]
) -> None:
    client, at = signed_in(world.administrator), f"/settings/sites/{world.site.id}/plan/"
    assert client.get(f"{at}picture/").status_code == 404
    client.post(f"{at}upload/", {"picture": a_picture()})
    assert signed_in(world.lead).get(f"{at}picture/").status_code == 302
    for person in (world.stranger, world.foreign_operator):
        assert signed_in(person).get(f"{at}picture/").status_code == 404
    assert signed_in(world.operator).get(at).status_code == 403


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.7", "not a readable JPEG or PNG"),
        (a_picture(width=40).read(), "80 to 8000 pixels"),
        (a_picture(width=9000, height=90).read(), "80 to 8000 pixels"),
        (b"x" * (8 * 1024 * 1024 + 1), "at most 8 MB"),
    ],
    ids=["no-picture", "too-small", "too-wide", "too-heavy"],
)
def test_what_is_no_picture_of_a_camera_is_refused_with_the_reason(
    world: World, data: bytes, words: str
) -> None:
    client, at = signed_in(world.administrator), f"/settings/cameras/{world.camera.id}/picture/"
    refused = client.post(f"{at}upload/", {"picture": SimpleUploadedFile("door.png", data)})
    assert refused.status_code == 422
    assert words in refused.content.decode()
    assert not PlacePicture.objects.exists()


def test_zones_are_drawn_on_an_uploaded_picture_and_each_look_is_recorded(
    world: World, s3: dict[str, str]
) -> None:
    client, at = signed_in(world.administrator), f"/settings/cameras/{world.camera.id}/"
    client.post(f"{at}picture/upload/", {"picture": a_picture(kind="JPEG")})
    assert f"{at}picture/?v=" in client.get(f"{at}zones/new/").content.decode()
    assert client.get(f"{at}picture/").status_code == 302
    client.post(f"{at}picture/remove/")
    assert "No picture yet" in client.get(at).content.decode()
    assert events(world, "camera", world.camera.id) == [
        *("camera:picture_changed", "evidence:viewed", "camera:picture_changed")
    ]


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
    third = re.search(r"<code[^>]*>([^<]+)</code>", client.post(f"{at}on/").content.decode())
    assert third
    source.refresh_from_db()
    assert source.is_active
    assert third.group(1) not in (first.group(1), second.group(1))
    assert source.previous_secret_sealed is None  # no secret of before is accepted
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
