"""Connecting a case with alerts, other cases and people; taking it back; and forgetting a person."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from apps.alerts.models import Alert
from apps.audit.events import Actor, Event
from apps.cases.models import (
    AlertLink,
    Case,
    CaseLink,
    CasePerson,
    CaseRelation,
    Connection,
    NoteVersion,
    PersonRole,
)
from apps.cases.operations.changing import UnableToChangeCase, lock_case, required, tell
from apps.cases.operations.working import person_of
from apps.people.models import Person
from apps.people.operations import UnableToName, make_person, seal
from apps.watchlists.models import WatchlistEntry


def link_alert(*, actor: Actor, case: Case, alert: Alert, reason: str, now: datetime) -> AlertLink:
    """Connect a related alert. Raises UnableToChangeCase."""
    reason = required(reason, "what the alert has to do with the case")
    with transaction.atomic():
        locked = lock_case(case)
        if locked.incidents.filter(alert=alert).exists():
            raise UnableToChangeCase(
                gettext("This alert is one of the case's confirmed happenings already.")
            )
        if locked.alert_links.filter(alert=alert, ended_at=None).exists():
            raise UnableToChangeCase(gettext("This alert is linked already."))
        link = AlertLink.objects.create(
            case=locked, alert=alert, **_made(actor, case, reason=reason, now=now)
        )
        tell(actor, Event.CASE_ALERT_LINKED, case, reason=reason, alert=str(alert.id))
    return link


def link_cases(
    *, actor: Actor, case: Case, other: Case, relation: CaseRelation, reason: str, now: datetime
) -> CaseLink:
    """Say that two cases belong together, and why. Raises UnableToChangeCase."""
    reason = required(reason, "what was observed to be the same")
    if case.id == other.id:
        raise UnableToChangeCase(gettext("A case is not linked with itself."))
    first, second = sorted((case, other), key=lambda one: one.id)
    with transaction.atomic():
        for one in (first, second):
            lock_case(one)
        known = CaseLink.objects.filter(case=first, other=second, relation=relation, ended_at=None)
        if known.exists():
            raise UnableToChangeCase(gettext("The two cases are linked like this already."))
        link = CaseLink.objects.create(
            case=first,
            other=second,
            relation=relation,
            **_made(actor, case, reason=reason, now=now),
        )
        for one, two in ((case, other), (other, case)):
            tell(actor, Event.CASE_LINKED, one, reason=reason, other=str(two.id), relation=relation)
    return link


def add_person(
    *,
    actor: Actor,
    case: Case,
    role: PersonRole,
    name: str = "",
    observed: str = "",
    known: Person | None = None,
    entry_id: UUID | None = None,
    reason: str = "",
    now: datetime,
) -> CasePerson:
    """Add somebody to the case: a person already on record, or a new one. Raises UnableToChangeCase.

    Name and description are sealed under the person's own key; describe clothing and acts, as observed.
    """
    if known and known.is_erased:
        raise UnableToChangeCase(
            gettext("This person's data was erased; they cannot be added again.")
        )
    if entry_id and not WatchlistEntry.objects.filter(id=entry_id).exists():
        raise UnableToChangeCase(gettext("There is no such watchlist entry."))
    with transaction.atomic():
        locked = lock_case(case)
        if known and locked.people.filter(person=known, role=role, ended_at=None).exists():
            raise UnableToChangeCase(gettext("This person is in the case in that role already."))
        try:
            person = known or make_person(actor=actor, tenant_id=case.tenant_id, name=name, now=now)
        except UnableToName as refusal:
            raise UnableToChangeCase(str(refusal)) from refusal
        text = observed.strip()
        made = CasePerson.objects.create(
            case=locked,
            person=person,
            role=role,
            observed_sealed=seal(person, text) if text else None,
            entry_id=entry_id,
            **_made(actor, case, reason=reason, now=now),
        )
        details = {"person": str(person.id), "role": str(role)}
        tell(actor, Event.CASE_PERSON_ADDED, case, reason=reason, **details)
    return made


def end_connection(
    *, actor: Actor, case: Case, connection: Connection, reason: str, now: datetime
) -> None:
    """Take a link or a person off the case; it stays in its history. Raises UnableToChangeCase."""
    reason = required(reason, "why it is taken back")
    with transaction.atomic():
        lock_case(case)
        standing = type(connection)._default_manager.filter(id=connection.id, ended_at=None)
        ended = standing.update(ended_by=person_of(actor), ended_at=now, end_reason=reason)
        if ended != 1:
            raise UnableToChangeCase(gettext("It was taken back already."))
        if isinstance(connection, AlertLink):
            alert = str(connection.alert_id)
            tell(actor, Event.CASE_ALERT_UNLINKED, case, reason=reason, alert=alert)
        elif isinstance(connection, CasePerson):
            person = str(connection.person_id)
            tell(actor, Event.CASE_PERSON_REMOVED, case, reason=reason, person=person)
        elif isinstance(connection, CaseLink):
            for one, two in (
                (connection.case, connection.other),
                (connection.other, connection.case),
            ):
                tell(actor, Event.CASE_UNLINKED, one, reason=reason, other=str(two.id))


def forget_person(*, actor: Actor, person_id: UUID, now: datetime) -> dict[str, int]:
    """Empty every text about a person in cases; return how many of each kind. Part of an erasure.

    The rows stay, without words: who was linked to what by whom remains accounted for.
    """
    with transaction.atomic():
        people = CasePerson.objects.filter(person_id=person_id)
        cases = list(Case.objects.filter(people__person_id=person_id).distinct())
        versions = NoteVersion.objects.filter(
            note__person__person_id=person_id, text_sealed__isnull=False
        )
        found = {
            "case_notes": versions.update(text_sealed=None),
            "case_people": people.exclude(observed_sealed=None, reason="", end_reason="").update(
                observed_sealed=None, reason="", end_reason=""
            ),
        }
        for case in cases:
            tell(
                actor,
                Event.CASE_PERSON_FORGOTTEN,
                case,
                person=str(person_id),
                rows=sum(found.values()),
            )
    return found


def _made(actor: Actor, case: Case, *, reason: str, now: datetime) -> dict[str, object]:
    return {
        "tenant_id": case.tenant_id,
        "made_by": person_of(actor),
        "made_at": now,
        "reason": reason,
    }
