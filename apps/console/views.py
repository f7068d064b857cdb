"""The queue and the alert page."""

import secrets
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.queries import people_who_may
from apps.alerts.models import Alert
from apps.alerts.operations import note_view
from apps.alerts.queries import alerts_visible_to
from apps.cases.history import history_of_alert
from apps.console import counting
from apps.console.alert_page import alert_page, with_page
from apps.console.counting import count_words
from apps.console.forms import OLDER_WORDS, QueueFilterForm, QueueFilters, QueueTab
from apps.console.models import SavedView
from apps.console.queue import (
    QueuePaginator,
    labels_of,
    most_counted,
    news_count,
    queue_alerts,
    rows_of,
    shown_alerts,
    tab_counts,
    with_rows,
)
from apps.console.saliency_part import saliency_layer, saliency_part
from apps.console.trust import trust_questions
from apps.reviews.screen import decision_screen
from apps.sites.queries import allows, sites_of_request
from apps.triage.states import Strategy, Verdict

TAB_WORDS = {
    QueueTab.WAITING: gettext_noop("Waiting"),
    QueueTab.ANALYSING: gettext_noop("In analysis"),
    QueueTab.ARCHIVED: gettext_noop("Archived"),
    QueueTab.RESOLVED: gettext_noop("Resolved"),
    QueueTab.ALL: gettext_noop("All"),
}
STRATEGY_WORDS = {
    Strategy.ESCALATE: gettext_noop("Escalate"),
    Strategy.VERIFY: gettext_noop("Verify first"),
    Strategy.ARCHIVE: gettext_noop("Archive"),
}
SECOND_LOOK = "second_look"
QUEUE_KEYS = [
    ("j", gettext_noop("Next alert")),
    ("k", gettext_noop("Previous alert")),
    ("o", gettext_noop("Open the selected alert")),
    (
        "c r b i v",
        gettext_noop("Open the selected alert at this verdict, or to ask for a second look"),
    ),
    ("x", gettext_noop("Choose the selected alert, to hand it out")),
    ("n", gettext_noop("Show new alerts")),
    ("Ctrl K", gettext_noop("Search everything")),
    ("!", gettext_noop("Stop the machine")),
    ("?", gettext_noop("These keys")),
]
ALERT_KEYS = [
    ("C", gettext_noop("Confirm theft")),
    ("R", gettext_noop("False alarm")),
    ("B", gettext_noop("Explained, benign")),
    ("I", gettext_noop("Inconclusive")),
    ("V", gettext_noop("Need a second look")),
    (
        "1 … 9",
        gettext_noop("In an open verdict: choose that reason and go on to what will be recorded"),
    ),
    ("Space", gettext_noop("Play or pause")),
    ("M", gettext_noop("Play the marked span")),
    ("L", gettext_noop("Loop the marked span")),
    (", .", gettext_noop("One frame back, one frame on")),
    ("← →", gettext_noop("10 seconds back, 10 seconds on")),
    ("< >", gettext_noop("Slower, faster")),
    ("P", gettext_noop("What was recorded before the clip")),
    ("+ - 0", gettext_noop("Zoom in, zoom out, the whole picture; Shift and arrows move it")),
    (
        "X K Z W D",
        gettext_noop("Boxes, skeleton, zones, what moved the score, the detector's own map"),
    ),
    ("F", gettext_noop("Reveal faces for a reason, or cover them again")),
    ("T", gettext_noop("Take this alert, or give it back")),
    ("N", gettext_noop("Next alert")),
    ("U", gettext_noop("Back to the queue")),
    ("Ctrl K", gettext_noop("Search everything")),
    ("!", gettext_noop("Stop the machine")),
    ("?", gettext_noop("These keys")),
]


