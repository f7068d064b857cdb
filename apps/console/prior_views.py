"""What came before an alert, as parts of its page that come after it; each on its own without JavaScript."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.alerts.models import Alert
from apps.alerts.queries import alerts_visible_to
from apps.console.operations import record_people_shown
from apps.console.prior_events import DAYS, camera_before, names_somebody, people_before


@login_required
@never_cache
@require_GET
def alert_earlier(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """Earlier alerts of the camera and their outcomes. Of an alert judged blind, only once it is judged."""
    user, found = _alert_for(request, alert_id)
    context = {
        "part": "console/_alert_earlier.html",
        "alert": found,
        "days": DAYS,
        "before": None if found.hides_proposal else camera_before(found),
        "names_somebody": not found.hides_proposal and names_somebody(user, found),
    }
    return _part(request, context)


@login_required
@never_cache
@require_GET
def people_earlier(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """Other cases and watchlist entries of the people this alert's records are about. Every look is recorded."""
    user, found = _alert_for(request, alert_id)
    if found.hides_proposal:
        raise Http404
    shown = people_before(user, found)
    record_people_shown(
        actor=actor_of(request),
        alert=found,
        people=[one.person_id for one in shown.people],
        entries=[one.id for one in shown.entries],
    )
    context = {"part": "console/_people_earlier.html", "alert": found, "shown": shown}
    return _part(request, context)


def _part(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    template = context["part"] if request.htmx else "console/alert_part.html"  # type: ignore[attr-defined]
    return render(request, template, context)


def _alert_for(request: HttpRequest, alert_id: UUID) -> tuple[User, Alert]:
    user = request.user
    assert isinstance(user, User)
    read = alerts_visible_to(user).select_related("site", "camera", "membership")
    return user, get_object_or_404(read, id=alert_id)
