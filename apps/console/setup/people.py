"""Settings of who works here and of the detectors that may send alerts. A secret is shown once, when it is made."""

import secrets
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.operations import UnableToChangePerson, change_person, create_person
from apps.accounts.permissions import EVERY_SITE, Permission, Role
from apps.accounts.sessions import authenticated_recently, prove_it_is_you
from apps.alerts.models import DetectorSource
from apps.alerts.operations.rescoring import set_rescoring
from apps.alerts.operations.sources import (
    create_source,
    rotate_secret,
    switch_off_source,
    switch_on_source,
)
from apps.console.setup.forms import (
    GrantForm,
    NewDetectorForm,
    NewPersonForm,
    PersonForm,
    RescoringForm,
)
from apps.sites.models import Site
from apps.sites.operations import grant_site, withdraw_site

WRONG: Final = 422
_PASSWORD_BYTES: Final = 12


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def members(request: HttpRequest) -> HttpResponse:
    """Everybody of the company, and a form that adds somebody."""
    user = _may(request, Permission.MANAGE_USERS)
    form = NewPersonForm(request.POST or None)
    if not form.is_bound or not form.is_valid():
        people = User.objects.filter(tenant_id=user.tenant_id).order_by("-is_active", "username")
        status = WRONG if form.is_bound else 200
        context = {"people": people, "form": form}
        return render(request, "console/setup/members.html", context, status=status)
    if not authenticated_recently(request):
        return prove_it_is_you(request, request.path)
    said, password = form.cleaned_data, secrets.token_urlsafe(_PASSWORD_BYTES)
    with transaction.atomic():
        person = create_person(
            actor=actor_of(request),
            tenant=user.tenant,
            email=said["email"],
            name=said["name"],
            role=Role(said["role"]),
            password=password,
        )
    return _shown_once(
        request,
        title=f"{person.display_name} can sign in",
        words="Hand over this first password in person. It is shown once; the person changes it under Account.",
        secret=password,
        onward="setup-member",
        onward_id=person.id,
    )


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def member(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """One person: role, whether they may sign in, and the sites they work at."""
    user = _may(request, Permission.MANAGE_USERS)
    person = get_object_or_404(User, id=user_id, tenant_id=user.tenant_id)
    initial = {"name": person.display_name, "role": person.role, "is_active": person.is_active}
    form = PersonForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        if person == user:
            form.add_error(None, gettext("Somebody else has to change your own role."))
        elif not authenticated_recently(request):
            return prove_it_is_you(request, request.path)
        else:
            said = form.cleaned_data
            person.first_name, _, person.last_name = said["name"].partition(" ")
            person.role, person.is_active = said["role"], said["is_active"]
            try:
                with transaction.atomic():
                    change_person(actor=actor_of(request), user=person)
            except UnableToChangePerson as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(
                    request,
                    gettext("%(person_display_name)s is saved.")
                    % {"person_display_name": person.display_name},
                )
                return redirect("setup-member", user_id=person.id)
    granted = Site.objects.filter(siteuserobjectpermission__user=person).distinct()
    context = {
        "person": person,
        "form": form,
        "granted": granted,
        "sees_every_site": Role(person.role) in EVERY_SITE,
        "grant_form": GrantForm(tenant_id=user.tenant_id),
    }
    status = WRONG if form.is_bound else 200
    return render(request, "console/setup/member.html", context, status=status)


@login_required
@require_POST
def grant(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Let a person work at a site."""
    user = _may(request, Permission.MANAGE_USERS)
    person = get_object_or_404(User, id=user_id, tenant_id=user.tenant_id)
    if not authenticated_recently(request):
        return prove_it_is_you(request, _person_page(person))
    form = GrantForm(request.POST, tenant_id=user.tenant_id)
    if form.is_valid():
        site = form.cleaned_data["site"]
        with transaction.atomic():
            grant_site(actor=actor_of(request), user=person, site=site)
        messages.success(
            request,
            gettext("%(person_display_name)s works at %(site_name)s now.")
            % {"person_display_name": person.display_name, "site_name": site.name},
        )
    else:
        messages.error(request, gettext("Choose one of your sites."))
    return redirect("setup-member", user_id=person.id)


@login_required
@require_POST
def withdraw(request: HttpRequest, user_id: UUID, site_id: UUID) -> HttpResponse:
    """End a person's work at a site; what they prepared there dies when it is used."""
    user = _may(request, Permission.MANAGE_USERS)
    person = get_object_or_404(User, id=user_id, tenant_id=user.tenant_id)
    site = get_object_or_404(Site, id=site_id, tenant_id=user.tenant_id)
    if not authenticated_recently(request):
        return prove_it_is_you(request, _person_page(person))
    with transaction.atomic():
        withdraw_site(actor=actor_of(request), user=person, site=site)
    messages.success(
        request,
        gettext("%(person_display_name)s does not work at %(site_name)s any more.")
        % {"person_display_name": person.display_name, "site_name": site.name},
    )
    return redirect("setup-member", user_id=person.id)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def detectors(request: HttpRequest) -> HttpResponse:
    """The senders of alerts, and a form that adds one."""
    user = _may(request, Permission.MANAGE_SOURCES)
    form = NewDetectorForm(request.POST or None)
    if not form.is_bound or not form.is_valid():
        sources = DetectorSource.objects.filter(tenant_id=user.tenant_id).order_by("name")
        status = WRONG if form.is_bound else 200
        context = {"sources": sources, "form": form}
        return render(request, "console/setup/detectors.html", context, status=status)
    if not authenticated_recently(request):
        return prove_it_is_you(request, request.path)
    with transaction.atomic():
        source, secret = create_source(actor=actor_of(request), name=form.cleaned_data["name"])
    return _shown_once(
        request,
        title=f"{source.name} may send alerts",
        words="The detector signs its deliveries with this secret. It is shown once and cannot be read again.",
        secret=secret,
        onward="setup-detector",
        onward_id=source.id,
    )


@login_required
@never_cache
@require_GET
def detector(request: HttpRequest, source_id: UUID) -> HttpResponse:
    """One sender: whether it is heard, its secrets, and where it can be asked again."""
    return _detector_page(request, _source(request, source_id))


@login_required
@require_POST
def detector_rotate(request: HttpRequest, source_id: UUID) -> HttpResponse:
    """Make a new secret; the old one is accepted for a day."""
    source = _source(request, source_id)
    if not authenticated_recently(request):
        return prove_it_is_you(request, _page_of(request, "rotate/"))
    with transaction.atomic():
        secret = rotate_secret(actor=actor_of(request), source=source, now=timezone.now())
    return _shown_once(
        request,
        title=f"A new secret for {source.name}",
        words="Shown once. Deliveries signed with the old secret are accepted for another 24 hours.",
        secret=secret,
        onward="setup-detector",
        onward_id=source.id,
    )


@login_required
@require_POST
def detector_off(request: HttpRequest, source_id: UUID) -> HttpResponse:
    """Refuse everything from this sender from now on."""
    source = _source(request, source_id)
    if not authenticated_recently(request):
        return prove_it_is_you(request, _page_of(request, "off/"))
    with transaction.atomic():
        switch_off_source(actor=actor_of(request), source=source)
    messages.success(
        request, gettext("%(source_name)s is not heard any more.") % {"source_name": source.name}
    )
    return redirect("setup-detector", source_id=source.id)


@login_required
@require_POST
def detector_on(request: HttpRequest, source_id: UUID) -> HttpResponse:
    """Hear this sender again, under a new secret."""
    source = _source(request, source_id)
    if not authenticated_recently(request):
        return prove_it_is_you(request, _page_of(request, "on/"))
    with transaction.atomic():
        secret = switch_on_source(actor=actor_of(request), source=source)
    return _shown_once(
        request,
        title=f"{source.name} is heard again",
        words="It signs its deliveries with this new secret, shown once. Secrets of before are not accepted any more.",
        secret=secret,
        onward="setup-detector",
        onward_id=source.id,
    )


@login_required
@require_POST
def detector_rescoring(request: HttpRequest, source_id: UUID) -> HttpResponse:
    """Say where the detector can be asked to score frames again."""
    source = _source(request, source_id)
    form = RescoringForm(request.POST)
    if not form.is_valid():
        return _detector_page(request, source, form=form)
    said = form.cleaned_data
    try:
        with transaction.atomic():
            secret = set_rescoring(
                actor=actor_of(request),
                source=source,
                url=said["url"],
                beyond_network=said["beyond_network"],
            )
    except ValidationError as refusal:
        for sentence in refusal.messages:
            form.add_error("url", sentence)
        return _detector_page(request, _source(request, source_id), form=form)
    if secret is None:
        messages.success(
            request, gettext("%(source_name)s is saved.") % {"source_name": source.name}
        )
        return redirect("setup-detector", source_id=source.id)
    return _shown_once(
        request,
        title=f"{source.name} can be asked again",
        words="Our questions to the detector are signed with this secret. Shown once.",
        secret=secret,
        onward="setup-detector",
        onward_id=source.id,
    )


def _detector_page(
    request: HttpRequest, source: DetectorSource, *, form: RescoringForm | None = None
) -> HttpResponse:
    known = {"url": source.rescore_url, "beyond_network": source.rescore_beyond_network}
    context = {"source": source, "form": form or RescoringForm(initial=known)}
    status = WRONG if form is not None else 200
    return render(request, "console/setup/detector.html", context, status=status)


def _shown_once(
    request: HttpRequest, *, title: str, words: str, secret: str, onward: str, onward_id: UUID
) -> HttpResponse:
    context = {
        "title": title,
        "words": words,
        "secret": secret,
        "onward": onward,
        "onward_id": onward_id,
    }
    return render(request, "console/setup/shown_once.html", context)


def _may(request: HttpRequest, right: Permission) -> User:
    user = request.user
    assert isinstance(user, User)
    if not user.may(right):
        raise PermissionDenied(right.value)
    return user


def _source(request: HttpRequest, source_id: UUID) -> DetectorSource:
    user = _may(request, Permission.MANAGE_SOURCES)
    return get_object_or_404(DetectorSource, id=source_id, tenant_id=user.tenant_id)


def _page_of(request: HttpRequest, act: str) -> str:
    return request.path.removesuffix(act)


def _person_page(person: User) -> str:
    return reverse("setup-member", args=[person.id])
