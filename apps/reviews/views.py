"""Deciding on screen: open a panel, see what will be recorded, confirm it, follow what becomes of it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import (
    authenticated_recently,
    forget_kept,
    kept_lists_for,
    prove_it_is_you,
)
from apps.alerts.models import Alert
from apps.alerts.queries import clip_of
from apps.reviews.forms import DecisionForm, PlaybackForm, RegroupForm, SubmitForm, VerdictForm
from apps.reviews.item_queries import may_regroup
from apps.reviews.models import DecisionAttempt
from apps.reviews.operations import (
    UnableToDecide,
    UnableToRecordPlayback,
    UnableToRegroup,
    prepare_attempt,
    record_playback,
    rejoin_alert,
    split_alert,
    submit_attempt,
)
from apps.reviews.payload import DecisionPayload, UnreadablePayload
from apps.reviews.queries import attempt_of, marked_span, marked_span_watched, watched_ms
from apps.reviews.screen import (
    BUTTON_WORDS,
    also_of,
    decision_screen,
    fate_of,
    statement_of,
    watched_words,
)
from apps.sites.queries import allows, sites_visible_to
from apps.triage.states import Verdict

CONFLICT = 409
WRONG = 422


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """Open the panel of one verdict (GET), or prepare exactly what was filled in (POST)."""
    user, alert = _alert_to_decide(request, alert_id)
    data = request.POST if request.method == "POST" else request.GET
    chosen = VerdictForm(data)
    if not chosen.is_valid():
        return _bar(request, user, alert)
    verdict = Verdict(chosen.cleaned_data["verdict"])
    if not authenticated_recently(request):
        return _prove_it_is_you(request, alert, verdict)
    if request.method == "GET":
        return _panel(request, alert, _form(request, verdict))
    return _prepare(request, user, alert, DecisionForm(request.POST, verdict=verdict))


@login_required
@never_cache
@require_POST
def submit(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """Confirm a prepared decision with its one-time token."""
    user, attempt = _attempt_for(request, attempt_id)
    if not authenticated_recently(request):
        return _prove_it_is_you(request, attempt.alert, Verdict(attempt.payload["verdict"]))
    form = SubmitForm(request.POST)
    try:
        if not form.is_valid() or not isinstance(form.cleaned_data["payload"], dict):
            raise UnreadablePayload("the confirm step was incomplete")
        submitted = submit_attempt(
            actor=actor_of(request),
            user=user,
            attempt_id=attempt.id,
            token=form.cleaned_data["token"],
            payload=DecisionPayload.from_json(form.cleaned_data["payload"]),
            now=timezone.now(),
        )
    except UnreadablePayload:
        return _refused(
            request, user, attempt.alert, gettext("This decision could not be read. Decide again.")
        )
    except UnableToDecide as refusal:
        return _refused(request, user, attempt.alert, refusal.sentence)
    if request.htmx:  # type: ignore[attr-defined]
        return _attempt(request, submitted)
    return redirect("attempt", attempt_id=submitted.id)


@login_required
@never_cache
@require_GET
def attempt(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """Follow a decision: recorded and waiting, applied, or refused and why."""
    _, found = _attempt_for(request, attempt_id)
    return _attempt(request, found)


@login_required
@never_cache
@require_GET
def decision(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """The bar alone: after a panel is closed, or when playing has enabled a choice."""
    user, alert = _alert_for(request, alert_id)
    return _bar(request, user, alert)


@login_required
@never_cache
@require_GET
def standing(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """Whether the alert is still as the page showed it (?version=); if not, who did what."""
    user, alert = _alert_for(request, alert_id)
    if request.GET.get("version") == str(alert.version):
        return HttpResponse(status=204)
    context = {"alert": alert, "screen": decision_screen(user, alert)}
    return render(request, "reviews/_standing.html", context)


@login_required
@require_POST
def playback(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """Record a span that was really played; answer how much that makes."""
    user, alert = _alert_for(request, alert_id)
    if not allows(user, Permission.VIEW_CLIPS, alert.site_id):
        raise PermissionDenied(Permission.VIEW_CLIPS.value)
    form = PlaybackForm.of_json(request.body)
    if not form.is_valid():
        return JsonResponse({"errors": form.errors}, status=WRONG)
    span = form.cleaned_data
    try:
        record_playback(actor=actor_of(request), user=user, alert=alert, now=timezone.now(), **span)
    except UnableToRecordPlayback as refusal:
        return JsonResponse({"errors": {"__all__": [str(refusal)]}}, status=CONFLICT)
    clip = clip_of(alert)
    marked = marked_span(clip) if clip else None
    return JsonResponse(
        {
            "from_ms": span["from_ms"],
            "to_ms": span["to_ms"],
            "words": watched_words(watched_ms(user, alert), marked),
            "enough": marked_span_watched(user, alert),
        }
    )


@login_required
@require_POST
def split(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """Take one of the item's alerts out of it; both then wait on their own."""
    return _regroup(request, alert_id, split_alert, gettext("It is a row of its own again."))


