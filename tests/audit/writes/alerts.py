"""Intake by detectors and by hand, and the sources in the admin."""

import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from apps.alerts.models import Alert
from apps.alerts.operations import create_source
from apps.audit.events import Actor, Event
from tests.alerts.senders import MP4, make_detector, stated
from tests.alerts.test_clip_api import send_clip
from tests.audit.writes import Write, post
from tests.console.people import signed_in
from tests.world import NOW, World


def an_alert_is_sent(world: World) -> Write:
    detector = make_detector(world.tenant)
    body = stated(world.camera.slug)
    return Write(event=Event.ALERT_RECEIVED, send=lambda: detector.send(body, message_id="one"))


def a_clip_follows(world: World) -> Write:
    detector = make_detector(world.tenant)
    detector.send(stated(world.camera.slug, clip={"delivery": "follows", "name": "late.mp4"}))
    alert = Alert.objects.get()
    return Write(
        event=Event.ALERT_CLIP_PENDING,
        send=lambda: send_clip(detector, str(alert.id), MP4),
    )


def an_alert_is_raised_by_hand(world: World) -> Write:
    client = signed_in(world.operator)

    def send() -> Any:
        clip = SimpleUploadedFile("clip.mp4", MP4, content_type="video/mp4")
        fields = {"key": "k1", "camera": str(world.camera.id), "label": "item_to_bag", "note": ""}
        return client.post("/alerts/new/", fields | {"clip": clip})

    return Write(by=world.operator, event=Event.ALERT_RECEIVED, send=send)


def a_recording_is_handed_over(world: World) -> Write:
    detector = make_detector(world.tenant)
    facts = {"camera": world.camera.slug, "starts_at": NOW.isoformat(), "seconds": 60}
    parts = (("recording", json.dumps(facts).encode(), ""), ("file", MP4, "film.mp4"))
    return Write(
        event=Event.RECORDING_REGISTERED,
        send=lambda: detector.send_multipart(*parts, url="/api/v1/recordings/"),
    )


def _source(world: World, event: Event, **more: str) -> Write:
    source, _ = create_source(actor=Actor.system(world.tenant.id), name="kiosk")
    fields = {
        "name": "kiosk at the till",
        "is_active": "on",
        "rescore_url": "http://127.0.0.1:9/score",
        "rescore_timeout_seconds": "1",
        "ai_act_class": "undecided",
        "ai_act_rationale": "",
    }
    page = f"/admin/alerts/detectorsource/{source.id}/change/"
    return post(world.administrator, page, fields | more, event=event)


STORIES = {
    "POST api-alerts": an_alert_is_sent,
    "POST api-alert-clip": a_clip_follows,
    "POST api-recordings": a_recording_is_handed_over,
    "POST alert-new": an_alert_is_raised_by_hand,
    "alerts.detectorsource change": lambda world: _source(world, Event.SOURCE_CHANGED),
    "alerts.detectorsource try_rescoring": lambda world: _source(
        world, Event.SOURCE_CHANGED, alerts_detectorsource_try_rescoring="Save"
    ),
    "alerts.detectorsource new_rescore_secret": lambda world: _source(
        world, Event.SOURCE_SECRET_ROTATED, alerts_detectorsource_new_rescore_secret="Save"
    ),
}