@login_required
@never_cache
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """What is worth a minute of attention, most first. Operations engineers land in the admin."""
    if not request.user.may(Permission.VIEW_ALERTS) and request.user.may(Permission.USE_ADMIN):  # type: ignore[union-attr]
        return redirect("admin:index")
    user = _viewer(request)
    filters = QueueFilterForm(request.GET).filters()
    counts = tab_counts(user, filters)
    pages = QueuePaginator(queue_alerts(user, filters), counted=counts[filters.tab])
    page = pages.get_page(request.GET.get("page"))
    alerts = shown_alerts(page)
    context = {
        "filters": filters,
        "tabs": _tabs(filters, counts),
        "total": count_words(counts[filters.tab], most=most_counted(filters.tab, filters)),
        "strategies": [
            (strategy.value, gettext(words)) for strategy, words in STRATEGY_WORDS.items()
        ],
        "labels": labels_of(user),
        "ages": [(minutes, gettext(words)) for minutes, words in OLDER_WORDS.items()],
        "people": people_who_may(user.tenant_id, Permission.DECIDE),
        "views": list(SavedView.objects.filter(user=user)),
        "page": page,
        "rows": rows_of(alerts, currency=user.tenant.currency, filters=filters),
        "address": filters.address(),
        "tab_address": QueueFilters(tab=filters.tab).address(),
        "news_address": filters.address(since=timezone.now().isoformat()),
        "sla_seconds": user.tenant.review_sla_seconds,
        "may_raise": user.may(Permission.RAISE_ALERTS),
        "may_decide": user.may(Permission.DECIDE),
        "may_assign": user.may(Permission.ASSIGN_TASKS),
        "keys": QUEUE_KEYS,
    }
    template = "console/_queue.html" if request.htmx else "console/queue.html"  # type: ignore[attr-defined]
    return render(request, template, context)


@login_required
@never_cache
@require_GET
def queue_news(request: HttpRequest) -> HttpResponse:
    """How many alerts entered this part of the queue since the page was made."""
    user = _viewer(request)
    filters = QueueFilterForm(request.GET).filters()
    count = news_count(user, filters, since=_since(request))
    words = count_words(count, most=counting.AT_A_GLANCE)
    context = {"count": count, "words": words, "address": filters.address()}
    return render(request, "console/_queue_news.html", context)


