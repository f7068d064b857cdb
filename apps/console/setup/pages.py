"""Settings of places: sites, cameras, zones, operator minutes."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.console.setup.access import PLACES, asking, camera_for, require, site_for
from apps.console.setup.forms import (
    CameraForm,
    LinkForm,
    NewCameraForm,
    NewSiteForm,
    PictureForm,
    RosterForm,
    SiteForm,
    ZoneForm,
    polygons,
)
from apps.sites.models import Camera, CameraLink, Roster, Site, Zone
from apps.sites.operations import (
    UnableToLink,
    add_camera,
    add_roster,
    add_zone,
    change_camera,
    change_site,
    change_zone,
    create_site,
    link_cameras,
    remove_roster,
    remove_zone,
    unlink_cameras,
)
from apps.sites.pictures import picture_of
from apps.sites.queries import people_of_site, sites_visible_to

WRONG = 422


@login_required
@never_cache
@require_GET
def settings_home(request: HttpRequest) -> HttpResponse:
    """What can be set up, and where."""
    user = asking(request)
    rights = (*PLACES, Permission.MANAGE_USERS, Permission.MANAGE_SOURCES)
    if not any(user.may(right) for right in rights):
        raise PermissionDenied(Permission.MANAGE_SITES.value)
    context = {
        "sites": sites_visible_to(user) if any(user.may(right) for right in PLACES) else [],
        "may_manage_sites": user.may(Permission.MANAGE_SITES),
        "may_manage_users": user.may(Permission.MANAGE_USERS),
        "may_manage_sources": user.may(Permission.MANAGE_SOURCES),
        "may_manage_webhooks": user.may(Permission.MANAGE_WEBHOOKS),
        "may_manage_policy": user.may(Permission.MANAGE_POLICY),
        "may_manage_retention": user.may(Permission.MANAGE_RETENTION),
        "form": NewSiteForm(),
    }
    return render(request, "console/setup/home.html", context)


@login_required
@require_POST
def site_new(request: HttpRequest) -> HttpResponse:
    """Add a store."""
    user = asking(request)
    if not user.may(Permission.MANAGE_SITES):
        raise PermissionDenied(Permission.MANAGE_SITES.value)
    form = NewSiteForm(request.POST)
    if form.is_valid():
        made = _tried(form, lambda: create_site(actor=actor_of(request), **form.cleaned_data))
        if made is not None:
            messages.success(
                request,
                gettext("%(made_name)s is added. Grant people access to it next.")
                % {"made_name": made.name},
            )
            return redirect("setup-site", site_id=made.id)
    context = {"sites": sites_visible_to(user), "may_manage_sites": True, "form": form}
    return render(request, "console/setup/home.html", context, status=WRONG)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def site_settings(request: HttpRequest, site_id: UUID) -> HttpResponse:
    """A store: its name, cameras, operator minutes and people."""
    user, site = site_for(request, site_id)
    initial = {"name": site.name, "timezone": site.timezone}
    form = SiteForm(request.POST or None, initial=initial)
    if request.method == "POST":
        require(user, Permission.MANAGE_SITES, site)
        if form.is_valid() and _done(
            form,
            lambda: change_site(actor=actor_of(request), site=site, **form.cleaned_data),
        ):
            messages.success(request, gettext("%(site_name)s is saved.") % {"site_name": site.name})
            return redirect("setup-site", site_id=site.id)
    return _site_page(request, user, site, form=form)


@login_required
@require_POST
def camera_new(request: HttpRequest, site_id: UUID) -> HttpResponse:
    user, site = site_for(request, site_id)
    require(user, Permission.MANAGE_SITES, site)
    form = NewCameraForm(request.POST)
    if form.is_valid():
        made = _tried(
            form, lambda: add_camera(actor=actor_of(request), site=site, **form.cleaned_data)
        )
        if made is not None:
            messages.success(
                request,
                gettext("%(made_name)s is added. Draw its zones next.") % {"made_name": made.name},
            )
            return redirect("setup-camera", camera_id=made.id)
    return _site_page(request, user, site, camera_form=form)


@login_required
@require_POST
def roster_new(request: HttpRequest, site_id: UUID) -> HttpResponse:
    user, site = site_for(request, site_id)
    require(user, Permission.MANAGE_ZONES, site)
    form = RosterForm(request.POST)
    if form.is_valid():
        zone, said = ZoneInfo(site.timezone), form.cleaned_data
        period = {
            name: said[name].replace(tzinfo=None).replace(tzinfo=zone)
            for name in ("starts_at", "ends_at")
        }
        minutes = said["operator_minutes"]
        made = _tried(
            form,
            lambda: add_roster(
                actor=actor_of(request), site=site, operator_minutes=minutes, **period
            ),
        )
        if made is not None:
            messages.success(request, gettext("Operator minutes are saved."))
            return redirect("setup-site", site_id=site.id)
    return _site_page(request, user, site, roster_form=form)


@login_required
@require_POST
def roster_remove(request: HttpRequest, site_id: UUID, roster_id: UUID) -> HttpResponse:
    user, site = site_for(request, site_id)
    require(user, Permission.MANAGE_ZONES, site)
    with transaction.atomic():
        remove_roster(actor=actor_of(request), roster=get_object_or_404(site.rosters, id=roster_id))
    messages.success(request, gettext("The period is taken back."))
    return redirect("setup-site", site_id=site.id)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def camera_settings(request: HttpRequest, camera_id: UUID) -> HttpResponse:
    """A camera: its clock, its picture with the zones, and the cameras beside it."""
    user, camera = camera_for(request, camera_id)
    fields = ("name", "clock_offset_seconds", "is_active")
    form = CameraForm(request.POST or None, initial={f: getattr(camera, f) for f in fields})
    if request.method == "POST":
        require(user, Permission.MANAGE_SITES, camera.site)
        if form.is_valid() and _done(
            form,
            lambda: change_camera(actor=actor_of(request), camera=camera, **form.cleaned_data),
        ):
            messages.success(
                request, gettext("%(camera_name)s is saved.") % {"camera_name": camera.name}
            )
            return redirect("setup-camera", camera_id=camera.id)
    return _camera_page(request, user, camera, form=form)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def zone_settings(
    request: HttpRequest, camera_id: UUID, zone_id: UUID | None = None
) -> HttpResponse:
    """Draw a zone on the camera's picture, or move one."""
    user, camera = camera_for(request, camera_id)
    require(user, Permission.MANAGE_ZONES, camera.site)
    zone = get_object_or_404(camera.zones, id=zone_id) if zone_id else None
    fields = ("name", "kind", "polygon")
    initial = {f: getattr(zone, f) for f in fields} if zone else {}
    form = ZoneForm(request.POST or None, initial=initial)
    if (
        form.is_bound
        and form.is_valid()
        and _done(form, lambda: _save_zone(request, camera, zone, form))
    ):
        messages.success(
            request,
            gettext("Zone %(form_cleaned_data_name)s is saved.")
            % {"form_cleaned_data_name": form.cleaned_data["name"]},
        )
        return redirect("setup-camera", camera_id=camera.id)
    context = {
        "camera": camera,
        "zone": zone,
        "form": form,
        "others": polygons(camera.zones.all(), without=zone),
        **pictures(camera),
    }
    status = WRONG if form.is_bound else 200
    return render(request, "console/setup/zone.html", context, status=status)


