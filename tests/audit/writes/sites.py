"""Sites, cameras, zones, rosters and grants, set up in the admin."""

from typing import Any

from apps.audit.events import Event
from apps.sites.models import Roster, Zone
from apps.sites.operations import link_cameras
from tests.audit.writes import Write, act, post
from tests.reviews.conftest import sign_in
from tests.world import NOW, World, make_camera

_SITE = {
    "slug": "lavapies",
    "name": "Lavapiés",
    "timezone": "Europe/Madrid",
    "cameras-TOTAL_FORMS": "0",
    "cameras-INITIAL_FORMS": "0",
}
_ROSTER = {
    "starts_at_0": "2026-11-23",
    "starts_at_1": "08:00",
    "ends_at_0": "2026-11-23",
    "ends_at_1": "16:00",
    "operator_minutes": "240",
}


def _add(world: World, model: str, data: dict[str, Any], event: Event) -> Write:
    return post(world.administrator, f"/admin/sites/{model}/add/", data, event=event)


def _change(world: World, row: Any, data: dict[str, Any], event: Event) -> Write:
    path = f"/admin/sites/{row._meta.model_name}/{row.pk}/change/"
    return post(world.administrator, path, data, event=event)


def _camera(world: World) -> dict[str, Any]:
    return {
        "site": world.site.id,
        "slug": "till-7",
        "name": "Till 7",
        "clock_offset_seconds": "1.5",
        "is_active": "on",
        "default_view": "overhead",
    }


def _zone(world: World) -> dict[str, Any]:
    polygon = "[[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]"
    return {"camera": world.camera.id, "kind": "exit", "name": "Exit", "polygon": polygon}


def a_site_changes(world: World) -> Write:
    data = _SITE | {"slug": world.site.slug}
    return _change(world, world.site, data, Event.SITE_CHANGED)


def a_roster_changes(world: World) -> Write:
    row = Roster.objects.create(
        tenant=world.tenant,
        site=world.site,
        starts_at=NOW.replace(hour=6),
        ends_at=NOW.replace(hour=7),
        operator_minutes=30,
    )
    return _change(world, row, _ROSTER | {"site": world.site.id}, Event.ROSTER_CHANGED)


def cameras_are_linked(world: World) -> Write:
    beside = make_camera(world.site)
    data = {"first": world.camera.id, "second": beside.id}
    return _add(world, "cameralink", data, Event.CAMERAS_LINKED)


def cameras_are_unlinked(world: World) -> Write:
    link = link_cameras(
        actor=sign_in(world.administrator), one=world.camera, other=make_camera(world.site)
    )
    return act(
        world.administrator, "sites.cameralink", "unlink", [link.pk], event=Event.CAMERAS_UNLINKED
    )


def a_grant_is_given(world: World) -> Write:
    data = {"user": world.stranger.id, "content_object": world.site.id}
    return _add(world, "siteuserobjectpermission", data, Event.GRANT_CHANGED)


def a_grant_is_withdrawn(world: World) -> Write:
    grant = world.operator.siteuserobjectpermission_set.get()
    model = "sites.siteuserobjectpermission"
    return act(world.administrator, model, "withdraw", [grant.pk], event=Event.GRANT_CHANGED)


STORIES = {
    "sites.site add": lambda world: _add(world, "site", _SITE, Event.SITE_CREATED),
    "sites.site change": a_site_changes,
    "sites.camera add": lambda world: _add(world, "camera", _camera(world), Event.CAMERA_CREATED),
    "sites.camera change": lambda world: _change(
        world, world.camera, _camera(world), Event.CAMERA_CHANGED
    ),
    "sites.zone add": lambda world: _add(world, "zone", _zone(world), Event.ZONE_CREATED),
    "sites.zone change": lambda world: _change(
        world, Zone.objects.get(camera=world.camera), _zone(world), Event.ZONE_CHANGED
    ),
    "sites.roster add": lambda world: _add(
        world, "roster", _ROSTER | {"site": world.site.id}, Event.ROSTER_CHANGED
    ),
    "sites.roster change": a_roster_changes,
    "sites.cameralink add": cameras_are_linked,
    "sites.cameralink unlink": cameras_are_unlinked,
    "sites.siteuserobjectpermission add": a_grant_is_given,
    "sites.siteuserobjectpermission withdraw": a_grant_is_withdrawn,
}
