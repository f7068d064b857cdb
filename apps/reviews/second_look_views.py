"""Asking for a second look, on screen and through the API."""

from uuid import UUID

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
from apps.alerts.queries import alerts_visible_to
from apps.reviews.models import HumanTask
from apps.reviews.operations import UnableToTakeTask, ask_for_second_look
from apps.reviews.operations.second_looks import LONGEST
from apps.reviews.queries import open_task_of
from apps.sites.queries import allows

WRONG = 422


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def second_look(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """Say what somebody else should look at (GET), and hand the alert on (POST)."""
    user = request.user
    assert isinstance(user, User)
    task = _task(user, alert_id)
    context = {"alert": task.alert, "part": "reviews/_second_look.html", "longest": LONGEST}
    if request.method == "POST":
        reason = request.POST.get("reason", "")
        try:
            other = ask_for_second_look(
                actor=actor_of(request), user=user, task=task, reason=reason, now=timezone.now()
            )
        except UnableToTakeTask as refusal:
            context |= {"refusal": refusal.sentence, "reason": reason}
        else:
            who = other.display_name if other else "whoever is free"
            messages.success(
                request,
                gettext("%(task_alert_reference)s goes to %(who)s for a second look.")
                % {"task_alert_reference": task.alert.reference, "who": who},
            )
            return redirect("queue")
    template = "reviews/decision.html"
    if request.method == "GET" and request.htmx:  # type: ignore[attr-defined]
        template = "reviews/_decision.html"
    return render(request, template, context, status=WRONG if "refusal" in context else 200)


def _task(user: User, alert_id: UUID) -> HumanTask:
    alert = get_object_or_404(alerts_visible_to(user).select_related("site"), id=alert_id)
    if not allows(user, Permission.DECIDE, alert.site_id):
        raise PermissionDenied(Permission.DECIDE.value)
    task = open_task_of(alert)
    if task is None:
        raise Http404("nobody has to decide this alert")
    return task
