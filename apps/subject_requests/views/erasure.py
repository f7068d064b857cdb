"""Asking for an erasure, carrying it out, its certificate, and telling recipients."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.permissions import Permission
from apps.subject_requests.models import Erasure, RecipientNotice
from apps.subject_requests.operations.erasing import ask_erasure, execute_erasure, tell_recipient
from apps.subject_requests.queries.certificate import certificate_of
from apps.subject_requests.views.access import doing, request_for


@login_required
@require_POST
def ask(request: HttpRequest, request_id: UUID) -> HttpResponse:
    user, found = request_for(request, request_id, Permission.HANDLE_SUBJECT_REQUESTS)
    return doing(
        request,
        found,
        lambda now: ask_erasure(
            actor=actor_of(request),
            user=user,
            request=found,
            reason=request.POST.get("reason", ""),
            now=now,
        ),
        done=gettext("Asked for. Another person carries it out."),
    )


@login_required
@require_POST
def execute(request: HttpRequest, request_id: UUID) -> HttpResponse:
    user, found = request_for(request, request_id, Permission.ERASE_PEOPLE)
    erasure = get_object_or_404(Erasure, request=found)
    return doing(
        request,
        found,
        lambda now: execute_erasure(
            actor=actor_of(request),
            user=user,
            erasure=erasure,
            reason=request.POST.get("reason", ""),
            now=now,
        ),
        done=gettext("Erased. What lies in the object store goes within minutes."),
        needs_proof=True,
    )


@login_required
@never_cache
@require_GET
def certificate(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """What went, what follows and when; its place in the audit chain."""
    _, found = request_for(request, request_id)
    erasure = get_object_or_404(Erasure, request=found, executed_at__isnull=False)
    context = {
        "found": found,
        "erasure": erasure,
        "certificate": certificate_of(erasure),
        "items": erasure.items.values("kind", "obstacle").annotate(n=Count("id")),
    }
    return render(request, "subject_requests/certificate.html", context)


@login_required
@require_POST
def tell(request: HttpRequest, request_id: UUID, notice_id: UUID) -> HttpResponse:
    user, found = request_for(request, request_id, Permission.HANDLE_SUBJECT_REQUESTS)
    notice = get_object_or_404(RecipientNotice, id=notice_id, erasure__request=found)
    return doing(
        request,
        found,
        lambda now: tell_recipient(actor=actor_of(request), user=user, notice=notice, now=now),
        done=gettext("Recorded that the recipient was told."),
    )
