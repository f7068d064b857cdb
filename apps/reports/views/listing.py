"""The reports of a case, and having another one drafted."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.reports.forms import DraftForm
from apps.reports.models import Report, ReportKind
from apps.reports.operations.drafts import (
    UnableToChange,
    make_draft,
)
from apps.reports.queries.reports import (
    Standing,
    reports_visible_to,
    standing_of,
)
from apps.reports.views.access import WRONG, case_for, report_for
from apps.sites.queries import allows

PAGE_ROWS = 10


@dataclass(frozen=True, kw_only=True)
class Row:
    """A report in the list, and how its newest wording stands against the record."""

    report: Report
    standing: Standing


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def reports(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The reports of a case, and the form that has another one drafted."""
    user, case = case_for(request, case_id)
    may_draft = allows(user, Permission.DRAFT_REPORTS, case.site_id)
    if request.method == "POST" and not may_draft:
        raise PermissionDenied(Permission.DRAFT_REPORTS.value)
    form = DraftForm(request.POST or None, case=case, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            made = make_draft(
                actor=actor_of(request),
                user=user,
                case=case,
                kind=ReportKind(form.cleaned_data["kind"]),
                author=form.person,
                now=timezone.now(),
            )
        except UnableToChange as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                gettext("%(made_reference)s was drafted from the record.")
                % {"made_reference": made.reference},
            )
            return redirect("report", case_id=case.id, report_id=made.id)
    found = reports_visible_to(user).filter(case=case)
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        "case": case,
        "rows": [Row(report=one, standing=standing_of(one)) for one in page],
        "page": page,
        "form": form if may_draft else None,
        "zone": case.site.timezone,
    }
    status = WRONG if request.method == "POST" else 200
    return render(request, "reports/reports.html", context, status=status)


@login_required
@require_POST
def newer(request: HttpRequest, case_id: UUID, report_id: UUID) -> HttpResponse:
    """Draft a report that supersedes this signed one as soon as it is signed itself."""
    user, found = report_for(request, case_id, report_id, Permission.DRAFT_REPORTS)
    try:
        made = make_draft(
            actor=actor_of(request),
            user=user,
            case=found.case,
            kind=ReportKind(found.kind),
            author=User.objects.get(id=found.author_id),
            supersedes=found,
            now=timezone.now(),
        )
    except UnableToChange as refusal:
        messages.error(request, str(refusal))
        return redirect("report", case_id=case_id, report_id=report_id)
    messages.success(
        request,
        gettext("%(made_reference)s supersedes %(found_reference)s once it is signed.")
        % {"made_reference": made.reference, "found_reference": found.reference},
    )
    return redirect("report", case_id=case_id, report_id=made.id)
