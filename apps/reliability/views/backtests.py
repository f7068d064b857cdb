"""Backtests on screen: starting one, following it, and its report side by side."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.reliability.forms.activation import BacktestForm
from apps.reliability.models import Backtest, CostModelVersion, TriagePolicyVersion
from apps.reliability.operations import UnableToBacktest, request_backtest
from apps.reliability.queries.backtest_words import (
    changes_matrix,
    dimensions_of,
    figure_rows,
    outcome_rows,
    segment_rows,
)
from apps.reliability.queries.fairness import samples_of
from apps.reliability.tabs import tabs_for
from apps.reliability.views.policy import keeper
from apps.sites.models import Camera, Site
from apps.triage.backtest_report import BacktestReport
from apps.triage.decoding import UnableToDecode, decode

PAGE_ROWS = 25
WRONG = 422


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def backtests(request: HttpRequest) -> HttpResponse:
    """Every backtest, newest first, and the form that starts one."""
    user = keeper(request)
    if request.method == "GET":
        initial = BacktestForm.last_quarter(timezone.now().date())
        return _list(request, user, BacktestForm(initial=initial))
    form = BacktestForm(request.POST)
    if not form.is_valid():
        return _list(request, user, form, status=WRONG)
    try:
        made = request_backtest(
            actor=actor_of(request),
            user=user,
            period=form.cleaned_data["period"],
            cost_model=_chosen(CostModelVersion, user, form.cleaned_data["cost_model"]),
            triage_policy=_chosen(TriagePolicyVersion, user, form.cleaned_data["triage_policy"]),
            now=timezone.now(),
        )
    except UnableToBacktest as refusal:
        form.add_error(None, str(refusal))
        return _list(request, user, form, status=WRONG)
    return redirect("reliability-backtest", backtest_id=made.id)


@login_required
@never_cache
@require_GET
def backtest(request: HttpRequest, backtest_id: UUID) -> HttpResponse:
    """One backtest: how far it is, why it failed, or what it found."""
    user = keeper(request)
    found = get_object_or_404(
        Backtest.objects.select_related("cost_model", "triage_policy"),
        id=backtest_id,
        tenant_id=user.tenant_id,
    )
    context = {"tabs": tabs_for(request), "backtest": found} | _report(request, user, found)
    template = "_backtest.html" if request.htmx else "backtest.html"  # type: ignore[attr-defined]
    return render(request, f"reliability/{template}", context)


def _list(
    request: HttpRequest, user: User, form: BacktestForm, *, status: int = 200
) -> HttpResponse:
    rows = Backtest.objects.filter(tenant_id=user.tenant_id)
    rows = rows.select_related("cost_model", "triage_policy").defer("result")
    context = {
        "tabs": tabs_for(request),
        "form": form,
        "page": Paginator(rows, PAGE_ROWS).get_page(request.GET.get("page")),
        "cost_models": CostModelVersion.objects.filter(tenant_id=user.tenant_id),
        "triage_policies": TriagePolicyVersion.objects.filter(tenant_id=user.tenant_id),
        "chosen": {str(form["cost_model"].value()), str(form["triage_policy"].value())},
    }
    return render(request, "reliability/backtests.html", context, status=status)


def _chosen(model: Any, user: User, wanted: UUID | None) -> Any:
    """The version of this tenant; one that does not exist is refused in words."""
    if wanted is None:
        return None
    found = model.objects.filter(tenant_id=user.tenant_id, id=wanted).first()
    if found is None:
        raise UnableToBacktest(gettext("There is no such version."))
    return found


def _report(request: HttpRequest, user: User, found: Backtest) -> dict[str, Any]:
    if found.state != Backtest.State.DONE:
        return {}
    try:
        report = decode(BacktestReport, found.result)
    except UnableToDecode:
        return {"unreadable": True}
    dimensions = dimensions_of(report)
    wanted = request.GET.get("by", "site")
    by = wanted if wanted in dict(dimensions) else "site"
    return {
        "report": report,
        "outcomes": outcome_rows(report),
        "figures": figure_rows(report.by_draft_model, currency=report.currency),
        "figures_by_active": _by_active(report),
        "matrix": changes_matrix(report),
        "dimensions": dimensions,
        "by": by,
        "segments": segment_rows(report, dimension=by, names=_names(user, by)),
        "sample": samples_of(user.tenant_id).first(),
    }


def _by_active(report: BacktestReport) -> list[Any]:
    """The same figures by the active cost model, where it is another one."""
    if report.by_active_model.measured_by == report.by_draft_model.measured_by:
        return []
    return figure_rows(report.by_active_model, currency=report.currency)


def _names(user: User, dimension: str) -> dict[str, str]:
    if dimension == "site":
        sites = Site.objects.filter(tenant_id=user.tenant_id)
        return {str(site.id): site.name for site in sites}
    if dimension == "camera":
        cameras = Camera.objects.filter(tenant_id=user.tenant_id).select_related("site")
        return {str(one.id): f"{one.name}, {one.site.name}" for one in cameras}
    return {}
