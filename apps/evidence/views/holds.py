"""Holds on screen: place one, see them all, release one."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.actors import actor_of
from apps.accounts.permissions import Permission
from apps.accounts.queries import name_of
from apps.accounts.sessions import authenticated_recently, kept_for, prove_it_is_you
from apps.evidence.forms import HoldForm, ReleaseForm
from apps.evidence.operations.holds import UnableToHold, place_hold, release_hold
from apps.evidence.queries.holds import holds_visible_to, items_of
from apps.evidence.views.access import CONFLICT, WRONG, asking, hold_for, target_for
from apps.triage.states import HoldState

PAGE_ROWS = 50


@login_required
@never_cache
@require_GET
def holds(request: HttpRequest) -> HttpResponse:
    """The holds at the person's sites, newest first; `?all=1` shows released ones too."""
    user = asking(request, Permission.VIEW_EVIDENCE)
    rows = holds_visible_to(user)
    with_released = bool(request.GET.get("all"))
    if not with_released:
        rows = rows.filter(state=HoldState.IN_FORCE)
    page = Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [
            (hold, name_of(hold.placed_by), name_of(hold.released_by) if hold.released_by else "")
            for hold in page
        ],
        "with_released": with_released,
        "may_hold": user.may(Permission.HOLD_EVIDENCE),
    }
    return render(request, "evidence/holds.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def place(request: HttpRequest, thing: str, thing_id: UUID) -> HttpResponse:
    """Hold a file, everything of an alert, or everything of a case."""
    _, target = target_for(request, thing, thing_id)
    form = HoldForm(request.POST or None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                place_hold(
                    actor=actor_of(request),
                    reason=form.cleaned_data["reason"],
                    now=timezone.now(),
                    **target,
                )
            except UnableToHold as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(
                    request, gettext("Held. Nothing of it is deleted until a person releases it.")
                )
                return redirect(_back(thing, thing_id))
        status = WRONG
    context = {"form": form, "thing": thing, "back": _back(thing, thing_id)}
    return render(request, "evidence/hold_new.html", context, status=status)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def release(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    """One hold: who placed it and why; released with a reason and fresh authentication."""
    _, hold = hold_for(request, hold_id)
    form = ReleaseForm(request.POST or kept_for(request) or None)
    status = 200
    if request.method == "POST":
        if not form.is_valid():
            status = WRONG
        elif not authenticated_recently(request):
            return prove_it_is_you(request, request.path)
        else:
            try:
                release_hold(
                    actor=actor_of(request),
                    hold=hold,
                    reason=form.cleaned_data["reason"],
                    now=timezone.now(),
                )
            except UnableToHold as refusal:
                form.add_error(None, str(refusal))
                status = CONFLICT
            else:
                messages.success(
                    request, gettext("Released. The period of each file counts again.")
                )
                return redirect("holds")
    context = {
        "hold": hold,
        "form": form,
        "placed_by": name_of(hold.placed_by),
        "released_by": name_of(hold.released_by) if hold.released_by else "",
        "covered": items_of(hold).count(),
    }
    return render(request, "evidence/hold.html", context, status=status)


def _back(thing: str, thing_id: UUID) -> str:
    return reverse(
        {"item": "evidence-about", "alert": "alert", "case": "case"}[thing], args=[thing_id]
    )
