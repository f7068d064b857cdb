"""Revealing faces on screen, and covering them again."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.reviews.forms import RevealForm
from apps.reviews.operations import UnableToReveal, cover_faces, reveal_faces
from apps.sites.queries import allows, sites_visible_to


@login_required
@require_POST
def reveal(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """Show this person the clip with faces for some minutes."""
    user, alert = _alert_for(request, alert_id)
    form = RevealForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Faces stay blurred: %(fault)s") % {"fault": form.sentence})
        return redirect("alert", alert_id=alert.id)
    try:
        reveal_faces(
            actor=actor_of(request),
            user=user,
            alert=alert,
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        )
    except UnableToReveal as refusal:
        messages.error(request, refusal.sentence)
    return redirect("alert", alert_id=alert.id)


@login_required
@require_POST
def cover(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """End the reveal before its time."""
    user, alert = _alert_for(request, alert_id)
    cover_faces(actor=actor_of(request), user=user, alert=alert, now=timezone.now())
    return redirect("alert", alert_id=alert.id)


def _alert_for(request: HttpRequest, alert_id: UUID) -> tuple[User, Alert]:
    user = request.user
    assert isinstance(user, User)
    visible = Alert.objects.filter(site__in=sites_visible_to(user)).select_related("clip")
    alert = get_object_or_404(visible, id=alert_id)
    for permission in (Permission.VIEW_CLIPS, Permission.REVEAL_FACES):
        if not allows(user, permission, alert.site_id):
            raise PermissionDenied(permission.value)
    return user, alert
