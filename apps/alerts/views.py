"""The upload form. Footage already recorded is handed out by apps.evidence."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.forms import RaiseAlertForm
from apps.alerts.intake import AlertIntake, NotAnAlert, raised_by_person
from apps.alerts.operations import UnableToReceive, receive_alert
from apps.alerts.spool import SpooledClip, UnableToSpool, discard, spool_clip
from apps.sites.queries import allows


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def alert_new(request: HttpRequest) -> HttpResponse:
    """Raise an alert by hand: the same intake as a detector's, the same key twice is one alert."""
    user = _raiser(request)
    if request.method == "GET":
        return _page(request, _form(user), status=200)
    form = _form(user, request)
    if not form.is_valid():
        return _page(request, form, status=422)
    if not allows(user, Permission.RAISE_ALERTS, form.cleaned_data["camera"].site_id):
        raise PermissionDenied(Permission.RAISE_ALERTS.value)
    try:
        clip = _spooled(form.cleaned_data["clip"])
    except UnableToSpool:
        form.add_error(
            None,
            gettext("The clip could not be stored right now. Nothing was recorded; try again."),
        )
        return _page(request, form, status=503)
    if clip and clip.refused_code:
        form.add_error("clip", clip.refused_reason)
        return _page(request, form, status=422)
    return _receive(request, form, clip)


def _receive(request: HttpRequest, form: RaiseAlertForm, clip: SpooledClip | None) -> HttpResponse:
    try:
        intake = _intake(form, clip)
        received = receive_alert(
            actor=actor_of(request), intake=intake, clip=clip, now=timezone.now()
        )
    except NotAnAlert as refusal:
        discard(clip.spool_name if clip else "")
        for fault in refusal.faults:
            form.add_error(fault.path if fault.path in form.fields else None, fault.message)
        return _page(request, form, status=422)
    except UnableToReceive as refusal:
        form.add_error(None, refusal.sentence)
        return _page(request, form, status=409)
    if received.created:
        messages.success(request, gettext("The alert is recorded. Its analysis starts by itself."))
    return redirect("alert", alert_id=received.alert.id)


def _intake(form: RaiseAlertForm, clip: SpooledClip | None) -> AlertIntake:
    data = form.cleaned_data
    return raised_by_person(
        key=f"form-{data['key']}",
        camera=str(data["camera"].id),
        label=data["label"],
        camera_at=form.camera_moment(now=timezone.now()),
        camera_at_is_now=data["camera_at"] is None,
        note=data["note"],
        clip_sha256=clip.sha256 if clip else "",
        clip_name=clip.original_name if clip else "",
    )


def _spooled(upload: UploadedFile[Any] | None) -> SpooledClip | None:
    if upload is None:
        return None
    return spool_clip(upload.chunks(), original_name=upload.name or "clip")


def _raiser(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)
    if not user.may(Permission.RAISE_ALERTS):
        raise PermissionDenied(Permission.RAISE_ALERTS.value)
    return user


def _form(user: User, request: HttpRequest | None = None) -> RaiseAlertForm:
    data, files = (request.POST, request.FILES) if request else (None, None)
    return RaiseAlertForm(data, files, user=user, max_bytes=settings.CLIP_MAX_BYTES)


def _page(request: HttpRequest, form: RaiseAlertForm, *, status: int) -> HttpResponse:
    return render(request, "alerts/alert_new.html", {"form": form}, status=status)
