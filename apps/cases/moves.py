"""Where a case may go next, in words, and why somebody cannot take it there."""

from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.cases.models import Case
from apps.cases.operations.moving import TOWARDS_THE_POLICE
from apps.cases.queries import confirmers_of
from apps.sites.queries import allows
from apps.triage import states
from apps.triage.states import CaseState

MOVE_WORDS = {
    CaseState.UNDER_INVESTIGATION: gettext_noop("Start investigating"),
    CaseState.SUBMITTED_FOR_APPROVAL: gettext_noop("Submit for approval"),
    CaseState.APPROVED: gettext_noop("Approve the case"),
    CaseState.REPORTED: gettext_noop("Mark as reported"),
    CaseState.CLOSED: gettext_noop("Close the case"),
    CaseState.REOPENED: gettext_noop("Reopen the case"),
}
SEND_BACK = gettext_noop("Send back to investigating")


@dataclass(frozen=True, kw_only=True)
class Move:
    """A next state; `why_not` says why the person cannot choose it, "" when they can."""

    to: CaseState
    words: str
    why_not: str


def moves_of(user: User, case: Case, *, rests_on_nothing: bool) -> list[Move]:
    """Every next state of the case; none of a merged one. The caller has read whether any confirmation stands."""
    if case.merged_into_id:
        return []
    nexts = states.CASE.transitions[case.state]
    return [
        Move(to=to, words=_words(case, to), why_not=_why_not(user, case, to, rests_on_nothing))
        for to in MOVE_WORDS
        if to in nexts
    ]


def permission_for(to: CaseState) -> Permission:
    """What moving a case there needs."""
    return Permission.APPROVE_CASES if to is CaseState.APPROVED else Permission.EDIT_CASES


def _words(case: Case, to: CaseState) -> str:
    is_back = case.state == CaseState.SUBMITTED_FOR_APPROVAL
    back = is_back and to is CaseState.UNDER_INVESTIGATION
    return gettext(SEND_BACK if back else MOVE_WORDS[to])


def _why_not(user: User, case: Case, to: CaseState, rests_on_nothing: bool) -> str:
    if not allows(user, permission_for(to), case.site_id):
        return gettext("Your role does not allow it")
    if to is CaseState.APPROVED and user.id in confirmers_of(case):
        return gettext("You confirmed this theft; somebody else has to approve the case")
    if to in TOWARDS_THE_POLICE and rests_on_nothing:
        return gettext("Every confirmation it rests on was taken back")
    return ""
