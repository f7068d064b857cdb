"""The records of alerts: having a PDF made, and checking one."""

from uuid import UUID

from apps.audit.events import Actor, Event
from apps.evidence.models import EvidenceItem, EvidenceKind
from apps.evidence.operations import acquire_item
from apps.storage.objects import StoredObject
from tests.audit.writes import Write, call, post
from tests.world import NOW, World, make_waiting_alert


def _asked_on_screen(world: World) -> Write:
    alert = make_waiting_alert(world.camera)
    path = f"/dossiers/{alert.id}/render/"
    return post(world.compliance, path, event=Event.DOSSIER_REQUESTED)


def _asked_by_api(world: World) -> Write:
    alert = make_waiting_alert(world.camera)
    path = f"/api/v1/alerts/{alert.id}/dossier/"
    return call(world.compliance, path, event=Event.DOSSIER_REQUESTED)


def _a_dossier(alert_of: World) -> tuple[UUID, EvidenceItem]:
    alert = make_waiting_alert(alert_of.camera)
    item = acquire_item(
        actor=Actor.system(alert.tenant_id),
        alert=alert,
        kind=EvidenceKind.DOSSIER,
        bucket="media",
        stored=StoredObject(
            key=f"dossiers/{alert.id}", size=3, etag="", version_id=None, sha256="a" * 64
        ),
        media_type="application/pdf",
        now=NOW,
    )
    return alert.id, item


def _checked(world: World) -> Write:
    """The store has no such file: that is a finding, and the check is recorded all the same."""
    alert_id, item = _a_dossier(world)
    path = f"/dossiers/{alert_id}/{item.id}/check/"
    return post(world.compliance, path, event=Event.DOSSIER_CHECKED)


STORIES = {
    "POST dossier-render": _asked_on_screen,
    "POST api-alert-dossier": _asked_by_api,
    "POST dossier-check": _checked,
}
