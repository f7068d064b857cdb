"""Correcting a decision on screen: before and after, what rests on it, and whom to tell."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently, kept_for, prove_it_is_you
from apps.alerts.models import Alert
from apps.alerts.queries import alerts_visible_to
from apps.cases.corrections import (
    UnableToTell,
    consequences_of,
    correct_decision,
    corrected_at,
    is_reversal,
    record_told,
)
from apps.cases.models import CaseFile
from apps.reviews.operations.correcting import (
    LONGEST_REASON,
    SHORTEST_REASON,
    UnableToCorrect,
    objection_to_correcting,
)
from apps.reviews.queries import standing_disposition
from apps.sites.queries import allows
from apps.triage.states import Verdict

WRONG, CONFLICT = 422, 409
WORDS = {
    Verdict.FALSE_ALARM: _("False alarm"),
    Verdict.BENIGN_EXPLAINED: _("Explained, benign"),
    Verdict.INCONCLUSIVE: _("Inconclusive"),
}


class CorrectionForm(forms.Form):
    """The verdict that replaces the standing one, and why."""

    verdict = forms.ChoiceField(
        label=_("What it was"), choices=[(verdict.value, words) for verdict, words in WORDS.items()]
    )
    reason = forms.CharField(
        label=_("Why the decision is corrected"),
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What was seen or learned since, not who somebody is. Kept with the record."),
    )


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def correct_alert(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """What would change (GET), the correction (POST), and afterwards whom to tell."""
    user, alert = _alert_for(request, alert_id)
    form = CorrectionForm(request.POST or None, initial=kept_for(request))
    if request.method == "GET" or not form.is_valid():
        return _page(request, user, alert, form, status=WRONG if form.is_bound else 200)
    if not authenticated_recently(request):
        return prove_it_is_you(request, request.path)
    try:
        correct_decision(
            actor=actor_of(request),
            user=user,
            alert=alert,
            verdict=Verdict(form.cleaned_data["verdict"]),
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        )
    except UnableToCorrect as refusal:
        form.add_error(None, refusal.sentence)
        return _page(request, user, alert, form, status=CONFLICT)
    messages.success(
        request,
        gettext("The decision about %(alert_reference)s is corrected.")
        % {"alert_reference": alert.reference},
    )
    return redirect("alert-correct", alert_id=alert.id)


@login_required
@require_POST
def recipient_told(request: HttpRequest, alert_id: UUID, file_id: UUID) -> HttpResponse:
    """Note that a recipient knows of the correction."""
    user, alert = _alert_for(request, alert_id)
    file = get_object_or_404(CaseFile, id=file_id, case__incidents__alert=alert)
    try:
        record_told(
            actor=actor_of(request),
            user=user,
            alert=alert,
            file=file,
            account=request.POST.get("account", ""),
        )
    except UnableToTell as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            gettext("%(file_recipient)s was told; it is in the record.")
            % {"file_recipient": file.recipient},
        )
    return redirect("alert-correct", alert_id=alert.id)


def _page(
    request: HttpRequest, user: User, alert: Alert, form: CorrectionForm, *, status: int
) -> HttpResponse:
    standing = standing_disposition(alert)
    refusal = objection_to_correcting(user=user, alert=alert, standing=standing)
    context: dict[str, Any] = {
        "alert": alert,
        "standing": standing,
        "history": alert.dispositions.order_by("decided_at"),
        "consequences": consequences_of(alert, since=corrected_at(alert)),
        "is_reversed": standing is not None and is_reversal(standing),
        "is_corrected": corrected_at(alert) is not None,
        "form": form,
        "refusal": refusal.sentence if refusal else "",
        "zone": alert.site.timezone,
    }
    return render(request, "cases/correct.html", context, status=status)


def _alert_for(request: HttpRequest, alert_id: UUID) -> tuple[User, Alert]:
    user = request.user
    assert isinstance(user, User)
    alert = get_object_or_404(alerts_visible_to(user).select_related("site", "camera"), id=alert_id)
    if not allows(user, Permission.CORRECT_DECISIONS, alert.site_id):
        raise PermissionDenied(Permission.CORRECT_DECISIONS.value)
    return user, alert
