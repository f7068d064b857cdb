"""Acts at the queue that decide nothing: handing alerts out, going on to the next one, keeping views."""

from collections.abc import Iterator
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.queries import people_who_may
from apps.alerts.queries import alerts_visible_to
from apps.console.forms import ME, NOBODY, QueueFilterForm
from apps.console.models import SavedView
from apps.console.operations import (
    MOST_AT_ONCE,
    UnableToSave,
    delete_view,
    hand_out,
    save_view,
)
from apps.console.queue import queue_alerts
from apps.console.search import LONGEST, SHORTEST, search
from apps.reviews.models import DecisionAttempt
from apps.sites.queries import sites_of_request
from apps.triage.states import AttemptState, TaskState


@login_required
@require_POST
def hand_alerts_out(request: HttpRequest) -> HttpResponse:
    """Give the chosen alerts to somebody, to oneself or back to everybody."""
    user = _viewer(request)
    back = _back(request)
    chosen = list(_ids(request.POST.getlist("alerts")))
    alerts = list(alerts_visible_to(user).filter(id__in=chosen[:MOST_AT_ONCE]))
    to = _person(user, request.POST.get("to", ""))
    if not alerts:
        messages.error(request, gettext("Choose one or more alerts first."))
        return redirect(back)
    handed = hand_out(actor=actor_of(request), user=user, alerts=alerts, to=to)
    if handed.count:
        messages.success(request, _handed(handed.count, to=to, user=user))
    for sentence in handed.refusals:
        messages.error(request, sentence)
    return redirect(back)


@login_required
@never_cache
@require_GET
def next_alert(request: HttpRequest) -> HttpResponse:
    """The alert that is worth the next minute under these filters.

    Not the one just seen, and none this person has decided whose decision is still being applied.
    """
    user = _viewer(request)
    filters = QueueFilterForm(request.GET).filters()
    others = Q(tasks__state=TaskState.OPEN) & (
        Q(tasks__assignee=user) | Q(tasks__assignee__isnull=True)
    )
    waiting = queue_alerts(user, filters).filter(others)
    seen = list(_ids([request.GET.get("after", "")]))
    own = DecisionAttempt.objects.filter(user=user, state=AttemptState.SUBMITTED)
    waiting = waiting.exclude(id__in=seen).exclude(id__in=own.values("alert_id"))
    found = waiting.values_list("id", flat=True).first()
    if found is None:
        messages.info(request, gettext("Nothing else waits for you under these filters."))
        return redirect(f"{reverse('queue')}?{filters.address()}")
    return redirect("alert", alert_id=found)


@login_required
@require_POST
def keep_view(request: HttpRequest) -> HttpResponse:
    """Keep the filters of the page the person is on."""
    user = _viewer(request)
    query = QueueFilterForm(QueryDict(request.POST.get("query", ""))).filters().address()
    try:
        view = save_view(
            actor=actor_of(request),
            user=user,
            name=request.POST.get("name", ""),
            query=query,
            now=timezone.now(),
        )
    except UnableToSave as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, gettext("View “%(view_name)s” is kept.") % {"view_name": view.name}
        )
    return redirect(f"{reverse('queue')}?{query}")


@login_required
@require_POST
def forget_view(request: HttpRequest, view_id: UUID) -> HttpResponse:
    """Delete one of one's own views."""
    view = get_object_or_404(SavedView, id=view_id, user=_viewer(request))
    delete_view(actor=actor_of(request), view=view)
    messages.success(
        request, gettext("View “%(view_name)s” is deleted.") % {"view_name": view.name}
    )
    return redirect("queue")


@login_required
@never_cache
@require_GET
def search_page(request: HttpRequest) -> HttpResponse:
    """Search everything the person may see; the dialog of every page asks here too."""
    user = request.user
    assert isinstance(user, User)
    sites_of_request(user)
    text = request.GET.get("q", "")[:LONGEST]
    context = {"asked": text, "groups": search(user, text), "shortest": SHORTEST}
    template = "console/_search_hits.html" if request.htmx else "console/search.html"  # type: ignore[attr-defined]
    return render(request, template, context)


def _viewer(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)
    if not user.may(Permission.VIEW_ALERTS):
        raise PermissionDenied(Permission.VIEW_ALERTS.value)
    return user


def _person(user: User, asked: str) -> User | None:
    """Who gets the alerts, None for everybody again. Somebody unknown is a 404."""
    if asked == NOBODY:
        return None
    if asked in ("", ME):
        return user
    people = people_who_may(user.tenant_id, Permission.DECIDE)
    return get_object_or_404(people, id__in=list(_ids([asked])))


def _handed(count: int, *, to: User | None, user: User) -> str:
    """How many alerts went to whom, in a sentence."""
    if to is None:
        words = ngettext("%(n)s alert given back.", "%(n)s alerts given back.", count)
    elif to == user:
        words = ngettext("%(n)s alert taken.", "%(n)s alerts taken.", count)
    else:
        words = ngettext(
            "%(n)s alert given to %(person)s.", "%(n)s alerts given to %(person)s.", count
        )
    return words % {"n": count, "person": to.display_name if to else ""}


def _back(request: HttpRequest) -> str:
    """Where the person came from: an alert, or the queue under the filters it was asked with."""
    alert = next(_ids([request.POST.get("back_to", "")]), None)
    if alert:
        return reverse("alert", args=[alert])
    filters = QueueFilterForm(QueryDict(request.POST.get("query", ""))).filters()
    return f"{reverse('queue')}?{filters.address()}"


def _ids(texts: list[str]) -> Iterator[UUID]:
    """Those of the texts that are ids."""
    for text in texts:
        try:
            yield UUID(text)
        except ValueError:
            continue
