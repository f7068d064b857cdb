"""Cases on screen: the list, one case with its exhibits and their custody, and moving it on."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.queries import name_of
from apps.accounts.sessions import authenticated_recently, prove_it_is_you
from apps.alerts.models import Alert
from apps.audit.events import Event, Subject
from apps.audit.operations import record
from apps.cases.forms import CaseMoveForm
from apps.cases.models import Case, Exhibit
from apps.cases.operations import UnableToMoveCase, move_case
from apps.cases.queries import (
    Wanted,
    cases_visible_to,
    confirmers_of,
    exhibits_of,
    find_cases,
    page_of,
)
from apps.cases.workbench import workbench_of
from apps.evidence.models import CustodyEvent, EvidenceItem
from apps.evidence.queries import custody_of, latest_dossier
from apps.sites.queries import allows, sites_visible_to
from apps.triage import states
from apps.triage.states import CaseState

BOARD_ROWS = 15
MOVE_WORDS = {
    CaseState.UNDER_INVESTIGATION: "Start investigating",
    CaseState.SUBMITTED_FOR_APPROVAL: "Submit for approval",
    CaseState.APPROVED: "Approve the case",
    CaseState.REPORTED: "Mark as reported",
    CaseState.CLOSED: "Close the case",
    CaseState.REOPENED: "Reopen the case",
}
KEYS = [
    ("j", "Next case"),
    ("k", "Previous case"),
    ("o", "Open the selected case"),
    ("?", "These keys"),
]


@dataclass(frozen=True, kw_only=True)
class ExhibitCard:
    """An exhibit with the steps of its custody and the names of those who took them."""

    exhibit: Exhibit
    label: str
    custody: list[tuple[CustodyEvent, str]]


@dataclass(frozen=True, kw_only=True)
class LinkedAlert:
    """An alert of the case with its newest dossier, if one was rendered."""

    alert: Alert
    dossier: EvidenceItem | None


@dataclass(frozen=True, kw_only=True)
class Move:
    """A next state; `why_not` says why the person cannot choose it, "" when they can."""

    to: CaseState
    words: str
    why_not: str


@login_required
@never_cache
@require_GET
def cases(request: HttpRequest) -> HttpResponse:
    """The cases of the person's sites that fit what was asked for, newest first."""
    user = _viewer(request)
    asked = request.GET
    wanted = Wanted(
        words=asked.get("q", ""),
        site_id=_uuid(asked.get("site", "")),
        state=asked.get("state", "") if asked.get("state", "") in states.CASE.states else "",
        assignee=user.id if asked.get("mine") else _uuid(asked.get("assignee", "")),
        day=_day(asked.get("day", "")),
    )
    page = page_of(find_cases(user, wanted), asked.get("after", ""))
    kept = {key: value for key, value in asked.items() if value and key != "after"}
    context = {
        "page": page,
        "asked": asked,
        "state_choices": Case._meta.get_field("state").choices,
        "next": urlencode({**kept, "after": page.after}) if page.after else "",
        "sites": sites_visible_to(user),
        "may_approve": user.may(Permission.APPROVE_CASES),
        "keys": KEYS,
    }
    return render(request, "cases/cases.html", context)


@login_required
@never_cache
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """The newest cases of every state in a column; each moves through the same step as on its page."""
    user = _viewer(request)
    columns = []
    for state in states.CASE.states:
        found = find_cases(user, Wanted(state=state))[:BOARD_ROWS]
        nexts = states.CASE.transitions[state]
        moves = [
            (to, words)
            for to, words in MOVE_WORDS.items()
            if to in nexts and to not in (CaseState.APPROVED, CaseState.REOPENED)
        ]
        if state == CaseState.SUBMITTED_FOR_APPROVAL:
            moves = []  # approving and sending back are done on the page, with the file in view
        columns.append((state, list(found), moves))
    context = {"columns": columns, "may_edit": user.may(Permission.EDIT_CASES)}
    return render(request, "cases/board.html", context)


@login_required
@never_cache
@require_GET
def case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """One case: what it rests on, who works on it, its sealed exhibits, and everything that happened."""
    user, found = case_for(request, case_id)
    _note_view(request, user, found)
    return case_page(request, user, found)


