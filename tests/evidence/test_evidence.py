"""Evidence is registered once, its custody only grows, and strangers never learn that it exists."""

import io
from datetime import timedelta

import pytest

from apps.alerts.models import Alert
from apps.audit.events import Actor, Subject
from apps.audit.queries import events_of
from apps.evidence.models import EvidenceItem, EvidenceKind
from apps.evidence.operations import acquire_item, record_sealed
from apps.evidence.queries import custody_of, items_visible_to, master_of
from apps.storage.objects import StoredObject
from apps.storage.store import media_store
from tests.console.people import signed_in
from tests.world import NOW, World, make_waiting_alert

STORED = StoredObject(key="tenants/x/master", size=4, etag="e", version_id="1", sha256="ab" * 32)


def acquire(alert: Alert, stored: StoredObject = STORED) -> EvidenceItem:
    return acquire_item(
        actor=Actor.system(alert.tenant_id),
        alert=alert,
        kind=EvidenceKind.MASTER,
        bucket="media",
        stored=stored,
        media_type="video/mp4",
        now=NOW,
    )


def test_the_same_object_is_one_item_with_one_beginning(world: World) -> None:
    alert = make_waiting_alert(world.camera)
    item = acquire(alert)
    assert acquire(alert) == item
    assert [event.action for event in custody_of(item)] == ["acquired"]
    told = events_of(tenant_id=world.tenant.id, subjects=[Subject("evidence_item", item.id)])
    assert [event.event for event in told] == ["evidence:acquired"]


def test_the_custody_of_a_sealed_copy_begins_with_its_master(world: World) -> None:
    alert = make_waiting_alert(world.camera)
    master = acquire(alert)
    actor, until = Actor.system(world.tenant.id), NOW + timedelta(days=1)
    sealed = record_sealed(actor=actor, item=master, sealed=STORED, retain_until=until, now=NOW)
    again = record_sealed(actor=actor, item=master, sealed=STORED, retain_until=until, now=NOW)
    assert again == sealed
    assert [event.action for event in custody_of(sealed)] == ["acquired", "sealed"]
    assert master_of(alert.id) == master


def test_who_sees_evidence(world: World) -> None:
    item = acquire(make_waiting_alert(world.camera))
    assert item in items_visible_to(world.operator)
    assert item in items_visible_to(world.compliance)
    for person in (world.stranger, world.foreign_operator):
        assert item not in items_visible_to(person)
        assert signed_in(person).get(f"/evidence/{item.id}/").status_code == 404


def test_a_role_without_evidence_is_refused_and_the_refusal_recorded(world: World) -> None:
    item = acquire(make_waiting_alert(world.camera))
    assert signed_in(world.store_manager).get(f"/evidence/{item.id}/").status_code == 403
    subject = Subject("user", world.store_manager.id)
    denied = events_of(tenant_id=world.tenant.id, subjects=[subject])
    assert [event.event for event in denied] == ["access:denied"]


def test_viewing_lends_the_file_for_a_minute_and_says_so(s3: dict[str, str], world: World) -> None:
    stored = media_store().put_stream(
        key=f"tenants/{world.tenant.id}/story",
        stream=io.BytesIO(b"film"),
        length=4,
        content_type="video/mp4",
    )
    item = acquire(make_waiting_alert(world.camera), stored)
    answer = signed_in(world.operator).get(f"/evidence/{item.id}/")
    assert answer.status_code == 302
    assert "X-Amz-Expires=60" in answer["Location"]
    assert [event.action for event in custody_of(item)] == ["acquired", "downloaded"]


@pytest.mark.parametrize("page", ["clip", "poster", "analysis"])
def test_the_parts_of_a_clip_do_not_exist_for_strangers(world: World, page: str) -> None:
    alert = make_waiting_alert(world.camera)
    for person in (world.stranger, world.foreign_operator):
        assert signed_in(person).get(f"/alerts/{alert.id}/{page}/").status_code == 404


def test_a_store_manager_sees_the_alert_but_not_its_footage(world: World) -> None:
    alert = make_waiting_alert(world.camera)
    assert signed_in(world.store_manager).get(f"/alerts/{alert.id}/clip/").status_code == 403
    answer = signed_in(world.operator).get(f"/alerts/{alert.id}/clip/")
    assert answer.status_code == 302
