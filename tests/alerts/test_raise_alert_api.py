"""POST /api/v1/alerts/: what a detector may send, and what it is told."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.accounts.tenancy import tenant_scope
from apps.alerts import spool as spool_module
from apps.alerts.models import Alert, Clip, OutboxEntry
from apps.audit.events import Event
from apps.audit.models import InboxEntry
from tests.alerts.senders import MP4, URL, Detector, make_detector, stated
from tests.world import World, make_camera, make_site

pytestmark = pytest.mark.django_db


def events(*names: Event) -> list[InboxEntry]:
    return list(InboxEntry.objects.filter(event__in=[name.value for name in names]).order_by("id"))


def test_a_signed_alert_is_accepted_with_its_promise_to_be_worked_on(
    world: World, detector: Detector
) -> None:
    answer = detector.send(stated(world.camera.slug), message_id="msg_1")

    assert answer.status_code == 202
    body = answer.json()
    alert = Alert.objects.get()
    assert body == {
        "id": str(alert.id),
        "reference": alert.reference,
        "status_url": f"http://localhost:8000{URL}{alert.id}/",
        "state": "received",
        "clip": None,
    }
    assert (alert.source_id, alert.idempotency_key) == (detector.source_id, "msg_1")
    assert (alert.detector_id, alert.detector_version, alert.score) == ("acme", "4.2.0", 0.91)
    assert alert.channel == "api"
    assert OutboxEntry.objects.get().alert_id == alert.id
    assert [e.subject_id for e in events(Event.ALERT_RECEIVED)] == [str(alert.id)]


def test_a_camera_may_be_named_by_its_id(world: World, detector: Detector) -> None:
    assert detector.send(stated(str(world.camera.id))).status_code == 202


def test_every_field_is_kept_as_stated(world: World, detector: Detector) -> None:
    signals = [{"name": "hand_to_bag", "value": 0.8, "start_seconds": 1.0, "end_seconds": 2.0}]
    grid = [[0.0, 0.5], [1.0, 0.25]]

    answer = detector.send(stated(world.camera.slug, signals=signals, saliency_grid=grid))

    assert answer.status_code == 202
    alert = Alert.objects.get()
    assert alert.signals == signals
    assert alert.saliency_grid == grid


def test_signals_may_be_given_as_name_and_number(world: World, detector: Detector) -> None:
    detector.send(stated(world.camera.slug, signals={"dwell": 41.5}))
    assert Alert.objects.get().signals == [{"name": "dwell", "value": 41.5}]


def test_the_same_delivery_again_is_the_same_alert(world: World, detector: Detector) -> None:
    alert = stated(world.camera.slug)
    first = detector.send(alert, message_id="msg_a")
    second = detector.send(alert, message_id="msg_a")

    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    assert Alert.objects.count() == OutboxEntry.objects.count() == 1
    assert len(events(Event.ALERT_RECEIVED)) == 1


def test_a_retry_is_answered_even_when_its_camera_was_switched_off_since(
    world: World, detector: Detector
) -> None:
    alert = stated(world.camera.slug)
    first = detector.send(alert, message_id="msg_a")
    world.camera.is_active = False
    world.camera.save()

    assert detector.send(alert, message_id="msg_a").json()["id"] == first.json()["id"]
    refused = detector.send(alert, message_id="msg_b")
    assert (refused.status_code, refused.json()["code"]) == (422, "camera_switched_off")


def test_the_same_id_with_another_body_is_a_recorded_conflict(
    world: World, detector: Detector
) -> None:
    first = detector.send(stated(world.camera.slug, label="one"), message_id="msg_a")
    second = detector.send(stated(world.camera.slug, label="two"), message_id="msg_a")

    assert (second.status_code, second.json()["code"]) == (409, "conflicting_delivery")
    alert = Alert.objects.get()
    assert (str(alert.id), alert.label) == (first.json()["id"], "one")
    assert [e.subject_id for e in events(Event.ALERT_CONFLICTING_DELIVERY)] == [str(alert.id)]


def test_two_sources_may_use_the_same_id(world: World, detector: Detector) -> None:
    other = make_detector(world.tenant)
    assert detector.send(stated(world.camera.slug), message_id="msg_a").status_code == 202
    assert other.send(stated(world.camera.slug), message_id="msg_a").status_code == 202
    assert Alert.objects.count() == 2


def test_an_unknown_camera_is_said_and_recorded(world: World, detector: Detector) -> None:
    answer = detector.send(stated("nowhere"))

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_camera")
    assert not Alert.objects.exists()
    assert [e.subject_id for e in events(Event.INTAKE_REFUSED)] == [str(detector.source_id)]


def test_a_foreign_retailers_camera_is_unknown(world: World, detector: Detector) -> None:
    with tenant_scope(world.foreign_tenant.id):
        foreign = make_camera(make_site(world.foreign_tenant))

    for name in (foreign.slug, str(foreign.id)):
        answer = detector.send(stated(name))
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_camera")


NOT_JSON = {
    "empty": b"",
    "half": b'{"camera": "a"',
    "latin": b'{"camera": "caf\xe9"}',
    "bom": b"\xef\xbb\xbf{}",
    "not an object": b"[]",
    "a number": b"7",
    "nan": b'{"score": NaN}',
    "infinity": b'{"score": Infinity}',
    "overflow": b'{"score": 1e999}',
    "huge integer": b'{"score": ' + b"9" * 5000 + b"}",
    "duplicate keys": b'{"camera": "a", "camera": "b"}',
    "nested duplicate": b'{"detector": {"id": "a", "id": "b"}}',
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "deep enough": b'{"a":' * 30 + b"1" + b"}" * 30,
    "many values": b'{"a":[' + b"0," * 30_000 + b"0]}",
    "nul": b'{"label": "a\\u0000b"}',
    "surrogate": b'{"label": "\\ud800"}',
    "escape": b'{"label": "\\u001b[31m"}',
    "two values": b"{} {}",
}


@pytest.mark.parametrize("raw", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_what_is_not_strict_json_is_refused(world: World, detector: Detector, raw: bytes) -> None:
    answer = detector.send(raw)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer.json()["errors"][0]["message"]
    assert not Alert.objects.exists()


WRONG_FIELDS: list[tuple[str, dict[str, Any]]] = [
    ("camera", {"camera": ""}),
    ("camera", {"camera": "a b"}),
    ("camera", {"camera": 7}),
    ("detector", {"detector": "acme"}),
    ("detector.version", {"detector": {"id": "acme"}}),
    ("detector.vendor", {"detector": {"id": "acme", "version": "1", "vendor": "x"}}),
    ("label", {"label": "two\nlines"}),
    ("label", {"label": "x" * 81}),
    ("label", {"label": "   "}),
    ("score", {"score": 1.01}),
    ("score", {"score": -0.01}),
    ("score", {"score": "0.5"}),
    ("score", {"score": True}),
    ("camera_at", {"camera_at": "yesterday"}),
    ("camera_at", {"camera_at": "2026-03-01T12:00:00"}),
    ("camera_at", {"camera_at": "1999-12-31T23:59:59Z"}),
    ("camera_at", {"camera_at": 1772366400}),
    ("signals", {"signals": [{"name": "UPPER", "value": 1}]}),
    ("signals", {"signals": [{"name": "a"}]}),
    ("signals", {"signals": [{"name": f"s{n}", "value": 1} for n in range(65)]}),
    ("signals", {"signals": "many"}),
    ("signals[0].colour", {"signals": [{"name": "a", "value": 1, "colour": "red"}]}),
    ("saliency_grid", {"saliency_grid": [[0.1], [0.1, 0.2]]}),
    ("saliency_grid", {"saliency_grid": [[]]}),
    ("saliency_grid", {"saliency_grid": [[0.0] * 65]}),
    ("saliency_grid[0][1]", {"saliency_grid": [[0.0, 2]]}),
    ("clip.delivery", {"clip": {"delivery": "pigeon"}}),
    ("clip", {"clip": "a.mp4"}),
    ("clip.url", {"clip": {"delivery": "follows", "url": "http://169.254.169.254/"}}),
    ("scroe", {"scroe": 0.5}),
]


@pytest.mark.parametrize(("path", "change"), WRONG_FIELDS, ids=str)
def test_a_wrong_field_is_named_with_its_place(
    world: World, detector: Detector, path: str, change: dict[str, Any]
) -> None:
    answer = detector.send(stated(world.camera.slug) | change)

    assert answer.status_code == 400
    assert path in [error["path"] for error in answer.json()["errors"]]
    assert not Alert.objects.exists()


def test_all_faults_are_told_at_once(detector: Detector) -> None:
    errors = detector.send({"score": 2}).json()["errors"]
    assert {error["path"] for error in errors} >= {
        "camera",
        "detector",
        "label",
        "score",
        "camera_at",
    }


def test_odd_but_harmless_text_is_kept_as_given(world: World, detector: Detector) -> None:
    label = "p\u200baypal \u202egpj.exe Ａ 🕵️"
    assert detector.send(stated(world.camera.slug, label=label)).status_code == 202
    assert Alert.objects.get().label == label


@pytest.mark.parametrize("hours", [-24, 24])
def test_a_camera_clock_a_day_off_is_flagged_and_both_times_are_kept(
    world: World, detector: Detector, hours: int
) -> None:
    camera_at = (datetime.now(UTC) + timedelta(hours=hours)).replace(microsecond=0)
    detector.send(stated(world.camera.slug, camera_at=camera_at.isoformat()))

    alert = Alert.objects.get()
    assert alert.clock_skew_flagged
    assert alert.camera_at == camera_at
    assert abs(alert.received_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_camera_clock_that_is_right_is_not_flagged(world: World, detector: Detector) -> None:
    detector.send(stated(world.camera.slug))
    assert not Alert.objects.get().clock_skew_flagged


def test_a_clip_sent_along_is_in_the_spool_before_the_answer(
    world: World, detector: Detector
) -> None:
    answer = detector.send_with_clip(stated(world.camera.slug), MP4, name="Aisle 7.mp4")

    assert answer.json()["clip"] == {"state": "spooled"}
    clip = Clip.objects.get()
    assert spool_module.path_of(clip.spool_name).read_bytes() == MP4
    assert (clip.size_bytes, clip.original_name) == (len(MP4), "Aisle 7.mp4")
    assert clip.delivery == "multipart"


def test_a_multipart_retry_with_another_boundary_is_the_same_alert(
    world: World, detector: Detector
) -> None:
    alert = stated(world.camera.slug)
    first = detector.send_with_clip(alert, MP4, message_id="msg_a")
    parts = (("clip", MP4, "a.mp4"), ("alert", json.dumps(alert).encode(), "alert.json"))
    second = detector.send_multipart(*parts, message_id="msg_a")

    assert second.json() == first.json()
    assert Clip.objects.count() == 1
    assert len(list(spool_module.spool().glob("*.clip"))) == 1


def test_the_same_id_with_another_clip_is_a_conflict_and_the_clip_does_not_stay(
    world: World, detector: Detector
) -> None:
    alert = stated(world.camera.slug)
    detector.send_with_clip(alert, MP4, message_id="msg_a")
    assert detector.send_with_clip(alert, MP4 + b"x", message_id="msg_a").status_code == 409
    assert len(list(spool_module.spool().glob("*.clip"))) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"this is a text, whatever its name says\n" * 20, "not_a_video"),
        (b"#EXTM3U\nhttp://169.254.169.254/latest\n", "format_not_allowed"),
    ],
)
def test_a_clip_that_is_no_video_does_not_lose_the_alert(
    world: World, detector: Detector, content: bytes, code: str
) -> None:
    answer = detector.send_with_clip(stated(world.camera.slug), content, name="theft.mp4")

    assert answer.status_code == 202
    clip = answer.json()["clip"]
    assert (clip["state"], clip["refused_code"]) == ("refused", code)
    assert clip["refused_reason"]
    assert OutboxEntry.objects.count() == 1
    assert not list(spool_module.spool().glob("*.clip"))
    assert len(events(Event.ALERT_CLIP_REFUSED)) == 1


WRONG_MULTIPARTS: dict[str, tuple[tuple[str, bytes, str], ...]] = {
    "no alert": (("clip", MP4, "a.mp4"),),
    "two alerts": (("alert", b"{}", ""), ("alert", b"{}", "")),
    "two clips": (("alert", b"{}", ""), ("clip", MP4, "a.mp4"), ("clip", MP4, "b.mp4")),
    "another part": (("alert", b"{}", ""), ("token", b"x", "")),
    "wrong alert": (("alert", b"{", ""), ("clip", MP4, "a.mp4")),
    "nothing": (),
}


@pytest.mark.parametrize("parts", WRONG_MULTIPARTS.values(), ids=WRONG_MULTIPARTS.keys())
def test_a_wrong_multipart_body_is_refused_and_leaves_nothing(
    world: World, detector: Detector, parts: tuple[tuple[str, bytes, str], ...]
) -> None:
    assert detector.send_multipart(*parts).status_code == 400
    assert not Alert.objects.exists()
    assert not [path for path in spool_module.spool().rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data", "multipart/form-data; boundary=" + "x" * 80]
)
def test_a_multipart_body_without_a_proper_boundary_is_refused(
    world: World, detector: Detector, content_type: str
) -> None:
    assert detector.send(b"--x\r\n", content_type=content_type).status_code == 400


def test_a_drill_tenants_alerts_are_drills(world: World, detector: Detector) -> None:
    world.tenant.is_drill = True
    world.tenant.save()
    detector.send(stated(world.camera.slug))
    assert Alert.objects.get().is_drill


def test_an_alert_costs_few_queries(
    world: World, detector: Detector, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    detector.send(stated(world.camera.slug))
    with django_assert_max_num_queries(10):  # two are the savepoint of the test's transaction
        detector.send(stated(world.camera.slug))
