"""Raising an alert by hand: one alert a form, its clip kept as it is, what is no video turned away."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from apps.alerts.models import Alert
from tests.console.people import signed_in
from tests.world import World, make_camera

pytestmark = pytest.mark.django_db
MP4 = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41" + bytes(4096)


@pytest.fixture(autouse=True)
def _spool(tmp_path: Path) -> object:
    with override_settings(CLIP_SPOOL=tmp_path / "spool") as changed:
        yield changed


def form(world: World, **changes: object) -> dict[str, object]:
    return {
        "key": "k1",
        "camera": str(world.camera.id),
        "label": "item_to_bag",
        "note": "",
    } | changes


def video(content: bytes = MP4, name: str = "clip.mp4") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="video/mp4")


def test_a_filled_in_form_is_one_alert_with_its_clip(world: World) -> None:
    client = signed_in(world.operator)
    answer = client.post("/alerts/new/", form(world, clip=video()))
    alert = Alert.objects.get()
    assert answer["Location"] == f"/alerts/{alert.id}/"
    assert alert.raised_by == world.operator.id
    assert alert.score is None
    assert alert.clip.original_name == "clip.mp4"
    again = client.post("/alerts/new/", form(world, clip=video()))
    assert Alert.objects.count() == 1 or again.status_code == 409


def test_a_text_file_named_mp4_is_refused_and_nothing_is_recorded(world: World) -> None:
    client = signed_in(world.operator)
    answer = client.post("/alerts/new/", form(world, clip=video(b"only words " * 99)))
    assert answer.status_code == 422
    assert "not a video" in answer.content.decode()
    empty = client.post("/alerts/new/", form(world, clip=video(b"")))
    assert empty.status_code == 422
    assert not Alert.objects.exists()


def test_a_clip_that_is_too_large_is_refused(world: World) -> None:
    with override_settings(CLIP_MAX_BYTES=1024):
        answer = signed_in(world.operator).post("/alerts/new/", form(world, clip=video()))
    assert answer.status_code == 422
    assert not Alert.objects.exists()


def test_the_stated_time_is_the_sites_own(world: World) -> None:
    client = signed_in(world.operator)
    client.post("/alerts/new/", form(world, camera_at="2026-11-20T22:30"))
    assert Alert.objects.get().camera_at.isoformat() == "2026-11-20T21:30:00+00:00"


def test_only_cameras_of_my_sites_can_be_chosen(world: World) -> None:
    elsewhere = make_camera(world.other_site)
    client = signed_in(world.operator)
    assert str(elsewhere.id) not in client.get("/alerts/new/").content.decode()
    assert client.post("/alerts/new/", form(world, camera=str(elsewhere.id))).status_code == 422
    assert not Alert.objects.exists()


def test_who_may_not_raise_alerts_is_refused(world: World) -> None:
    for person in (world.compliance, world.ops):
        assert signed_in(person).get("/alerts/new/").status_code == 403
        assert signed_in(person).post("/alerts/new/", form(world)).status_code == 403


def test_control_characters_in_a_note_are_refused_in_its_place(world: World) -> None:
    answer = signed_in(world.operator).post("/alerts/new/", form(world, note="a\x07b"))
    assert answer.status_code == 422
    assert not Alert.objects.exists()
