"""The records of alerts on screen: the list with its backlog, one record, its PDFs, and checking them."""

from datetime import date, timedelta
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.cases.dossier.checking import check_dossier
from apps.cases.dossier.explanation import explanation_for_person
from apps.cases.dossier.operations import record_read
from apps.cases.dossier.record import dossier_record
from apps.cases.dossier.requests import request_dossier
from apps.cases.dossier.standing import (
    IN_ANALYSIS,
    alerts_with_records,
    backlog_of,
    record_standing,
    versions_of,
    without_pdf,
)
from apps.evidence.documents.certificates import UnableToSign, organisation_seal
from apps.evidence.models import EvidenceItem
from apps.sites.queries import allows, sites_visible_to
from apps.triage.states import AlertState

PAGE_ROWS = 50
LOOKS_BACK = timedelta(days=7)
_STATES = [(one.value, one.value.replace("_", " ")) for one in AlertState if one not in IN_ANALYSIS]


class DossierFilter(forms.Form):
    """Which records are listed; what is left empty narrows nothing."""

    site = forms.UUIDField(required=False)
    state = forms.ChoiceField(required=False, choices=[("", _("Any state")), *_STATES])
    day = forms.DateField(required=False)
    pdf = forms.ChoiceField(
        required=False,
        choices=[("", _("With or without")), ("with", _("With")), ("without", _("Without"))],
    )

    def narrowed(self, alerts: QuerySet[Alert]) -> QuerySet[Alert]:
        """The alerts that fit; a value that cannot be read narrows nothing and is shown as wrong."""
        self.is_valid()
        asked = self.cleaned_data
        if asked.get("site"):
            alerts = alerts.filter(site_id=asked["site"])
        if asked.get("state"):
            alerts = alerts.filter(state=asked["state"])
        if asked.get("day"):
            day: date = asked["day"]
            alerts = alerts.filter(received_at__date=day)
        if asked.get("pdf") == "without":
            alerts = without_pdf(alerts)
        elif asked.get("pdf") == "with":
            alerts = alerts.exclude(id__in=without_pdf(alerts).values("id"))
        return alerts


@login_required
@never_cache
@require_GET
def dossiers(request: HttpRequest) -> HttpResponse:
    """Every alert that left analysis, whether its record has a PDF, how many wait, and the counter that must be 0."""
    user = _viewer(request)
    form = DossierFilter(request.GET)
    found = form.narrowed(alerts_with_records(user))
    address = request.GET.copy()
    address.pop("page", None)
    context = {
        "page": Paginator(found, PAGE_ROWS).get_page(request.GET.get("page")),
        "form": form,
        "address": address.urlencode(),
        "sites": sites_visible_to(user),
        "backlog": backlog_of(tenant_id=user.tenant_id),
        "standing": record_standing(tenant_id=user.tenant_id, since=timezone.now() - LOOKS_BACK),
        "seal": _seal(),
    }
    return render(request, "cases/dossiers.html", context)


@login_required
@never_cache
@require_GET
def dossier(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """The record of one alert as it stands now, and the PDFs that were made of it."""
    alert = _alert_for(request, alert_id)
    record_read(actor=actor_of(request), alert=alert, form="page")
    context = {
        "alert": alert,
        "record": dossier_record(alert=alert, now=timezone.now()),
        "versions": versions_of(alert),
        "zone": alert.site.timezone,
    }
    return render(request, "cases/dossier.html", context)


@login_required
@require_POST
def render_now(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """Have the PDF made again, as of now."""
    alert = _alert_for(request, alert_id)
    request_dossier(actor=actor_of(request), alert=alert)
    messages.success(
        request, f"The dossier of {alert.reference} is being rendered. It appears here."
    )
    return redirect("dossier", alert_id=alert.id)


@login_required
@require_POST
def check(request: HttpRequest, alert_id: UUID, item_id: UUID) -> HttpResponse:
    """Check one stored PDF: digest, signature, chain."""
    alert = _alert_for(request, alert_id)
    item = get_object_or_404(EvidenceItem, id=item_id, alert=alert, kind="dossier")
    found = check_dossier(actor=actor_of(request), item=item)
    words = "; ".join(f"{one.what}: {one.words}" for one in found.findings)
    if found.holds:
        messages.success(request, f"The dossier holds. {words}.")
    else:
        messages.error(request, f"The dossier does not hold. {words}.")
    return redirect("dossier", alert_id=alert.id)


@login_required
@never_cache
@require_GET
def explanation(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """The plain-language explanation for the person, as a signed PDF that names nobody."""
    alert = _alert_for(request, alert_id)
    try:
        made = explanation_for_person(alert, now=timezone.now())
    except UnableToSign as refusal:
        messages.error(request, f"The explanation was not made. {refusal}")
        return redirect("dossier", alert_id=alert.id)
    record_read(actor=actor_of(request), alert=alert, form="explanation")
    response = HttpResponse(made.pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="explanation-{alert.reference}.pdf"'
    return response


def _viewer(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)
    if not user.may(Permission.VIEW_EVIDENCE):
        raise PermissionDenied(Permission.VIEW_EVIDENCE.value)
    return user


def _alert_for(request: HttpRequest, alert_id: UUID) -> Alert:
    """The alert whose record this person may see: 404 to strangers, 403 to those who may not look."""
    user = request.user
    assert isinstance(user, User)
    visible = Alert.objects.filter(tenant_id=user.tenant_id, site__in=sites_visible_to(user))
    found = get_object_or_404(visible.select_related("site", "camera", "clip"), id=alert_id)
    if not allows(user, Permission.VIEW_EVIDENCE, found.site_id):
        raise PermissionDenied(Permission.VIEW_EVIDENCE.value)
    if found.hides_proposal and user.may(Permission.DECIDE):
        raise PermissionDenied("shown after it is judged")
    return found


def _seal() -> dict[str, object]:
    """Who signs documents, or why nobody can."""
    try:
        seal = organisation_seal(now=timezone.now())
    except UnableToSign as refusal:
        return {"problem": str(refusal)}
    return {"words": seal.words, "until": seal.certificate.not_valid_after_utc}