@login_required
@never_cache
@require_GET
def queue_row(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """One row again, in its place: decided or moved on, it says so instead of vanishing."""
    user = _viewer(request)
    filters = QueueFilterForm(request.GET).filters()
    found = get_object_or_404(with_rows(alerts_visible_to(user)), id=alert_id)
    rows = rows_of([found], currency=user.tenant.currency, filters=filters)
    context = {
        "row": rows[0],
        "address": filters.address(),
        "sla_seconds": user.tenant.review_sla_seconds,
        "may_decide": user.may(Permission.DECIDE),
        "may_assign": user.may(Permission.ASSIGN_TASKS),
    }
    return render(request, "console/_queue_row.html", context)


@login_required
@never_cache
@require_GET
def queue_badge(request: HttpRequest) -> HttpResponse:
    """How many alerts wait, for the rail."""
    _viewer(request)
    return render(request, "console/_badge.html")


@login_required
@never_cache
@require_GET
def alert(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """Everything needed to decide about one alert."""
    user, found = _alert_for(request, alert_id, of=with_page(Alert.objects.all()))
    note_view(actor=actor_of(request), alert=found, now=timezone.now())
    page = alert_page(
        alert=found,
        user=user,
        session=secrets.token_hex(16),
        csrf=get_token(request),
        now=timezone.now(),
    )
    context = {
        "page": page,
        "alert": found,
        "screen": decision_screen(user, found, standing=page.standing),
        "part": "reviews/_bar.html",
        "opens": _wanted_panel(request, found),
        "sla_seconds": user.tenant.review_sla_seconds,
        "keys": ALERT_KEYS,
        "may_decide": user.may(Permission.DECIDE),
        "may_view_reliability": user.may(Permission.VIEW_RELIABILITY),
        "may_correct": user.may(Permission.CORRECT_DECISIONS),
    }
    return render(request, "console/alert.html", context)


@login_required
@never_cache
@require_GET
def alert_history(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """What was recorded of the alert and how long its footage is kept: a part of its page that comes after it.

    On its own without JavaScript.
    """
    _, found = _alert_for(request, alert_id)
    context = {
        "alert": found,
        "history": history_of_alert(found),
        "zone": found.site.timezone,
    }
    template = "console/_alert_record.html" if request.htmx else "console/alert_record.html"  # type: ignore[attr-defined]
    return render(request, template, context)


@login_required
@never_cache
@require_GET
def alert_saliency(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """What moved the score, a part of the alert page that may come later; on its own without JavaScript."""
    _, found = _alert_for(request, alert_id)
    context = {"part": saliency_part(alert=found, now=timezone.now()), "alert": found}
    template = "console/_saliency.html" if request.htmx else "console/saliency.html"  # type: ignore[attr-defined]
    return render(request, template, context)


@login_required
@never_cache
@require_GET
def alert_saliency_map(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """What the player draws over the footage, for those who may see footage."""
    user, found = _alert_for(request, alert_id)
    if not user.may(Permission.VIEW_CLIPS):
        raise PermissionDenied(Permission.VIEW_CLIPS.value)
    return JsonResponse(saliency_layer(alert=found, now=timezone.now()))


@login_required
@never_cache
@require_GET
def trust(request: HttpRequest) -> HttpResponse:
    """Seven questions to ask of an assisted system, answered by the running one."""
    user = request.user
    assert isinstance(user, User)
    if not user.may(Permission.VIEW_OVERSIGHT):
        raise PermissionDenied(Permission.VIEW_OVERSIGHT.value)
    now = timezone.now()
    context = {"questions": trust_questions(user, now=now), "now": now}
    return render(request, "console/trust.html", context)


def _viewer(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)
    if not user.may(Permission.VIEW_ALERTS):
        raise PermissionDenied(Permission.VIEW_ALERTS.value)
    sites_of_request(user)
    return user


def _alert_for(
    request: HttpRequest, alert_id: UUID, *, of: QuerySet[Alert] | None = None
) -> tuple[User, Alert]:
    """The alert as this person may see it: 404 to strangers, 403 to those who may not look."""
    user = request.user
    assert isinstance(user, User)
    here = [site.id for site in sites_of_request(user)]
    read = Alert.objects.select_related("site", "camera", "clip") if of is None else of
    found = get_object_or_404(read.filter(site__in=here), id=alert_id)
    if not allows(user, Permission.VIEW_ALERTS, found.site_id):
        raise PermissionDenied(Permission.VIEW_ALERTS.value)
    return user, found


def _wanted_panel(request: HttpRequest, alert: Alert) -> str:
    """The address of the panel to open at once (?decide=): of a verdict, or of asking for a second look."""
    wanted = request.GET.get("decide", "")
    if not alert.is_waiting:
        return ""
    if wanted == SECOND_LOOK:
        return reverse("second-look", args=[alert.id])
    if wanted not in set(Verdict):
        return ""
    return f"{reverse('decide', args=[alert.id])}?{urlencode({'verdict': wanted})}"


def _tabs(filters: QueueFilters, counts: dict[QueueTab, int]) -> list[dict[str, object]]:
    return [
        {
            "label": gettext(words),
            "count": count_words(counts[tab], most=most_counted(tab, filters)),
            "address": filters.address(state="" if tab is QueueTab.WAITING else tab.value),
            "is_current": tab is filters.tab,
        }
        for tab, words in TAB_WORDS.items()
    ]


def _since(request: HttpRequest) -> datetime:
    """When the asking page was made; now, when it does not say."""
    try:
        since = parse_datetime(request.GET.get("since", ""))
    except ValueError:
        since = None
    return since if since and since.tzinfo else timezone.now()
