"""Setting up sites, cameras and zones, and granting people access to a site."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.utils.translation import gettext
from guardian.shortcuts import assign_perm, remove_perm

from apps.accounts.models import User
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.sites.models import (
    Camera,
    CameraLink,
    Recording,
    Roster,
    Site,
    SiteUserObjectPermission,
    Zone,
)
from apps.sites.queries import true_time
from apps.storage.keys import recording as recording_key
from apps.storage.store import media_store
from apps.storage.streams import Readable


class UnableToGrant(Exception):
    """The person may not be let in at this site."""


class UnableToLink(Exception):
    """These two cameras cannot be adjacent."""


def create_site(*, actor: Actor, slug: str, name: str, timezone: str) -> Site:
    """Add a store. Raises ValidationError for an unknown time zone or a slug already taken."""
    site = Site(tenant_id=actor.tenant_id, slug=slug, name=name, timezone=timezone)
    site.full_clean()
    site.save(force_insert=True)
    record(
        actor=actor, event=Event.SITE_CREATED, subject=Subject("site", site.id), after=_site(site)
    )
    return site


def add_camera(*, actor: Actor, site: Site, slug: str, name: str) -> Camera:
    camera = Camera(tenant_id=actor.tenant_id, site=site, slug=slug, name=name)
    camera.full_clean()
    camera.save(force_insert=True)
    after = {"slug": slug, "name": name, "site": str(site.id)}
    record(
        actor=actor, event=Event.CAMERA_CREATED, subject=Subject("camera", camera.id), after=after
    )
    return camera


def link_cameras(*, actor: Actor, one: Camera, other: Camera) -> CameraLink:
    """Say that a person can be on both cameras within seconds. Saying it twice, either way round, is one link.

    Raises UnableToLink for one camera with itself or for cameras of two sites.
    """
    if one.id == other.id:
        raise UnableToLink(gettext("A camera is not adjacent to itself."))
    if one.site_id != other.site_id:
        raise UnableToLink(gettext("Cameras of two sites are not adjacent."))
    first, second = sorted((one, other), key=lambda camera: camera.id)
    link, is_new = CameraLink.objects.get_or_create(
        first=first, second=second, defaults={"tenant_id": actor.tenant_id}
    )
    if is_new:
        _link_event(actor, link, Event.CAMERAS_LINKED)
    return link


def unlink_cameras(*, actor: Actor, link: CameraLink) -> None:
    """Say that the cameras are not adjacent. Items that exist stay as they are."""
    _link_event(actor, link, Event.CAMERAS_UNLINKED)
    link.delete()


def _link_event(actor: Actor, link: CameraLink, event: Event) -> None:
    cameras = {"first": str(link.first_id), "second": str(link.second_id)}
    record(actor=actor, event=event, subject=Subject("camera", link.first_id), details=cameras)


def add_zone(
    *, actor: Actor, camera: Camera, kind: str, name: str, polygon: Sequence[Sequence[float]]
) -> Zone:
    """Add a polygon (three or more [x, y] corners in 0..1). Raises ValidationError."""
    zone = Zone(
        tenant_id=actor.tenant_id,
        camera=camera,
        kind=kind,
        name=name,
        polygon=[list(c) for c in polygon],
    )
    zone.full_clean()
    zone.save(force_insert=True)
    after = {"kind": kind, "name": name, "polygon": zone.polygon}
    record(actor=actor, event=Event.ZONE_CREATED, subject=Subject("zone", zone.id), after=after)
    return zone


def add_roster(
    *, actor: Actor, site: Site, starts_at: datetime, ends_at: datetime, operator_minutes: float
) -> Roster:
    """Say how many operator minutes a site has in a period. Raises ValidationError."""
    roster = Roster(
        tenant_id=actor.tenant_id,
        site=site,
        starts_at=starts_at,
        ends_at=ends_at,
        operator_minutes=operator_minutes,
    )
    roster.full_clean()
    roster.save(force_insert=True)
    after = {"starts_at": starts_at, "ends_at": ends_at, "operator_minutes": operator_minutes}
    record(actor=actor, event=Event.ROSTER_CHANGED, subject=Subject("site", site.id), after=after)
    return roster


@dataclass(frozen=True, kw_only=True)
class RecordedFile:
    """A recording as it lies on a disk: its first picture's time by the camera's clock, and its length in seconds."""

    stream: Readable
    size_bytes: int
    media_type: str
    starts_at: datetime
    seconds: float

    def __post_init__(self) -> None:
        if self.starts_at.tzinfo is None:
            raise ValueError("a recording's start needs an offset from UTC")
        if self.size_bytes <= 0 or self.seconds <= 0:
            raise ValueError("a recording has bytes and a length")


def register_recording(
    *, actor: Actor, camera: Camera, file: RecordedFile, now: datetime
) -> Recording:
    """Keep a recording of the camera, hashed on its way into the store. Inside the tenant's scope.

    Times are kept true: the camera's clock less its measured offset. Raises StorageUnavailable; nothing is kept then.
    """
    identity, starts_at = uuid4(), true_time(camera, file.starts_at)
    stored = media_store().put_stream(
        key=recording_key(tenant_id=actor.tenant_id, recording_id=identity),
        stream=file.stream,
        length=file.size_bytes,
        content_type=file.media_type,
    )
    row = Recording.objects.create(
        id=identity,
        tenant_id=actor.tenant_id,
        camera=camera,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(seconds=file.seconds),
        key=stored.key,
        size_bytes=stored.size,
        sha256=stored.sha256,
        registered_at=now,
    )
    record(
        actor=actor,
        event=Event.RECORDING_REGISTERED,
        subject=Subject("camera", camera.id),
        after={"starts_at": row.starts_at, "ends_at": row.ends_at, "sha256": row.sha256},
        details={"recording": str(row.id)},
    )
    return row


def grant_site(*, actor: Actor, user: User, site: Site) -> SiteUserObjectPermission:
    """Let the person work at the site. Granting twice is one grant.

    Raises UnableToGrant for a person of another tenant.
    """
    if user.tenant_id != site.tenant_id:
        raise UnableToGrant(gettext("This person does not work for this retailer."))
    assign_perm("sites.work_site", user, site)
    grant: SiteUserObjectPermission = SiteUserObjectPermission.objects.get(
        user=user, content_object=site
    )
    _grant_event(actor, user.id, site, granted=True)
    return grant


def withdraw_site(*, actor: Actor, user: User, site: Site) -> None:
    remove_perm("sites.work_site", user, site)
    _grant_event(actor, user.id, site, granted=False)


def _grant_event(actor: Actor, user_id: UUID, site: Site, *, granted: bool) -> None:
    record(
        actor=actor,
        event=Event.GRANT_CHANGED,
        subject=Subject("user", user_id),
        after={"site": str(site.id), "granted": granted},
        details={"site": str(site.id)},
    )


def _site(site: Site) -> dict[str, object]:
    return {"slug": site.slug, "name": site.name, "timezone": site.timezone}


def change_site(*, actor: Actor, site: Site, name: str, timezone: str) -> None:
    """Rename a store or move it to its time zone. Raises ValidationError; then nothing is changed."""
    before = _site(Site.objects.get(id=site.id))
    site.name, site.timezone = name, timezone
    site.full_clean()
    site.save(update_fields=["name", "timezone"])
    _changed(actor, Event.SITE_CHANGED, Subject("site", site.id), before, _site(site))


def change_camera(
    *, actor: Actor, camera: Camera, name: str, clock_offset_seconds: float, is_active: bool
) -> None:
    """Say what a camera is called, how far its clock is off, and whether it is in use. Raises ValidationError."""
    before = _camera(Camera.objects.get(id=camera.id))
    camera.name, camera.is_active = name, is_active
    camera.clock_offset_seconds = clock_offset_seconds
    camera.full_clean()
    camera.save(update_fields=["name", "clock_offset_seconds", "is_active"])
    _changed(actor, Event.CAMERA_CHANGED, Subject("camera", camera.id), before, _camera(camera))


def change_zone(
    *, actor: Actor, zone: Zone, kind: str, name: str, polygon: Sequence[Sequence[float]]
) -> None:
    """Move or rename a zone; records made with the old one keep it. Raises ValidationError."""
    before = _zone(Zone.objects.get(id=zone.id))
    zone.kind, zone.name, zone.polygon = kind, name, [list(corner) for corner in polygon]
    zone.full_clean()
    zone.save(update_fields=["kind", "name", "polygon"])
    _changed(actor, Event.ZONE_CHANGED, Subject("zone", zone.id), before, _zone(zone))


def remove_zone(*, actor: Actor, zone: Zone) -> None:
    """Take a zone off the picture; records made with it keep it."""
    _changed(actor, Event.ZONE_REMOVED, Subject("zone", zone.id), _zone(zone), None)
    zone.delete()


def remove_roster(*, actor: Actor, roster: Roster) -> None:
    """Take back a period of operator minutes."""
    before = {
        "starts_at": roster.starts_at,
        "ends_at": roster.ends_at,
        "operator_minutes": roster.operator_minutes,
    }
    _changed(actor, Event.ROSTER_CHANGED, Subject("site", roster.site_id), before, None)
    roster.delete()


def _changed(
    actor: Actor,
    event: Event,
    subject: Subject,
    before: dict[str, object],
    after: dict[str, object] | None,
) -> None:
    record(actor=actor, event=event, subject=subject, before=before, after=after)


def _camera(camera: Camera) -> dict[str, object]:
    return {
        "name": camera.name,
        "clock_offset_seconds": camera.clock_offset_seconds,
        "is_active": camera.is_active,
    }


def _zone(zone: Zone) -> dict[str, object]:
    return {"kind": zone.kind, "name": zone.name, "polygon": zone.polygon}
