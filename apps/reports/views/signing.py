"""Signing exactly what is shown, withdrawing, and the pages."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently, prove_it_is_you
from apps.reports.forms import EndForm, SignForm
from apps.reports.models import Report
from apps.reports.operations.ending import (
    UnableToSign,
    UnableToWithdraw,
    sign_report,
    withdraw_report,
)
from apps.reports.operations.rendering import (
    UnableToRender,
    draft_pdf,
    record_viewed,
    render_signed,
)
from apps.reports.queries.naming import Naming
from apps.reports.queries.reports import (
    newest,
    objections,
    standing_of,
)
from apps.reports.views.access import WRONG, report_for, shown


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def sign(request: HttpRequest, case_id: UUID, report_id: UUID) -> HttpResponse:
    """Show exactly what is signed; sign it when the person proved who they are a moment ago."""
    user, found = report_for(request, case_id, report_id, Permission.SIGN_REPORTS)
    if request.method == "GET":
        return _signing(request, user, found, SignForm(initial={"digest": newest(found).digest}))
    form = SignForm(request.POST)
    if not form.is_valid():
        return _signing(request, user, found, form, status=WRONG)
    if not authenticated_recently(request):
        return prove_it_is_you(request, reverse("report-sign", args=[case_id, report_id]))
    try:
        sign_report(
            actor=actor_of(request),
            user=user,
            report=found,
            digest=form.cleaned_data["digest"],
            now=timezone.now(),
        )
    except UnableToSign as refusal:
        form.add_error(None, str(refusal))
        return _signing(request, user, found, form, status=WRONG)
    messages.success(
        request,
        gettext("%(found_reference)s is signed. Its sealed PDF follows in a minute.")
        % {"found_reference": found.reference},
    )
    return redirect("report", case_id=case_id, report_id=report_id)


@login_required
@require_POST
def withdraw(request: HttpRequest, case_id: UUID, report_id: UUID) -> HttpResponse:
    """Take a report back, for a reason."""
    user, found = report_for(request, case_id, report_id, Permission.DRAFT_REPORTS)
    form = EndForm(request.POST)
    try:
        withdraw_report(
            actor=actor_of(request),
            user=user,
            report=found,
            reason=form.cleaned_data["reason"] if form.is_valid() else "",
            now=timezone.now(),
        )
    except UnableToWithdraw as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            gettext("%(found_reference)s is withdrawn; its wordings are kept.")
            % {"found_reference": found.reference},
        )
    return redirect("report", case_id=case_id, report_id=report_id)


@login_required
@never_cache
@require_GET
def pdf(request: HttpRequest, case_id: UUID, report_id: UUID) -> HttpResponse:
    """The newest wording as pages; the sealed file when there is one."""
    _, found = report_for(request, case_id, report_id)
    if found.item_id:
        return redirect("evidence-item", item_id=found.item_id)
    version = newest(found)
    pages = draft_pdf(found, version, now=timezone.now())
    record_viewed(actor=actor_of(request), report=found, version=version)
    answer = HttpResponse(pages, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{found.reference}.pdf"'
    return answer


@login_required
@require_POST
def seal(request: HttpRequest, case_id: UUID, report_id: UUID) -> HttpResponse:
    """Make the sealed PDF of a signed report now."""
    _, found = report_for(request, case_id, report_id, Permission.DRAFT_REPORTS)
    try:
        render_signed(tenant_id=found.tenant_id, report_id=found.id, now=timezone.now())
    except UnableToRender as refusal:
        messages.error(request, str(refusal))
    return redirect("report", case_id=case_id, report_id=report_id)


def _signing(
    request: HttpRequest, user: User, found: Report, form: SignForm, status: int = 200
) -> HttpResponse:
    standing = standing_of(found)
    naming = Naming(found.case, author_id=found.author_id)
    context = {
        **shown(found, standing, naming, None),
        "form": form,
        "objections": objections(found, user, standing),
    }
    return render(request, "reports/sign.html", context, status=status)
