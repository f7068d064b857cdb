"""What every change to a case shares: the locked row, and the event in its transaction."""

from django.db.models import QuerySet
from django.utils.translation import gettext

from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.cases.models import Case
from apps.triage.states import CaseState

SETTLED = (CaseState.SUBMITTED_FOR_APPROVAL, CaseState.APPROVED, CaseState.REPORTED)


class UnableToChangeCase(Exception):
    """The case stays as it is; the message says why."""


def lock_case(case: Case, *, extend: bool = False) -> Case:
    """The case as it is now, locked. Raises UnableToChangeCase for a merged one.

    `extend`: what the case rests on changes, which nothing may while it is being approved or after.
    """
    cases: QuerySet[Case] = Case.objects.select_for_update(of=("self",))
    found = cases.get(id=case.id)
    if found.merged_into_id:
        raise UnableToChangeCase(
            gettext("This case was merged into another one; work on that one.")
        )
    if extend and found.state in SETTLED:
        raise UnableToChangeCase(
            gettext("The case is %(found_state_replace)s: what it rests on stays as approved.")
            % {"found_state_replace": found.state.replace("_", " ")}
        )
    return found


def tell(
    actor: Actor, event: Event, case: Case, *, reason: str = "", **details: str | int | bool
) -> None:
    """Record the event on the case, with ids and codes as details."""
    record(
        actor=actor,
        event=event,
        subject=Subject("case", case.id),
        after=details,
        details=details,
        reason=reason,
    )


def required(text: str, words: str, *, shortest: int = 3) -> str:
    """The text without white space around it. Raises UnableToChangeCase, asking for `words`, when it says too little."""
    found = text.strip()
    if len(found) < shortest:
        raise UnableToChangeCase(gettext("Say %(words)s.") % {"words": words})
    return found
