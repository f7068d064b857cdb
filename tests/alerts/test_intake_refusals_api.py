"""POST /api/v1/alerts/: what is turned away at the door, before anything is read as an alert.

These answers are exceptions in the view, so each test commits: its database is its own.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.tenancy import tenant_scope
from apps.alerts import spool as spool_module
from apps.alerts.models import Alert, DetectorSource
from apps.alerts.operations import create_source, rotate_secret, switch_off_source
from apps.alerts.refusals import Allowance
from apps.audit.events import NO_TENANT, Actor, Event
from apps.audit.models import InboxEntry
from tests.alerts.senders import MP4, URL, Detector, stated
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def alert_count(world: World) -> int:
    with tenant_scope(world.tenant.id):
        return Alert.objects.count()


def refusals(tenant_id: UUID) -> list[InboxEntry]:
    with tenant_scope(tenant_id):
        return list(InboxEntry.objects.filter(event=Event.INTAKE_REFUSED.value).order_by("id"))


def make_source(world: World, name: str) -> tuple[DetectorSource, str]:
    with tenant_scope(world.tenant.id):
        return create_source(actor=Actor.system(world.tenant.id), name=name)


def rotate(world: World, source: DetectorSource, **options: Any) -> str:
    with tenant_scope(world.tenant.id):
        return rotate_secret(
            actor=Actor.system(world.tenant.id), source=source, now=timezone.now(), **options
        )


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook_signature": "v1,AAAA"},
        {"webhook_signature": ""},
        {"webhook_signature": "v1,not base64"},
        {"webhook_signature": "v2,AAAA"},
        {"webhook_id": ""},
        {"webhook_id": "with.dot"},
        {"webhook_id": "x" * 201},
        {"webhook_timestamp": "soon"},
        {"webhook_timestamp": "٣"},
        {"webhook_timestamp": "007"},
        {"second_look_source": "3fa85f64-5717-4562-b3fc-2c963f66afa6"},
        {"second_look_source": "me"},
    ],
    ids=str,
)
def test_what_is_not_proven_gets_one_answer(
    world: World, detector: Detector, headers: dict[str, str]
) -> None:
    answer = detector.send(stated(world.camera.slug), **headers)

    assert answer.status_code == 401
    assert answer.json() == {
        "detail": "The request is not signed by an active source, or its timestamp is too old.",
        "code": "authentication_failed",
    }
    assert answer["WWW-Authenticate"] == "StandardWebhooks"
    assert alert_count(world) == 0


def test_an_unsigned_request_is_refused(world: World) -> None:
    answer = Client().post(URL, stated(world.camera.slug), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_a_refused_signature_is_recorded_with_its_reason(world: World, detector: Detector) -> None:
    detector.send(stated(world.camera.slug), webhook_signature="v1,AAAA", message_id="msg_x")
    [event] = refusals(world.tenant.id)
    assert json.loads(event.details) == {"code": "bad_signature", "message": "msg_x"}
    assert event.subject_id == str(detector.source_id)


@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 10**9])
def test_a_replay_past_the_tolerance_is_refused(
    world: World, detector: Detector, seconds: int
) -> None:
    moment = int(timezone.now().timestamp()) + seconds
    assert detector.send(stated(world.camera.slug), timestamp=moment).status_code == 401
    assert alert_count(world) == 0


@pytest.mark.parametrize("seconds", [-295, 295])
def test_a_clock_within_the_tolerance_is_accepted(
    world: World, detector: Detector, seconds: int
) -> None:
    moment = int(timezone.now().timestamp()) + seconds
    assert detector.send(stated(world.camera.slug), timestamp=moment).status_code == 202


def test_one_changed_byte_breaks_the_signature(world: World, detector: Detector) -> None:
    kept: dict[str, Any] = {}
    body = json.dumps(stated(world.camera.slug)).encode()
    detector.client.generic = lambda *a, **k: kept.update(a=a, k=k)  # type: ignore[method-assign]
    detector.send(body)
    changed = kept["a"][2].replace(b"0.91", b"0.92")

    answer = Client().generic("POST", URL, changed, **kept["k"])
    assert answer.status_code == 401


def test_while_a_secret_is_rotated_both_are_accepted_and_afterwards_one(
    world: World, spool: Path
) -> None:
    source, old = make_source(world, "rotating")
    new = rotate(world, source)
    for secret in (old, new):
        answer = Detector(source.id, secret).send(stated(world.camera.slug))
        assert answer.status_code == 202

    source.previous_valid_until = timezone.now() - timedelta(seconds=1)
    source.save()
    assert Detector(source.id, old).send(stated(world.camera.slug)).status_code == 401
    assert Detector(source.id, new).send(stated(world.camera.slug)).status_code == 202


def test_a_compromised_secret_can_be_replaced_at_once(world: World, spool: Path) -> None:
    source, old = make_source(world, "leaked")
    rotate(world, source, grace=timedelta(0))
    assert Detector(source.id, old).send(stated(world.camera.slug)).status_code == 401


def test_a_source_that_was_switched_off_is_refused_from_the_next_request_on(
    world: World, spool: Path
) -> None:
    source, secret = make_source(world, "off")
    sender = Detector(source.id, secret)
    assert sender.send(stated(world.camera.slug)).status_code == 202
    with tenant_scope(world.tenant.id):
        switch_off_source(actor=Actor.system(world.tenant.id), source=source)
    assert sender.send(stated(world.camera.slug)).status_code == 401


def test_a_json_body_over_its_limit_is_refused_before_it_is_read(
    world: World, detector: Detector, settings: Settings
) -> None:
    settings.INTAKE_MAX_JSON_BYTES = 2000
    answer = detector.send(stated(world.camera.slug, label="x" * 3000))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_body_that_lies_about_its_length_is_cut_off_at_the_limit(
    world: World, detector: Detector, settings: Settings
) -> None:
    settings.INTAKE_MAX_BODY_BYTES = 100_000
    answer = detector.send_with_clip(stated(world.camera.slug), MP4 + bytes(200_000))
    assert answer.status_code == 413
    assert alert_count(world) == 0
    assert not list(spool_module.spool().glob("*.clip"))


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "", "video/mp4"])
def test_other_media_types_are_refused(world: World, detector: Detector, content_type: str) -> None:
    answer = detector.send(stated(world.camera.slug), content_type=content_type)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_a_compressed_body_is_refused(world: World, detector: Detector) -> None:
    answer = detector.send(stated(world.camera.slug), content_encoding="gzip")
    assert answer.status_code == 415


def test_a_full_spool_refuses_and_the_same_request_later_succeeds(
    world: World, detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(spool_module, "_write_all", full)
        answer = detector.send_with_clip(stated(world.camera.slug), MP4, message_id="msg_a")
    assert (answer.status_code, answer.json()["code"]) == (507, "spool_full")
    assert answer["Retry-After"] == "30"
    assert alert_count(world) == 0

    again = detector.send_with_clip(stated(world.camera.slug), MP4, message_id="msg_a")
    assert again.status_code == 202


def test_a_browser_session_does_not_replace_a_signature(world: World) -> None:
    client = Client()
    client.force_login(world.operator)
    answer = client.post(URL, stated(world.camera.slug), content_type="application/json")
    assert answer.status_code == 401


def test_a_request_from_nobody_we_know_goes_to_the_chain_of_no_tenant(
    world: World, detector: Detector
) -> None:
    detector.send(
        stated(world.camera.slug), second_look_source="3fa85f64-5717-4562-b3fc-2c963f66afa6"
    )
    assert [json.loads(event.details)["code"] for event in refusals(NO_TENANT)] == [
        "unknown_source"
    ]
    assert refusals(world.tenant.id) == []


def test_strangers_cannot_fill_the_chain(
    world: World, detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.alerts.refusals._allowance", Allowance(3))
    for _ in range(5):
        assert (
            detector.send(stated(world.camera.slug), webhook_signature="v1,AAAA").status_code == 401
        )
    assert len(refusals(world.tenant.id)) == 3
