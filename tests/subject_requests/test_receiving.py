"""A request is written down, its person identified, its month counted; it ends with an answer or on a legal ground."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.audit.events import Subject
from apps.audit.queries import events_of
from apps.people.models import Person
from apps.people.queries import name_of
from apps.subject_requests.models import IdentityCheck, RefusalGround, RequestKind, SubjectRequest
from apps.subject_requests.operations.moving import UnableToHandle
from apps.subject_requests.operations.receiving import (
    answer_request,
    check_identity,
    extend_request,
    months_after,
    refuse_request,
)
from apps.subject_requests.queries.requests import due_of, read, requests_visible_to
from tests.subject_requests.acts import CONTACT, NAME, WORDING, actor, identified, received
from tests.world import NOW, World

TOLD = "You are told that nothing was found under this name."


@pytest.mark.parametrize(
    ("received_on", "months", "due_on"),
    [
        ((2026, 1, 15), 1, (2026, 2, 15)),
        ((2026, 1, 31), 1, (2026, 2, 28)),
        ((2028, 1, 31), 1, (2028, 2, 29)),
        ((2026, 12, 5), 1, (2027, 1, 5)),
        ((2026, 11, 30), 3, (2027, 2, 28)),
    ],
)
def test_a_month_is_a_month_of_the_calendar(
    received_on: tuple[int, int, int], months: int, due_on: tuple[int, int, int]
) -> None:
    assert months_after(datetime(*received_on, tzinfo=UTC), months) == datetime(*due_on, tzinfo=UTC)


def test_what_the_person_said_is_sealed_and_the_month_begins_with_its_receipt(world: World) -> None:
    request = received(world)
    kept = SubjectRequest.objects.get(id=request.id)
    assert kept.due_at == months_after(NOW, 1)
    assert name_of(kept.person) == NAME
    assert read(kept.person, kept.contact_sealed) == CONTACT
    assert read(kept.person, kept.words_sealed) == WORDING
    assert CONTACT.encode() not in bytes(kept.contact_sealed or b"")
    assert due_of(kept, now=NOW + timedelta(days=27)).kind == "soon"
    assert due_of(kept, now=NOW + timedelta(days=40)).words == "overdue by 10 days"


def test_nothing_is_searched_before_the_person_is_identified(world: World) -> None:
    request = received(world)
    with pytest.raises(UnableToHandle, match="has to be checked"):
        check_identity(
            actor=actor(world.compliance),
            user=world.compliance,
            request=request,
            check=IdentityCheck.NOT_NEEDED,
            now=NOW,
        )
    with pytest.raises(IntegrityError, match="identity_is_checked"), transaction.atomic():
        SubjectRequest.objects.filter(id=request.id).update(state="searching")


def test_a_request_is_extended_once_in_time_and_for_a_reason(world: World) -> None:
    request = identified(world)
    user = world.compliance
    late = request.due_at + timedelta(seconds=1)
    reason = "Footage of eleven cameras has to be looked through."
    with pytest.raises(UnableToHandle, match="before its first month"):
        extend_request(actor=actor(user), user=user, request=request, reason=reason, now=late)
    extend_request(actor=actor(user), user=user, request=request, reason=reason, now=NOW)
    assert request.due_at == months_after(NOW, 3)
    with pytest.raises(UnableToHandle, match="once"):
        extend_request(actor=actor(user), user=user, request=request, reason=reason, now=NOW)


def test_a_refusal_has_a_legal_ground_and_words_for_the_person(world: World) -> None:
    request = received(world)
    user = world.compliance
    with pytest.raises(UnableToHandle, match="what the person is told"):
        refuse_request(
            actor=actor(user),
            user=user,
            request=request,
            ground=RefusalGround.NOTHING_HELD,
            wording="no",
            now=NOW,
        )
    refuse_request(
        actor=actor(user),
        user=user,
        request=request,
        ground=RefusalGround.NOTHING_HELD,
        wording=TOLD,
        now=NOW,
    )
    kept = SubjectRequest.objects.get(id=request.id)
    assert (kept.state, kept.refusal_ground) == ("refused", "nothing_held")
    assert read(kept.person, kept.outcome_sealed) == TOLD
    with pytest.raises(IntegrityError, match="legal_ground"), transaction.atomic():
        SubjectRequest.objects.filter(id=kept.id).update(refusal_ground="")


def test_a_correction_writes_the_name_and_ends_the_request(world: World) -> None:
    request = identified(world, RequestKind.RECTIFICATION)
    user = world.compliance
    answer_request(
        actor=actor(user),
        user=user,
        request=request,
        wording="Your name is corrected on every record.",
        corrected_name="Jordis Odegard",
        now=NOW,
    )
    assert name_of(Person.objects.get(id=request.person_id)) == "Jordis Odegard"
    events = events_of(tenant_id=world.tenant.id, subjects=[Subject("subject_request", request.id)])
    assert [event.event.partition(":")[2] for event in events] == [
        "received",
        "identified",
        "answered",
    ]


def test_an_access_request_is_not_answered_in_words(world: World) -> None:
    request = identified(world)
    with pytest.raises(UnableToHandle, match="disclosure"):
        answer_request(
            actor=actor(world.compliance),
            user=world.compliance,
            request=request,
            wording="We looked and that is all.",
            now=NOW,
        )


def test_who_sees_requests(world: World) -> None:
    request = received(world)
    assert request in requests_visible_to(world.compliance)
    for person in (world.operator, world.lead, world.foreign_operator):
        assert request not in requests_visible_to(person)


def test_somebody_who_moved_first_is_noticed(world: World) -> None:
    mine, theirs = received(world), None
    theirs = SubjectRequest.objects.select_related("person").get(id=mine.id)
    arguments = {"actor": actor(world.compliance), "user": world.compliance, "now": NOW}
    check_identity(request=theirs, check=IdentityCheck.DOCUMENT, **arguments)
    with pytest.raises(UnableToHandle, match="meanwhile"):
        check_identity(request=mine, check=IdentityCheck.REPLY, **arguments)
