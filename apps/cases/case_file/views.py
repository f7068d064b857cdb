"""Case files on screen: asking for one, releasing it, taking it back; and what its recipient sees."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently, prove_it_is_you
from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor, Channel
from apps.cases.case_file.operations import (
    UnableToExport,
    fetch_case_file,
    release_case_file,
    released_by_link,
    request_case_file,
    try_again,
    withdraw_case_file,
)
from apps.cases.forms import CaseFileForm, WithdrawForm
from apps.cases.models import Case, CaseFile
from apps.cases.queries import cases_visible_to
from apps.sites.queries import allows

LINK_SECONDS = 60
WRONG = 422


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def case_files(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The exports of a case, and the form that asks for another one."""
    user, case = _case_for(request, case_id)
    may_ask = allows(user, Permission.EXPORT_CASES, case.site_id)
    if request.method == "GET":
        return _page(request, user, case, form=CaseFileForm() if may_ask else None)
    if not may_ask:
        raise PermissionDenied(Permission.EXPORT_CASES.value)
    form = CaseFileForm(request.POST)
    if not form.is_valid():
        return _page(request, user, case, form=form, status=WRONG)
    wishes = form.cleaned_data
    try:
        file = request_case_file(
            actor=actor_of(request),
            user=user,
            case=case,
            recipient=wishes["recipient"],
            purpose=wishes["purpose"],
            with_originals=wishes["footage"] == "originals",
            with_password=wishes["password"],
            days=wishes["days"],
            now=timezone.now(),
        )
    except UnableToExport as refusal:
        form.add_error(None, str(refusal))
        return _page(request, user, case, form=form, status=WRONG)
    messages.success(request, f"{file.reference} is being written. An administrator releases it.")
    return redirect("case-files", case_id=case.id)


@login_required
@never_cache
@require_GET
def case_file(request: HttpRequest, case_id: UUID, file_id: UUID) -> HttpResponse:
    """One file's row again, while it is being written."""
    user, case = _case_for(request, case_id)
    file = get_object_or_404(case.files, id=file_id)
    context = {"case": case, "file": file, "zone": case.site.timezone, **_rights(user, case)}
    return render(request, "cases/_case_file.html", context)


@login_required
@never_cache
@require_POST
def release(request: HttpRequest, case_id: UUID, file_id: UUID) -> HttpResponse:
    """Hand a file over: its link and password are shown on this page and never again."""
    user, file = _file_for(request, case_id, file_id, Permission.RELEASE_CASE_FILES)
    back = reverse("case-files", args=[case_id])
    if not authenticated_recently(request):
        return prove_it_is_you(request, back)
    try:
        handed = release_case_file(
            actor=actor_of(request), user=user, file=file, now=timezone.now()
        )
    except UnableToExport as refusal:
        messages.error(request, str(refusal))
        return redirect(back)
    link = reverse("case-file-link", args=[file.tenant_id, file.id, handed.link_secret])
    context = {
        "case": file.case,
        "file": file,
        "link": request.build_absolute_uri(link),
        "password": handed.password,
        "zone": file.case.site.timezone,
    }
    return render(request, "cases/case_file_released.html", context)


@login_required
@require_POST
def withdraw(request: HttpRequest, case_id: UUID, file_id: UUID) -> HttpResponse:
    """Take a file back."""
    user, file = _file_for(request, case_id, file_id, Permission.EXPORT_CASES)
    form = WithdrawForm(request.POST)
    try:
        withdraw_case_file(
            actor=actor_of(request),
            user=user,
            file=file,
            reason=form.cleaned_data["reason"] if form.is_valid() else "",
            now=timezone.now(),
        )
    except UnableToExport as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{file.reference} is withdrawn and is deleted.")
    return redirect("case-files", case_id=case_id)


@login_required
@require_POST
def again(request: HttpRequest, case_id: UUID, file_id: UUID) -> HttpResponse:
    """Write a file anew that could not be written."""
    user, file = _file_for(request, case_id, file_id, Permission.EXPORT_CASES)
    try:
        try_again(actor=actor_of(request), user=user, file=file, now=timezone.now())
    except UnableToExport as refusal:
        messages.error(request, str(refusal))
    return redirect("case-files", case_id=case_id)


@login_required
@require_POST
def fetch(request: HttpRequest, case_id: UUID, file_id: UUID) -> HttpResponse:
    """Give a released file to somebody who may see it here anyway."""
    _, file = _file_for(request, case_id, file_id, Permission.EXPORT_CASES)
    try:
        address = fetch_case_file(actor=actor_of(request), file=file, seconds=LINK_SECONDS)
    except UnableToExport as refusal:
        messages.error(request, str(refusal))
        return redirect("case-files", case_id=case_id)
    return HttpResponseRedirect(address)


@never_cache
@require_http_methods(["GET", "POST"])
def by_link(request: HttpRequest, tenant_id: UUID, file_id: UUID, link_secret: str) -> HttpResponse:
    """What the recipient sees, without an account: what it is, until when, and a button that fetches it."""
    with tenant_scope(tenant_id):
        file = released_by_link(file_id=file_id, link_secret=link_secret, now=timezone.now())
        if file is None:
            raise Http404
        if request.method == "GET":
            return render(request, "cases/case_file_link.html", {"file": file})
        recipient = Actor(
            tenant_id=tenant_id, user_id=None, role="recipient", channel=Channel.SCREEN
        )
        return HttpResponseRedirect(
            fetch_case_file(actor=recipient, file=file, seconds=LINK_SECONDS)
        )


def _page(
    request: HttpRequest,
    user: User,
    case: Case,
    *,
    form: CaseFileForm | None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "case": case,
        "files": list(case.files.all()),
        "form": form,
        "zone": case.site.timezone,
        **_rights(user, case),
    }
    return render(request, "cases/case_files.html", context, status=status)


def _rights(user: User, case: Case) -> dict[str, bool]:
    return {
        "may_export": allows(user, Permission.EXPORT_CASES, case.site_id),
        "may_release": allows(user, Permission.RELEASE_CASE_FILES, case.site_id),
    }


def _case_for(request: HttpRequest, case_id: UUID) -> tuple[User, Case]:
    user = request.user
    assert isinstance(user, User)
    case = get_object_or_404(cases_visible_to(user), id=case_id)
    if not allows(user, Permission.VIEW_CASES, case.site_id):
        raise PermissionDenied(Permission.VIEW_CASES.value)
    return user, case


def _file_for(
    request: HttpRequest, case_id: UUID, file_id: UUID, permission: Permission
) -> tuple[User, CaseFile]:
    user, case = _case_for(request, case_id)
    if not allows(user, permission, case.site_id):
        raise PermissionDenied(permission.value)
    return user, get_object_or_404(case.files.select_related("case__site"), id=file_id)
