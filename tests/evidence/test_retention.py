"""What is due goes, in every version; what must stay stays, and says why; what is odd is reported."""

import io
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert, Clip
from apps.audit.events import Subject
from apps.audit.queries import events_of
from apps.cases.operations import move_case
from apps.evidence.models import EvidenceItem, RetentionRun, Tombstone
from apps.evidence.operations.deletion import UnableToDelete, delete_item, erase_item
from apps.evidence.operations.holds import place_hold, release_hold
from apps.evidence.operations.runs import run_retention
from apps.evidence.queries.items import custody_of
from apps.evidence.queries.retention import active_rules, standing_of
from apps.evidence.retention_rules import Ground
from apps.sites.models import Recording
from apps.storage.errors import StorageUnavailable
from apps.storage.keys import alert_master, recording
from apps.storage.objects import ObjectStore
from apps.storage.store import evidence_store, media_store
from apps.triage.states import CaseState
from tests.evidence.scene import (
    FILM,
    compliance_of,
    decided_alert,
    is_stored,
    lead_of,
    seal,
    store_footage,
    theft_with_case,
)
from tests.world import NOW, World, make_waiting_alert, make_world

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("as_service", "s3"),
]

REASON = "The police asked for it on the phone."


@pytest.fixture
def place() -> World:
    return make_world()


def after(days: float) -> datetime:
    return NOW + timedelta(days=days)


def run(world: World, *, days: float) -> RetentionRun:
    return run_retention(tenant_id=world.tenant.id, now=after(days))


def fresh(world: World, item: EvidenceItem) -> EvidenceItem:
    with tenant_scope(world.tenant.id):
        return EvidenceItem.objects.get(id=item.id)


def test_the_footage_of_a_false_alarm_goes_when_its_time_is_over_and_its_record_stays(
    place: World,
) -> None:
    with tenant_scope(place.tenant.id):
        alert, items = decided_alert(place)
    assert run(place, days=29).deleted == 0
    early = run(place, days=31)
    assert (early.deleted, is_stored(items["before"])) == (1, False)
    late = run(place, days=91)
    assert late.deleted == 3
    assert [is_stored(items[name]) for name in ("master", "blurred", "poster")] == [False] * 3
    assert is_stored(items["dossier"])
    with tenant_scope(place.tenant.id):
        master = EvidenceItem.objects.get(id=items["master"].id)
        assert (master.state, master.sha256) == ("deleted", items["master"].sha256)
        assert Clip.objects.get(alert=alert).state == "deleted"
        tombstone = Tombstone.objects.get(thing_id=master.id)
        assert (tombstone.sha256, tombstone.category) == (master.sha256, "clip_resolved")
        assert (tombstone.run_id, tombstone.rules_number, tombstone.versions) == (late.id, 0, 1)
        assert tombstone.due_at == after(90)
        assert [step.action for step in custody_of(master)][-1] == "deleted"
    again = run(place, days=92)
    assert (again.deleted, again.missing, again.failed) == (0, 0, 0)


def test_the_report_of_a_run_is_in_the_chain_and_says_why_the_rest_stays(place: World) -> None:
    with tenant_scope(place.tenant.id):
        decided_alert(place)
        store_footage(make_waiting_alert(place.camera))
    done = run(place, days=100)
    assert done.kept == {"period": 1, "undecided": 5}
    with tenant_scope(place.tenant.id):
        [told] = events_of(tenant_id=place.tenant.id, subjects=[Subject("retention_run", done.id)])
    assert told.details["deleted"] == done.deleted == 4
    assert told.details["sha256"] == done.digest


def test_an_alert_nobody_decided_keeps_its_footage_for_years(place: World) -> None:
    with tenant_scope(place.tenant.id):
        items = store_footage(make_waiting_alert(place.camera))
    assert run(place, days=3_000).deleted == 0
    with tenant_scope(place.tenant.id):
        found = standing_of(items["master"])
    assert (found.due_at, found.decisive.ground) == (None, Ground.UNDECIDED)


def test_a_hold_stops_the_deletion_and_its_release_by_a_person_lets_it_go_on(place: World) -> None:
    with tenant_scope(place.tenant.id):
        alert, items = decided_alert(place)
        first, second = (
            place_hold(actor=actor, alert_ids=[alert.id], reason=REASON, now=NOW)[0]
            for actor in (lead_of(place), compliance_of(place))
        )
    assert run(place, days=400).deleted == 0
    with tenant_scope(place.tenant.id):
        release_hold(actor=lead_of(place), hold=first, reason=REASON, now=NOW)
    assert run(place, days=401).deleted == 0, "the other hold still stands"
    with tenant_scope(place.tenant.id):
        assert REASON in standing_of(items["master"]).decisive.words
        release_hold(actor=compliance_of(place), hold=second, reason=REASON, now=NOW)
    assert run(place, days=402).deleted == 5


