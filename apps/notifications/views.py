"""What a person was told, and what they want to hear of."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.notifications.forms import ChoiceForm
from apps.notifications.operations import UnableToChoose, choose, mark_read
from apps.notifications.queries import choice_of, count_unread, notifications_of, unread_of
from apps.notifications.rules import kinds_for

PAGE_ROWS: Final = 50
FRESH: Final = timedelta(minutes=1)
"""A notification older than this is not called out any more; the bell still counts it."""
WRONG: Final = 422


@login_required
@never_cache
@require_GET
def notifications(request: HttpRequest) -> HttpResponse:
    """What the person was told, newest first; with ?show=unread only what they have not read."""
    user = _person(request)
    only_unread = request.GET.get("show") == "unread"
    rows = unread_of(user) if only_unread else notifications_of(user)
    page = Paginator(rows.select_related("mail"), PAGE_ROWS).get_page(request.GET.get("page"))
    context = {"page": page, "only_unread": only_unread, "unread": count_unread(user)}
    return render(request, "notifications/list.html", context)


@login_required
@never_cache
@require_GET
def bell(request: HttpRequest) -> HttpResponse:
    """The bell of the top bar, counted anew; with the newest unread notification while it is fresh."""
    user = _person(request)
    newest = unread_of(user).order_by("-made_at", "-id").first()
    is_fresh = newest is not None and newest.made_at > timezone.now() - FRESH
    context = {"count": count_unread(user), "news": newest if is_fresh else None}
    return render(request, "notifications/_bell.html", context)


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything as read."""
    count = mark_read(actor=actor_of(request), user=_person(request), now=timezone.now())
    words = ngettext("%(count)s is marked as read.", "%(count)s are marked as read.", count)
    messages.success(request, words % {"count": count})
    return redirect("notifications")


@login_required
@require_POST
def read_one(request: HttpRequest, notification_id: UUID) -> HttpResponse:
    """Mark one as read, and go on where the person was."""
    user = _person(request)
    one = get_object_or_404(notifications_of(user), id=notification_id)
    mark_read(actor=actor_of(request), user=user, now=timezone.now(), only=one)
    if request.POST.get("then") == "stay":
        return HttpResponse(status=204)
    return redirect("notifications")


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def choice(request: HttpRequest) -> HttpResponse:
    """What the person wants to hear of, where, and when not."""
    user = _person(request)
    form = ChoiceForm(request.POST or None, choice=choice_of(user), offered=kinds_for(user.may))
    if request.method == "POST" and form.is_valid():
        try:
            choose(actor=actor_of(request), user=user, now=timezone.now(), **form.said)
        except UnableToChoose as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, gettext("Your choice is kept."))
            return redirect("notification-choice")
    context = {"form": form, "mail_is_on": settings.NOTIFICATION_MAIL}
    status = WRONG if form.errors else 200
    return render(request, "notifications/choice.html", context, status=status)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
