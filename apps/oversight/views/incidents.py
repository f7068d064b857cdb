"""Incidents of the system: reported from anywhere, followed with their clocks, closed with findings."""

from datetime import UTC, datetime
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
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
from apps.alerts.queries import alerts_visible_to
from apps.audit.events import Event, Subject
from apps.audit.operations import record
from apps.oversight.forms import FindingsForm, IncidentForm, NotifiedForm
from apps.oversight.models import Seriousness, SystemIncident
from apps.oversight.operations.incidents import (
    IncidentReport,
    UnableToReport,
    close_incident,
    note_authority_told,
    report_incident,
)
from apps.oversight.queries.incidents import incidents_visible_to
from apps.oversight.views.access import CONFLICT, WRONG, asking

MOST_SHOWN = 100
REFERENCE_DIGITS = 8


@login_required
@never_cache
@require_GET
def incidents(request: HttpRequest) -> HttpResponse:
    """What was reported, the open ones with their deadlines first."""
    user = asking(request, Permission.VIEW_OVERSIGHT)
    rows = incidents_visible_to(user).order_by("closed_at", "due_at", "-reported_at")[:MOST_SHOWN]
    context = {
        "incidents": rows,
        "now": timezone.now(),
        "may_report": user.may(Permission.REPORT_SYSTEM_INCIDENT),
        "sees_all": user.may(Permission.MANAGE_OVERSIGHT),
    }
    return render(request, "oversight/incidents.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def incident_report(request: HttpRequest) -> HttpResponse:
    """Report an incident; `?alert=` names the alert it is about."""
    user = asking(request, Permission.REPORT_SYSTEM_INCIDENT)
    if request.method != "POST":
        now = timezone.now().astimezone(UTC)
        initial = {"alerts": request.GET.get("alert", ""), "aware_at": now}
        return render(
            request, "oversight/incident_report.html", {"form": IncidentForm(initial=initial)}
        )
    form = IncidentForm(request.POST)
    if form.is_valid():
        try:
            incident = report_incident(
                actor=actor_of(request),
                user=user,
                report=_report(user, form),
                now=timezone.now(),
            )
        except (UnableToReport, ValueError) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, gettext("Reported. Everything of its alerts is on hold."))
            return redirect("system-incident", incident.id)
    return render(request, "oversight/incident_report.html", {"form": form}, status=WRONG)


@login_required
@never_cache
@require_GET
def incident(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """One incident; looking at it is recorded, because it may tell of people."""
    user = asking(request, Permission.VIEW_OVERSIGHT)
    found = get_object_or_404(incidents_visible_to(user), id=incident_id)
    with transaction.atomic():
        record(
            actor=actor_of(request),
            event=Event.SYSTEM_INCIDENT_VIEWED,
            subject=Subject("system_incident", found.id),
        )
    return _page(request, user, found)


@login_required
@require_POST
def incident_notified(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """An authority was told."""
    user = asking(request, Permission.MANAGE_OVERSIGHT)
    found = get_object_or_404(incidents_visible_to(user), id=incident_id)
    form = NotifiedForm(request.POST)
    if not form.is_valid():
        return _page(request, user, found, notified=form, status=WRONG)
    try:
        note_authority_told(
            actor=actor_of(request),
            incident=found,
            whom=form.cleaned_data["whom"],
            now=timezone.now(),
        )
    except UnableToReport as refusal:
        form.add_error(None, str(refusal))
        return _page(request, user, found, notified=form, status=CONFLICT)
    return redirect("system-incident", found.id)


@login_required
@require_POST
def incident_close(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Close it with what was found. Holds stay."""
    user = asking(request, Permission.MANAGE_OVERSIGHT)
    found = get_object_or_404(incidents_visible_to(user), id=incident_id)
    form = FindingsForm(request.POST)
    if not form.is_valid():
        return _page(request, user, found, findings=form, status=WRONG)
    try:
        close_incident(
            actor=actor_of(request),
            user=user,
            incident=found,
            findings=form.cleaned_data["findings"],
            now=timezone.now(),
        )
    except UnableToReport as refusal:
        form.add_error(None, str(refusal))
        return _page(request, user, found, findings=form, status=CONFLICT)
    return redirect("system-incident", found.id)


def _page(
    request: HttpRequest,
    user: User,
    found: SystemIncident,
    *,
    notified: forms.Form | None = None,
    findings: forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "incident": found,
        "alerts": alerts_visible_to(user).filter(id__in=found.alert_ids).select_related("camera"),
        "notified": notified or NotifiedForm(),
        "findings": findings or FindingsForm(),
        "may_manage": user.may(Permission.MANAGE_OVERSIGHT),
        "now": timezone.now(),
    }
    return render(request, "oversight/incident.html", context, status=status)


def _report(user: User, form: IncidentForm) -> IncidentReport:
    stated = form.cleaned_data
    aware: datetime = stated["aware_at"]
    return IncidentReport(
        what=stated["what"],
        seriousness=Seriousness(stated["seriousness"]),
        aware_at=min(aware, timezone.now()) if _is_this_minute(aware) else aware,
        alerts=_alerts(user, stated["alerts"]),
    )


def _is_this_minute(at: datetime) -> bool:
    """A browser sends minutes; the form may be quicker than they are."""
    return abs((timezone.now() - at).total_seconds()) < 60


def _alerts(user: User, text: str) -> list[Alert]:
    """The alerts named by reference or id. Raises UnableToReport for one this person does not see, or several do fit."""
    found: dict[UUID, Alert] = {}
    for word in dict.fromkeys(text.replace(",", " ").split()):
        alerts = list(alerts_visible_to(user).filter(id__range=_span(word))[:2])
        if len(alerts) != 1:
            raise UnableToReport(
                gettext("%(word_40)s is not known where you work.") % {"word_40": word[:40]}
            )
        found[alerts[0].id] = alerts[0]
    return list(found.values())


def _span(word: str) -> tuple[UUID, UUID]:
    """The first and the last id the word may mean: "A-1A2B3C4D" means all that begin so."""
    digits = word.lower().removeprefix("a-") if word[:2].lower() == "a-" else word
    try:
        if len(digits) == REFERENCE_DIGITS:
            return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
        return UUID(digits), UUID(digits)
    except ValueError:
        raise UnableToReport(
            gettext("%(word_40)s is no alert: name alerts as on their page, such as A-1A2B3C4D.")
            % {"word_40": word[:40]}
        ) from None
