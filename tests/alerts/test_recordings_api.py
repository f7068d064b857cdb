"""POST /api/v1/recordings/: kept once; what it cannot be is said; a late one gives alerts their clip."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from apps.alerts.intake import CUT_FROM_RECORDING
from apps.alerts.models import Clip
from apps.alerts.mp4_duration import stated_seconds
from apps.alerts.operations.recordings import nudge_uncut
from apps.audit.models import InboxEntry
from apps.sites.models import Recording
from tests.alerts.senders import Detector
from tests.console.people import signed_in
from tests.world import NOW, World, make_waiting_alert

pytestmark = pytest.mark.django_db
URL = "/api/v1/recordings/"
SECONDS = 60


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=2)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        picture = np.full((48, 64, 3), 90, dtype=np.uint8)
        for _ in range(SECONDS * 2):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        output.mux(stream.encode(None))
    return path


def stated(world: World, **changes: Any) -> dict[str, Any]:
    start = NOW - timedelta(seconds=45)
    return {
        "camera": world.camera.slug,
        "starts_at": start.isoformat(),
        "seconds": SECONDS,
    } | changes


def send(detector: Detector, facts: dict[str, Any], content: bytes, **options: Any) -> Any:
    parts = (("recording", json.dumps(facts).encode(), ""), ("file", content, "film.mp4"))
    return detector.send_multipart(*parts, url=URL, **options)


def test_a_signed_recording_is_kept_once(
    s3: dict[str, str], world: World, detector: Detector, film: Path, spool: Path
) -> None:
    world.camera.clock_offset_seconds = 5.0
    world.camera.save()
    first = send(detector, stated(world), film.read_bytes())
    assert first.status_code == 201, first.content
    row = Recording.objects.get()
    assert row.starts_at == NOW - timedelta(seconds=50)
    assert first.json()["sha256"] == row.sha256
    again = send(detector, stated(world), film.read_bytes())
    assert (again.status_code, again.json()["id"]) == (200, str(row.id))
    assert Recording.objects.count() == 1
    assert InboxEntry.objects.filter(event="recording:registered").count() == 1
    assert [path for path in spool.rglob("*") if path.is_file()] == []


def test_an_unsigned_or_wrongly_signed_recording_is_refused(
    s3: dict[str, str], world: World, detector: Detector, film: Path
) -> None:
    detector.secret = "whsec_" + "A" * 43 + "="
    assert send(detector, stated(world), film.read_bytes()).status_code == 401


@pytest.mark.parametrize(
    ("changes", "content", "status", "said"),
    [
        ({"seconds": 99}, None, 422, "The file says it is 60.0 s long"),
        ({"seconds": 0}, None, 400, "seconds"),
        ({"seconds": 20_000}, None, 400, "seconds"),
        ({"starts_at": "2026-11-20T21:30:00"}, None, 400, "offset from UTC"),
        ({"camera": "nowhere"}, None, 422, "no camera nowhere"),
        ({"more": 1}, None, 400, "more"),
        ({}, b"only words " * 99, 422, "not a video"),
        ({}, b"", 422, "empty"),
    ],
)
def test_what_it_cannot_be_is_said_and_nothing_kept(
    s3: dict[str, str],
    world: World,
    detector: Detector,
    film: Path,
    changes: dict[str, Any],
    content: bytes | None,
    status: int,
    said: str,
) -> None:
    body = film.read_bytes() if content is None else content
    answer = send(detector, stated(world, **changes), body)
    assert answer.status_code == status, answer.content
    assert said in answer.content.decode()
    assert not Recording.objects.exists()


def test_a_recording_that_is_too_large_is_refused(
    s3: dict[str, str], world: World, detector: Detector, film: Path, settings: Settings
) -> None:
    settings.RECORDING_MAX_BYTES = 2048
    assert send(detector, stated(world), film.read_bytes()).status_code == 422
    settings.INTAKE_MAX_JSON_BYTES = 16
    assert send(detector, stated(world), film.read_bytes()).status_code == 413


def upload(world: World, person: str, film: Path) -> Any:
    file = SimpleUploadedFile("film.mp4", film.read_bytes(), content_type="video/mp4")
    client = signed_in(getattr(world, person))
    return client.post(URL, {"recording": json.dumps(stated(world)), "file": file})


def test_a_person_of_the_site_may_hand_one_over(
    s3: dict[str, str], world: World, film: Path, spool: Path
) -> None:
    assert upload(world, "operator", film).status_code == 201
    assert InboxEntry.objects.get(event="recording:registered").actor == str(world.operator.id)
    assert upload(world, "stranger", film).status_code == 422  # for them there is no such camera
    assert upload(world, "ops", film).status_code == 403
    assert Recording.objects.count() == 1


def test_a_late_recording_gives_the_alert_that_waits_its_clip(
    s3: dict[str, str], world: World, detector: Detector, film: Path
) -> None:
    waiting = make_waiting_alert(world.camera, clip=False)
    with_clip = make_waiting_alert(world.camera)
    answer = send(detector, stated(world), film.read_bytes())
    assert answer.json()["alerts_given_a_clip"] == 1
    clip = Clip.objects.get(alert=waiting)
    assert (clip.delivery, clip.state) == (CUT_FROM_RECORDING, "pending")
    assert Clip.objects.get(alert=with_clip).delivery == "multipart"
    told = InboxEntry.objects.filter(event="alert:clip_pending", subject_id=str(waiting.id))
    assert json.loads(told.get().details)["code"] == "recording"
    assert nudge_uncut(now=NOW) == 1  # and again, should the first nudge have been lost


def test_a_recording_of_another_time_gives_nothing(
    s3: dict[str, str], world: World, detector: Detector, film: Path
) -> None:
    waiting = make_waiting_alert(world.camera, clip=False)
    late = stated(world, starts_at=NOW.isoformat())
    assert send(detector, late, film.read_bytes()).json()["alerts_given_a_clip"] == 0
    assert not Clip.objects.filter(alert=waiting).exists()


def test_the_length_is_read_from_the_header_alone(film: Path, tmp_path: Path) -> None:
    assert stated_seconds(film) == pytest.approx(SECONDS, abs=0.6)
    for content in (b"", b"\x00\x00\x00\x08moov", b"\xff" * 64, film.read_bytes()[:200]):
        (tmp_path / "x").write_bytes(content)
        assert stated_seconds(tmp_path / "x") is None
