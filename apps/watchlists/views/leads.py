"""Leads on screen: what waits for this person, and judging one without knowing the other's answer."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.queries import training_standing
from apps.accounts.sessions import authenticated_recently, kept_for, prove_it_is_you
from apps.storage.objects import VIEW_SECONDS
from apps.storage.store import media_store
from apps.watchlists.forms import JudgementForm
from apps.watchlists.models import SightingLead
from apps.watchlists.models.sightings import Answer
from apps.watchlists.operations.leads import UnableToJudge, judge_lead
from apps.watchlists.operations.looking import record_image_viewed, record_lead_viewed
from apps.watchlists.queries.gate import gate_of
from apps.watchlists.queries.sightings import (
    UNSETTLED,
    judged_by,
    judgements_shown,
    leads_to_judge,
)
from apps.watchlists.queries.words import alike_words, ended_words
from apps.watchlists.views.access import (
    CONFLICT,
    WRONG,
    asking,
    lead_for,
)
from apps.watchlists.views.tabs import tabs_for

MOST_JUDGED = 20


@login_required
@never_cache
@require_GET
def leads(request: HttpRequest) -> HttpResponse:
    """What waits for this person, oldest first, and what they have judged lately."""
    user = asking(request, Permission.CONFIRM_SIGHTING)
    context = {
        "tabs": tabs_for(request),
        "standing": gate_of(user.tenant_id, now=timezone.now()),
        "waiting": leads_to_judge(user),
        "judged": [(lead, ended_words(lead.closed_code)) for lead in judged_by(user)[:MOST_JUDGED]],
    }
    return render(request, "watchlists/leads.html", context)


@login_required
@never_cache
@require_GET
def lead(request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """One lead: the face of the clip beside the enrolment picture, and how much that says."""
    user, found = lead_for(request, lead_id)
    record_lead_viewed(actor=actor_of(request), lead=found)
    return _page(request, user, found, form=JudgementForm(initial=kept_for(request)))


@login_required
@never_cache
@require_POST
def judge(request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Record this person's answer."""
    user, found = lead_for(request, lead_id)
    if not authenticated_recently(request):
        return prove_it_is_you(request, request.path.removesuffix("judge/"))
    form = JudgementForm(request.POST)
    if not form.is_valid():
        return _page(request, user, found, form=form, status=WRONG)
    try:
        judge_lead(
            actor=actor_of(request),
            user=user,
            lead=found,
            answer=Answer(form.cleaned_data["answer"]),
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        )
    except UnableToJudge as refusal:
        found.refresh_from_db()
        form.add_error(None, str(refusal))
        return _page(request, user, found, form=form, status=CONFLICT)
    messages.success(request, gettext("Your answer is recorded. Nothing is done to anybody by it."))
    return redirect("watchlist-lead", lead_id=found.id)


@login_required
@never_cache
@require_GET
def crop(request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Lend the picture of the face in the clip for a minute."""
    _, found = lead_for(request, lead_id)
    if not found.crop_key:
        raise Http404("the picture is gone")
    record_lead_viewed(actor=actor_of(request), lead=found)
    return redirect(media_store().presigned_get(key=found.crop_key, seconds=VIEW_SECONDS))


@login_required
@never_cache
@require_GET
def enrolment(request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Lend the enrolment picture a lead is compared with; only while there is a lead to judge."""
    _, found = lead_for(request, lead_id)
    picture = found.entry.images.exclude(key="").order_by("-quality").first()
    if picture is None or found.state not in UNSETTLED:
        raise Http404("there is nothing to compare any more")
    record_image_viewed(actor=actor_of(request), image=picture)
    return redirect(media_store().presigned_get(key=picture.key, seconds=VIEW_SECONDS))


def _page(
    request: HttpRequest, user: User, found: SightingLead, *, form: JudgementForm, status: int = 200
) -> HttpResponse:
    shown = judgements_shown(found, user)
    mine = next((one for one in shown if one.user_id == user.id), None)
    context: dict[str, Any] = {
        "tabs": tabs_for(request),
        "lead": found,
        "form": form,
        "alike": alike_words(found.error_rate),
        "quality_percent": round(100 * found.quality),
        "judgements": shown,
        "mine": mine,
        "is_settled": found.state not in UNSETTLED,
        "may_judge": mine is None and found.state in UNSETTLED,
        "untrained": training_standing(user, timezone.now()).sentence,
        "why_closed": ended_words(found.closed_code),
        "zone": found.site.timezone,
        "is_recent": authenticated_recently(request),
    }
    return render(request, "watchlists/lead.html", context, status=status)
