"""What waits for a second person, and the decision itself."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently, prove_it_is_you
from apps.watchlists.forms import RenewalForm, SeenForm
from apps.watchlists.models import EntryRenewal, WatchlistEntry
from apps.watchlists.operations.approving import (
    Seen,
    UnableToApprove,
    approve_entry,
    approve_renewal,
    refuse_entry,
    refuse_renewal,
)
from apps.watchlists.operations.proposing import Term, UnableToPropose, propose_renewal
from apps.watchlists.queries.entries import awaiting_approval, renewals_awaiting
from apps.watchlists.queries.gate import gate_of
from apps.watchlists.views.access import CONFLICT, WRONG, asking, entry_for
from apps.watchlists.views.entries import entry_page
from apps.watchlists.views.tabs import tabs_for


@login_required
@never_cache
@require_GET
def approvals(request: HttpRequest) -> HttpResponse:
    """Proposals and renewals that wait, oldest first."""
    user = asking(request, Permission.VIEW_WATCHLIST)
    context = {
        "tabs": tabs_for(request),
        "standing": gate_of(user.tenant_id, now=timezone.now()),
        "proposals": awaiting_approval(user),
        "renewals": renewals_awaiting(user),
        "may_approve": user.may(Permission.APPROVE_WATCHLIST),
        "me": user.id,
    }
    return render(request, "watchlists/approvals.html", context)


@login_required
@never_cache
@require_POST
def decide(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Approve or refuse a proposal as it was seen."""
    user, found = entry_for(request, entry_id)
    return _decide(request, user, found, None)


@login_required
@never_cache
@require_POST
def decide_renewal(request: HttpRequest, renewal_id: UUID) -> HttpResponse:
    """Approve or refuse a renewal as it was seen."""
    renewal = get_object_or_404(EntryRenewal.objects.select_related("entry"), id=renewal_id)
    user, found = entry_for(request, renewal.entry_id)
    return _decide(request, user, found, renewal)


@login_required
@never_cache
@require_POST
def renew(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Ask for a renewal."""
    user, found = entry_for(request, entry_id)
    form = RenewalForm(request.POST)
    if not form.is_valid():
        return entry_page(request, user, found, status=WRONG, renewal_form=form)
    data = form.cleaned_data
    try:
        propose_renewal(
            actor=actor_of(request),
            user=user,
            entry=found,
            necessity=data["necessity"],
            term=Term(valid_days=data["valid_days"], review_days=data["review_days"]),
            now=timezone.now(),
        )
    except UnableToPropose as refusal:
        form.add_error(None, str(refusal))
        return entry_page(request, user, found, status=CONFLICT, renewal_form=form)
    messages.success(request, gettext("The renewal is proposed. Another person has to approve it."))
    return redirect("watchlist-entry", entry_id=found.id)


def _decide(
    request: HttpRequest, user: User, entry: WatchlistEntry, renewal: EntryRenewal | None
) -> HttpResponse:
    if not authenticated_recently(request):
        return prove_it_is_you(request, reverse("watchlist-entry", args=[entry.id]))
    form = SeenForm(request.POST)
    if not form.is_valid():
        return entry_page(request, user, entry, status=WRONG, decision_form=form)
    try:
        said = _carry_out(request, user, entry, renewal, form)
    except UnableToApprove as refusal:
        entry.refresh_from_db()
        form.add_error(None, str(refusal))
        return entry_page(request, user, entry, status=CONFLICT, decision_form=form)
    messages.success(request, said)
    return redirect("watchlist-entry", entry_id=entry.id)


def _carry_out(
    request: HttpRequest,
    user: User,
    entry: WatchlistEntry,
    renewal: EntryRenewal | None,
    form: SeenForm,
) -> str:
    actor, now, data = actor_of(request), timezone.now(), form.cleaned_data
    seen = Seen(version=data["version"], digest=data["digest"])
    approved = request.POST.get("decision") == "approve"
    if renewal is not None and approved:
        approve_renewal(actor=actor, user=user, renewal=renewal, seen=seen, now=now)
        return gettext("The renewal is approved.")
    if renewal is not None:
        refuse_renewal(actor=actor, user=user, renewal=renewal, reason=data["reason"], now=now)
        return gettext("The renewal is refused. The entry runs out as it would have.")
    if approved:
        approve_entry(actor=actor, user=user, entry=entry, seen=seen, now=now)
        return gettext("The entry is in force. Its face is being enrolled.")
    refuse_entry(actor=actor, user=user, entry=entry, seen=seen, reason=data["reason"], now=now)
    return gettext("The proposal is refused. Its pictures are deleted.")
