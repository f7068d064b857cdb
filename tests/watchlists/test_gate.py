"""The legal gate: nothing happens before it is complete, and nothing after it has lapsed or was withdrawn."""

from datetime import timedelta

import pytest

from apps.watchlists.models import FaceEmbedding, LegalGate, SightingLead
from apps.watchlists.models.gate import LawfulBasis, SpecialCategoryCondition
from apps.watchlists.operations.approving import UnableToApprove
from apps.watchlists.operations.gate import (
    Basis,
    Dpia,
    SignOff,
    UnableToChangeGate,
    fill_gate,
    withdraw_gate,
)
from apps.watchlists.operations.proposing import UnableToPropose
from apps.watchlists.queries.gate import faces_are_on, gate_of
from tests.watchlists.people import (
    actor,
    approve,
    checked,
    events_of,
    fill,
    in_force,
    match,
    propose,
)
from tests.world import NOW, World, make_waiting_alert

BASIS = Basis(
    lawful_basis=LawfulBasis.LEGITIMATE_INTERESTS,
    special_category_condition=SpecialCategoryCondition.SUBSTANTIAL_PUBLIC_INTEREST,
    basis_text="Another law and another interest than before.",
)


def test_watchlists_are_off_until_every_step_is_filled_in(world: World) -> None:
    user = world.compliance
    standing = gate_of(world.tenant.id, now=NOW)
    assert not standing.is_on
    assert len(standing.missing) == 3
    fill_gate(actor=actor(user), user=user, change=BASIS, instead_of=0, now=NOW)
    dpia = Dpia(dpia_version="1", dpia_on=NOW.date())
    fill_gate(actor=actor(user), user=user, change=dpia, instead_of=1, now=NOW)
    assert gate_of(world.tenant.id, now=NOW).missing == (
        "Nobody has signed it off, with a date and an end.",
    )
    sign_off = SignOff(
        signatory="DPO", signed_on=NOW.date(), valid_until=(NOW + timedelta(days=1)).date()
    )
    fill_gate(actor=actor(user), user=user, change=sign_off, instead_of=2, now=NOW)
    assert faces_are_on(world.tenant.id, now=NOW)
    assert [one.version for one in LegalGate.objects.all()] == [3, 2, 1]
    assert len(events_of("watchlist:gate_changed")) == 3


def test_a_sign_off_of_something_incomplete_is_refused(world: World) -> None:
    sign_off = SignOff(
        signatory="DPO", signed_on=NOW.date(), valid_until=(NOW + timedelta(days=1)).date()
    )
    with pytest.raises(UnableToChangeGate, match="No lawful basis"):
        fill_gate(
            actor=actor(world.compliance),
            user=world.compliance,
            change=sign_off,
            instead_of=0,
            now=NOW,
        )


def test_changing_what_was_signed_voids_the_signature(world: World) -> None:
    fill(world.compliance)
    fill_gate(
        actor=actor(world.compliance), user=world.compliance, change=BASIS, instead_of=3, now=NOW
    )
    standing = gate_of(world.tenant.id, now=NOW)
    assert not standing.is_on
    assert standing.latest is not None
    assert standing.latest.signatory == ""


def test_a_lapsed_sign_off_switches_everything_off_by_itself(world: World) -> None:
    fill(world.compliance, days=30)
    entry = in_force(world)
    later = NOW + timedelta(days=31)
    assert gate_of(world.tenant.id, now=NOW + timedelta(days=10)).lapses_soon
    assert not faces_are_on(world.tenant.id, now=later)
    assert entry.state == "active"


def test_withdrawing_ends_what_is_in_force_and_deletes_the_vectors(world: World) -> None:
    fill(world.compliance)
    entry = in_force(world)
    alert = make_waiting_alert(world.camera)
    withdraw_gate(
        actor=actor(world.compliance),
        user=world.compliance,
        reason="The authority asked us to stop.",
        instead_of=3,
        now=NOW,
    )
    entry.refresh_from_db()
    assert (entry.state, entry.ended_code) == ("disabled", "gate_withdrawn")
    assert not FaceEmbedding.objects.exists()
    assert match(entry, alert.id) is None
    assert not SightingLead.objects.exists()


def test_with_the_gate_shut_nobody_can_be_proposed_or_approved(world: World) -> None:
    with pytest.raises(UnableToPropose, match="switched off"):
        propose(world)
    fill(world.compliance, days=5)
    entry = checked(world)
    with pytest.raises(UnableToApprove, match="lapsed"):
        approve(entry, world.compliance, now=NOW + timedelta(days=6))


def test_only_those_who_answer_for_it_change_the_gate(world: World) -> None:
    with pytest.raises(UnableToChangeGate, match="role"):
        fill(world.lead)


def test_two_people_changing_the_gate_at_once_is_one_change(world: World) -> None:
    fill(world.compliance)
    with pytest.raises(UnableToChangeGate, match="Somebody else"):
        fill_gate(
            actor=actor(world.administrator),
            user=world.administrator,
            change=BASIS,
            instead_of=2,
            now=NOW,
        )


@pytest.mark.parametrize("days", [0, 731])
def test_a_sign_off_holds_two_years_at_most(days: int) -> None:
    with pytest.raises(UnableToChangeGate, match="two years"):
        SignOff(
            signatory="DPO",
            signed_on=NOW.date(),
            valid_until=(NOW + timedelta(days=days)).date(),
        )
