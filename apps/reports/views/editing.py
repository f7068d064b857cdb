"""The editor: sentences with their sources, what changed, and a still."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.reports.forms import BaseForm, StillForm, edit_of
from apps.reports.models import Report, ReportVersion
from apps.reports.operations.drafts import (
    Edit,
    UnableToChange,
    edit_report,
    redraft_report,
)
from apps.reports.operations.rendering import (
    record_viewed,
)
from apps.reports.operations.stills import UnableToCut, cut_still, keep_still
from apps.reports.queries.document import changes_of
from apps.reports.queries.naming import Naming
from apps.reports.queries.reports import (
    content_of,
    newest,
    standing_of,
)
from apps.reports.views.access import WRONG, report_for, require, shown
from apps.sites.queries import allows


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, case_id: UUID, report_id: UUID) -> HttpResponse:
    """One report: its sentences with their sources, and what a person makes of them."""
    user, found = report_for(request, case_id, report_id)
    if request.method == "GET":
        record_viewed(actor=actor_of(request), report=found, version=newest(found))
        return _editor(request, user, found)
    require(user, Permission.DRAFT_REPORTS, found)
    base, edit = BaseForm(request.POST), edit_of(request.POST)
    try:
        if not base.is_valid():
            raise UnableToChange(gettext("The form was incomplete. Nothing was saved; save again."))
        edit_report(
            actor=actor_of(request),
            user=user,
            report=found,
            base=base.cleaned_data["base"],
            edit=edit,
            now=timezone.now(),
        )
    except UnableToChange as refusal:
        messages.error(request, str(refusal))
        return _editor(request, user, found, unsaved=edit, status=WRONG)
    messages.success(request, gettext("Saved as a new wording; the earlier ones are kept."))
    return redirect("report", case_id=case_id, report_id=report_id)


@login_required
@require_POST
def redraft(request: HttpRequest, case_id: UUID, report_id: UUID) -> HttpResponse:
    """Draft again from the record as it is, and show what that changed."""
    user, found = report_for(request, case_id, report_id, Permission.DRAFT_REPORTS)
    try:
        version = redraft_report(
            actor=actor_of(request), user=user, report=found, now=timezone.now()
        )
    except UnableToChange as refusal:
        messages.error(request, str(refusal))
        version = None
    else:
        if version is None:
            messages.success(
                request, gettext("The record says the same as this wording. Nothing changed.")
            )
    if version is None:
        return redirect("report", case_id=case_id, report_id=report_id)
    messages.success(request, gettext("Drafted again. This is what the record changed."))
    return redirect("report-changes", case_id=case_id, report_id=report_id)


@login_required
@never_cache
@require_GET
def changed(request: HttpRequest, case_id: UUID, report_id: UUID) -> HttpResponse:
    """One wording beside another: the last two unless asked for others."""
    _, found = report_for(request, case_id, report_id)
    versions = list(found.versions.order_by("number"))
    after = _numbered(versions, request.GET.get("to"), versions[-1])
    before = _numbered(versions, request.GET.get("from"), versions[max(after.number - 2, 0)])
    naming = Naming(found.case, author_id=found.author_id)
    context = {
        "case": found.case,
        "report": found,
        "versions": versions,
        "before": before,
        "after": after,
        "changes": changes_of(content_of(before), content_of(after), naming),
        "zone": found.case.site.timezone,
    }
    return render(request, "reports/changes.html", context)


@login_required
@require_POST
def still(request: HttpRequest, case_id: UUID, report_id: UUID) -> HttpResponse:
    """Cut a still from the blurred copy, and take it into the draft."""
    user, found = report_for(request, case_id, report_id, Permission.DRAFT_REPORTS)
    require(user, Permission.VIEW_CLIPS, found)
    form, now = StillForm(request.POST), timezone.now()
    try:
        if not form.is_valid():
            raise UnableToCut(gettext("Give the second of the clip as a number. Nothing was cut."))
        of_case = Alert.objects.filter(incident__case=found.case).select_related("clip")
        alert = get_object_or_404(of_case, id=form.cleaned_data["alert"])
        stored = cut_still(alert=alert, seconds=form.cleaned_data["seconds"])
        keep_still(actor=actor_of(request), alert=alert, stored=stored, now=now)
        redraft_report(actor=actor_of(request), user=user, report=found, now=now)
    except (UnableToCut, UnableToChange) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, gettext("The still is cut, and the draft speaks of it."))
    return redirect("report", case_id=case_id, report_id=report_id)


def _editor(
    request: HttpRequest,
    user: User,
    found: Report,
    *,
    unsaved: Edit | None = None,
    status: int = 200,
) -> HttpResponse:
    standing = standing_of(found)
    naming = Naming(found.case, author_id=found.author_id)
    site = found.case.site_id
    context: dict[str, Any] = {
        **shown(found, standing, naming, unsaved),
        "may_edit": found.is_open and allows(user, Permission.DRAFT_REPORTS, site),
        "may_sign": found.is_open
        and user.id == found.author_id
        and allows(user, Permission.SIGN_REPORTS, site),
        "may_draft": allows(user, Permission.DRAFT_REPORTS, site),
        "added": "\n".join(unsaved.added) if unsaved else "",
        "versions": found.versions.order_by("-number"),
        "alerts": Alert.objects.filter(incident__case=found.case).order_by("camera_at"),
    }
    return render(request, "reports/report.html", context, status=status)


def _numbered(
    versions: list[ReportVersion], asked: str | None, otherwise: ReportVersion
) -> ReportVersion:
    return next((one for one in versions if str(one.number) == asked), otherwise)