def test_the_only_master_of_a_confirmed_theft_outlives_an_open_case(place: World) -> None:
    _, items, case = theft_with_case(place)
    assert run(place, days=2_000).deleted == 0
    with tenant_scope(place.tenant.id):
        assert standing_of(items["master"]).decisive.ground is Ground.CASE_OPEN
        move_case(actor=lead_of(place), case=case, to=CaseState.CLOSED, reason=REASON)
        closed_now = standing_of(items["master"])
    assert closed_now.decisive.ground is Ground.PERIOD
    assert closed_now.due_at is not None
    assert closed_now.due_at > timezone.now() + timedelta(days=364)
    with tenant_scope(place.tenant.id):
        refused = delete_item(
            tenant_id=place.tenant.id,
            item_id=items["master"].id,
            rules=active_rules(place.tenant.id),
            run_id=None,
            now=closed_now.due_at - timedelta(seconds=1),
        )
    assert refused.outcome == "kept"
    assert is_stored(items["master"])


def test_a_sealed_copy_goes_only_after_its_lock_and_in_every_version(place: World) -> None:
    _, _, case = theft_with_case(place)
    sealed = seal(place, case.id, now=timezone.now() + timedelta(seconds=1))
    evidence_store().put_stream(key=sealed.key, stream=io.BytesIO(b"newer"), length=5)
    with tenant_scope(place.tenant.id):
        move_case(actor=lead_of(place), case=case, to=CaseState.CLOSED, reason=REASON)
    day = timezone.now() + timedelta(days=366)
    too_soon = run_retention(tenant_id=place.tenant.id, now=day)
    if too_soon.failed:  # the store's own clock: its lock is not over
        assert fresh(place, sealed).state == "deleting"
        wait = (sealed.retain_until or day) - timezone.now()
        time.sleep(max(0.0, wait.total_seconds()) + 1.5)
        assert run_retention(tenant_id=place.tenant.id, now=day).deleted >= 1
    assert fresh(place, sealed).state == "deleted"
    assert evidence_store().versions(prefix=sealed.key) == []


