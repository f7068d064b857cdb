"""Review items on screen and through the API: one row, one look, one act to split it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.alerts.models import Alert
from apps.reviews.models import HumanTask, ItemMember
from apps.reviews.operations import join_item, open_task
from apps.sites.models import Camera
from apps.sites.operations import link_cameras
from tests.console.people import HTMX, signed_in
from tests.reviews.conftest import sign_in, watch
from tests.world import NOW, World, make_camera, make_waiting_alert

pytestmark = pytest.mark.django_db


def arrive(camera: Camera, *, after: float = 0, priority: float = 1, label: str = "") -> Alert:
    alert = make_waiting_alert(camera)
    Alert.objects.filter(id=alert.id).update(
        camera_at=NOW + timedelta(seconds=after), priority=priority, label=label or alert.label
    )
    alert = Alert.objects.get(id=alert.id)
    now = timezone.now()
    open_task(alert=alert, due_at=now + timedelta(minutes=15), now=now)
    join_item(alert=alert, now=now)
    return alert


@pytest.fixture
def trio(world: World) -> list[Alert]:
    """One person on three cameras; the first alert is worth most. Only one of them says checkout_skip."""
    actor = sign_in(world.administrator)
    second, third = make_camera(world.site), make_camera(world.site)
    link_cameras(actor=actor, one=world.camera, other=second)
    link_cameras(actor=actor, one=second, other=third)
    return [
        arrive(world.camera, priority=9),
        arrive(second, after=3, priority=2, label="checkout_skip"),
        arrive(third, after=6, priority=1),
    ]


def rows(content: str) -> list[str]:
    return [part.partition('"')[0] for part in content.split('data-row="')[1:]]


def test_an_item_is_one_row_one_count_and_one_on_the_badge(world: World, trio: list[Alert]) -> None:
    client = signed_in(world.operator)
    answer = client.get("/")
    page = answer.content.decode()
    assert rows(page) == [str(trio[0].id)]
    assert "+2 cameras" in page
    assert [tab["count"] for tab in answer.context["tabs"]] == ["1", "0", "0", "0", "1"]
    assert "1 waiting" in client.get("/queue/badge/").content.decode()
    row = client.get(f"/queue/{trio[0].id}/", headers=HTMX).content.decode()
    assert "+2 cameras" in row


def test_a_filter_that_fits_a_duplicate_finds_its_item(world: World, trio: list[Alert]) -> None:
    client = signed_in(world.operator)
    assert rows(client.get("/?label=checkout_skip").content.decode()) == [str(trio[0].id)]
    assert rows(client.get("/?strategy=escalate").content.decode()) == []
    HumanTask.objects.filter(alert=trio[2]).update(assignee=world.operator)
    assert rows(client.get("/?assignee=me").content.decode()) == [str(trio[0].id)]


def test_a_split_alert_comes_back_as_its_own_row(world: World, trio: list[Alert]) -> None:
    client = signed_in(world.operator)
    body = {"member": str(trio[1].id), "reason": "another person"}
    answer = client.post(reverse("item-split", args=[trio[0].id]), body, follow=True)
    assert "It is a row of its own again." in answer.content.decode()
    page = client.get("/").content.decode()
    assert rows(page) == [str(trio[0].id), str(trio[1].id)]
    assert "+1 camera<" in page
    client.post(reverse("item-rejoin", args=[trio[1].id]), {"reason": "the same after all"})
    assert rows(client.get("/").content.decode()) == [str(trio[0].id)]


def test_the_alert_page_shows_the_other_alerts_and_how_to_split(
    world: World, trio: list[Alert]
) -> None:
    page = signed_in(world.operator).get(f"/alerts/{trio[0].id}/").content.decode()
    for other in trio[1:]:
        assert f'href="/alerts/{other.id}/"' in page
        assert other.camera.name in page
    assert "Split from this item" in page
    manager = signed_in(world.store_manager).get(f"/alerts/{trio[0].id}/").content.decode()
    assert trio[1].camera.name in manager
    assert "Split from this item" not in manager


def test_splitting_is_refused_to_strangers_and_to_who_may_not_decide(
    world: World, trio: list[Alert]
) -> None:
    path, body = reverse("item-split", args=[trio[1].id]), {"reason": "another person"}
    assert signed_in(world.stranger).post(path, body).status_code == 404
    assert signed_in(world.foreign_operator).post(path, body).status_code == 404
    assert signed_in(world.store_manager).post(path, body).status_code == 403
    answer = signed_in(world.operator).post(path, {"reason": ""}, follow=True)
    assert "give a reason" in answer.content.decode()
    assert not ItemMember.objects.filter(split_at__isnull=False).exists()


def test_before_it_is_recorded_the_person_sees_what_else_is_settled_and_what_is_not(
    world: World, trio: list[Alert]
) -> None:
    watch(world.operator, trio[0])
    watch(world.operator, trio[1])
    client = signed_in(world.operator)
    path = reverse("decide", args=[trio[0].id])
    theft = {"verdict": "theft_confirmed", "reasons": ["exit_unpaid"], "transfer_seen": "yes"}
    page = client.post(path, theft, headers=HTMX).content.decode()
    settled, _, left = page.partition("Stays in the queue")
    assert trio[1].reference in settled
    assert trio[2].reference in left
    assert "(not watched)" in left
    benign = {"verdict": "false_alarm", "reasons": ["paid"]}
    page = client.post(path, benign, headers=HTMX).content.decode()
    assert "Stays in the queue" not in page
    assert trio[2].reference in page


def test_an_item_can_be_read_and_split_through_the_api(world: World, trio: list[Alert]) -> None:
    client = signed_in(world.operator)
    item = client.get(f"/api/v1/alerts/{trio[2].id}/item/").json()
    assert item["lead"] == str(trio[0].id)
    assert [member["alert"] for member in item["members"]] == [str(a.id) for a in trio]
    path = f"/api/v1/alerts/{trio[2].id}/item/split/"
    assert client.post(path, {"reason": "x"}, content_type="application/json").status_code == 200
    again = client.post(path, {"reason": "x"}, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "unable")
    stranger = signed_in(world.stranger)
    assert stranger.get(f"/api/v1/alerts/{trio[2].id}/item/").status_code == 404
    assert stranger.post(path, {"reason": "x"}, content_type="application/json").status_code == 404
    manager = signed_in(world.store_manager)
    assert manager.post(path, {"reason": "x"}, content_type="application/json").status_code == 403
    alone = make_waiting_alert(world.camera)
    assert client.get(f"/api/v1/alerts/{alone.id}/item/").status_code == 404
