"""Looking at a case is an access to personal data: one event a session for the case, and for each person in it."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.http import HttpRequest

from apps.accounts.actors import actor_of
from apps.audit.events import Event, Subject
from apps.audit.operations import record
from apps.cases.models import Case

_SEEN: Final = "cases_seen"
_MOST_KEPT: Final = 100


def note_look(request: HttpRequest, case: Case, *, people: Iterable[UUID] = ()) -> None:
    """Record what of the case, and which people in it, were shown to this person for the first time in this session."""
    shown = {str(case.id), *(str(one) for one in people)}
    kept: dict[str, list[str]] = request.session.get(_SEEN, {})
    before = set(kept.get(str(case.id), ()))
    if not shown - before:
        return
    for identity in sorted(shown - before):
        _record(request, case, identity)
    others = [(key, seen) for key, seen in kept.items() if key != str(case.id)]
    request.session[_SEEN] = dict([*others, (str(case.id), sorted(shown | before))][-_MOST_KEPT:])


def _record(request: HttpRequest, case: Case, identity: str) -> None:
    actor = actor_of(request)
    if identity == str(case.id):
        record(actor=actor, event=Event.CASE_VIEWED, subject=Subject("case", case.id))
        return
    record(
        actor=actor,
        event=Event.PERSON_VIEWED,
        subject=Subject("person", identity),
        details={"case": str(case.id)},
    )
