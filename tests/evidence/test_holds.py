"""A hold is a person's, with a reason; it follows what it holds; the store itself refuses while it is on."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor, Subject
from apps.audit.queries import events_of
from apps.evidence.models import EvidenceItem, Hold, HoldKind
from apps.evidence.operations.holds import UnableToHold, place_hold, release_hold
from apps.evidence.operations.locks import switch_locks
from apps.evidence.queries.holds import held_items, holds_over, holds_visible_to
from apps.evidence.queries.items import custody_of
from apps.evidence.queries.retention import standing_of
from apps.evidence.retention_rules import Ground
from apps.storage.errors import StorageError, StorageUnavailable
from apps.storage.locked import LockedStore
from apps.storage.store import evidence_store
from tests.evidence.scene import compliance_of, decided_alert, lead_of, seal, theft_with_case
from tests.world import NOW, World, make_world

REASON = "The police asked for it on the phone."


def test_a_hold_is_a_step_in_custody_and_an_event_with_its_reason(
    s3: dict[str, str], world: World
) -> None:
    alert, items = decided_alert(world)
    [hold] = place_hold(actor=lead_of(world), alert_ids=[alert.id], reason=REASON, now=NOW)
    assert (hold.placed_by, hold.placed_at, hold.is_in_force) == (world.lead.id, NOW, True)
    assert [step.action for step in custody_of(items["dossier"])][-1] == "held"
    told = events_of(tenant_id=world.tenant.id, subjects=[Subject("alert", alert.id)])[-1]
    assert (told.event, told.reason, told.details["hold"]) == (
        "evidence:held",
        REASON,
        str(hold.id),
    )
    release_hold(actor=compliance_of(world), hold=hold, reason="They do not need it.", now=NOW)
    assert [step.action for step in custody_of(items["dossier"])][-1] == "hold_released"
    [kept] = holds_over(items["dossier"])
    assert (kept.released_by, kept.release_reason) == (
        world.compliance.id,
        "They do not need it.",
    )


def test_no_timer_and_nobody_without_a_reason_places_or_releases_a_hold(
    s3: dict[str, str], world: World
) -> None:
    alert, _ = decided_alert(world)
    system = Actor.system(world.tenant.id)
    for actor, reason in ((system, REASON), (lead_of(world), " short ")):
        with pytest.raises(UnableToHold):
            place_hold(actor=actor, alert_ids=[alert.id], reason=reason, now=NOW)
    [hold] = place_hold(actor=lead_of(world), alert_ids=[alert.id], reason=REASON, now=NOW)
    for actor, reason in ((system, REASON), (lead_of(world), "")):
        with pytest.raises(UnableToHold):
            release_hold(actor=actor, hold=hold, reason=reason, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Hold.objects.filter(id=hold.id).update(state="released")
    release_hold(actor=lead_of(world), hold=hold, reason=REASON, now=NOW)
    with pytest.raises(UnableToHold, match="already"):
        release_hold(actor=lead_of(world), hold=hold, reason=REASON, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Hold.objects.filter(id=hold.id).update(
            state="in_force", released_by=None, released_at=None, release_reason=""
        )


def test_what_is_not_known_cannot_be_held(world: World) -> None:
    for what in ({"item_ids": [uuid4()]}, {"alert_ids": [uuid4()]}, {"case_ids": [uuid4()]}, {}):
        with pytest.raises(UnableToHold):
            place_hold(actor=lead_of(world), reason=REASON, now=NOW, **what)
    assert not Hold.objects.exists()


def test_a_pending_request_stands_behind_a_legal_hold(s3: dict[str, str], world: World) -> None:
    alert, items = decided_alert(world)
    common = {"actor": compliance_of(world), "alert_ids": [alert.id], "now": NOW}
    place_hold(kind=HoldKind.REQUEST, reason="Somebody asked for the data.", **common)
    assert standing_of(items["master"]).decisive.ground is Ground.PENDING
    place_hold(kind=HoldKind.LEGAL, reason=REASON, **common)
    assert standing_of(items["master"]).decisive.ground is Ground.HOLD


def test_holds_are_seen_by_those_who_work_at_the_site(s3: dict[str, str], world: World) -> None:
    alert, items = decided_alert(world)
    place_hold(
        actor=lead_of(world),
        alert_ids=[alert.id],
        item_ids=[items["master"].id],
        reason=REASON,
        now=NOW,
    )
    assert holds_visible_to(world.operator).count() == 2
    assert holds_visible_to(world.compliance).count() == 2
    assert not holds_visible_to(world.stranger).exists()
    assert not holds_visible_to(world.foreign_operator).exists()


@pytest.mark.django_db(transaction=True)
def test_the_store_itself_refuses_to_delete_a_held_exhibit_after_its_lock(
    s3: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    _, _, case = theft_with_case(world)
    sealed = seal(world, case.id, now=timezone.now())
    with monkeypatch.context() as patch:

        def silent(self: LockedStore, **_: object) -> None:
            raise StorageUnavailable("timed out")

        patch.setattr(LockedStore, "hold", silent)
        with tenant_scope(world.tenant.id):
            [hold] = place_hold(actor=lead_of(world), case_ids=[case.id], reason=REASON, now=NOW)
    assert held_in_store(world, sealed) is False, "the row holds, the store does not yet"
    assert switch_locks(tenant_id=world.tenant.id) == 1
    assert held_in_store(world, sealed) is True
    assert switch_locks(tenant_id=world.tenant.id) == 0
    assert evidence_store().held(key=sealed.key, version_id=sealed.version_id)
    with pytest.raises(StorageError):
        evidence_store().delete(key=sealed.key, version_id=sealed.version_id)
    with tenant_scope(world.tenant.id):
        release_hold(actor=lead_of(world), hold=hold, reason=REASON, now=NOW)
    assert held_in_store(world, sealed) is False
    assert not evidence_store().held(key=sealed.key, version_id=sealed.version_id)


def held_in_store(world: World, item: EvidenceItem) -> bool:
    with tenant_scope(world.tenant.id):
        return EvidenceItem.objects.get(id=item.id).hold_in_store


@pytest.mark.django_db(transaction=True)
def test_a_case_that_is_split_does_not_free_what_was_held_with_it(s3: dict[str, str]) -> None:
    world = make_world()
    alert, items, case = theft_with_case(world)
    _, _, other = theft_with_case(world)
    with tenant_scope(world.tenant.id):
        place_hold(actor=lead_of(world), case_ids=[case.id], reason=REASON, now=NOW)
        type(alert.incident).objects.filter(alert=alert).update(case=other)
        held = held_items(EvidenceItem.objects.all())
        assert {item.id for item in held} == {item.id for item in items.values()}
        assert standing_of(items["master"]).decisive.ground is Ground.HOLD
