"""Uploaded pictures of places: a site's plan with where its cameras hang, and what a camera sees before its first clip."""

import io
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.utils.translation import gettext

from apps.accounts.models import User
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.sites.models import Camera, PlacePicture, Site
from apps.storage.errors import StorageError
from apps.storage.keys import place_picture
from apps.storage.pictures import clean_picture
from apps.storage.store import media_store

log = logging.getLogger(__name__)

Position = tuple[float, float]


class UnableToPlace(Exception):
    """A camera cannot hang there."""


@dataclass(frozen=True, kw_only=True)
class StoredPicture:
    """An upload in the store, cleaned, which no row knows yet; sides in pixels."""

    picture_id: UUID
    key: str
    sha256: str
    width: int
    height: int


def store_picture(*, site: Site, data: bytes) -> StoredPicture:
    """Store a JPEG or PNG as a JPEG without metadata. Raises UnableToReadPicture; StorageError."""
    clean, identity = clean_picture(data), uuid4()
    stored = media_store().put_stream(
        key=place_picture(tenant_id=site.tenant_id, site_id=site.id, picture_id=identity),
        stream=io.BytesIO(clean.data),
        length=len(clean.data),
        content_type="image/jpeg",
    )
    return StoredPicture(
        picture_id=identity,
        key=stored.key,
        sha256=stored.sha256,
        width=clean.width,
        height=clean.height,
    )


def keep_picture(
    *,
    actor: Actor,
    user: User,
    site: Site,
    camera: Camera | None,
    stored: StoredPicture,
    now: datetime,
) -> PlacePicture:
    """Make a stored picture the site's plan, or (with `camera`) the camera's; the one before is given up."""
    before = _give_up(site=site, camera=camera, now=now)
    made = PlacePicture.objects.create(
        id=stored.picture_id,
        tenant_id=site.tenant_id,
        site=site,
        camera=camera,
        key=stored.key,
        sha256=stored.sha256,
        width=stored.width,
        height=stored.height,
        uploaded_by=user,
        uploaded_at=now,
    )
    _changed(actor, site, camera, before=before, after=made)
    return made


def remove_picture(*, actor: Actor, site: Site, camera: Camera | None, now: datetime) -> bool:
    """Take the plan or the camera's picture away; False where there was none. Cameras keep their positions."""
    before = _give_up(site=site, camera=camera, now=now)
    if before is None:
        return False
    _changed(actor, site, camera, before=before, after=None)
    return True


def picture_of(*, site: Site, camera: Camera | None = None) -> PlacePicture | None:
    """The site's plan, or the uploaded picture of one of its cameras."""
    return PlacePicture.objects.filter(site=site, camera=camera, replaced_at=None).first()


def place_cameras(*, actor: Actor, site: Site, positions: Mapping[UUID, Position | None]) -> int:
    """Hang cameras of the site on its plan: shares of its width and height from the top left, None takes one off.

    Cameras not named stay where they are. Returns how many moved; without one there is no event. Raises
    UnableToPlace for a camera of another site or a position outside the plan.
    """
    cameras = {one.id: one for one in Camera.objects.select_for_update().filter(site=site)}
    if not set(positions) <= set(cameras):
        raise UnableToPlace(gettext("A camera of another site cannot hang on this plan."))
    before = _positions(cameras.values())
    for identity, position in positions.items():
        if position is not None and not all(0 <= share <= 1 for share in position):
            raise UnableToPlace(gettext("A camera hangs between 0 and 100% of the plan."))
        cameras[identity].plan_x, cameras[identity].plan_y = position or (None, None)
    after = _positions(cameras.values())
    moved = [
        one for identity, one in cameras.items() if before[str(identity)] != after[str(identity)]
    ]
    if moved:
        Camera.objects.bulk_update(moved, ["plan_x", "plan_y"])
        record(
            actor=actor,
            event=Event.CAMERAS_PLACED,
            subject=Subject("site", site.id),
            before=before,
            after=after,
            details={"cameras": len(moved)},
        )
    return len(moved)


def delete_replaced(*, limit: int = 200) -> int:
    """Delete given-up pictures from the store, then their rows; return how many. One that cannot be deleted waits."""
    gone = 0
    for picture in PlacePicture.objects.exclude(replaced_at=None).order_by("replaced_at")[:limit]:
        try:
            media_store().delete(key=picture.key)
        except StorageError as error:
            log.warning("replaced picture not deleted yet: %s", type(error).__name__)
            continue
        picture.delete()
        gone += 1
    return gone


def _give_up(*, site: Site, camera: Camera | None, now: datetime) -> PlacePicture | None:
    Site.objects.select_for_update().get(id=site.id)  # two uploads at once: one after the other
    before = picture_of(site=site, camera=camera)
    if before is not None:
        PlacePicture.objects.filter(id=before.id).update(replaced_at=now)
    return before


def _changed(
    actor: Actor,
    site: Site,
    camera: Camera | None,
    *,
    before: PlacePicture | None,
    after: PlacePicture | None,
) -> None:
    record(
        actor=actor,
        event=Event.CAMERA_PICTURE_CHANGED if camera else Event.SITE_PLAN_CHANGED,
        subject=Subject("camera", camera.id) if camera else Subject("site", site.id),
        before={"sha256": before.sha256} if before else None,
        after={"sha256": after.sha256} if after else None,
        details={"site": str(site.id)},
    )


def _positions(cameras: Iterable[Camera]) -> dict[str, list[float | None]]:
    return {str(one.id): [one.plan_x, one.plan_y] for one in cameras}
