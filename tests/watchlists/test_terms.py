"""An entry in force: reviewed or disabled, renewed by two people, stopped by one, and forgotten when it must be."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from apps.triage.states import EntryState
from apps.watchlists.models import (
    DiscardedObject,
    EntryConfirmation,
    EntryImage,
    EntryName,
    EntryRenewal,
    FaceEmbedding,
    LeadJudgement,
    Sighting,
    SightingLead,
    WatchlistEntry,
)
from apps.watchlists.models.sightings import Answer
from apps.watchlists.operations.advancing import advance_entry
from apps.watchlists.operations.approving import (
    Seen,
    UnableToApprove,
    approve_renewal,
)
from apps.watchlists.operations.ending import UnableToStop, erase_entry, suspend_for
from apps.watchlists.operations.leads import judge_lead
from apps.watchlists.operations.objections import decide_objection, record_objection
from apps.watchlists.operations.proposing import (
    Term,
    UnableToPropose,
    propose_renewal,
)
from apps.watchlists.queries.entries import renewal_digest
from apps.watchlists.tasks import watch_terms
from tests.watchlists.people import (
    NECESSITY,
    a_lead,
    actor,
    confirmed_alert,
    correct,
    events_of,
    fill,
    in_force,
    propose,
)
from tests.world import NOW, World

pytestmark = pytest.mark.django_db
WHY = "What was said when the person called us."


@pytest.fixture(autouse=True)
def gate(world: World) -> None:
    fill(world.compliance)


# --- time


def test_a_review_that_nobody_makes_disables_the_entry(world: World) -> None:
    entry = in_force(world)
    reminded = advance_entry(entry_id=entry.id, now=NOW + timedelta(days=23))
    assert len(events_of("watchlist_entry:review_due")) == 1
    assert reminded.wake_at == NOW + timedelta(days=30)
    advance_entry(entry_id=entry.id, now=NOW + timedelta(days=30))
    entry.refresh_from_db()
    assert (entry.state, entry.ended_code) == ("disabled", "not_reviewed")
    assert not FaceEmbedding.objects.exists()
    assert not EntryImage.objects.exists()


def test_an_expired_entry_keeps_its_tombstone_only(world: World) -> None:
    entry = in_force(world, term=Term(valid_days=10, review_days=10))
    advance_entry(entry_id=entry.id, now=NOW + timedelta(days=10))
    entry.refresh_from_db()
    assert (entry.state, entry.ended_code) == ("expired", "term_ended")
    assert not FaceEmbedding.objects.exists()
    assert not EntryName.objects.exists()
    assert EntryConfirmation.objects.filter(entry=entry).exists()


def test_the_watchdog_ends_what_a_lost_timer_should_have(world: World) -> None:
    entry = in_force(world)
    WatchlistEntry.objects.filter(id=entry.id).update(
        approved_at=NOW - timedelta(days=60), review_due_at=NOW - timedelta(days=30)
    )
    assert watch_terms() == 1
    entry.refresh_from_db()
    assert entry.state == "disabled"
    assert watch_terms() == 0


# --- renewal


def renew(world: World, entry: WatchlistEntry, *, days: int = 0) -> WatchlistEntry:
    renewal = propose_renewal(
        actor=actor(world.lead),
        user=world.lead,
        entry=entry,
        necessity=NECESSITY,
        term=Term(valid_days=60, review_days=30),
        now=NOW + timedelta(days=days),
    )
    entry.refresh_from_db()
    return approve_renewal(
        actor=actor(world.compliance),
        user=world.compliance,
        renewal=renewal,
        seen=Seen(version=entry.version, digest=renewal_digest(renewal, entry)),
        now=NOW + timedelta(days=days),
    )


def test_a_renewal_needs_new_words_and_another_person(world: World) -> None:
    entry = renew(world, in_force(world), days=20)
    assert entry.expires_at == NOW + timedelta(days=80)
    assert entry.review_due_at == NOW + timedelta(days=50)
    assert EntryRenewal.objects.get(entry=entry).approved_by == world.compliance.id
    with pytest.raises(UnableToPropose, match="still needed"):
        propose_renewal(
            actor=actor(world.lead),
            user=world.lead,
            entry=entry,
            necessity="still",
            term=Term(valid_days=60, review_days=30),
            now=NOW,
        )


def test_whoever_asked_for_the_renewal_cannot_approve_it(world: World) -> None:
    entry = in_force(world)
    renewal = propose_renewal(
        actor=actor(world.administrator),
        user=world.administrator,
        entry=entry,
        necessity=NECESSITY,
        term=Term(valid_days=60, review_days=30),
        now=NOW,
    )
    with pytest.raises(UnableToApprove, match="another person"):
        approve_renewal(
            actor=actor(world.administrator),
            user=world.administrator,
            renewal=renewal,
            seen=Seen(version=entry.version, digest=renewal_digest(renewal, entry)),
            now=NOW,
        )


# --- stopping


def test_a_corrected_confirmation_suspends_at_once(world: World) -> None:
    entry = in_force(world)
    lead = a_lead(world, entry)
    correct(world, entry)
    assert suspend_for(actor=actor(world.lead), alert=entry.alert_id, now=NOW) == 1
    entry.refresh_from_db()
    lead.refresh_from_db()
    assert (entry.state, entry.ended_code) == ("suspended", "confirmation_corrected")
    assert (lead.state, lead.closed_code) == ("closed", "entry_suspended")
    assert not FaceEmbedding.objects.filter(is_active=True).exists()
    with pytest.raises(UnableToPropose, match="corrected"):
        renew(world, entry)


def test_a_run_that_looks_finds_a_correction_that_nobody_told_it(world: World) -> None:
    entry = in_force(world)
    correct(world, entry)
    advance_entry(entry_id=entry.id, now=NOW)
    entry.refresh_from_db()
    assert entry.state == "suspended"


def test_a_suspended_entry_comes_back_by_an_approved_renewal_only(world: World) -> None:
    entry = in_force(world)
    objection = record_objection(
        actor=actor(world.lead), user=world.lead, entry=entry, reason=WHY, now=NOW
    )
    entry.refresh_from_db()
    assert (entry.state, entry.ended_code) == ("suspended", "objection")
    with pytest.raises(UnableToPropose, match="objects"):
        renew(world, entry)
    decide_objection(
        actor=actor(world.compliance),
        user=world.compliance,
        objection=objection,
        is_upheld=False,
        reason="The footage is unmistakable.",
        now=NOW,
    )
    entry.refresh_from_db()
    assert entry.state == "suspended"
    entry = renew(world, entry)
    assert entry.state == "active"
    assert FaceEmbedding.objects.filter(is_active=True).count() == 1


def test_an_upheld_objection_destroys_everything_about_the_person(world: World) -> None:
    entry = in_force(world)
    lead = a_lead(world, entry)
    for person in (world.operator, world.second_operator):
        lead = judge_lead(
            actor=actor(person),
            user=person,
            lead=lead,
            answer=Answer.SAME,
            reason="Same ears, same scar on the chin.",
            now=NOW,
        )
    assert Sighting.objects.count() == 1
    objection = record_objection(
        actor=actor(world.lead), user=world.lead, entry=entry, reason=WHY, now=NOW
    )
    decide_objection(
        actor=actor(world.compliance),
        user=world.compliance,
        objection=objection,
        is_upheld=True,
        reason="It was not this person.",
        now=NOW,
    )
    entry.refresh_from_db()
    assert (entry.state, entry.necessity, entry.seriousness) == ("disabled", "", "")
    assert entry.erased_at == NOW
    for model in (EntryName, EntryImage, FaceEmbedding, Sighting, LeadJudgement, SightingLead):
        assert not model._default_manager.exists(), model
    assert DiscardedObject.objects.count() == 2
    assert EntryConfirmation.objects.filter(entry=entry).exists()
    assert len(events_of("watchlist_entry:erased")) == 1


def test_only_those_who_answer_for_the_law_erase(world: World) -> None:
    entry = in_force(world)
    with pytest.raises(UnableToStop, match="role"):
        erase_entry(actor=actor(world.lead), user=world.lead, entry=entry, reason=WHY, now=NOW)


def test_without_erasure_no_sighting_or_judgement_can_be_deleted(world: World) -> None:
    entry = in_force(world)
    lead = a_lead(world, entry)
    for table in ("watchlists_sightinglead", "watchlists_watchlistentry"):
        with (
            pytest.raises(Exception, match=r"erasing its entry|permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"DELETE FROM {table}")
    assert SightingLead.objects.filter(id=lead.id).exists()


@pytest.mark.parametrize("state", sorted({*EntryState} - {EntryState.PROPOSED}))
def test_no_entry_is_born_further_on(world: World, state: str) -> None:
    entry = propose(world)
    entry.pk, entry.state = uuid4(), state
    entry.alert = confirmed_alert(world)
    entry.approved_by, entry.expires_at, entry.review_due_at = world.compliance.id, NOW, NOW
    with pytest.raises(IntegrityError, match="may not begin"), transaction.atomic():
        entry.save(force_insert=True)
