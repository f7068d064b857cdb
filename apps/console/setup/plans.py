"""Settings of pictures: a site's plan with its cameras on it, and what a camera sees before its first clip."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.audit.events import Event, Subject
from apps.audit.operations import record
from apps.console.setup.access import asking, camera_for, require, site_for
from apps.console.setup.forms import PictureForm, PositionsForm
from apps.sites.models import Camera, Site
from apps.sites.pictures import (
    StoredPicture,
    keep_picture,
    picture_of,
    place_cameras,
    remove_picture,
    store_picture,
)
from apps.sites.queries import sites_visible_to
from apps.storage.errors import StorageError
from apps.storage.objects import VIEW_SECONDS
from apps.storage.pictures import UnableToReadPicture
from apps.storage.store import media_store

WRONG: Final = 422
UNAVAILABLE: Final = 503


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def plan_settings(request: HttpRequest, site_id: UUID) -> HttpResponse:
    """A site's plan and where its cameras hang on it."""
    user, site = site_for(request, site_id)
    require(user, Permission.MANAGE_ZONES, site)
    form = PositionsForm(request.POST or None, cameras=list(site.cameras.all()))
    if form.is_bound and form.is_valid():
        with transaction.atomic():
            moved = place_cameras(actor=actor_of(request), site=site, positions=form.positions())
        messages.success(request, "No camera was moved." if not moved else _moved(moved))
        return redirect("setup-plan", site_id=site.id)
    return _plan_page(request, user, site, form=form, status=WRONG if form.is_bound else 200)


@login_required
@require_POST
def plan_upload(request: HttpRequest, site_id: UUID) -> HttpResponse:
    """Take a picture as the site's plan."""
    user, site = site_for(request, site_id)
    require(user, Permission.MANAGE_SITES, site)

    def again(form: PictureForm, status: int) -> HttpResponse:
        return _plan_page(request, user, site, picture_form=form, status=status)

    return _uploaded(request, user, site, None, again) or redirect("setup-plan", site_id=site.id)


@login_required
@require_POST
def plan_remove(request: HttpRequest, site_id: UUID) -> HttpResponse:
    """Take the plan away; cameras keep their positions for the next one."""
    user, site = site_for(request, site_id)
    require(user, Permission.MANAGE_SITES, site)
    with transaction.atomic():
        remove_picture(actor=actor_of(request), site=site, camera=None, now=timezone.now())
    messages.success(request, gettext("The plan is taken away. Cameras keep their positions."))
    return redirect("setup-plan", site_id=site.id)


@login_required
@require_POST
def camera_upload(request: HttpRequest, camera_id: UUID) -> HttpResponse:
    """Take a picture of what the camera sees, to draw zones on before its first clip."""
    user, camera = camera_for(request, camera_id)
    require(user, Permission.MANAGE_SITES, camera.site)

    def again(form: PictureForm, status: int) -> HttpResponse:
        context = {"camera": camera, "form": form}
        return render(request, "console/setup/picture.html", context, status=status)

    done = _uploaded(request, user, camera.site, camera, again)
    return done or redirect("setup-camera", camera_id=camera.id)


@login_required
@require_POST
def camera_picture_remove(request: HttpRequest, camera_id: UUID) -> HttpResponse:
    """Take an uploaded camera picture away."""
    user, camera = camera_for(request, camera_id)
    require(user, Permission.MANAGE_SITES, camera.site)
    with transaction.atomic():
        remove_picture(actor=actor_of(request), site=camera.site, camera=camera, now=timezone.now())
    messages.success(request, gettext("The picture is taken away."))
    return redirect("setup-camera", camera_id=camera.id)


@login_required
@require_GET
def site_plan(request: HttpRequest, site_id: UUID) -> HttpResponse:
    """The plan, for whoever sees the site. It shows a building and nobody in it: looking is no event."""
    site = get_object_or_404(sites_visible_to(asking(request)), id=site_id)
    return _lend(site, None)


@login_required
@require_GET
def camera_picture(request: HttpRequest, camera_id: UUID) -> HttpResponse:
    """An uploaded camera picture: it may show people, so the look is in the record."""
    _, camera = camera_for(request, camera_id)
    response = _lend(camera.site, camera)
    record(
        actor=actor_of(request),
        event=Event.EVIDENCE_VIEWED,
        subject=Subject("camera", camera.id),
        details={"part": "camera_picture"},
    )
    return response


def _lend(site: Site, camera: Camera | None) -> HttpResponse:
    found = picture_of(site=site, camera=camera)
    if found is None:
        raise Http404("no picture")
    response = redirect(media_store().presigned_get(key=found.key, seconds=VIEW_SECONDS))
    response["Cache-Control"] = f"private, max-age={VIEW_SECONDS - 10}"
    return response


def _uploaded(
    request: HttpRequest,
    user: User,
    site: Site,
    camera: Camera | None,
    again: Callable[[PictureForm, int], HttpResponse],
) -> HttpResponse | None:
    """None when the picture is kept; else the page that says why it is not."""
    form = PictureForm(request.POST, request.FILES)
    if not form.is_valid():
        return again(form, WRONG)
    try:
        stored = store_picture(site=site, data=form.cleaned_data["picture"].read())
    except UnableToReadPicture as refusal:
        form.add_error("picture", str(refusal))
        return again(form, WRONG)
    except StorageError:
        form.add_error(
            None,
            gettext(
                "The object store does not answer. Nothing was changed. Try again in a moment."
            ),
        )
        return again(form, UNAVAILABLE)
    _keep(request, user, site, camera, stored)
    messages.success(request, gettext("The picture is kept."))
    return None


def _keep(
    request: HttpRequest, user: User, site: Site, camera: Camera | None, stored: StoredPicture
) -> None:
    with transaction.atomic():
        keep_picture(
            actor=actor_of(request),
            user=user,
            site=site,
            camera=camera,
            stored=stored,
            now=timezone.now(),
        )


def _plan_page(
    request: HttpRequest,
    user: User,
    site: Site,
    *,
    form: PositionsForm | None = None,
    picture_form: PictureForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "site": site,
        "plan": picture_of(site=site),
        "form": form or PositionsForm(cameras=list(site.cameras.all())),
        "picture_form": picture_form or PictureForm(),
        "may_manage_sites": user.may(Permission.MANAGE_SITES),
    }
    return render(request, "console/setup/plan.html", context, status=status)


def _moved(count: int) -> str:
    return "1 camera was moved." if count == 1 else f"{count} cameras were moved."
