"""How a case moves from state to state."""

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext

from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.cases.models import Case
from apps.cases.queries import confirmers_of, stands_on_nothing
from apps.triage import states
from apps.triage.states import CaseState


class UnableToMoveCase(Exception):
    """The case is not in a state from which it may go there, or somebody moved it first."""


TOWARDS_THE_POLICE = (CaseState.SUBMITTED_FOR_APPROVAL, CaseState.APPROVED, CaseState.REPORTED)
NEEDS_REASON = (
    (CaseState.SUBMITTED_FOR_APPROVAL, CaseState.UNDER_INVESTIGATION),
    (CaseState.CLOSED, CaseState.REOPENED),
)


def move_case(*, actor: Actor, case: Case, to: CaseState, reason: str = "") -> None:
    """Move a case along its table. Raises UnableToMoveCase.

    Approval needs a second person: whoever confirmed any of the case's incidents may not give it. The caller has asked for
    the permission, and for approval for fresh authentication. Sending a case back and reopening it need a reason.
    Once every confirmation was taken back, nothing of the case goes towards the police.
    """
    if case.merged_into_id:
        raise UnableToMoveCase(
            gettext("This case was merged into another one; undo the merge first.")
        )
    if to == CaseState.APPROVED and actor.user_id in confirmers_of(case):
        raise UnableToMoveCase(
            gettext("You confirmed this theft; somebody else has to approve the case.")
        )
    if to in TOWARDS_THE_POLICE and stands_on_nothing(case):
        raise UnableToMoveCase(
            gettext("Every confirmation this case rests on was taken back. Close it.")
        )
    if (case.state, to) in NEEDS_REASON and not reason.strip():
        raise UnableToMoveCase(gettext("Say why: the reason is recorded with the step."))
    if not states.CASE.allows(case.state, to):
        raise UnableToMoveCase(
            gettext("A case that is %(words_case_state)s cannot become %(words_to)s.")
            % {"words_case_state": _words(case.state), "words_to": _words(to)}
        )
    with transaction.atomic():
        moved = Case.objects.filter(id=case.id, state=case.state, version=case.version).update(
            state=to, version=F("version") + 1
        )
        if moved != 1:
            raise UnableToMoveCase(
                gettext("Somebody else changed this case meanwhile. Look again.")
            )
        record(
            actor=actor,
            event=Event.CASE_STATE_CHANGED,
            subject=Subject("case", case.id),
            before={"state": case.state},
            after={"state": to.value},
            reason=reason,
            details={"from": case.state, "to": to.value},
        )


def _words(state: str) -> str:
    return state.replace("_", " ")
