"""Handing alerts out, kept views and the settings pages."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.alerts.operations.sources import create_source
from apps.audit.events import Actor, Channel, Event
from apps.console.models import SavedView
from apps.reviews.operations import open_task
from apps.sites.models import Camera, Roster, Zone
from apps.sites.operations import grant_site, link_cameras
from apps.sites.pictures import keep_picture, store_picture
from tests.audit.writes import Write, call, post
from tests.console.people import signed_in
from tests.pictures import a_picture
from tests.world import World, make_camera, make_waiting_alert

_TRIANGLE = "10 10\n90 10\n50 80"
_ZONE = {"name": "Spirits", "kind": "high_value", "polygon": _TRIANGLE}


def _waiting(world: World) -> str:
    alert = make_waiting_alert(world.camera)
    now = timezone.now()
    open_task(alert=alert, due_at=now + timedelta(minutes=15), now=now)
    return str(alert.id)


def _actor(world: World) -> Actor:
    return Actor(
        tenant_id=world.tenant.id,
        user_id=world.administrator.id,
        role="administrator",
        channel=Channel.SCREEN,
    )


def _hand_out(world: World) -> Write:
    data = {"alerts": _waiting(world), "to": "me"}
    return post(world.operator, "/queue/hand-out/", data, event=Event.TASK_CLAIMED)


def _hand_out_by_api(world: World) -> Write:
    body = {"alerts": [_waiting(world)], "to": str(world.operator.id)}
    return call(world.lead, "/api/v1/queue/hand-out/", body, event=Event.TASK_REASSIGNED)


def _second_look(world: World) -> Write:
    path = f"/alerts/{_waiting(world)}/second-look/"
    data = {"reason": "Which hand at 0:04?"}
    return post(world.operator, path, data, event=Event.TASK_SECOND_LOOK)


def _second_look_by_api(world: World) -> Write:
    path = f"/api/v1/alerts/{_waiting(world)}/second-look/"
    body = {"reason": "Which hand at 0:04?"}
    return call(world.operator, path, body, event=Event.TASK_SECOND_LOOK)


def _note(world: World) -> Write:
    path = f"/alerts/{_waiting(world)}/notes/"
    return post(world.operator, path, {"text": "The bag was open."}, event=Event.ALERT_NOTE_WRITTEN)


def _note_by_api(world: World) -> Write:
    path = f"/api/v1/alerts/{_waiting(world)}/notes/"
    body = {"text": "The bag was open."}
    return call(world.operator, path, body, event=Event.ALERT_NOTE_WRITTEN)


def _forget_view(world: World) -> Write:
    view = SavedView.objects.create(
        tenant=world.tenant, user=world.operator, name="Old", saved_at=timezone.now()
    )
    return post(world.operator, f"/queue/views/{view.id}/delete/", event=Event.VIEW_DELETED)


def _set(world: World, path: str, data: dict[str, Any], event: Event) -> Write:
    return post(world.administrator, f"/settings/{path}", data, event=event)


def _site(world: World, below: str, data: dict[str, Any], event: Event) -> Write:
    return _set(world, f"sites/{world.site.id}/{below}", data, event)


def _camera(world: World, below: str, data: dict[str, Any], event: Event) -> Write:
    return _set(world, f"cameras/{world.camera.id}/{below}", data, event)


def _roster_remove(world: World) -> Write:
    start = datetime(2026, 11, 23, 8, tzinfo=UTC)
    roster = Roster.objects.create(
        tenant=world.tenant,
        site=world.site,
        starts_at=start,
        ends_at=start + timedelta(hours=8),
        operator_minutes=60,
    )
    return _site(world, f"minutes/{roster.id}/remove/", {}, Event.ROSTER_CHANGED)


def _upload(world: World, path: str, event: Event) -> Write:
    client = signed_in(world.administrator)
    return Write(
        by=world.administrator,
        event=event,
        send=lambda: client.post(f"/settings/{path}", {"picture": a_picture()}),
    )


def _picture_remove(world: World, path: str, camera: Camera | None, event: Event) -> Write:
    stored = store_picture(site=world.site, data=a_picture().read())
    keep_picture(
        actor=_actor(world),
        user=world.administrator,
        site=world.site,
        camera=camera,
        stored=stored,
        now=timezone.now(),
    )
    return _set(world, path, {}, event)


def _unlink(world: World) -> Write:
    link = link_cameras(actor=_actor(world), one=world.camera, other=make_camera(world.site))
    return _camera(world, f"link/{link.id}/remove/", {}, Event.CAMERAS_UNLINKED)


def _zone(world: World, below: str, data: dict[str, Any], event: Event) -> Write:
    zone = Zone.objects.create(
        tenant=world.tenant,
        camera=world.camera,
        kind="shelf",
        name="Wine",
        polygon=[[0, 0], [1, 0], [1, 1]],
    )
    return _camera(world, f"zones/{zone.id}/{below}", data, event)


def _withdraw(world: World) -> Write:
    person = world.stranger
    grant_site(actor=_actor(world), user=person, site=world.site)
    return _set(world, f"people/{person.id}/withdraw/{world.site.id}/", {}, Event.GRANT_CHANGED)


def _withdraw_by_api(world: World) -> Write:
    person = world.stranger
    grant_site(actor=_actor(world), user=person, site=world.site)
    return call(
        world.administrator,
        f"/api/v1/members/{person.id}/sites/{world.site.id}/",
        event=Event.GRANT_CHANGED,
        method="DELETE",
    )


def _detector(world: World, below: str, data: dict[str, Any], event: Event) -> Write:
    source, _ = create_source(actor=_actor(world), name="Box at the door")
    return _set(world, f"detectors/{source.id}/{below}", data, event)


STORIES = {
    "POST queue-hand-out": _hand_out,
    "POST api-queue-hand-out": _hand_out_by_api,
    "POST alert-notes": _note,
    "POST api-alert-notes": _note_by_api,
    "POST second-look": _second_look,
    "POST api-alert-second-look": _second_look_by_api,
    "POST queue-view-keep": lambda world: post(
        world.operator, "/queue/views/", {"name": "Mine", "query": ""}, event=Event.VIEW_SAVED
    ),
    "POST queue-view-delete": _forget_view,
    "POST setup-site-new": lambda world: _set(
        world,
        "sites/new/",
        {"name": "Sol", "slug": "sol", "timezone": "Europe/Madrid"},
        Event.SITE_CREATED,
    ),
    "POST setup-site": lambda world: _site(
        world, "", {"name": "Sol", "timezone": "Europe/Madrid"}, Event.SITE_CHANGED
    ),
    "POST setup-camera-new": lambda world: _site(
        world, "cameras/", {"name": "Till", "slug": "till-9"}, Event.CAMERA_CREATED
    ),
    "POST setup-roster-new": lambda world: _site(
        world,
        "minutes/",
        {"starts_at": "2026-11-23T08:00", "ends_at": "2026-11-23T16:00", "operator_minutes": 9},
        Event.ROSTER_CHANGED,
    ),
    "POST setup-roster-remove": _roster_remove,
    "POST setup-plan": lambda world: _site(
        world,
        "plan/",
        {f"x-{world.camera.id}": 12.5, f"y-{world.camera.id}": 80},
        Event.CAMERAS_PLACED,
    ),
    "POST setup-plan-upload": lambda world: _upload(
        world, f"sites/{world.site.id}/plan/upload/", Event.SITE_PLAN_CHANGED
    ),
    "POST setup-plan-remove": lambda world: _picture_remove(
        world, f"sites/{world.site.id}/plan/remove/", None, Event.SITE_PLAN_CHANGED
    ),
    "POST setup-camera-upload": lambda world: _upload(
        world, f"cameras/{world.camera.id}/picture/upload/", Event.CAMERA_PICTURE_CHANGED
    ),
    "POST setup-camera-picture-remove": lambda world: _picture_remove(
        world,
        f"cameras/{world.camera.id}/picture/remove/",
        world.camera,
        Event.CAMERA_PICTURE_CHANGED,
    ),
    "POST setup-camera": lambda world: _camera(
        world,
        "",
        {"name": "Door", "clock_offset_seconds": 2, "is_active": "on"},
        Event.CAMERA_CHANGED,
    ),
    "POST setup-camera-link": lambda world: _camera(
        world, "link/", {"camera": make_camera(world.site).id}, Event.CAMERAS_LINKED
    ),
    "POST setup-camera-unlink": _unlink,
    "POST setup-zone-new": lambda world: _camera(world, "zones/new/", _ZONE, Event.ZONE_CREATED),
    "POST setup-zone": lambda world: _zone(world, "", _ZONE, Event.ZONE_CHANGED),
    "POST setup-zone-remove": lambda world: _zone(world, "remove/", {}, Event.ZONE_REMOVED),
    "POST setup-members": lambda world: _set(
        world,
        "people/",
        {"name": "Ana Ruiz", "email": "ana@example.test", "role": "operator"},
        Event.USER_CREATED,
    ),
    "POST setup-member": lambda world: _set(
        world,
        f"people/{world.operator.id}/",
        {"name": "Ana Ruiz", "role": "lp_lead", "is_active": "on"},
        Event.USER_CHANGED,
    ),
    "POST setup-grant": lambda world: _set(
        world,
        f"people/{world.stranger.id}/grant/",
        {"site": world.site.id},
        Event.GRANT_CHANGED,
    ),
    "POST setup-withdraw": _withdraw,
    "POST api-members": lambda world: call(
        world.administrator,
        "/api/v1/members/",
        {"name": "Ana Ruiz", "email": "ana@example.test", "role": "operator"},
        event=Event.USER_CREATED,
    ),
    "PATCH api-member": lambda world: call(
        world.administrator,
        f"/api/v1/members/{world.stranger.id}/",
        {"role": "lp_lead"},
        event=Event.USER_CHANGED,
        method="PATCH",
    ),
    "POST api-member-sites": lambda world: call(
        world.administrator,
        f"/api/v1/members/{world.stranger.id}/sites/",
        {"site": str(world.site.id)},
        event=Event.GRANT_CHANGED,
    ),
    "DELETE api-member-site": _withdraw_by_api,
    "POST setup-detectors": lambda world: _set(
        world, "detectors/", {"name": "Box"}, Event.SOURCE_CREATED
    ),
    "POST setup-detector-rotate": lambda world: _detector(
        world, "rotate/", {}, Event.SOURCE_SECRET_ROTATED
    ),
    "POST setup-detector-off": lambda world: _detector(world, "off/", {}, Event.SOURCE_CHANGED),
    "POST setup-detector-on": lambda world: _detector(world, "on/", {}, Event.SOURCE_CHANGED),
    "POST setup-detector-rescoring": lambda world: _detector(
        world, "rescoring/", {"url": "http://127.0.0.1:9/score"}, Event.SOURCE_CHANGED
    ),
}
