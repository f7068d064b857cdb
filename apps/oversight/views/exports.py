"""Archives for an auditor: ask for one, see how far it is, fetch it."""

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently, prove_it_is_you
from apps.oversight.forms import PeriodForm
from apps.oversight.models import RecordsExport
from apps.oversight.operations.exporting import (
    UnableToExport,
    ask_again,
    ask_for_records,
    ask_for_techdoc,
    fetch_address,
)
from apps.oversight.views.access import WRONG, asking
from apps.triage.states import RecordsExportState

MOST_SHOWN = 50


@login_required
@never_cache
@require_GET
def exports(request: HttpRequest) -> HttpResponse:
    """The archives there are, those being written, and the forms that ask for one."""
    user = asking(request, Permission.EXPORT_RECORDS)
    return _page(request, user, PeriodForm())


@login_required
@require_POST
def export_records(request: HttpRequest) -> HttpResponse:
    """Ask for the records of some days."""
    user = asking(request, Permission.EXPORT_RECORDS)
    form = PeriodForm(request.POST)
    if not form.is_valid():
        return _page(request, user, form, status=WRONG)
    days = [form.cleaned_data[name] for name in ("since", "until")]
    since, until = (datetime.combine(day, time(), tzinfo=UTC) for day in days)
    try:
        ask_for_records(
            actor=actor_of(request),
            user=user,
            since=since,
            until=until + timedelta(days=1),
            now=timezone.now(),
        )
    except UnableToExport as refusal:
        form.add_error(None, str(refusal))
        return _page(request, user, form, status=WRONG)
    return redirect("exports")


@login_required
@require_POST
def export_techdoc(request: HttpRequest) -> HttpResponse:
    """Ask for the technical file as it stands."""
    user = asking(request, Permission.EXPORT_RECORDS)
    ask_for_techdoc(actor=actor_of(request), user=user, now=timezone.now())
    return redirect("exports")


@login_required
@require_POST
def export_again(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """Have a failed archive written again."""
    user = asking(request, Permission.EXPORT_RECORDS)
    export = get_object_or_404(RecordsExport, id=export_id, tenant_id=user.tenant_id)
    try:
        ask_again(actor=actor_of(request), export=export)
    except UnableToExport as refusal:
        messages.error(request, str(refusal))
    return redirect("exports")


@login_required
@never_cache
@require_POST
def export_fetch(request: HttpRequest, export_id: UUID) -> HttpResponse:
    """Hand the archive out: fresh proof of identity, an address for a minute, a record."""
    user = asking(request, Permission.EXPORT_RECORDS)
    export = get_object_or_404(RecordsExport, id=export_id, tenant_id=user.tenant_id)
    if not authenticated_recently(request):
        return prove_it_is_you(request, "/compliance/exports/")
    try:
        return redirect(fetch_address(actor=actor_of(request), export=export))
    except UnableToExport as refusal:
        messages.error(request, str(refusal))
        return redirect("exports")


def _page(request: HttpRequest, user: User, form: PeriodForm, *, status: int = 200) -> HttpResponse:
    rows = RecordsExport.objects.filter(tenant_id=user.tenant_id).select_related("requested_by")
    waiting = (RecordsExportState.REQUESTED, RecordsExportState.WRITING)
    context = {
        "exports": rows[:MOST_SHOWN],
        "form": form,
        "is_waiting": rows.filter(state__in=waiting).exists(),
    }
    return render(request, "oversight/exports.html", context, status=status)
