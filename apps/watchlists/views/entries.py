"""Entries on screen: the list, one entry, its pictures, its history, and stopping it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently, kept_for, prove_it_is_you
from apps.storage.objects import VIEW_SECONDS
from apps.storage.store import media_store
from apps.triage.states import ENTRY, EntryState
from apps.watchlists.forms import ObjectionForm, ReasonForm, RenewalForm, SeenForm
from apps.watchlists.models import EntryImage, EntryObjection, EntryRenewal, WatchlistEntry
from apps.watchlists.operations.ending import UnableToStop, disable_entry, erase_entry
from apps.watchlists.operations.looking import (
    record_entry_viewed,
    record_history_viewed,
    record_image_viewed,
)
from apps.watchlists.operations.objections import decide_objection, record_objection
from apps.watchlists.queries.entries import (
    IN_FORCE,
    counts_by_state,
    entries_visible_to,
    entry_digest,
    renewal_digest,
)
from apps.watchlists.queries.gate import gate_of
from apps.watchlists.queries.sightings import history_of, path_of
from apps.watchlists.queries.words import ended_words, finding_words
from apps.watchlists.views.access import CONFLICT, asking, entry_for
from apps.watchlists.views.tabs import tabs_for

PAGE_ROWS = 50
KEYS = [
    ("j", _("Next entry")),
    ("k", _("Previous entry")),
    ("o", _("Open the selected entry")),
    ("?", _("These keys")),
]
ENDED = sorted(ENTRY.terminal)


@dataclass(frozen=True, kw_only=True)
class Countdown:
    """Until when, and how near that is: `ok`, `soon` or `over`."""

    at: datetime | None
    words: str
    kind: str


def countdown(at: datetime | None, *, now: datetime, soon_days: int = 7) -> Countdown:
    """Days left in words; a term that is over says so."""
    if at is None:
        return Countdown(at=None, words=gettext("not in force yet"), kind="none")
    days = (at - now).days
    if at <= now:
        return Countdown(at=at, words=gettext("over"), kind="over")
    words = gettext("today")
    if days:
        words = ngettext("%(count)s day left", "%(count)s days left", days) % {"count": days}
    return Countdown(at=at, words=words, kind="soon" if days < soon_days else "ok")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the list."""

    entry: WatchlistEntry
    expires: Countdown
    review: Countdown


@login_required
@never_cache
@require_GET
def entries(request: HttpRequest) -> HttpResponse:
    """The tenant's entries: what is open first, what has ended on request."""
    user = asking(request, Permission.VIEW_WATCHLIST)
    ended = request.GET.get("show") == "ended"
    found = entries_visible_to(user)
    found = found.filter(state__in=ENDED) if ended else found.exclude(state__in=ENDED)
    page = Paginator(found, PAGE_ROWS).get_page(request.GET.get("page"))
    now = timezone.now()
    context = {
        "tabs": tabs_for(request),
        "standing": gate_of(user.tenant_id, now=now),
        "page": page,
        "rows": [_row(entry, now=now) for entry in page],
        "ended": ended,
        "counts": counts_by_state(user),
        "ended_count": sum(counts_by_state(user).get(state, 0) for state in ENDED),
        "keys": KEYS,
    }
    return render(request, "watchlists/entries.html", context)