def case_page(
    request: HttpRequest,
    user: User,
    found: Case,
    *,
    kept: dict[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of a case; `kept` is what was filled in when something was refused."""
    may_view = allows(user, Permission.VIEW_EVIDENCE, found.site_id)
    may_edit = user.may(Permission.EDIT_CASES)
    context = {
        "case": found,
        "opened_by": name_of(found.opened_by),
        "exhibits": [_exhibit_card(exhibit, found) for exhibit in exhibits_of(found)],
        "linked": _linked(found),
        "moves": [] if found.merged_into_id else _moves(user, found),
        "may_view_evidence": may_view,
        "may_edit": may_edit and not found.merged_into_id,
        "may_undo": may_edit and bool(found.merged_into_id),
        "may_propose": user.may(Permission.PROPOSE_WATCHLIST),
        "zone": found.site.timezone,
        "keys": KEYS[-1:],
        "kept": kept or {},
        **workbench_of(found, may_view=may_view, shown=request.GET.get("show", "")),
    }
    return render(request, "cases/case.html", context, status=status)


def _note_view(request: HttpRequest, user: User, found: Case) -> None:
    """Looking at people is an event of theirs, looking at the case one of the case."""
    actor = actor_of(request)
    record(actor=actor, event=Event.CASE_VIEWED, subject=Subject("case", found.id))
    if user.may(Permission.VIEW_EVIDENCE):
        for person_id in found.people.filter(ended_at=None).values_list("person_id", flat=True):
            record(
                actor=actor,
                event=Event.PERSON_VIEWED,
                subject=Subject("person", person_id),
                details={"case": str(found.id)},
            )


@login_required
@require_POST
def move(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Move a case along its table, or say who was faster."""
    user, found = case_for(request, case_id)
    form = CaseMoveForm(request.POST)
    if not form.is_valid():
        messages.error(request, "The case was not moved: the form was incomplete. Try again.")
        return redirect("case", case_id=found.id)
    to = CaseState(form.cleaned_data["to"])
    if not allows(user, _permission_for(to), found.site_id):
        raise PermissionDenied(_permission_for(to).value)
    if form.cleaned_data["version"] != found.version:
        messages.error(request, "Somebody else moved this case meanwhile. Look at it again first.")
        return redirect("case", case_id=found.id)
    if to is CaseState.APPROVED and not authenticated_recently(request):
        return prove_it_is_you(request, reverse("case", args=[found.id]))
    try:
        move_case(actor=actor_of(request), case=found, to=to, reason=form.cleaned_data["reason"])
    except UnableToMoveCase as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"The case is now {to.value.replace('_', ' ')}.")
    return redirect("case", case_id=found.id)


def _viewer(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)
    if not user.may(Permission.VIEW_CASES):
        raise PermissionDenied(Permission.VIEW_CASES.value)
    return user


def case_for(request: HttpRequest, case_id: UUID) -> tuple[User, Case]:
    """The case as this person may see it: 404 to strangers, 403 to those who may not look."""
    user = request.user
    assert isinstance(user, User)
    found = get_object_or_404(cases_visible_to(user), id=case_id)
    if not allows(user, Permission.VIEW_CASES, found.site_id):
        raise PermissionDenied(Permission.VIEW_CASES.value)
    return user, found


def _exhibit_card(exhibit: Exhibit, case: Case) -> ExhibitCard:
    events = list(custody_of(exhibit.item))
    names = {id_: name_of(id_) for id_ in {event.actor_id for event in events}}
    return ExhibitCard(
        exhibit=exhibit,
        label=exhibit.label_in(case.id),
        custody=[(event, names[event.actor_id]) for event in events],
    )


def _linked(case: Case) -> list[LinkedAlert]:
    incidents = case.incidents.select_related("alert__camera", "alert__site")
    return [
        LinkedAlert(alert=incident.alert, dossier=latest_dossier(incident.alert))
        for incident in incidents
    ]


def _moves(user: User, case: Case) -> list[Move]:
    nexts = states.CASE.transitions[case.state]
    return [
        Move(to=to, words=words, why_not=_why_not(user, case, to))
        for to, words in MOVE_WORDS.items()
        if to in nexts
    ]


def _why_not(user: User, case: Case, to: CaseState) -> str:
    if not allows(user, _permission_for(to), case.site_id):
        return "Your role does not allow it"
    if to is CaseState.APPROVED and user.id in confirmers_of(case):
        return "You confirmed this theft; somebody else has to approve the case"
    return ""


def _permission_for(to: CaseState) -> Permission:
    return Permission.APPROVE_CASES if to is CaseState.APPROVED else Permission.EDIT_CASES


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
