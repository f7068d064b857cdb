"""Cases on screen: the list, and one case with its exhibits and their custody."""

from collections.abc import Mapping, Sequence
from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.queries import names_of
from apps.accounts.sessions import kept_for
from apps.cases.exhibit_cards import cards_of
from apps.cases.looking import note_look
from apps.cases.models import Case
from apps.cases.moves import moves_of
from apps.cases.queries import Rest, Wanted, cases_visible_to, find_cases, page_of, rests_of
from apps.cases.workbench import related_to, workbench_of
from apps.evidence.queries.holds import holds_in_force
from apps.sites.queries import allows, sites_of_request
from apps.triage import states

KEYS = [
    ("j", _("Next case")),
    ("k", _("Previous case")),
    ("o", _("Open the selected case")),
    ("?", _("These keys")),
]


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
        "sites": sites_of_request(user),
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
    moved = kept_for(request) if request.method == "GET" else {}
    kept = kept or ({"act": "move", **moved} if moved else {})
    rests = rests_of(found)
    nothing = bool(rests) and all(one.instead for one in rests)
    context = {
        **_rights(user, found),
        "case": found,
        "exhibits": cards_of(found),
        "linked": rests,
        "stands_on_nothing": nothing,
        "moves": moves_of(user, found, rests_on_nothing=nothing),
        "holds": list(holds_in_force(found.tenant_id).filter(case_id=found.id)),
        "zone": found.site.timezone,
        "keys": KEYS[-1:],
        "kept": kept,
        "shown": request.GET.get("show", ""),
        **_bench(request, user, found, rests),
        **(related_to(found) if kept else {}),
    }
    return render(request, "cases/case.html", context, status=status)


def _rights(user: User, found: Case) -> dict[str, bool]:
    may_edit = allows(user, Permission.EDIT_CASES, found.site_id)
    return {
        "may_hold": allows(user, Permission.HOLD_EVIDENCE, found.site_id),
        "may_view_evidence": allows(user, Permission.VIEW_EVIDENCE, found.site_id),
        "may_edit": may_edit and not found.merged_into_id,
        "may_undo": may_edit and bool(found.merged_into_id),
        "may_correct": allows(user, Permission.CORRECT_DECISIONS, found.site_id),
        "may_propose": user.may(Permission.PROPOSE_WATCHLIST),
    }


def _bench(
    request: HttpRequest, user: User, found: Case, rests: Sequence[Rest]
) -> dict[str, object]:
    """What is worked on in the case, that it was shown, and everybody's names in one query."""
    may_view = allows(user, Permission.VIEW_EVIDENCE, found.site_id)
    incidents = [one.incident for one in rests]
    bench = workbench_of(found, may_view=may_view, incidents=incidents, now=timezone.now())
    people = [one.row.person_id for one in bench["people"]]
    note_look(request, found, people=people if may_view else ())
    tasks = [card.row for card in bench["tasks"]]
    names_of(
        [
            *(found.opened_by, found.assignee),
            *(one.instead.decided_by for one in rests if one.instead),
            *(version.written_by for note in bench["notes"] for version, _ in note.versions),
            *(who for task in tasks for who in (task.assignee, task.done_by)),
        ]
    )
    return bench


def viewer_of(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)
    if not user.may(Permission.VIEW_CASES):
        raise PermissionDenied(Permission.VIEW_CASES.value)
    sites_of_request(user)
    return user


def case_for(request: HttpRequest, case_id: UUID) -> tuple[User, Case]:
    """The case as this person may see it: 404 to strangers, 403 to those who may not look."""
    user = request.user
    assert isinstance(user, User)
    sites_of_request(user)
    found = get_object_or_404(
        cases_visible_to(user).select_related("site", "merged_into"), id=case_id
    )
    if not allows(user, Permission.VIEW_CASES, found.site_id):
        raise PermissionDenied(Permission.VIEW_CASES.value)
    return user, found


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
