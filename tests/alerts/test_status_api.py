"""GET /api/v1/alerts/ and /api/v1/alerts/<id>/: who may read what became of an alert."""

import uuid
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert
from tests.alerts.senders import URL, Detector, make_detector, stated
from tests.world import World, make_alert, make_camera, make_site, make_waiting_alert

pytestmark = pytest.mark.django_db(transaction=True)


def alert_at(world: World, **fields: Any) -> Alert:
    with tenant_scope(world.tenant.id):
        return make_alert(world.camera, **fields)


def waiting_at(world: World, **fields: Any) -> Alert:
    with tenant_scope(world.tenant.id):
        return make_waiting_alert(world.camera, **fields)


def get(user: User, path: str) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(path)


def test_a_source_follows_its_own_alert(world: World, detector: Detector) -> None:
    alert = detector.send(stated(world.camera.slug)).json()

    answer = detector.send(b"", method="GET", url=f"{URL}{alert['id']}/")

    assert answer.status_code == 200
    body = answer.json()
    assert body["state"] == "received"
    assert body["camera"] == world.camera.slug
    assert body["detector"] == {"id": "acme", "version": "4.2.0"}
    assert (body["failed_step"], body["clock_skew_flagged"]) == ("", False)
    assert "strategy" not in body


def test_a_source_does_not_see_another_sources_alert(world: World, detector: Detector) -> None:
    alert = detector.send(stated(world.camera.slug)).json()
    for other in (make_detector(world.tenant), make_detector(world.foreign_tenant)):
        answer = other.send(b"", method="GET", url=f"{URL}{alert['id']}/")
        assert answer.status_code == 404


def test_only_the_source_is_given_the_upload_address(world: World, detector: Detector) -> None:
    clip = {"delivery": "upload"}
    alert = detector.send(stated(world.camera.slug, clip=clip)).json()
    path = f"{URL}{alert['id']}/"
    assert "upload" in detector.send(b"", method="GET", url=path).json()["clip"]
    assert "upload" not in get(world.operator, path).json()["clip"]


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("operator", 200),
        ("store_manager", 200),
        ("lead", 200),
        ("compliance", 200),
        ("administrator", 200),
        ("ops", 403),
        ("stranger", 404),
        ("foreign_operator", 404),
    ],
)
def test_people_see_the_alerts_of_their_sites(world: World, who: str, status: int) -> None:
    alert = alert_at(world)
    assert get(getattr(world, who), f"{URL}{alert.id}/").status_code == status


def test_nobody_is_told_without_signing_in(world: World) -> None:
    alert = alert_at(world)
    for path in (URL, f"{URL}{alert.id}/"):
        assert Client().get(path).status_code in (401, 403)


def test_an_unknown_alert_is_not_found(world: World) -> None:
    assert get(world.operator, f"{URL}{uuid.uuid4()}/").status_code == 404
    assert get(world.operator, f"{URL}not-an-id/").status_code == 404


def test_whoever_judges_blind_is_not_told_the_score(world: World, detector: Detector) -> None:
    alert = waiting_at(world)
    path = f"{URL}{alert.id}/"
    assert get(world.operator, path).json()["score"] == 0.9
    with tenant_scope(world.tenant.id):
        Alert.objects.filter(id=alert.id).update(sampled_blind=True)
    assert get(world.operator, path).json()["score"] is None


def test_the_list_shows_own_sites_newest_first_in_pages(world: World) -> None:
    with tenant_scope(world.tenant.id):
        alerts = [make_alert(world.camera, clip=False) for _ in range(60)]
        make_alert(make_camera(world.other_site), clip=False)
    with tenant_scope(world.foreign_tenant.id):
        make_alert(make_camera(make_site(world.foreign_tenant)), clip=False)

    first = get(world.operator, URL).json()
    second = get(world.operator, first["next"].removeprefix("http://testserver")).json()

    assert (len(first["results"]), len(second["results"])) == (50, 10)
    seen = {entry["id"] for entry in (*first["results"], *second["results"])}
    assert seen == {str(alert.id) for alert in alerts}
    assert second["next"] is None


def test_the_list_can_be_narrowed_to_a_state(world: World) -> None:
    alert_at(world)
    waiting = waiting_at(world)
    found = get(world.operator, f"{URL}?state=awaiting_review").json()["results"]
    assert [entry["id"] for entry in found] == [str(waiting.id)]


def test_a_list_is_empty_for_strangers_and_refused_without_the_permission(world: World) -> None:
    alert_at(world)
    assert get(world.stranger, URL).json()["results"] == []
    assert get(world.foreign_operator, URL).json()["results"] == []
    assert get(world.ops, URL).status_code == 403


def test_no_endpoint_changes_an_alert_for_a_session(world: World) -> None:
    alert = alert_at(world)
    client = Client()
    client.force_login(world.administrator)
    for method in ("put", "patch", "delete"):
        assert getattr(client, method)(f"{URL}{alert.id}/").status_code == 405
