"""Who asks, what a request's page shows, and doing one act of it."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently, prove_it_is_you
from apps.subject_requests.models import SubjectRequest
from apps.subject_requests.operations.moving import UnableToHandle

WRONG = 422
_ANY = (
    Permission.HANDLE_SUBJECT_REQUESTS,
    Permission.APPROVE_DISCLOSURE,
    Permission.ERASE_PEOPLE,
)


def asking(request: HttpRequest, *permissions: Permission) -> User:
    """The signed-in person, who holds one of `permissions` (or any of requests at all)."""
    user = request.user
    assert isinstance(user, User)
    if not any(user.may(permission) for permission in permissions or _ANY):
        raise PermissionDenied((permissions or _ANY)[0].value)
    return user


def request_for(
    request: HttpRequest, request_id: UUID, *permissions: Permission
) -> tuple[User, SubjectRequest]:
    """A request of the person's tenant: 404 to strangers, 403 without the permission."""
    user = request.user
    assert isinstance(user, User)
    rows = SubjectRequest.objects.filter(tenant_id=user.tenant_id).select_related("person")
    found = get_object_or_404(rows, id=request_id)
    asking(request, *permissions)
    return user, found


def doing(
    request: HttpRequest,
    found: SubjectRequest,
    act: Callable[[datetime], object],
    *,
    done: str,
    anchor: str = "",
    needs_proof: bool = False,
) -> HttpResponse:
    """Carry out one act and go back to the request's page, saying what happened or why not."""
    back = reverse("subject-request", args=[found.id])
    if needs_proof and not authenticated_recently(request):
        return prove_it_is_you(request, back)
    try:
        with transaction.atomic():
            act(timezone.now())
    except UnableToHandle as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect(f"{back}{anchor}")
