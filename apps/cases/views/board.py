"""The cases by state: whose each is, what is due in it, and its next steps."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.cases.models import Case
from apps.cases.moves import MOVE_WORDS
from apps.cases.queries import OpenWork, Wanted, find_cases, open_work
from apps.cases.views.cases import viewer_of
from apps.triage import states
from apps.triage.states import CaseState

BOARD_ROWS: Final = 15


@dataclass(frozen=True, kw_only=True)
class BoardCase:
    """A case on the board; `who` and `first_by` are names, "" for nobody."""

    case: Case
    who: str
    work: OpenWork | None
    first_by: str


@dataclass(frozen=True, kw_only=True)
class Column:
    """The newest cases of one state, and the steps that are taken from here."""

    state: str
    cases: list[BoardCase]
    moves: list[tuple[CaseState, str]]


@login_required
@never_cache
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """The newest cases of every state in a column; each moves through the same step as on its page."""
    user = viewer_of(request)
    mine = bool(request.GET.get("mine"))
    found = {
        state: list(
            find_cases(user, Wanted(state=state, assignee=user.id if mine else None))[:BOARD_ROWS]
        )
        for state in states.CASE.states
    }
    cards = _cards([case for cases in found.values() for case in cases])
    columns = [
        Column(state=state, cases=[cards[one.id] for one in cases], moves=_moves(state))
        for state, cases in found.items()
    ]
    context = {"columns": columns, "may_edit": user.may(Permission.EDIT_CASES), "mine": mine}
    return render(request, "cases/board.html", context)


def _cards(cases: list[Case]) -> dict[UUID, BoardCase]:
    work = open_work(cases, now=timezone.now())
    names = _names(
        [*(one.assignee for one in cases), *(one.first.assignee for one in work.values())]
    )
    cards = {}
    for case in cases:
        own = work.get(case.id)
        cards[case.id] = BoardCase(
            case=case,
            who=names.get(case.assignee, ""),
            work=own,
            first_by=names.get(own.first.assignee, "") if own else "",
        )
    return cards


def _names(ids: Iterable[UUID | None]) -> dict[UUID | None, str]:
    people = User.objects.filter(id__in={one for one in ids if one})
    return {person.id: person.display_name for person in people}


def _moves(state: str) -> list[tuple[CaseState, str]]:
    """Approving, sending back and reopening are done on the page, with the file in view."""
    if state == CaseState.SUBMITTED_FOR_APPROVAL:
        return []
    nexts = states.CASE.transitions[state]
    return [
        (to, gettext(words))
        for to, words in MOVE_WORDS.items()
        if to in nexts and to not in (CaseState.APPROVED, CaseState.REOPENED)
    ]
