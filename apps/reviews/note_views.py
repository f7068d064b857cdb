"""Notes on an alert: read, written and rewritten on its page."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.alerts.queries import alerts_visible_to
from apps.reviews.note_queries import notes_of, wording_of
from apps.reviews.operations.notes import LONGEST, UnableToNote, write_note
from apps.sites.queries import allows

WRONG = 422


class NoteForm(forms.Form):
    """The words, and the wording they stand in for; how long they may be is the operation's question."""

    text = forms.CharField(required=False, strip=False)
    instead_of = forms.UUIDField(required=False)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def notes(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """The notes of an alert (GET), one more or a new wording (POST)."""
    user = request.user
    assert isinstance(user, User)
    alerts = alerts_visible_to(user).select_related("site", "camera")
    alert = get_object_or_404(alerts, id=alert_id)
    context = {
        "alert": alert,
        "part": "reviews/_notes.html",
        "longest": LONGEST,
        "may_write": allows(user, Permission.DECIDE, alert.site_id),
    }
    if request.method == "POST":
        refusal = _write(request, user, alert)
        if refusal is None:
            messages.success(request, gettext("The note is kept."))
            return redirect("alert", alert_id=alert.id)
        context |= {"refusal": refusal, "text": request.POST.get("text", "")}
    context["notes"] = notes_of(alert)
    whole = request.method == "POST" or not request.htmx  # type: ignore[attr-defined]
    template = "console/alert_part.html" if whole else "reviews/_notes.html"
    return render(request, template, context, status=WRONG if "refusal" in context else 200)


def _write(request: HttpRequest, user: User, alert: Alert) -> str | None:
    """Keep what was sent; the sentence of a refusal, or None."""
    form = NoteForm(request.POST)
    if not form.is_valid():
        raise Http404("no such note")
    instead_of = None
    if wanted := form.cleaned_data["instead_of"]:
        instead_of = wording_of(alert, wanted)
        if instead_of is None:
            raise Http404("no such note")
    try:
        write_note(
            actor=actor_of(request),
            user=user,
            alert=alert,
            text=form.cleaned_data["text"],
            instead_of=instead_of,
            now=timezone.now(),
        )
    except UnableToNote as refusal:
        if refusal.forbidden:
            raise PermissionDenied(Permission.DECIDE.value) from refusal
        return refusal.sentence
    return None
