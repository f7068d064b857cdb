"""The parts of a case's page that come after it: custody, timeline, what is related. Each on its own without JavaScript."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.permissions import Permission
from apps.accounts.queries import names_of
from apps.cases.exhibit_cards import cards_of, with_custody
from apps.cases.looking import note_look
from apps.cases.models import Case
from apps.cases.views.cases import case_for
from apps.cases.workbench import related_to, timeline_of
from apps.sites.queries import allows


@login_required
@never_cache
@require_GET
def exhibits(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The exhibits with their custody, and until when each is kept."""
    _, found = case_for(request, case_id)
    return _part(request, found, "exhibits", {"exhibits": with_custody(cards_of(found), found)})


@login_required
@never_cache
@require_GET
def timeline(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Everything that happened in the case, narrowed by ?show=."""
    user, found = case_for(request, case_id)
    may_view = allows(user, Permission.VIEW_EVIDENCE, found.site_id)
    told = timeline_of(found, may_view=may_view, shown=request.GET.get("show", ""))
    names_of(line.by for line in told["lines"])
    return _part(request, found, "timeline", told)


@login_required
@never_cache
@require_GET
def related(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The alerts and cases linked with the case, to be added to and taken back."""
    _, found = case_for(request, case_id)
    incidents = found.incidents.select_related("alert")
    told = {**related_to(found), "incidents": list(incidents)}
    links = [*told["alert_links"], *(link for link, _ in told["case_links"])]
    names_of([*(link.made_by for link in links), *(act.acted_by for act in told["acts"])])
    return _part(request, found, "related", told)


def _part(request: HttpRequest, case: Case, name: str, told: dict[str, Any]) -> HttpResponse:
    """The part, or a page with it alone. Looking at it is a look at the case."""
    note_look(request, case)
    user: Any = request.user
    context = {
        **told,
        "case": case,
        "zone": case.site.timezone,
        "part": f"cases/_{name}.html",
        "may_view_evidence": allows(user, Permission.VIEW_EVIDENCE, case.site_id),
        "may_edit": allows(user, Permission.EDIT_CASES, case.site_id) and not case.merged_into_id,
        "may_undo": allows(user, Permission.EDIT_CASES, case.site_id) and bool(case.merged_into_id),
        "kept": {},
    }
    template = context["part"] if request.htmx else "cases/part.html"  # type: ignore[attr-defined]
    return render(request, str(template), context)
