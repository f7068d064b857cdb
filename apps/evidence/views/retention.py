"""Retention on screen: the periods in force, what a run would do, what the last ones did."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.queries import name_of
from apps.accounts.sessions import authenticated_recently, kept_for, prove_it_is_you
from apps.audit.events import Event, Subject
from apps.audit.operations import record
from apps.evidence.forms import PeriodsForm
from apps.evidence.models import RetentionRules, RetentionRun
from apps.evidence.operations.periods import (
    UnableToSetPeriods,
    activate_periods,
    discard_periods,
    draft_periods,
)
from apps.evidence.queries.retention import active_rules, rules_of
from apps.evidence.queries.shown import latest_runs, try_retention
from apps.evidence.retention_rules import DEFAULTS, FLOOR_DAYS, GROUND_WORDS, RECORDS, Rules
from apps.evidence.views.access import CONFLICT, WRONG, asking, version_for
from apps.triage.states import RetentionState

MOST_VERSIONS = 10
NEXT_RUN = gettext_noop("every night from 01:20 UTC")


@login_required
@never_cache
@require_GET
def retention(request: HttpRequest) -> HttpResponse:
    """The periods, a form for other ones, versions, and the last runs."""
    user = asking(request, Permission.MANAGE_RETENTION)
    days = dict(active_rules(user.tenant_id).days)
    kept = kept_for(request)
    return _page(request, user, PeriodsForm(kept or None, days=days))


@login_required
@require_POST
def draft(request: HttpRequest) -> HttpResponse:
    """Write a new version of the periods; it does nothing yet."""
    user = asking(request, Permission.MANAGE_RETENTION)
    form = PeriodsForm(request.POST, days=dict(active_rules(user.tenant_id).days))
    if not form.is_valid():
        return _page(request, user, form, status=WRONG)
    try:
        version = draft_periods(
            actor=actor_of(request),
            days=form.days(),
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        )
    except UnableToSetPeriods as refusal:
        form.add_error(None, str(refusal))
        return _page(request, user, form, status=WRONG)
    messages.success(
        request,
        gettext("Version %(version_number)s is drafted. It does nothing until it is activated.")
        % {"version_number": version.number},
    )
    return redirect("retention")


@login_required
@require_POST
def activate(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Put a drafted version in force: proof of who one is."""
    user, version = version_for(request, version_id)
    if not authenticated_recently(request):
        return prove_it_is_you(request, reverse("retention"))
    try:
        activate_periods(actor=actor_of(request), version=version, now=timezone.now())
    except UnableToSetPeriods as refusal:
        return _refused(request, user, str(refusal))
    messages.success(
        request,
        gettext("Version %(version_number)s is in force.") % {"version_number": version.number},
    )
    return redirect("retention")


@login_required
@require_POST
def discard(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Put a draft aside; it stays on record."""
    user, version = version_for(request, version_id)
    try:
        discard_periods(actor=actor_of(request), version=version)
    except UnableToSetPeriods as refusal:
        return _refused(request, user, str(refusal))
    messages.success(
        request,
        gettext("Version %(version_number)s is discarded.") % {"version_number": version.number},
    )
    return redirect("retention")


@login_required
@never_cache
@require_GET
def dry_run(request: HttpRequest) -> HttpResponse:
    """What a run would delete now, and why not the rest. Nothing is changed."""
    user = asking(request, Permission.MANAGE_RETENTION)
    trial = try_retention(user.tenant_id, now=timezone.now())
    record(
        actor=actor_of(request),
        event=Event.RETENTION_TRIED,
        subject=Subject("tenant", user.tenant_id),
        details={"due": trial.due_count, "kept": trial.kept_count},
    )
    return render(request, "evidence/retention_trial.html", {"trial": trial})


@login_required
@never_cache
@require_GET
def run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The report of one run."""
    user = asking(request, Permission.MANAGE_RETENTION)
    found = get_object_or_404(RetentionRun.objects.filter(tenant_id=user.tenant_id), id=run_id)
    context = {
        "run": found,
        "kept": [(gettext(GROUND_WORDS[ground]), count) for ground, count in found.kept.items()],
        "findings": found.findings.all()[:200],
    }
    return render(request, "evidence/retention_run.html", context)


def _refused(request: HttpRequest, user: User, words: str) -> HttpResponse:
    messages.error(request, words)
    form = PeriodsForm(days=dict(active_rules(user.tenant_id).days))
    return _page(request, user, form, status=CONFLICT)


def _page(
    request: HttpRequest, user: User, form: PeriodsForm, *, status: int = 200
) -> HttpResponse:
    rules = active_rules(user.tenant_id)
    versions = RetentionRules.objects.filter(tenant_id=user.tenant_id)[:MOST_VERSIONS]
    context = {
        "form": form,
        "periods": _periods(rules),
        "rules": rules,
        "versions": [
            {
                "row": version,
                "drafted_by": name_of(version.drafted_by),
                "changes": _changes(rules_of(version), rules),
                "is_draft": version.state == RetentionState.DRAFT,
            }
            for version in versions
        ],
        "runs": latest_runs(user.tenant_id),
        "next_run": gettext(NEXT_RUN),
        "floor": FLOOR_DAYS,
    }
    return render(request, "evidence/retention.html", context, status=status)


def _periods(rules: Rules) -> list[dict[str, Any]]:
    return [
        {
            "words": gettext(default.words),
            "days": rules.days[category],
            "counts_from": default.counts_from,
            "reason": gettext(default.reason),
            "is_record": category.value in RECORDS,
        }
        for category, default in DEFAULTS.items()
    ]


def _changes(version: Rules, active: Rules) -> list[str]:
    """What a version says differently from the one in force."""
    return [
        gettext("%(words)s: %(days)s instead of %(before)s days")
        % {
            "words": gettext(default.words),
            "days": version.days[category],
            "before": active.days[category],
        }
        for category, default in DEFAULTS.items()
        if version.days[category] != active.days[category]
    ]
