"""A request comes in: written down, its person identified, its month counted, refused or answered."""

import calendar
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.audit.events import Actor, Event
from apps.people.models import Person
from apps.people.operations import UnableToName, make_person, rename_person, seal
from apps.subject_requests.models import (
    IdentityCheck,
    ReceivedBy,
    RefusalGround,
    RequestKind,
    SubjectRequest,
)
from apps.subject_requests.operations.keeping import keep_what_it_needs
from apps.subject_requests.operations.moving import UnableToHandle, change, move, told, words
from apps.triage.states import RequestState

MONTHS: Final = 1
FURTHER_MONTHS: Final = 2
_ANSWERED_IN_WORDS: Final = (RequestKind.OBJECTION, RequestKind.RECTIFICATION)


@dataclass(frozen=True, kw_only=True)
class Received:
    """What a request says. `person` is somebody on record already, or `name` of somebody new."""

    kind: RequestKind
    how: ReceivedBy
    received_at: datetime
    name: str = ""
    person: Person | None = None
    contact: str = ""
    wording: str = ""


def receive_request(
    *, actor: Actor, user: User, received: Received, now: datetime
) -> SubjectRequest:
    """Write a request down; its month begins with its receipt. Inside the tenant's scope. Raises UnableToHandle."""
    _require(user, Permission.HANDLE_SUBJECT_REQUESTS)
    if received.received_at > now:
        raise UnableToHandle(gettext("A request cannot have been received in the future."))
    with transaction.atomic():
        person = received.person or _somebody(actor, user, received, now=now)
        if person.is_erased:
            raise UnableToHandle(gettext("This person's data was erased: write down a new person."))
        request = SubjectRequest.objects.create(
            tenant_id=user.tenant_id,
            person=person,
            kind=received.kind,
            received_at=received.received_at,
            received_how=received.how,
            received_by=user.id,
            contact_sealed=seal(person, received.contact.strip()),
            words_sealed=seal(person, received.wording.strip()),
            due_at=months_after(received.received_at, MONTHS),
        )
        told(
            actor,
            request,
            Event.SUBJECT_REQUEST_RECEIVED,
            details={"kind": request.kind, "how": request.received_how},
        )
    return request


def check_identity(
    *, actor: Actor, user: User, request: SubjectRequest, check: IdentityCheck, now: datetime
) -> None:
    """Say how it was made sure that the person is who they say; only then is anything searched. Raises UnableToHandle."""
    _require(user, Permission.HANDLE_SUBJECT_REQUESTS)
    if not check:
        raise UnableToHandle(gettext("Choose how the person's identity was checked."))
    discloses = request.kind in (RequestKind.ACCESS, RequestKind.EXPLANATION)
    if check == IdentityCheck.NOT_NEEDED and discloses:
        raise UnableToHandle(
            gettext("This request discloses data: the identity has to be checked.")
        )
    with transaction.atomic():
        move(request, to=RequestState.SEARCHING, identity_check=check, identity_by=user.id)
        told(actor, request, Event.SUBJECT_REQUEST_IDENTIFIED, details={"check": str(check)})


def extend_request(
    *, actor: Actor, user: User, request: SubjectRequest, reason: str, now: datetime
) -> None:
    """Two further months, once, said before the first has passed (GDPR Art. 12(3)). Raises UnableToHandle."""
    _require(user, Permission.HANDLE_SUBJECT_REQUESTS)
    plain = words(reason, what=gettext("why the request is complex, as the person is told"))
    if not request.is_open or request.extended_at or now > request.due_at:
        raise UnableToHandle(
            gettext("An open request is extended once, and before its first month has passed.")
        )
    due = months_after(request.received_at, MONTHS + FURTHER_MONTHS)
    with transaction.atomic():
        change(request, due_at=due, extended_at=now)
        told(actor, request, Event.SUBJECT_REQUEST_EXTENDED, reason=plain)


def refuse_request(
    *,
    actor: Actor,
    user: User,
    request: SubjectRequest,
    ground: RefusalGround,
    wording: str,
    now: datetime,
) -> None:
    """Refuse on a legal ground; the wording is what the person is told. Raises UnableToHandle."""
    _require(user, Permission.HANDLE_SUBJECT_REQUESTS)
    if ground not in RefusalGround.values:
        raise UnableToHandle(gettext("A refusal needs a legal ground."))
    plain = words(wording, what=gettext("what the person is told"))
    with transaction.atomic():
        move(
            request,
            to=RequestState.REFUSED,
            refusal_ground=ground,
            outcome_sealed=seal(request.person, plain),
            ended_by=user.id,
            ended_at=now,
        )
        keep_what_it_needs(actor=actor, request=request, now=now)
        told(
            actor,
            request,
            Event.SUBJECT_REQUEST_REFUSED,
            reason=plain,
            details={"ground": str(ground)},
        )


def answer_request(
    *,
    actor: Actor,
    user: User,
    request: SubjectRequest,
    wording: str,
    corrected_name: str = "",
    now: datetime,
) -> None:
    """End an objection or a correction with its outcome; a corrected name is written at once. Raises UnableToHandle."""
    _require(user, Permission.HANDLE_SUBJECT_REQUESTS)
    if request.kind not in _ANSWERED_IN_WORDS:
        raise UnableToHandle(
            gettext("This request ends with a disclosure, an erasure or a refusal.")
        )
    plain = words(wording, what=gettext("what was decided, as the person is told"))
    with transaction.atomic():
        if corrected_name.strip():
            _correct(actor, request, corrected_name, plain, now=now)
        move(
            request,
            to=RequestState.ANSWERED,
            outcome_sealed=seal(request.person, plain),
            ended_by=user.id,
            ended_at=now,
        )
        keep_what_it_needs(actor=actor, request=request, now=now)
        told(
            actor,
            request,
            Event.SUBJECT_REQUEST_ANSWERED,
            reason=plain,
            details={"corrected": bool(corrected_name.strip())},
        )


def months_after(moment: datetime, months: int) -> datetime:
    """The same day some months later; where there is none, the last of that month (Regulation 1182/71, Art. 3(2)(c))."""
    years, month = divmod(moment.month - 1 + months, 12)
    year = moment.year + years
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def _somebody(actor: Actor, user: User, received: Received, *, now: datetime) -> Person:
    if not received.name.strip():
        raise UnableToHandle(gettext("Say who asks: a name, or a person on record."))
    try:
        return make_person(actor=actor, tenant_id=user.tenant_id, name=received.name, now=now)
    except UnableToName as refusal:
        raise UnableToHandle(str(refusal)) from refusal


def _correct(
    actor: Actor, request: SubjectRequest, name: str, reason: str, *, now: datetime
) -> None:
    if request.kind != RequestKind.RECTIFICATION:
        raise UnableToHandle(gettext("A name is corrected by a request for correction."))
    try:
        request.person = rename_person(
            actor=actor, person=request.person, name=name, reason=reason, now=now
        )
    except UnableToName as refusal:
        raise UnableToHandle(str(refusal)) from refusal


def _require(user: User, permission: Permission) -> None:
    if not user.may(permission):
        raise UnableToHandle(gettext("Your role does not allow this."))
