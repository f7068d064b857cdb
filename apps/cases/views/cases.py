"""Cases on screen: the list, one case with its exhibits and their custody, and moving it on."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.queries import name_of
from apps.alerts.models import Alert
from apps.cases.forms import CaseMoveForm
from apps.cases.history import history_of_case
from apps.cases.models import Case, Exhibit
from apps.cases.operations import UnableToMoveCase, move_case
from apps.cases.queries import cases_visible_to, exhibits_of
from apps.evidence.models import CustodyEvent, EvidenceItem
from apps.evidence.queries import custody_of, latest_dossier
from apps.sites.queries import allows
from apps.triage import states
from apps.triage.states import CaseState

PAGE_ROWS = 50
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
    """The cases of the person's sites, newest first."""
    user = _viewer(request)
    found = cases_visible_to(user)
    site = request.GET.get("site", "")
    if _is_uuid(site):
        found = found.filter(site_id=site)
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    return render(request, "cases/cases.html", {"page": page, "site": site, "keys": KEYS})


@login_required
@never_cache
@require_GET
def case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """One case: what it rests on, its sealed exhibits, and everything that happened."""
    user, found = _case_for(request, case_id)
    may_view = allows(user, Permission.VIEW_EVIDENCE, found.site_id)
    context = {
        "case": found,
        "opened_by": name_of(found.opened_by),
        "exhibits": [_exhibit_card(exhibit) for exhibit in exhibits_of(found)],
        "linked": _linked(found),
        "history": history_of_case(found),
        "moves": _moves(user, found),
        "may_view_evidence": may_view,
        "may_propose": allows(user, Permission.PROPOSE_WATCHLIST, found.site_id),
        "zone": found.site.timezone,
        "keys": KEYS[-1:],
    }
    return render(request, "cases/case.html", context)


@login_required
@require_POST
def move(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Move a case along its table, or say who was faster."""
    user, found = _case_for(request, case_id)
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


def _case_for(request: HttpRequest, case_id: UUID) -> tuple[User, Case]:
    """The case as this person may see it: 404 to strangers, 403 to those who may not look."""
    user = request.user
    assert isinstance(user, User)
    found = get_object_or_404(cases_visible_to(user), id=case_id)
    if not allows(user, Permission.VIEW_CASES, found.site_id):
        raise PermissionDenied(Permission.VIEW_CASES.value)
    return user, found


def _exhibit_card(exhibit: Exhibit) -> ExhibitCard:
    events = list(custody_of(exhibit.item))
    names = {id_: name_of(id_) for id_ in {event.actor_id for event in events}}
    return ExhibitCard(
        exhibit=exhibit, custody=[(event, names[event.actor_id]) for event in events]
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
    if to is CaseState.APPROVED and user.id == case.opened_by:
        return "You confirmed this theft; somebody else has to approve the case"
    return ""


def _permission_for(to: CaseState) -> Permission:
    return Permission.APPROVE_CASES if to is CaseState.APPROVED else Permission.EDIT_CASES


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
