"""Cases on screen: the list, and one case with its exhibits and their custody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.queries import name_of
from apps.accounts.sessions import kept_for
from apps.alerts.models import Alert, Disposition
from apps.cases.looking import note_look
from apps.cases.models import Case, Exhibit
from apps.cases.moves import moves_of
from apps.cases.queries import (
    Wanted,
    cases_visible_to,
    exhibits_of,
    find_cases,
    page_of,
    stands_on_nothing,
    taken_back,
)
from apps.cases.workbench import workbench_of
from apps.evidence.models import CustodyEvent, EvidenceItem
from apps.evidence.queries import custody_of, latest_dossier
from apps.evidence.queries.holds import holds_in_force
from apps.sites.queries import allows, sites_visible_to
from apps.triage import states

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
    """An alert of the case with its newest dossier, if one was rendered.

    `instead` is the verdict that stands when the confirmation was taken back; None: it stands.
    """

    alert: Alert
    dossier: EvidenceItem | None
    instead: Disposition | None


@login_required
@never_cache
@require_GET
def cases(request: HttpRequest) -> HttpResponse:
    """The cases of the person's sites that fit what was asked for, newest first."""
    user = viewer_of(request)
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
        "is_narrowed": bool(kept),
        "keys": KEYS,
    }
    return render(request, "cases/cases.html", context)


@login_required
@never_cache
@require_GET
def case(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """One case: what it rests on, who works on it, its sealed exhibits, and everything that happened."""
    user, found = case_for(request, case_id)
    may_view = allows(user, Permission.VIEW_EVIDENCE, found.site_id)
    note_look(request, found, with_people=may_view)
    return case_page(request, user, found)


def case_page(
    request: HttpRequest,
    user: User,
    found: Case,
    *,
    kept: Mapping[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of a case; `kept` is what was filled in when something was refused."""
    may_view = allows(user, Permission.VIEW_EVIDENCE, found.site_id)
    may_edit = allows(user, Permission.EDIT_CASES, found.site_id)
    exhibits = [_exhibit_card(exhibit, found) for exhibit in exhibits_of(found)]
    moved = kept_for(request) if request.method == "GET" else {}
    context = {
        "case": found,
        "opened_by": name_of(found.opened_by),
        "exhibits": exhibits,
        "linked": _linked(found),
        "stands_on_nothing": stands_on_nothing(found),
        "moves": moves_of(user, found),
        "holds": holds_in_force(found.tenant_id).filter(case_id=found.id),
        "may_hold": bool(exhibits) and allows(user, Permission.HOLD_EVIDENCE, found.site_id),
        "may_view_evidence": may_view,
        "may_edit": may_edit and not found.merged_into_id,
        "may_undo": may_edit and bool(found.merged_into_id),
        "may_correct": allows(user, Permission.CORRECT_DECISIONS, found.site_id),
        "may_propose": user.may(Permission.PROPOSE_WATCHLIST),
        "zone": found.site.timezone,
        "keys": KEYS[-1:],
        "kept": kept or ({"act": "move", **moved} if moved else {}),
        **workbench_of(
            found, may_view=may_view, shown=request.GET.get("show", ""), now=timezone.now()
        ),
    }
    return render(request, "cases/case.html", context, status=status)


def viewer_of(request: HttpRequest) -> User:
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
    instead = taken_back(case)
    return [
        LinkedAlert(
            alert=incident.alert,
            dossier=latest_dossier(incident.alert),
            instead=instead.get(incident.id),
        )
        for incident in incidents
    ]


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
