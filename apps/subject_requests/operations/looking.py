"""Looking at a person's data is an act: it is shown with its audit event."""

from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.people.models import Person
from apps.subject_requests.models import SubjectRequest
from apps.subject_requests.operations.moving import told


def record_request_viewed(*, actor: Actor, request: SubjectRequest) -> None:
    told(actor, request, Event.SUBJECT_REQUEST_VIEWED)


def record_people_viewed(*, actor: Actor, people: list[Person]) -> None:
    """Names were shown: one event a person."""
    for person in people:
        record(actor=actor, event=Event.PERSON_VIEWED, subject=Subject("person", person.id))


def record_log_seen(*, actor: Actor, person: Person, entries: int, is_export: bool) -> None:
    """Somebody looked at, or took out, the access log of a person's data."""
    record(
        actor=actor,
        event=Event.ACCESS_LOG_EXPORTED if is_export else Event.ACCESS_LOG_VIEWED,
        subject=Subject("person", person.id),
        details={"entries": entries},
    )