@login_required
@require_POST
def rejoin(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """Undo a split."""
    return _regroup(request, alert_id, rejoin_alert, gettext("It is one item again."))


def _regroup(
    request: HttpRequest, alert_id: UUID, act: Callable[..., None], done: str
) -> HttpResponse:
    user, shown = _alert_for(request, alert_id)
    form = RegroupForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Nothing was changed: give a reason."))
        return redirect("alert", alert_id=shown.id)
    _, alert = _alert_for(request, form.cleaned_data["member"] or shown.id)
    if not may_regroup(user, alert):
        raise PermissionDenied(Permission.DECIDE.value)
    reason = form.cleaned_data["reason"]
    try:
        act(actor=actor_of(request), user=user, alert=alert, reason=reason, now=timezone.now())
    except UnableToRegroup as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, done)
    return redirect("alert", alert_id=shown.id)


def _alert_for(request: HttpRequest, alert_id: UUID) -> tuple[User, Alert]:
    """The alert as this person may see it: 404 to strangers, 403 to those who may not look."""
    user = request.user
    assert isinstance(user, User)
    visible = Alert.objects.filter(site__in=sites_visible_to(user))
    alert = get_object_or_404(visible.select_related("site", "camera", "clip"), id=alert_id)
    if not allows(user, Permission.VIEW_ALERTS, alert.site_id):
        raise PermissionDenied(Permission.VIEW_ALERTS.value)
    return user, alert


def _alert_to_decide(request: HttpRequest, alert_id: UUID) -> tuple[User, Alert]:
    user, alert = _alert_for(request, alert_id)
    if not allows(user, Permission.DECIDE, alert.site_id):
        raise PermissionDenied(Permission.DECIDE.value)
    return user, alert


def _attempt_for(request: HttpRequest, attempt_id: UUID) -> tuple[User, DecisionAttempt]:
    """A person's own attempt; nobody follows somebody else's."""
    user = request.user
    assert isinstance(user, User)
    found = attempt_of(user, attempt_id)
    if found is None:
        raise Http404("not an attempt of yours")
    return user, found


def _prepare(request: HttpRequest, user: User, alert: Alert, form: DecisionForm) -> HttpResponse:
    if not form.is_valid():
        return _panel(request, alert, form, status=WRONG)
    try:
        payload = form.payload()
        prepared = prepare_attempt(
            actor=actor_of(request), user=user, alert=alert, payload=payload, now=timezone.now()
        )
    except UnreadablePayload as fault:
        form.add_error(
            None, gettext("This decision could not be read: %(fault)s.") % {"fault": fault}
        )
        return _panel(request, alert, form, status=WRONG)
    except UnableToDecide as refusal:
        form.add_error(None, refusal.sentence)
        return _panel(request, alert, form, status=CONFLICT)
    forget_kept(request)
    context = {
        "alert": alert,
        "statement": statement_of(DecisionPayload.from_json(prepared.attempt.payload)),
        "also": also_of(prepared.attempt),
        "attempt": prepared.attempt,
        "token": prepared.token,
    }
    return _page(request, "confirm", context)


def _prove_it_is_you(request: HttpRequest, alert: Alert, verdict: Verdict) -> HttpResponse:
    return prove_it_is_you(request, _decision_page(alert.id, verdict))


def _decision_page(alert_id: UUID, verdict: Verdict) -> str:
    return f"{reverse('alert', args=[alert_id])}?{urlencode({'decide': verdict.value})}"


def _form(request: HttpRequest, verdict: Verdict) -> DecisionForm:
    """An empty form, or what the person had filled in before proving who they are."""
    alert_id = request.resolver_match.kwargs["alert_id"]  # type: ignore[union-attr]
    kept = kept_lists_for(request, page=_decision_page(alert_id, verdict))
    initial: dict[str, Any] = {"verdict": verdict.value}
    if kept:
        initial["reasons"] = kept.get("reasons", [])
        for name in ("comment", "transfer_seen"):
            initial[name] = "".join(kept.get(name, [])[-1:])
    return DecisionForm(initial=initial, verdict=verdict)


def _panel(
    request: HttpRequest, alert: Alert, form: DecisionForm, *, status: int = 200
) -> HttpResponse:
    verdict = Verdict(form["verdict"].value())
    context = {"alert": alert, "form": form, "verdict": verdict, "words": BUTTON_WORDS[verdict]}
    return _page(request, "panel", context, status=status)


def _bar(request: HttpRequest, user: User, alert: Alert) -> HttpResponse:
    return _page(request, "bar", {"alert": alert, "screen": decision_screen(user, alert)})


def _refused(request: HttpRequest, user: User, alert: Alert, sentence: str) -> HttpResponse:
    alert.refresh_from_db()
    context = {"alert": alert, "screen": decision_screen(user, alert), "refusal": sentence}
    return _page(request, "bar", context, status=CONFLICT)


def _attempt(request: HttpRequest, found: DecisionAttempt) -> HttpResponse:
    fate = fate_of(found)
    response = _page(request, "attempt", {"alert": found.alert, "attempt": found, "fate": fate})
    return trigger_client_event(response, "decision-settled") if fate.is_settled else response


def _page(
    request: HttpRequest, part: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """The same part as a fragment of the alert page, or as a page of its own without JavaScript."""
    template = "reviews/_decision.html" if request.htmx else "reviews/decision.html"  # type: ignore[attr-defined]
    return render(request, template, context | {"part": f"reviews/_{part}.html"}, status=status)
