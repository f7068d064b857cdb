"""Interventions on screen: the list, those of one alert, and one with what was recorded of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.alerts.queries import alerts_visible_to
from apps.reviews.intervention_forms import (
    AuthoriseForm,
    ComplaintForm,
    InterventionFilterForm,
    OutcomeForm,
    SettlementForm,
)
from apps.reviews.intervention_queries import (
    confirmed_lately,
    entries_of,
    find_interventions,
    interventions_of,
    interventions_visible_to,
)
from apps.reviews.models import (
    EntryStep,
    Intervention,
    InterventionEntry,
    InterventionKind,
    InterventionOutcome,
)
from apps.reviews.operations import (
    UnableToIntervene,
    note_intervention_view,
    record_complaint,
    record_intervention,
    record_outcome,
    settle_complaint,
)
from apps.reviews.operations.interventions import CONFIRMATION_LASTS
from apps.sites.queries import allows

PAGE_ROWS = 50
WRONG, CONFLICT = 422, 409


@login_required
@never_cache
@require_GET
def interventions(request: HttpRequest) -> HttpResponse:
    """What was done on the floor at the person's sites, newest first."""
    user = _viewer(request)
    form = InterventionFilterForm(request.GET, user=user)
    found = find_interventions(user, form.filters())
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    address = request.GET.copy()
    address.pop("page", None)
    context = {
        "form": form,
        "page": page,
        "address": address.urlencode(),
        "is_filtered": any(address.values()),
    }
    return render(request, "reviews/interventions.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def alert_interventions(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """What an alert led to on the floor, and authorising something more."""
    user = _viewer(request)
    alerts = alerts_visible_to(user).select_related("site", "camera")
    alert = get_object_or_404(alerts, id=alert_id)
    if request.method != "POST":
        return _of_alert(request, user, alert, AuthoriseForm())
    if not allows(user, Permission.DECIDE, alert.site_id):
        raise PermissionDenied(Permission.DECIDE.value)
    form = AuthoriseForm(request.POST)
    if not form.is_valid():
        return _of_alert(request, user, alert, form, status=WRONG)
    kind = InterventionKind(form.cleaned_data["kind"])
    try:
        made = record_intervention(
            actor=actor_of(request), user=user, alert=alert, kind=kind, now=timezone.now()
        )
    except UnableToIntervene as refusal:
        form.add_error(None, refusal.sentence)
        return _of_alert(request, user, alert, form, status=CONFLICT)
    messages.success(
        request,
        gettext("%(made_reference)s is recorded. Record its outcome when you know it.")
        % {"made_reference": made.reference},
    )
    return redirect("intervention", made.id)


@login_required
@never_cache
@require_GET
def intervention(request: HttpRequest, intervention_id: UUID) -> HttpResponse:
    """One intervention. Looking is recorded: a complaint tells of a person."""
    user, found = _intervention(request, intervention_id)
    note_intervention_view(actor=actor_of(request), intervention=found)
    return _page(request, user, found)


@login_required
@require_POST
def outcome(request: HttpRequest, intervention_id: UUID) -> HttpResponse:
    """Record or correct how it ended."""
    user, found = _to_record(request, intervention_id)

    def work(asked: dict[str, Any], **who: Any) -> None:
        record_outcome(outcome=InterventionOutcome(asked.pop("outcome")), **asked, **who)

    return _record(request, user, found, OutcomeForm(request.POST), EntryStep.OUTCOME, work)


@login_required
@require_POST
def complaint(request: HttpRequest, intervention_id: UUID) -> HttpResponse:
    """Record a complaint, or correct its words."""
    user, found = _to_record(request, intervention_id)

    def work(asked: dict[str, Any], **who: Any) -> None:
        record_complaint(**asked, **who)

    return _record(request, user, found, ComplaintForm(request.POST), EntryStep.COMPLAINT, work)


@login_required
@require_POST
def settlement(request: HttpRequest, intervention_id: UUID) -> HttpResponse:
    """Record or correct how a complaint was settled, and what that cost."""
    user, found = _to_record(request, intervention_id)
    form = SettlementForm(request.POST, currency=user.tenant.currency)

    def work(asked: dict[str, Any], **who: Any) -> None:
        settle_complaint(**asked, **who)

    return _record(request, user, found, form, EntryStep.SETTLEMENT, work)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One thing to record of an intervention: what stands, what stood before, and the form for what comes next."""

    step: EntryStep
    title: str
    standing: InterventionEntry | None
    earlier: list[InterventionEntry]
    form: forms.Form
    button: str
    waits: str = ""


_TITLES = {
    EntryStep.OUTCOME: (
        gettext_noop("Outcome"),
        gettext_noop("Record the outcome"),
        gettext_noop("Correct the outcome"),
    ),
    EntryStep.COMPLAINT: (
        gettext_noop("Complaint"),
        gettext_noop("Record a complaint"),
        gettext_noop("Correct the complaint"),
    ),
    EntryStep.SETTLEMENT: (
        gettext_noop("Settlement"),
        gettext_noop("Record the settlement"),
        gettext_noop("Correct the settlement"),
    ),
}


def _parts(
    user: User, found: Intervention, refused: tuple[EntryStep, forms.Form] | None
) -> list[Part]:
    entries = list(entries_of(found))
    parts = []
    for step, (title, first, again) in _TITLES.items():
        own = [one for one in entries if one.step == step]
        standing = next((one for one in own if not hasattr(one, "superseded_by")), None)
        form = refused[1] if refused and refused[0] is step else _form(user, step, standing)
        early = step is EntryStep.SETTLEMENT and found.complaint_at is None
        parts.append(
            Part(
                step=step,
                title=gettext(title),
                standing=standing,
                earlier=[one for one in own if one is not standing],
                form=form,
                button=gettext(again if standing else first),
                waits=gettext("Nothing to settle: no complaint is recorded.") if early else "",
            )
        )
    return parts


def _form(user: User, step: EntryStep, standing: InterventionEntry | None) -> forms.Form:
    """An empty form; a correction begins with what stands, and asks for its own reason."""
    prefix: dict[str, Any] = {"auto_id": f"id_{step.value}_%s"}
    initial = {"instead_of": standing.id} if standing else {}
    if step is EntryStep.OUTCOME:
        form: forms.Form = OutcomeForm(
            initial=initial | ({"outcome": standing.outcome} if standing else {}), **prefix
        )
        if standing is None:
            form.fields["outcome"].choices = [  # type: ignore[attr-defined]
                one for one in InterventionOutcome.choices if one[0] != "not_known"
            ]
        return form
    if step is EntryStep.COMPLAINT:
        return ComplaintForm(initial=initial, **prefix)
    cost = {"cost": standing.cost} if standing else {}
    return SettlementForm(initial=initial | cost, currency=user.tenant.currency, **prefix)


def _record(
    request: HttpRequest,
    user: User,
    found: Intervention,
    form: forms.Form,
    step: EntryStep,
    work: Callable[..., None],
) -> HttpResponse:
    form.auto_id = f"id_{step.value}_%s"
    if not form.is_valid():
        return _page(request, user, found, refused=(step, form), status=WRONG)
    try:
        work(
            dict(form.cleaned_data),
            actor=actor_of(request),
            user=user,
            intervention=found,
            now=timezone.now(),
        )
    except UnableToIntervene as refusal:
        form.add_error(None, refusal.sentence)
        return _page(request, user, found, refused=(step, form), status=CONFLICT)
    messages.success(request, gettext("%(step_label)s: recorded.") % {"step_label": step.label})
    return redirect("intervention", found.id)


def _page(
    request: HttpRequest,
    user: User,
    found: Intervention,
    *,
    refused: tuple[EntryStep, forms.Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "intervention": found,
        "alert": found.alert,
        "zone": found.alert.site.timezone,
        "parts": _parts(user, found, refused),
        "may_record": allows(user, Permission.RECORD_INTERVENTIONS, found.alert.site_id),
        "refused_step": refused[0] if refused else "",
    }
    return render(request, "reviews/intervention.html", context, status=status)


def _of_alert(
    request: HttpRequest, user: User, alert: Alert, form: AuthoriseForm, *, status: int = 200
) -> HttpResponse:
    may = allows(user, Permission.DECIDE, alert.site_id)
    since = timezone.now() - CONFIRMATION_LASTS
    context = {
        "alert": alert,
        "zone": alert.site.timezone,
        "acts": list(interventions_of(alert)),
        "form": form if may and alert.dispositions.exists() else None,
        "is_fresh": may and confirmed_lately(alert, since=since),
        "minutes": int(CONFIRMATION_LASTS.total_seconds() // 60),
    }
    return render(request, "reviews/alert_interventions.html", context, status=status)


def _viewer(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)
    if not user.may(Permission.VIEW_ALERTS):
        raise PermissionDenied(Permission.VIEW_ALERTS.value)
    return user


def _intervention(request: HttpRequest, intervention_id: UUID) -> tuple[User, Intervention]:
    """One at the person's sites: 404 to strangers, 403 to those who may not look."""
    user = request.user
    assert isinstance(user, User)
    found = get_object_or_404(interventions_visible_to(user), id=intervention_id)
    return _viewer(request), found


def _to_record(request: HttpRequest, intervention_id: UUID) -> tuple[User, Intervention]:
    user, found = _intervention(request, intervention_id)
    if not allows(user, Permission.RECORD_INTERVENTIONS, found.alert.site_id):
        raise PermissionDenied(Permission.RECORD_INTERVENTIONS.value)
    return user, found
