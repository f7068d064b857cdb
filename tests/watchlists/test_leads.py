"""A lead goes to two different people, each blind to the other; a sighting needs both to say the same person."""

import json

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.watchlists.models import DiscardedObject, LeadJudgement, Sighting, SightingLead
from apps.watchlists.models.sightings import Answer
from apps.watchlists.operations.leads import UnableToJudge, judge_lead
from tests.watchlists.people import (
    a_lead,
    actor,
    checked,
    events_of,
    fill,
    in_force,
    match,
)
from tests.world import NOW, World, make_camera, make_waiting_alert

pytestmark = pytest.mark.django_db
REASON = "Same ears, same scar on the chin."


@pytest.fixture(autouse=True)
def gate(world: World) -> None:
    fill(world.compliance)


def judge(
    lead: SightingLead, user: User, answer: Answer = Answer.SAME, reason: str = REASON
) -> SightingLead:
    return judge_lead(
        actor=actor(user), user=user, lead=lead, answer=answer, reason=reason, now=NOW
    )


def test_a_match_is_a_lead_and_nothing_more(world: World) -> None:
    lead = a_lead(world, in_force(world))
    assert (lead.state, lead.reference[:2]) == ("open", "L-")
    assert not Sighting.objects.exists()
    (event,) = events_of("sighting_lead:raised")
    assert json.loads(event.details)["score"] == 0.41


def test_matched_again_it_is_the_same_lead(world: World) -> None:
    entry, alert = in_force(world), make_waiting_alert(world.camera)
    assert a_lead(world, entry, alert=alert) == a_lead(world, entry, alert=alert)
    assert len(events_of("sighting_lead:raised")) == 1


def test_no_lead_where_the_entry_does_not_apply(world: World) -> None:
    elsewhere = make_waiting_alert(make_camera(world.other_site))
    entry = in_force(world)
    assert match(entry, elsewhere.id, key="elsewhere") is None
    assert match(checked(world), make_waiting_alert(world.camera).id, key="unapproved") is None
    assert set(DiscardedObject.objects.values_list("key", flat=True)) >= {
        "elsewhere",
        "unapproved",
    }


def test_two_people_who_say_the_same_person_make_a_sighting(world: World) -> None:
    entry = in_force(world)
    lead = judge(a_lead(world, entry), world.operator)
    assert lead.state == "judged_once"
    assert not Sighting.objects.exists()
    lead = judge(lead, world.second_operator)
    assert lead.state == "confirmed"
    sighting = Sighting.objects.get(entry=entry)
    assert {sighting.first_by, sighting.second_by} == {world.operator.id, world.second_operator.id}
    assert len(events_of("sighting:confirmed")) == 1


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        (Answer.SAME, Answer.DIFFERENT, "no_agreement"),
        (Answer.DIFFERENT, Answer.SAME, "no_agreement"),
        (Answer.DIFFERENT, Answer.DIFFERENT, "different_person"),
        (Answer.SAME, Answer.UNSURE, "cannot_tell"),
        (Answer.UNSURE, Answer.UNSURE, "cannot_tell"),
    ],
)
def test_anything_else_closes_the_lead_and_its_picture_goes(
    world: World, first: Answer, second: Answer, code: str
) -> None:
    lead = judge(a_lead(world, in_force(world)), world.operator, first)
    lead = judge(lead, world.second_operator, second)
    assert (lead.state, lead.closed_code, lead.crop_key) == ("closed", code, "")
    assert not Sighting.objects.exists()
    assert DiscardedObject.objects.filter(key="test/crop.jpg").exists()


def test_the_same_person_twice_is_refused(world: World) -> None:
    lead = judge(a_lead(world, in_force(world)), world.operator)
    with pytest.raises(UnableToJudge, match="another person"):
        judge(lead, world.operator)
    with pytest.raises(IntegrityError, match="one_judgement_per_person"), transaction.atomic():
        LeadJudgement.objects.create(
            tenant_id=lead.tenant_id,
            lead=lead,
            place=2,
            user_id=world.operator.id,
            answer="same",
            reason="x",
            judged_at=NOW,
        )


def test_there_is_no_third_judgement(world: World) -> None:
    lead = judge(a_lead(world, in_force(world)), world.operator)
    lead = judge(lead, world.second_operator)
    with pytest.raises(UnableToJudge, match="Two people"):
        judge(lead, world.lead)


def test_strangers_and_the_wrong_role_judge_nothing(world: World) -> None:
    lead = a_lead(world, in_force(world))
    for user in (world.stranger, world.store_manager, world.compliance, world.foreign_operator):
        with pytest.raises(UnableToJudge, match="may not"):
            judge(lead, user)


@pytest.mark.parametrize("reason", ["", "short", "x" * 1001, "long enough \x00 but not text"])
def test_an_answer_says_what_was_compared(world: World, reason: str) -> None:
    lead = a_lead(world, in_force(world))
    with pytest.raises(UnableToJudge, match="compared"):
        judge(lead, world.operator, reason=reason)


def test_the_database_refuses_a_sighting_without_two_people(world: World) -> None:
    entry = in_force(world)
    lead = judge(a_lead(world, entry), world.operator)
    values = {
        "tenant_id": lead.tenant_id,
        "entry": entry,
        "lead": lead,
        "alert": lead.alert,
        "site": lead.site,
        "camera": lead.camera,
        "seen_at": NOW,
        "first_by": world.operator.id,
        "confirmed_at": NOW,
    }
    with pytest.raises(IntegrityError, match="two people"), transaction.atomic():
        Sighting.objects.create(**values, second_by=world.second_operator.id)
    with pytest.raises(IntegrityError), transaction.atomic():
        Sighting.objects.create(**values, second_by=world.operator.id)


def test_an_entry_that_was_stopped_is_judged_no_more(world: World) -> None:
    from apps.watchlists.operations.ending import disable_entry

    entry = in_force(world)
    lead = a_lead(world, entry)
    disable_entry(
        actor=actor(world.compliance),
        user=world.compliance,
        entry=entry,
        reason="Not needed any more.",
        now=NOW,
    )
    with pytest.raises(UnableToJudge):
        judge(lead, world.operator)
