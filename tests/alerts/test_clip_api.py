"""POST /api/v1/alerts/<id>/clip/ and presigned uploads: footage that comes after its alert."""

import uuid
from typing import Any

import pytest
import urllib3

from apps.accounts.tenancy import tenant_scope
from apps.alerts import spool as spool_module
from apps.alerts.models import Alert, Clip
from apps.audit.events import Event
from apps.audit.models import InboxEntry
from apps.storage.store import media_store
from tests.alerts.senders import MP4, URL, Detector, make_detector, stated
from tests.world import World

pytestmark = pytest.mark.django_db


def announce(detector: Detector, world: World, delivery: str) -> dict[str, Any]:
    answer = detector.send(
        stated(world.camera.slug, clip={"delivery": delivery, "name": "seven.mp4"})
    )
    assert answer.status_code == 202
    body: dict[str, Any] = answer.json()
    return body


def send_clip(
    detector: Detector, alert_id: str, content: bytes = MP4, *, named: str = "", **options: Any
) -> Any:
    parts = (("alert", (named or alert_id).encode(), ""), ("clip", content, "late.mp4"))
    return detector.send_multipart(*parts, url=f"{URL}{alert_id}/clip/", **options)


def say_uploaded(detector: Detector, alert_id: str, **changes: Any) -> Any:
    body = {"alert": alert_id, "uploaded": True} | changes
    return detector.send(body, url=f"{URL}{alert_id}/clip/")


def test_an_announced_clip_is_pending_and_said_so(world: World, detector: Detector) -> None:
    body = announce(detector, world, "follows")
    assert body["clip"] == {
        "state": "pending",
        "pending_reason": "Announced by the detector; not here yet.",
    }


def test_the_clip_that_follows_is_spooled(world: World, detector: Detector) -> None:
    body = announce(detector, world, "follows")

    answer = send_clip(detector, body["id"])

    assert answer.status_code == 202
    assert answer.json()["clip"] == {"state": "spooled"}
    clip = Clip.objects.get()
    assert spool_module.path_of(clip.spool_name).read_bytes() == MP4
    assert clip.original_name == "late.mp4"


def test_the_same_clip_again_changes_nothing(world: World, detector: Detector) -> None:
    body = announce(detector, world, "follows")
    for _ in range(2):
        assert send_clip(detector, body["id"]).status_code == 202
    assert len(list(spool_module.spool().glob("*.clip"))) == 1
    assert InboxEntry.objects.filter(event=Event.ALERT_CLIP_PENDING.value).count() == 1


def test_another_clip_is_a_conflict_and_does_not_stay(world: World, detector: Detector) -> None:
    body = announce(detector, world, "follows")
    send_clip(detector, body["id"])
    answer = send_clip(detector, body["id"], MP4 + b"x")
    assert (answer.status_code, answer.json()["code"]) == (409, "another_clip")
    assert len(list(spool_module.spool().glob("*.clip"))) == 1


def test_a_clip_nobody_announced_is_refused(world: World, detector: Detector) -> None:
    alert_id = detector.send(stated(world.camera.slug)).json()["id"]
    answer = send_clip(detector, alert_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "none_announced")
    assert not list(spool_module.spool().glob("*.clip"))


def test_a_late_clip_that_is_no_video_is_refused_with_its_reason(
    world: World, detector: Detector
) -> None:
    body = announce(detector, world, "follows")
    answer = send_clip(detector, body["id"], b"a text\n" * 50)
    assert answer.status_code == 202
    assert answer.json()["clip"]["refused_code"] == "not_a_video"


def test_a_clip_after_the_wait_is_still_taken(world: World, detector: Detector) -> None:
    body = announce(detector, world, "follows")
    Clip.objects.update(state="missing")
    assert send_clip(detector, body["id"]).json()["clip"] == {"state": "spooled"}


def test_the_signature_ties_the_clip_to_its_alert(world: World, detector: Detector) -> None:
    one, two = announce(detector, world, "follows"), announce(detector, world, "follows")
    answer = send_clip(detector, two["id"], named=one["id"])
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"path": "alert", "message": "is not the id in the address"}]
    assert not list(spool_module.spool().glob("*.clip"))


def test_an_upload_that_is_done_is_told_to_the_workflow(world: World, detector: Detector) -> None:
    body = announce(detector, world, "upload")
    for _ in range(2):
        answer = say_uploaded(detector, body["id"])
        assert answer.status_code == 202
        assert answer.json()["clip"]["pending_reason"] == "Uploaded; being checked."


@pytest.mark.parametrize(
    "changes", [{"uploaded": False}, {"uploaded": "yes"}, {"alert": "x"}, {"extra": 1}], ids=str
)
def test_a_wrong_notice_is_refused(
    world: World, detector: Detector, changes: dict[str, Any]
) -> None:
    body = announce(detector, world, "upload")
    assert say_uploaded(detector, body["id"], **changes).status_code == 400


def test_only_uploads_can_be_said_to_be_uploaded(world: World, detector: Detector) -> None:
    body = announce(detector, world, "follows")
    answer = say_uploaded(detector, body["id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "not_by_upload")


def test_a_closed_alert_takes_no_clip(world: World, detector: Detector) -> None:
    body = announce(detector, world, "follows")
    alert = Alert.objects.get(id=body["id"])
    alert.state = "resolved"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("apps.alerts.api._own_alert", lambda *_: alert)
        answer = send_clip(detector, body["id"])
    assert (answer.status_code, answer.json()["code"]) == (409, "alert_closed")


def test_the_presigned_address_takes_one_put_of_the_real_bytes(
    world: World, detector: Detector, s3: dict[str, str]
) -> None:
    upload = announce(detector, world, "upload")["clip"]["upload"]

    answer = urllib3.request(upload["method"], upload["url"], body=MP4, retries=False)

    assert answer.status == 200
    alert = Alert.objects.get()
    key = f"tenants/{world.tenant.id}/alerts/{alert.id}/upload"
    assert media_store().stat(key=key).size == len(MP4)


@pytest.mark.django_db(transaction=True)
def test_another_sources_alert_does_not_exist(world: World, detector: Detector) -> None:
    body = announce(detector, world, "follows")
    other, foreign = make_detector(world.tenant), make_detector(world.foreign_tenant)

    for stranger in (other, foreign):
        assert send_clip(stranger, body["id"]).status_code == 404
    assert send_clip(detector, str(uuid.uuid4())).status_code == 404
    assert not list(spool_module.spool().glob("*.clip"))
    with tenant_scope(world.tenant.id):
        assert Clip.objects.get().state == "pending"
