"""An entry's life: proposed with its ground, checked, approved by somebody else, renewed, stopped, forgotten."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from apps.watchlists.models import (
    DiscardedObject,
    EntryConfirmation,
    EntryImage,
    EntryName,
    EntryRun,
    FaceEmbedding,
    WatchlistEntry,
)
from apps.watchlists.operations.advancing import advance_entry
from apps.watchlists.operations.approving import (
    Seen,
    UnableToApprove,
    approve_entry,
    refuse_entry,
)
from apps.watchlists.operations.enrolment import UnableToEnrol
from apps.watchlists.operations.proposing import (
    ClipMoment,
    Term,
    UnableToPropose,
)
from apps.watchlists.queries.entries import active_entries_at, entry_digest
from tests.watchlists.people import (
    a_vector,
    actor,
    approve,
    check_images,
    checked,
    confirmed_alert,
    correct,
    enrol,
    events_of,
    fill,
    in_force,
    propose,
    seen,
)
from tests.world import NOW, World

pytestmark = pytest.mark.django_db
WHY = "What was said when the person called us."


@pytest.fixture(autouse=True)
def gate(world: World) -> None:
    fill(world.compliance)


# --- proposing


def test_a_proposal_rests_on_a_confirmed_theft_and_promises_its_workflow(world: World) -> None:
    entry = propose(world)
    assert entry.state == "proposed"
    assert entry.reference.startswith("W-")
    assert EntryRun.objects.get(entry=entry).state == "waiting"
    assert len(events_of("watchlist_entry:proposed")) == 1


@pytest.mark.parametrize("verdict", ["false_alarm", "inconclusive", "benign_explained"])
def test_no_other_verdict_can_be_behind_an_entry(world: World, verdict: str) -> None:
    with pytest.raises(UnableToPropose, match="confirmed as theft"):
        propose(world, confirmed_alert(world, verdict))


@pytest.mark.parametrize(
    "changes",
    [
        {"declared_adult": False},
        {"declared_not_vulnerable": False},
        {"declared_not_staff": False},
        {"necessity": "because"},
        {"seriousness": ""},
        {"site_ids": frozenset()},
        {"images": []},
        {"images": [ClipMoment(at_seconds=1, at_x=0, at_y=0)] * 4},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_proposal_that_leaves_something_out_is_refused(
    world: World, changes: dict[str, object]
) -> None:
    with pytest.raises(UnableToPropose):
        propose(world, **changes)
    assert not WatchlistEntry.objects.exists()


@pytest.mark.parametrize(
    "moment",
    [(-1.0, 0.5, 0.5), (float("nan"), 0.5, 0.5), (1.0, 1.5, 0.5), (1.0, 0.5, float("nan"))],
)
def test_a_moment_lies_in_the_clip_and_in_the_picture(moment: tuple[float, float, float]) -> None:
    with pytest.raises(UnableToPropose):
        ClipMoment(at_seconds=moment[0], at_x=moment[1], at_y=moment[2])


@pytest.mark.parametrize(("valid", "review"), [(0, 1), (366, 30), (30, 31)])
def test_no_term_is_longer_than_a_year_or_without_a_review(valid: int, review: int) -> None:
    with pytest.raises(UnableToPropose, match="365"):
        Term(valid_days=valid, review_days=review)


def test_only_those_who_may_propose_and_only_for_their_sites(world: World) -> None:
    with pytest.raises(UnableToPropose, match="role"):
        propose(world, by=world.operator)
    with pytest.raises(UnableToPropose, match="sites"):
        propose(world, site_ids=frozenset({world.site.id, uuid4()}))


def test_an_alert_has_one_open_entry(world: World) -> None:
    alert = confirmed_alert(world)
    propose(world, alert)
    with pytest.raises(UnableToPropose, match="already"):
        propose(world, alert)


# --- checks


def test_checks_pass_before_a_person_is_asked(world: World) -> None:
    entry = propose(world)
    assert advance_entry(entry_id=entry.id, now=NOW).step == "check_images"
    check_images(entry)
    standing = advance_entry(entry_id=entry.id, now=NOW)
    assert (standing.state, standing.step) == ("awaiting_approval", "wait")
    entry.refresh_from_db()
    assert {one["code"] for one in entry.findings} >= {"gate_is_open", "not_staff", "one_face"}
    assert all(one["passed"] for one in entry.findings)


def test_a_picture_that_is_not_good_enough_refuses_the_proposal_and_goes(world: World) -> None:
    entry = propose(world)
    advance_entry(entry_id=entry.id, now=NOW)
    check_images(entry, passed=False)
    assert advance_entry(entry_id=entry.id, now=NOW).step == "done"
    entry.refresh_from_db()
    assert (entry.state, entry.ended_code) == ("refused", "face_pixels")
    assert not EntryImage.objects.exists()
    assert DiscardedObject.objects.count() == 1


def test_a_confirmation_corrected_during_the_checks_refuses_it(world: World) -> None:
    entry = propose(world)
    correct(world, entry)
    advance_entry(entry_id=entry.id, now=NOW)
    entry.refresh_from_db()
    assert (entry.state, entry.ended_code) == ("refused", "theft_is_confirmed")


def test_a_proposal_nobody_approves_is_never_approved_by_time(world: World) -> None:
    entry = checked(world)
    for days in (1, 29):
        assert advance_entry(entry_id=entry.id, now=NOW + timedelta(days=days)).step == "wait"
    advance_entry(entry_id=entry.id, now=NOW + timedelta(days=30))
    entry.refresh_from_db()
    assert (entry.state, entry.ended_code) == ("refused", "not_approved_in_time")


# --- approval


def test_another_person_approves_and_the_term_begins(world: World) -> None:
    entry = approve(checked(world), world.compliance)
    assert entry.state == "active"
    assert entry.expires_at == NOW + timedelta(days=90)
    assert entry.review_due_at == NOW + timedelta(days=30)
    confirmation = EntryConfirmation.objects.get(entry=entry)
    assert confirmation.user_id == world.compliance.id != confirmation.proposed_by
    assert len(events_of("watchlist_entry:approved")) == 1
    assert len(events_of("confirmation:recorded")) == 1


def test_the_proposer_cannot_approve_whatever_their_role(world: World) -> None:
    entry = checked(world, by=world.administrator)
    with pytest.raises(UnableToApprove, match="another person"):
        approve(entry, world.administrator)


def test_approving_needs_the_permission(world: World) -> None:
    with pytest.raises(UnableToApprove, match="role"):
        approve(checked(world), world.operator)


def test_what_changed_since_it_was_looked_at_is_not_approved(world: World) -> None:
    entry = checked(world)
    looked = seen(entry)
    WatchlistEntry.objects.filter(id=entry.id).update(valid_days=365)
    with pytest.raises(UnableToApprove, match="changed"):
        approve_entry(
            actor=actor(world.compliance),
            user=world.compliance,
            entry=entry,
            seen=looked,
            now=NOW,
        )
    with pytest.raises(UnableToApprove, match="changed"):
        approve_entry(
            actor=actor(world.compliance),
            user=world.compliance,
            entry=entry,
            seen=Seen(version=entry.version - 1, digest=entry_digest(entry)),
            now=NOW,
        )


def test_two_approvals_are_one(world: World) -> None:
    entry = checked(world)
    approve(entry, world.compliance)
    with pytest.raises(UnableToApprove, match="not waiting"):
        approve(entry, world.administrator)


def test_the_database_refuses_force_without_another_persons_confirmation(world: World) -> None:
    entry = checked(world)
    force = {
        "state": "active",
        "approved_by": world.compliance.id,
        "approved_at": NOW,
        "expires_at": NOW + timedelta(days=1),
        "review_due_at": NOW + timedelta(days=1),
    }
    with pytest.raises(IntegrityError, match="another person"), transaction.atomic():
        WatchlistEntry.objects.filter(id=entry.id).update(**force)
    with pytest.raises(IntegrityError, match="entry_is_approved"), transaction.atomic():
        WatchlistEntry.objects.filter(id=entry.id).update(approved_by=entry.proposed_by)


def test_the_database_refuses_a_longer_term_without_a_renewal(world: World) -> None:
    entry = in_force(world)
    for field in ("expires_at", "review_due_at"):
        with pytest.raises(IntegrityError, match="another person"), transaction.atomic():
            WatchlistEntry.objects.filter(id=entry.id).update(**{field: NOW + timedelta(days=200)})


def test_nobody_confirms_their_own_in_the_database_either(world: World) -> None:
    entry = checked(world)
    with pytest.raises(IntegrityError, match="somebody_elses"), transaction.atomic():
        EntryConfirmation.objects.create(
            tenant_id=entry.tenant_id,
            entry=entry,
            act="approve",
            user_id=world.lead.id,
            role="lp_lead",
            channel="screen",
            proposed_by=world.lead.id,
            payload_digest="0" * 64,
            object_version=entry.version,
            confirmed_at=NOW,
        )


def test_a_refused_proposal_leaves_no_picture_and_no_name(world: World) -> None:
    entry = checked(world)
    refuse_entry(
        actor=actor(world.compliance),
        user=world.compliance,
        entry=entry,
        seen=seen(entry),
        reason="Not serious enough for this.",
        now=NOW,
    )
    entry.refresh_from_db()
    assert (entry.state, entry.ended_code) == ("refused", "refused_by_person")
    assert not EntryImage.objects.exists()
    assert not EntryName.objects.exists()


# --- vectors


def test_before_approval_no_vector_is_stored(world: World) -> None:
    entry = checked(world)
    with pytest.raises(UnableToEnrol):
        enrol(entry)
    with pytest.raises(IntegrityError, match="in force"), transaction.atomic():
        FaceEmbedding.objects.create(
            tenant_id=entry.tenant_id,
            entry=entry,
            image=entry.images.get(),
            vector=a_vector(),
            model_id="m",
            model_sha256="0" * 64,
            quality=0.5,
            created_at=NOW,
        )


def test_an_approved_entry_is_enrolled_once_and_compared_at_its_sites_only(world: World) -> None:
    entry = approve(checked(world), world.compliance)
    assert advance_entry(entry_id=entry.id, now=NOW).step == "enrol"
    enrol(entry)
    enrol(entry)
    assert FaceEmbedding.objects.count() == 1
    assert advance_entry(entry_id=entry.id, now=NOW).step == "wait"
    assert list(active_entries_at(world.site.id)) == [entry]
    assert list(active_entries_at(world.other_site.id)) == []


@pytest.mark.parametrize("vector", [[0.1] * 127, [float("nan")] * 128])
def test_a_vector_has_the_right_length_and_numbers(world: World, vector: list[float]) -> None:
    entry = approve(checked(world), world.compliance)
    with pytest.raises(UnableToEnrol, match="128"):
        enrol(entry, vector)