@login_required
@never_cache
@require_GET
def entry(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """One entry: its ground, its checks, its term, and what may be done with it."""
    user, found = entry_for(request, entry_id)
    record_entry_viewed(actor=actor_of(request), entry=found)
    return entry_page(request, user, found)


def entry_page(
    request: HttpRequest, user: User, found: WatchlistEntry, *, status: int = 200, **changed: Any
) -> HttpResponse:
    """The entry's page; `changed` replaces forms that were refused."""
    now = timezone.now()
    renewal = found.renewals.filter(settled_at__isnull=True).first()
    objection = found.objections.filter(decided_at__isnull=True).first()
    kept = kept_for(request)
    context = {
        "tabs": tabs_for(request),
        "standing": gate_of(user.tenant_id, now=now),
        "entry": found,
        "row": _row(found, now=now),
        "why": ended_words(found.ended_code),
        "findings": [
            one | {"words": finding_words(one["code"], passed=one["passed"])}
            for one in found.findings
        ],
        "images": [] if found.erased_at else list(found.images.all()),
        "is_enrolled": found.embeddings.filter(is_active=True).exists(),
        "in_force": found.state in IN_FORCE,
        "has_ended": found.state in ENTRY.terminal,
        "renewal": renewal,
        "objection": objection,
        "confirmations": found.confirmations.order_by("confirmed_at"),
        "sighting_count": found.sightings.count(),
        "zone": found.alert.site.timezone,
        "is_recent": authenticated_recently(request),
        "decision": _decision(user, found, renewal),
        "decision_form": SeenForm(initial=kept | _seen(found, renewal)),
        "renewal_form": RenewalForm(initial=kept),
        "stop_form": ReasonForm(initial=kept, auto_id="stop_%s"),
        "objection_form": ReasonForm(initial=kept, auto_id="objection_%s"),
        "ruling_form": ObjectionForm(initial=kept, auto_id="ruling_%s"),
        "erase_form": ReasonForm(initial=kept, auto_id="erase_%s"),
        "may": _may(user),
        "keys": KEYS[-1:],
    } | changed
    return render(request, "watchlists/entry.html", context, status=status)


@login_required
@never_cache
@require_GET
def image(request: HttpRequest, entry_id: UUID, image_id: UUID) -> HttpResponse:
    """Lend an enrolment picture for a minute; who looked is recorded."""
    _, found = entry_for(request, entry_id)
    picture = get_object_or_404(EntryImage.objects.filter(entry=found), id=image_id)
    if not picture.key:
        raise Http404("no picture yet")
    record_image_viewed(actor=actor_of(request), image=picture)
    return redirect(media_store().presigned_get(key=picture.key, seconds=VIEW_SECONDS))


@login_required
@never_cache
@require_GET
def history(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """The person's sightings by site and time, for those who may see them; each look is recorded."""
    _, found = entry_for(request, entry_id, Permission.VIEW_PERSON_HISTORY)
    sites, path = history_of(found), path_of(found)
    record_history_viewed(actor=actor_of(request), entry=found, shown=len(path))
    context = {"tabs": tabs_for(request), "entry": found, "sites": sites, "path": path}
    return render(request, "watchlists/history.html", context)


@login_required
@never_cache
@require_POST
def stop(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """End an entry for good; one person is enough."""
    user, found = entry_for(request, entry_id)
    form = ReasonForm(request.POST, auto_id="stop_%s")
    try:
        disable_entry(
            actor=actor_of(request),
            user=user,
            entry=found,
            reason=_reason(form),
            now=timezone.now(),
        )
    except UnableToStop as refusal:
        form.add_error(None, str(refusal))
        return entry_page(request, user, found, status=CONFLICT, stop_form=form)
    messages.success(request, gettext("The entry has ended. Its pictures and vectors are deleted."))
    return redirect("watchlist-entry", entry_id=found.id)


@login_required
@never_cache
@require_POST
def object_to(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Record that the person objects; nothing is compared until it is decided."""
    user, found = entry_for(request, entry_id)
    form = ReasonForm(request.POST, auto_id="objection_%s")
    try:
        record_objection(
            actor=actor_of(request),
            user=user,
            entry=found,
            reason=_reason(form),
            now=timezone.now(),
        )
    except UnableToStop as refusal:
        form.add_error(None, str(refusal))
        return entry_page(request, user, found, status=CONFLICT, objection_form=form)
    messages.success(
        request, gettext("The objection is recorded. Until it is decided nothing is compared.")
    )
    return redirect("watchlist-entry", entry_id=found.id)


@login_required
@never_cache
@require_POST
def rule(request: HttpRequest, entry_id: UUID, objection_id: UUID) -> HttpResponse:
    """Decide an objection."""
    user, found = entry_for(request, entry_id, Permission.MANAGE_LEGAL_GATE)
    objection = get_object_or_404(EntryObjection.objects.filter(entry=found), id=objection_id)
    if not authenticated_recently(request):
        return prove_it_is_you(request, _address(found))
    form = ObjectionForm(request.POST, auto_id="ruling_%s")
    if not form.is_valid():
        return entry_page(request, user, found, status=CONFLICT, ruling_form=form)
    try:
        decide_objection(
            actor=actor_of(request),
            user=user,
            objection=objection,
            is_upheld=form.cleaned_data["upheld"],
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        )
    except UnableToStop as refusal:
        form.add_error(None, str(refusal))
        return entry_page(request, user, found, status=CONFLICT, ruling_form=form)
    messages.success(request, gettext("The objection is decided."))
    return redirect("watchlist-entry", entry_id=found.id)


@login_required
@never_cache
@require_POST
def erase(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Destroy everything about the person."""
    user, found = entry_for(request, entry_id, Permission.MANAGE_LEGAL_GATE)
    if not authenticated_recently(request):
        return prove_it_is_you(request, _address(found))
    form = ReasonForm(request.POST, auto_id="erase_%s")
    try:
        erase_entry(
            actor=actor_of(request),
            user=user,
            entry=found,
            reason=_reason(form),
            now=timezone.now(),
        )
    except UnableToStop as refusal:
        form.add_error(None, str(refusal))
        return entry_page(request, user, found, status=CONFLICT, erase_form=form)
    messages.success(
        request, gettext("Everything about the person is erased. The opaque record stays.")
    )
    return redirect("watchlist-entry", entry_id=found.id)


def _row(entry: WatchlistEntry, *, now: datetime) -> Row:
    over = entry.state in ENTRY.terminal
    expires, review = (None, None) if over else (entry.expires_at, entry.review_due_at)
    return Row(entry=entry, expires=countdown(expires, now=now), review=countdown(review, now=now))


def _reason(form: ReasonForm) -> str:
    form.is_valid()
    return str(form.cleaned_data.get("reason", ""))


def _address(entry: WatchlistEntry) -> str:
    return reverse("watchlist-entry", args=[entry.id])


def _seen(entry: WatchlistEntry, renewal: EntryRenewal | None) -> dict[str, object]:
    digest = renewal_digest(renewal, entry) if renewal else entry_digest(entry)
    return {"version": entry.version, "digest": digest}


def _decision(
    user: User, entry: WatchlistEntry, renewal: EntryRenewal | None
) -> dict[str, str] | None:
    """What waits for a second person here, and why this one cannot give it."""
    if renewal is None and entry.state != EntryState.AWAITING_APPROVAL:
        return None
    proposers = {entry.proposed_by} | ({renewal.proposed_by} if renewal else set())
    why_not = ""
    if not user.may(Permission.APPROVE_WATCHLIST):
        why_not = gettext("Your role does not allow approving a watchlist entry.")
    elif user.id in proposers:
        why_not = gettext("You proposed this yourself: another person has to approve it.")
    name = "watchlist-renewal-decide" if renewal else "watchlist-decide"
    target = renewal.id if renewal else entry.id
    return {"why_not": why_not, "url": reverse(name, args=[target])}


def _may(user: User) -> dict[str, bool]:
    return {
        "propose": user.may(Permission.PROPOSE_WATCHLIST),
        "stop": user.may(Permission.APPROVE_WATCHLIST) or user.may(Permission.PROPOSE_WATCHLIST),
        "rule": user.may(Permission.MANAGE_LEGAL_GATE),
        "see_history": user.may(Permission.VIEW_PERSON_HISTORY),
    }