@login_required
@require_POST
def zone_remove(request: HttpRequest, camera_id: UUID, zone_id: UUID) -> HttpResponse:
    user, camera = camera_for(request, camera_id)
    require(user, Permission.MANAGE_ZONES, camera.site)
    zone = get_object_or_404(camera.zones, id=zone_id)
    with transaction.atomic():
        remove_zone(actor=actor_of(request), zone=zone)
    messages.success(
        request,
        gettext("Zone %(zone_name)s is taken off. Records made with it keep it.")
        % {"zone_name": zone.name},
    )
    return redirect("setup-camera", camera_id=camera.id)


@login_required
@require_POST
def camera_link(request: HttpRequest, camera_id: UUID) -> HttpResponse:
    user, camera = camera_for(request, camera_id)
    require(user, Permission.MANAGE_SITES, camera.site)
    form = LinkForm(request.POST, of=camera)
    if form.is_valid():
        other = form.cleaned_data["camera"]
        try:
            with transaction.atomic():
                link_cameras(actor=actor_of(request), one=camera, other=other)
        except UnableToLink as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(
                request,
                gettext("%(camera_name)s and %(other_name)s are adjacent.")
                % {"camera_name": camera.name, "other_name": other.name},
            )
    return redirect("setup-camera", camera_id=camera.id)


