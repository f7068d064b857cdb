"""One arrow of a request's table, guarded by what was read before; and its audit event."""

from collections.abc import Mapping
from typing import Final

from django.db.models import F
from django.utils.translation import gettext, gettext_noop

from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.subject_requests.models import SubjectRequest
from apps.triage.states import SUBJECT_REQUEST, RequestState

SHORTEST_REASON: Final = 10
LONGEST_WORDS: Final = 2_000
_STATES: Final = (
    gettext_noop("received"),
    gettext_noop("searching"),
    gettext_noop("prepared"),
    gettext_noop("approved"),
    gettext_noop("disclosed"),
    gettext_noop("answered"),
    gettext_noop("erased"),
    gettext_noop("refused"),
)


class UnableToHandle(Exception):
    """The request stays as it is; the message says why."""


def move(request: SubjectRequest, *, to: RequestState, **fields: object) -> None:
    """Move the row and `request` with it. Inside a transaction. Raises UnableToHandle."""
    if not SUBJECT_REQUEST.allows(request.state, to):
        raise UnableToHandle(
            gettext("A request that is %(state)s cannot become %(wanted)s.")
            % {"state": gettext(request.state), "wanted": gettext(to.value)}
        )
    change(request, state=to, **fields)


def change(request: SubjectRequest, **fields: object) -> None:
    """Write fields without a race: exactly the version read before. Raises UnableToHandle."""
    rows = SubjectRequest.objects.filter(
        id=request.id, state=request.state, version=request.version
    )
    if rows.update(version=F("version") + 1, **fields) != 1:
        raise UnableToHandle(gettext("Somebody else changed this request meanwhile. Look again."))
    for name, value in fields.items():
        setattr(request, name, value)
    request.version += 1


def told(
    actor: Actor,
    request: SubjectRequest,
    event: Event,
    *,
    reason: str = "",
    details: Mapping[str, object] | None = None,
) -> None:
    """Record what happened to a request; `reason` is a person's words."""
    record(
        actor=actor,
        event=event,
        subject=Subject("subject_request", request.id),
        after={"state": str(request.state), "version": request.version},
        reason=reason,
        details={"person": str(request.person_id), "state": str(request.state), **(details or {})},
    )


def words(text: str, *, what: str, shortest: int = SHORTEST_REASON) -> str:
    """A person's sentence, trimmed. Raises UnableToHandle when it is too short or too long."""
    plain = text.strip()
    if len(plain) < shortest:
        raise UnableToHandle(
            gettext("Say in at least %(shortest)s characters %(what)s.")
            % {"shortest": shortest, "what": what}
        )
    if len(plain) > LONGEST_WORDS or "\x00" in plain:
        raise UnableToHandle(
            gettext("At most %(most)s characters, please.") % {"most": LONGEST_WORDS}
        )
    return plain
