"""Stored bytes are read again in turn: one flipped bit is found, and nothing is called intact that was not read."""

import io
from datetime import timedelta
from hashlib import sha256, sha512

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Subject
from apps.audit.queries import events_of
from apps.evidence.models import CheckOutcome, EvidenceItem
from apps.evidence.operations.checks import check_items, sweep_evidence
from apps.evidence.queries.items import custody_of
from apps.storage.errors import StorageUnavailable
from apps.storage.objects import ObjectStore
from apps.storage.store import evidence_store, media_store
from tests.evidence.scene import FILM, decided_alert, seal, theft_with_case
from tests.world import NOW, World, make_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("s3")]

FLIPPED = bytes([FILM[0] ^ 1]) + FILM[1:]


@pytest.fixture
def place() -> World:
    return make_world()


def sweep(world: World, *, most_bytes: int = 10**9, later: int = 0) -> object:
    now = NOW + timedelta(hours=1 + later)
    return sweep_evidence(tenant_id=world.tenant.id, most_bytes=most_bytes, now=now)


def outcomes(world: World) -> dict[str, str]:
    with tenant_scope(world.tenant.id):
        rows = EvidenceItem.objects.values_list("key", "check_outcome")
        return {key.rpartition("/")[2]: outcome for key, outcome in rows}


def test_a_flipped_bit_is_found_marked_and_chained(place: World) -> None:
    with tenant_scope(place.tenant.id):
        _, items = decided_alert(place)
    master = items["master"]
    media_store().put_stream(key=master.key, stream=io.BytesIO(FLIPPED), length=len(FLIPPED))
    media_store().delete(key=items["poster"].key)
    found = sweep(place)
    assert (found.checked, found.altered, found.missing) == (5, 1, 1)
    assert outcomes(place)["master"] == CheckOutcome.ALTERED
    assert outcomes(place)["poster-ab.jpg"] == CheckOutcome.MISSING
    assert outcomes(place)["blurred-ab.mp4"] == CheckOutcome.INTACT
    with tenant_scope(place.tenant.id):
        told = events_of(tenant_id=place.tenant.id, subjects=[Subject("evidence_item", master.id)])
        assert told[-1].event == "evidence:digest_mismatch"
        assert [step.action for step in custody_of(master)][-1] == "digest_mismatch"
        summary = events_of(
            tenant_id=place.tenant.id, subjects=[Subject("tenant", place.tenant.id)]
        )
    assert summary[-1].details["altered"] == 1


def test_a_sealed_copy_hidden_under_another_version_is_found(place: World) -> None:
    _, _, case = theft_with_case(place)
    sealed = seal(place, case.id, now=timezone.now())
    assert check_one(place, sealed) == CheckOutcome.INTACT
    evidence_store().put_stream(key=sealed.key, stream=io.BytesIO(FLIPPED), length=len(FLIPPED))
    assert check_one(place, sealed) == CheckOutcome.ALTERED


def check_one(world: World, item: EvidenceItem) -> str:
    check_items(tenant_id=world.tenant.id, item_ids=[item.id], now=NOW)
    with tenant_scope(world.tenant.id):
        return EvidenceItem.objects.get(id=item.id).check_outcome


def test_the_rotation_reads_what_was_read_longest_ago_within_its_bytes(place: World) -> None:
    with tenant_scope(place.tenant.id):
        decided_alert(place)
    seen = []
    for turn in range(3):
        assert sweep(place, most_bytes=2 * len(FILM), later=turn).checked == 2
        with tenant_scope(place.tenant.id):
            seen.append(EvidenceItem.objects.filter(checked_at__isnull=False).count())
    assert seen == [2, 4, 5]


def test_an_older_item_learns_its_sha512_when_its_bytes_are_right(place: World) -> None:
    key = f"tenants/{place.tenant.id}/older"
    media_store().put_stream(key=key, stream=io.BytesIO(FILM), length=len(FILM))
    with tenant_scope(place.tenant.id):
        alert, items = decided_alert(place)
        assert items["master"].sha512 == sha512(FILM).hexdigest()
        right, wrong = (
            EvidenceItem.objects.create(
                tenant_id=place.tenant.id,
                alert=alert,
                kind="working",
                bucket=media_store().bucket,
                key=key,
                version_id=version,
                media_type="video/mp4",
                size_bytes=len(FILM),
                sha256=digest,
                acquired_at=NOW,
            )
            for version, digest in (("", sha256(FILM).hexdigest()), ("other", "0" * 64))
        )
    check_items(tenant_id=place.tenant.id, item_ids=[right.id, wrong.id], now=NOW)
    with tenant_scope(place.tenant.id):
        assert EvidenceItem.objects.get(id=right.id).sha512 == sha512(FILM).hexdigest()
        assert EvidenceItem.objects.get(id=wrong.id).sha512 == ""


def test_a_store_that_does_not_answer_makes_nothing_intact(
    place: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(place.tenant.id):
        decided_alert(place)

    def silent(self: ObjectStore, **_: object) -> None:
        raise StorageUnavailable("timed out")

    monkeypatch.setattr(ObjectStore, "get_stream", silent)
    found = sweep(place)
    assert (found.checked, found.unread) == (0, 5)
    assert set(outcomes(place).values()) == {CheckOutcome.UNCHECKED}


def test_the_command_names_what_is_not_as_it_was(
    place: World, capsys: pytest.CaptureFixture[str]
) -> None:
    with tenant_scope(place.tenant.id):
        _, items = decided_alert(place)
    call_command("evidence_check", "--all")
    assert "5 checked" in capsys.readouterr().out
    media_store().put_stream(
        key=items["master"].key, stream=io.BytesIO(FLIPPED), length=len(FLIPPED)
    )
    with pytest.raises(SystemExit, match="1"):
        call_command("evidence_check", "--item", str(items["master"].id))
    assert str(items["master"].id) in capsys.readouterr().out


def test_the_dry_run_says_what_would_go_and_changes_nothing(
    place: World, capsys: pytest.CaptureFixture[str]
) -> None:
    with tenant_scope(place.tenant.id):
        _, items = decided_alert(place)
    call_command("retention", "--dry-run", "--at", "2027-03-01")
    said = capsys.readouterr().out
    assert items["master"].key in said
    assert "would be deleted: 4" in said
    assert "Record of an alert" in said
    with tenant_scope(place.tenant.id):
        assert set(EvidenceItem.objects.values_list("state", flat=True)) == {"kept"}