@login_required
@require_POST
def camera_unlink(request: HttpRequest, camera_id: UUID, link_id: UUID) -> HttpResponse:
    user, camera = camera_for(request, camera_id)
    require(user, Permission.MANAGE_SITES, camera.site)
    link = get_object_or_404(_links_of(camera), id=link_id)
    with transaction.atomic():
        unlink_cameras(actor=actor_of(request), link=link)
    messages.success(request, gettext("The cameras are not adjacent any more."))
    return redirect("setup-camera", camera_id=camera.id)


def _save_zone(request: HttpRequest, camera: Camera, zone: Zone | None, form: Form) -> None:
    if zone:
        change_zone(actor=actor_of(request), zone=zone, **form.cleaned_data)
    else:
        add_zone(actor=actor_of(request), camera=camera, **form.cleaned_data)


def _site_page(
    request: HttpRequest,
    user: User,
    site: Site,
    *,
    form: Form | None = None,
    camera_form: Form | None = None,
    roster_form: Form | None = None,
) -> HttpResponse:
    asked = (form, camera_form, roster_form)
    context = {
        "site": site,
        "form": form or SiteForm(initial={"name": site.name, "timezone": site.timezone}),
        "camera_form": camera_form or NewCameraForm(),
        "roster_form": roster_form or RosterForm(),
        "cameras": site.cameras.prefetch_related("zones"),
        "rosters": Roster.objects.filter(site=site).order_by("-starts_at")[:20],
        "people": people_of_site(site, Permission.VIEW_ALERTS),
        "plan": picture_of(site=site),
        "may_manage_sites": user.may(Permission.MANAGE_SITES),
        "may_manage_users": user.may(Permission.MANAGE_USERS),
    }
    status = WRONG if any(one is not None and one.is_bound for one in asked) else 200
    return render(request, "console/setup/site.html", context, status=status)


def _camera_page(request: HttpRequest, user: User, camera: Camera, *, form: Form) -> HttpResponse:
    links = [
        (link, link.second if link.first_id == camera.id else link.first)
        for link in _links_of(camera)
    ]
    context = {
        "camera": camera,
        "form": form,
        "zones": camera.zones.all(),
        "others": polygons(camera.zones.all()),
        **pictures(camera),
        "links": links,
        "link_form": LinkForm(of=camera),
        "picture_form": PictureForm(),
        "may_manage_sites": user.may(Permission.MANAGE_SITES),
    }
    status = WRONG if form.is_bound else 200
    return render(request, "console/setup/camera.html", context, status=status)


def _links_of(camera: Camera) -> Any:
    links = CameraLink.objects.select_related("first", "second")
    return links.filter(first=camera) | links.filter(second=camera)


def pictures(camera: Camera) -> dict[str, Any]:
    """What is drawn on: the latest still of a clip, faces blurred, else what somebody uploaded, else nothing."""
    stills = Alert.objects.filter(camera=camera).exclude(clip__poster_key="")
    latest = stills.filter(clip__isnull=False).order_by("-received_at").first()
    return {"picture": latest, "uploaded": picture_of(site=camera.site, camera=camera)}


def _tried(form: Form, work: Any) -> Any:
    """What the work made; None when it was refused, with the reasons on the form."""
    try:
        with transaction.atomic():
            return work()
    except ValidationError as refusal:
        _explain(form, refusal)
        return None


def _done(form: Form, work: Any) -> bool:
    """Whether the work was done; if not, the reasons are on the form."""
    try:
        with transaction.atomic():
            work()
    except ValidationError as refusal:
        _explain(form, refusal)
        return False
    return True


def _explain(form: Form, refusal: ValidationError) -> None:
    reasons = refusal.message_dict if hasattr(refusal, "error_dict") else {"": refusal.messages}
    for name, sentences in reasons.items():
        for sentence in sentences:
            form.add_error(name if name in form.fields else None, sentence)
