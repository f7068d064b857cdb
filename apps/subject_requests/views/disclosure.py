"""Preparing, approving and handing over; and what the person sees behind the link."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently, prove_it_is_you
from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor, Channel
from apps.storage.objects import VIEW_SECONDS
from apps.subject_requests.forms import ApproveForm, DiscloseForm
from apps.subject_requests.operations.disclosing import (
    approve_disclosure,
    disclose,
    disclosed_by_link,
    fetch_package,
    prepare_disclosure,
    return_disclosure,
    standing_package,
)
from apps.subject_requests.operations.moving import UnableToHandle
from apps.subject_requests.views.access import doing, request_for

HANDLE = Permission.HANDLE_SUBJECT_REQUESTS


@login_required
@require_POST
def prepare(request: HttpRequest, request_id: UUID) -> HttpResponse:
    user, found = request_for(request, request_id, HANDLE)
    return doing(
        request,
        found,
        lambda now: prepare_disclosure(actor=actor_of(request), user=user, request=found, now=now),
        done=gettext("The package is being written. Another person approves it."),
    )


@login_required
@require_POST
def send_back(request: HttpRequest, request_id: UUID) -> HttpResponse:
    user, found = request_for(request, request_id, HANDLE)
    return doing(
        request,
        found,
        lambda now: return_disclosure(
            actor=actor_of(request),
            user=user,
            request=found,
            reason=request.POST.get("reason", ""),
            now=now,
        ),
        done=gettext("Back to the findings."),
    )


@login_required
@require_POST
def approve(request: HttpRequest, request_id: UUID) -> HttpResponse:
    user, found = request_for(request, request_id, Permission.APPROVE_DISCLOSURE)
    form = ApproveForm(request.POST)
    sha256 = form.cleaned_data["sha256"] if form.is_valid() else ""
    return doing(
        request,
        found,
        lambda now: approve_disclosure(
            actor=actor_of(request), user=user, request=found, package_sha256=sha256, now=now
        ),
        done=gettext("Approved. It can be handed over."),
        needs_proof=True,
    )


@login_required
@require_POST
def look(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Give the package to somebody who has to judge it."""
    _, found = request_for(request, request_id)
    package = standing_package(found)
    if package is None or not package.written_at or package.removed_at:
        messages.error(request, gettext("There is no package to look at."))
        return redirect("subject-request", request_id=found.id)
    return HttpResponseRedirect(
        fetch_package(actor=actor_of(request), package=package, seconds=VIEW_SECONDS)
    )


@login_required
@never_cache
@require_POST
def hand_over(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Make the link: it is shown on this page and never again."""
    user, found = request_for(request, request_id, HANDLE)
    back = reverse("subject-request", args=[found.id])
    if not authenticated_recently(request):
        return prove_it_is_you(request, back)
    form = DiscloseForm(request.POST)
    days = form.cleaned_data["days"] if form.is_valid() else 0
    try:
        handed = disclose(
            actor=actor_of(request), user=user, request=found, days=days, now=timezone.now()
        )
    except UnableToHandle as refusal:
        messages.error(request, str(refusal))
        return redirect(back)
    link = reverse("subject-package", args=[found.tenant_id, handed.package.id, handed.link_secret])
    context = {
        "found": found,
        "package": handed.package,
        "link": request.build_absolute_uri(link),
    }
    return render(request, "subject_requests/handed_over.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def by_link(
    request: HttpRequest, tenant_id: UUID, package_id: UUID, link_secret: str
) -> HttpResponse:
    """What the person sees, without an account: what it is, until when, and a button that fetches it."""
    with tenant_scope(tenant_id):
        package = disclosed_by_link(
            package_id=package_id, link_secret=link_secret, now=timezone.now()
        )
        if package is None:
            raise Http404
        if request.method == "GET":
            return render(request, "subject_requests/package_link.html", {"package": package})
        person = Actor(
            tenant_id=tenant_id, user_id=None, role="data_subject", channel=Channel.SCREEN
        )
        return HttpResponseRedirect(
            fetch_package(actor=person, package=package, seconds=VIEW_SECONDS)
        )
