"""Doing something in a case: one address for each act of the table, and the inbox of what waits for approval."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.cases.acts import Act, Doing
from apps.cases.models import CaseFile
from apps.cases.operations import UnableToChangeCase
from apps.cases.queries import cases_visible_to, confirmers_of
from apps.cases.views.cases import case_for, case_page
from apps.sites.queries import allows, sites_visible_to
from apps.triage.states import CaseFileState, CaseState

WRONG = 422
MOST_WAITING = 50


def view_of(act: Act) -> Callable[..., HttpResponse]:
    """The view behind the act's address; a refusal shows the page again with what was filled in."""

    @login_required
    @require_POST
    def view(request: HttpRequest, case_id: UUID) -> HttpResponse:
        user, found = case_for(request, case_id)
        if not allows(user, Permission.EDIT_CASES, found.site_id):
            raise PermissionDenied(Permission.EDIT_CASES.value)
        sent = {key: value for key, value in request.POST.lists() if any(value)}
        shape = act.shape(data=_filled(request, sent))
        words = "" if shape.is_valid() else _said(shape.errors)
        if not words:
            doing = Doing(actor=actor_of(request), user=user, case=found, now=timezone.now())
            try:
                act.perform(doing, shape.validated_data)
            except UnableToChangeCase as refusal:
                words = str(refusal)
        if words:
            messages.error(request, words)
            kept = {**request.POST.dict(), "act": act.name.replace("-", "_"), "words": words}
            return case_page(request, user, found, kept=kept, status=WRONG)
        messages.success(request, gettext(act.done))
        return redirect("case", case_id=found.id)

    return view


def _filled(request: HttpRequest, sent: dict[str, list[str]]) -> object:
    """The form without its empty fields, which mean "not said"."""
    data = request.POST.copy()
    for key in list(data):
        if key not in sent:
            del data[key]
    return data


def _said(errors: dict[str, list[object]]) -> str:
    return " ".join(
        f"{field.replace('_', ' ').capitalize()}: {told[0]}" for field, told in errors.items()
    )


@login_required
@never_cache
@require_GET
def approvals(request: HttpRequest) -> HttpResponse:
    """What waits for this person: cases to approve, case files to release."""
    user = request.user
    assert isinstance(user, User)
    if not (user.may(Permission.APPROVE_CASES) or user.may(Permission.RELEASE_CASE_FILES)):
        raise PermissionDenied(Permission.APPROVE_CASES.value)
    waiting = cases_visible_to(user).filter(state=CaseState.SUBMITTED_FOR_APPROVAL)
    files = CaseFile.objects.filter(
        state=CaseFileState.READY, case__site__in=sites_visible_to(user)
    ).select_related("case__site")
    cases = waiting[:MOST_WAITING] if user.may(Permission.APPROVE_CASES) else []
    context = {
        "waiting": [(one, user.id in confirmers_of(one)) for one in cases],
        "files": files.order_by("written_at")[:MOST_WAITING]
        if user.may(Permission.RELEASE_CASE_FILES)
        else [],
    }
    return render(request, "cases/approvals.html", context)