def test_a_store_that_does_not_answer_leaves_the_row_due_and_visible(
    place: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(place.tenant.id):
        _, items = decided_alert(place)

    def silent(self: ObjectStore, *, key: str) -> int:
        raise StorageUnavailable(f"could not delete {key}: timed out")

    with monkeypatch.context() as patch:
        patch.setattr(ObjectStore, "erase", silent)
        failed = run(place, days=31)
    assert (failed.deleted, failed.failed) == (0, 1)
    assert fresh(place, items["before"]).state == "deleting"
    with tenant_scope(place.tenant.id):
        [finding] = failed.findings.all()
        assert (finding.kind, finding.item_id) == ("failed", items["before"].id)
        assert not Tombstone.objects.exists()
    assert run(place, days=32).deleted == 1
    assert fresh(place, items["before"]).state == "deleted"


def test_a_run_that_was_killed_between_bytes_and_row_is_finished_by_the_next(
    place: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(place.tenant.id):
        _, items = decided_alert(place)

    def die(**_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("apps.evidence.operations.deletion.record_step", die)
        with pytest.raises(KeyboardInterrupt):
            run(place, days=31)
    assert not is_stored(items["before"])
    assert fresh(place, items["before"]).state == "deleting"
    finished = run(place, days=32)
    assert (finished.deleted, finished.missing) == (1, 0)
    with tenant_scope(place.tenant.id):
        assert RetentionRun.objects.count() == 1, "the open run was gone on with"


def test_an_object_that_is_already_gone_is_reported(place: World) -> None:
    with tenant_scope(place.tenant.id):
        _, items = decided_alert(place)
    media_store().delete(key=items["before"].key)
    done = run(place, days=31)
    assert (done.deleted, done.missing) == (0, 1)
    with tenant_scope(place.tenant.id):
        assert done.findings.get().kind == "missing"
        assert Tombstone.objects.get().versions == 0


def test_an_object_without_a_row_is_reported_and_left(place: World) -> None:
    key = alert_master(tenant_id=place.tenant.id, alert_id=place.site.id)
    media_store().put_stream(key=key, stream=io.BytesIO(FILM), length=len(FILM))
    now = datetime.now(UTC) + timedelta(days=2)
    done = run_retention(tenant_id=place.tenant.id, now=now)
    assert done.orphans == 1
    with tenant_scope(place.tenant.id):
        assert done.findings.get().key == key
    assert media_store().keys(prefix=key) == [key]


def test_a_recording_goes_after_a_week_unless_an_alert_of_its_time_is_undecided(
    place: World,
) -> None:
    with tenant_scope(place.tenant.id):
        decided_alert(place)
        waiting = make_waiting_alert(place.camera)
        kept = make_recording(place)
    assert run(place, days=8).deleted == 0
    with tenant_scope(place.tenant.id):
        Alert.objects.filter(id=waiting.id).update(state="resolved", resolved_at=NOW)
    assert run(place, days=9).deleted == 1
    with tenant_scope(place.tenant.id):
        assert not Recording.objects.exists()
        assert Tombstone.objects.get().thing_id == kept.id
        [told] = events_of(tenant_id=place.tenant.id, subjects=[Subject("recording", kept.id)])
    assert told.event == "recording:deleted"
    assert media_store().keys(prefix=kept.key) == []


def make_recording(world: World) -> Recording:
    key = recording(tenant_id=world.tenant.id, recording_id=world.camera.id)
    stored = media_store().put_stream(key=key, stream=io.BytesIO(FILM), length=len(FILM))
    return Recording.objects.create(
        tenant_id=world.tenant.id,
        camera=world.camera,
        starts_at=NOW - timedelta(minutes=5),
        ends_at=NOW + timedelta(minutes=5),
        key=key,
        size_bytes=stored.size,
        sha256=stored.sha256,
        registered_at=NOW,
    )


def test_without_time_a_run_stays_open_and_the_next_call_ends_it(place: World) -> None:
    with tenant_scope(place.tenant.id):
        decided_alert(place)
    calls = iter([True, True, False])
    first = run_retention(
        tenant_id=place.tenant.id, now=after(100), has_time=lambda: next(calls, False)
    )
    assert first.ended_at is None
    second = run(place, days=100)
    assert (second.id, second.deleted) == (first.id, 4)
    assert second.ended_at is not None


def test_nobody_edits_a_tombstone_or_brings_deleted_evidence_back(place: World) -> None:
    with tenant_scope(place.tenant.id):
        _, items = decided_alert(place)
    run(place, days=31)
    for change in (
        lambda: Tombstone.objects.update(sha256="0" * 64),
        lambda: Tombstone.objects.all().delete(),
        lambda: EvidenceItem.objects.filter(id=items["before"].id).update(
            state="kept", deleted_at=None
        ),
        lambda: EvidenceItem.objects.filter(id=items["master"].id).update(sha256="0" * 64),
    ):
        with (
            pytest.raises(DatabaseError),
            tenant_scope(place.tenant.id),
            transaction.atomic(),
        ):
            change()


def test_an_approved_erasure_does_not_wait_for_the_period_but_for_holds_and_cases(
    place: World,
) -> None:
    with tenant_scope(place.tenant.id):
        alert, items = decided_alert(place)
        [hold] = place_hold(actor=lead_of(place), alert_ids=[alert.id], reason=REASON, now=NOW)
    common = {
        "actor": compliance_of(place),
        "tenant_id": place.tenant.id,
        "item_id": items["master"].id,
        "reason": "The person asked for erasure.",
        "now": NOW,
    }
    with pytest.raises(UnableToDelete, match="police"):
        erase_item(**common)
    with tenant_scope(place.tenant.id):
        release_hold(actor=lead_of(place), hold=hold, reason=REASON, now=NOW)
    assert erase_item(**common).outcome == "deleted"
    assert not is_stored(items["master"])
    with tenant_scope(place.tenant.id):
        told = events_of(
            tenant_id=place.tenant.id, subjects=[Subject("evidence_item", items["master"].id)]
        )[-1]
    assert (told.event, told.actor, told.reason) == (
        "evidence:deleted",
        str(place.compliance.id),
        "The person asked for erasure.",
    )
    _, theft, _ = theft_with_case(place)
    with pytest.raises(UnableToDelete, match="Case"):
        erase_item(**common | {"item_id": theft["master"].id})
