"""The legal gate on screen: three steps, what is missing, and every version there was."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently, kept_for, prove_it_is_you
from apps.watchlists.forms import BasisForm, DpiaForm, ReasonForm, SignOffForm
from apps.watchlists.models.gate import LawfulBasis, SpecialCategoryCondition
from apps.watchlists.operations.gate import (
    Basis,
    Dpia,
    GateChange,
    SignOff,
    UnableToChangeGate,
    fill_gate,
    withdraw_gate,
)
from apps.watchlists.queries.gate import (
    STEP_WORDS,
    GateStanding,
    GateStep,
    gate_of,
    gate_versions,
)
from apps.watchlists.views.access import CONFLICT, WRONG, asking
from apps.watchlists.views.tabs import tabs_for

MOST_VERSIONS = 20
FORMS: dict[GateStep, type[forms.Form]] = {
    GateStep.BASIS: BasisForm,
    GateStep.DPIA: DpiaForm,
    GateStep.SIGN_OFF: SignOffForm,
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step as shown: its form, and what it still lacks."""

    number: int
    step: GateStep
    words: str
    form: forms.Form
    is_done: bool


def _basis(data: dict[str, Any]) -> GateChange:
    return Basis(
        lawful_basis=LawfulBasis(data["lawful_basis"]),
        special_category_condition=SpecialCategoryCondition(data["special_category_condition"]),
        basis_text=data["basis_text"].strip(),
    )


CHANGES: dict[GateStep, Callable[[dict[str, Any]], GateChange]] = {
    GateStep.BASIS: _basis,
    GateStep.DPIA: lambda data: Dpia(**data),
    GateStep.SIGN_OFF: lambda data: SignOff(**data),
}


@login_required
@never_cache
@require_GET
def gate(request: HttpRequest) -> HttpResponse:
    """How the gate stands, and its steps for those who fill it."""
    user = asking(request, Permission.VIEW_WATCHLIST)
    return _page(request, user, kept=kept_for(request))


@login_required
@never_cache
@require_POST
def fill(request: HttpRequest, step: str) -> HttpResponse:
    """Fill in one step: the next version of the gate."""
    user = asking(request, Permission.MANAGE_LEGAL_GATE)
    if step not in {one.value for one in GateStep}:
        raise Http404("no such step")
    if not authenticated_recently(request):
        return prove_it_is_you(request, f"{reverse('watchlist-gate')}#{step}")
    form = FORMS[GateStep(step)](request.POST)
    if not form.is_valid():
        return _page(request, user, wrong={GateStep(step): form}, status=WRONG)
    try:
        made = fill_gate(
            actor=actor_of(request),
            user=user,
            change=CHANGES[GateStep(step)](form.cleaned_data),
            instead_of=_instead_of(request),
            now=timezone.now(),
        )
    except UnableToChangeGate as refusal:
        form.add_error(None, str(refusal))
        return _page(request, user, wrong={GateStep(step): form}, status=CONFLICT)
    on = gate_of(user.tenant_id, now=timezone.now()).is_on
    messages.success(
        request,
        gettext("Version %(made_version)s is recorded. Watchlists are %(on_if_on_else_still_off)s.")
        % {"made_version": made.version, "on_if_on_else_still_off": "on" if on else "still off"},
    )
    return redirect("watchlist-gate")


@login_required
@never_cache
@require_POST
def withdraw(request: HttpRequest) -> HttpResponse:
    """Switch watchlists off and end what is in force."""
    user = asking(request, Permission.MANAGE_LEGAL_GATE)
    if not authenticated_recently(request):
        return prove_it_is_you(request, f"{reverse('watchlist-gate')}#withdraw")
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, user, withdrawal=form, status=WRONG)
    try:
        withdraw_gate(
            actor=actor_of(request),
            user=user,
            reason=form.cleaned_data["reason"],
            instead_of=_instead_of(request),
            now=timezone.now(),
        )
    except UnableToChangeGate as refusal:
        form.add_error(None, str(refusal))
        return _page(request, user, withdrawal=form, status=CONFLICT)
    messages.success(
        request, gettext("The gate is withdrawn. Entries have ended, vectors are deleted.")
    )
    return redirect("watchlist-gate")


def _instead_of(request: HttpRequest) -> int:
    text = request.POST.get("instead_of", "")
    return int(text) if text.isdecimal() and len(text) < 10 else -1


def _page(
    request: HttpRequest,
    user: User,
    *,
    wrong: dict[GateStep, forms.Form] | None = None,
    withdrawal: ReasonForm | None = None,
    kept: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    standing = gate_of(user.tenant_id, now=timezone.now())
    context = {
        "tabs": tabs_for(request),
        "standing": standing,
        "latest": standing.latest,
        "steps": _steps(standing, wrong or {}, kept or {}),
        "withdrawal": withdrawal or ReasonForm(initial=kept),
        "versions": gate_versions(user.tenant_id)[:MOST_VERSIONS],
        "may_fill": user.may(Permission.MANAGE_LEGAL_GATE),
        "is_recent": authenticated_recently(request),
    }
    return render(request, "watchlists/gate.html", context, status=status)


def _steps(
    standing: GateStanding, wrong: dict[GateStep, forms.Form], kept: dict[str, Any]
) -> list[Step]:
    latest = standing.latest
    return [
        Step(
            number=number,
            step=step,
            words=gettext(STEP_WORDS[step]),
            form=wrong.get(step)
            or FORMS[step](
                initial={name: getattr(latest, name, "") for name in FORMS[step].base_fields}
                | kept,
                auto_id=f"{step}_%s",
            ),
            is_done=step not in standing.incomplete,
        )
        for number, step in enumerate(GateStep, start=1)
    ]
