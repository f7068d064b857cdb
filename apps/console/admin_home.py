"""The admin's first page: what needs an administrator, before the list of tables."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.queries import training_lines
from apps.alerts.models import OutboxEntry
from apps.cases.models import Case
from apps.evidence.models import RetentionRun
from apps.triage.states import CaseState, DeliveryState, EntryState, OutboxState
from apps.watchlists.models import WatchlistEntry
from apps.webhooks.models import WebhookDelivery
from apps.webhooks.queries import paused_webhooks

SOON: Final = timedelta(days=14)
"""Watchlist entries that end within this time are shown before they do."""
_LATE: Final = timedelta(hours=48)
_TRIED_OFTEN: Final = 3


@dataclass(frozen=True, kw_only=True)
class Need:
    """One thing to look at: how many, in words, and where."""

    count: int
    words: str
    url: str


def what_needs_you(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's hook of the first page: the tables' list stays, what needs somebody comes before it."""
    user = request.user
    assert isinstance(user, User)
    return context | {"needs": [need for need in _needs(user) if need.count]}


def _needs(user: User) -> list[Need]:
    found = [*_system(user)] if user.may(Permission.OPERATE) else []
    if user.may(Permission.APPROVE_CASES):
        found += [*_approvals(user)]
    if user.may(Permission.MANAGE_RETENTION):
        found += [*_retention(user)]
    if user.may(Permission.MANAGE_TRAINING_RECORDS):
        found += [_training(user)]
    if user.may(Permission.MANAGE_WEBHOOKS):
        found += [*_webhooks(user)]
    return found


def _system(user: User) -> list[Need]:
    stuck = OutboxEntry.objects.filter(
        tenant_id=user.tenant_id, state=OutboxState.WAITING, tries__gte=_TRIED_OFTEN
    )
    where = (
        f"{reverse('admin:alerts_outboxentry_changelist')}?state__exact=waiting"
        if user.may(Permission.VIEW_ALERTS)
        else ""
    )
    return [Need(count=stuck.count(), words="alerts whose workflow does not start", url=where)]


def _approvals(user: User) -> list[Need]:
    cases = Case.objects.filter(tenant_id=user.tenant_id, state=CaseState.SUBMITTED_FOR_APPROVAL)
    entries = WatchlistEntry.objects.filter(tenant_id=user.tenant_id)
    waiting = entries.filter(state=EntryState.AWAITING_APPROVAL)
    now = timezone.now()
    ending = entries.filter(state=EntryState.ACTIVE, expires_at__gte=now, expires_at__lt=now + SOON)
    listed = reverse("watchlist")
    return [
        Need(count=cases.count(), words="cases wait for approval", url=reverse("approvals")),
        Need(count=waiting.count(), words="watchlist entries wait for approval", url=listed),
        Need(
            count=ending.count(),
            words=f"watchlist entries end within {SOON.days} days",
            url=listed,
        ),
    ]


def _retention(user: User) -> list[Need]:
    runs = RetentionRun.objects.filter(tenant_id=user.tenant_id)
    last = runs.order_by("-started_at").first()
    page = reverse("retention")
    is_late = last is not None and timezone.now() - last.started_at > _LATE
    return [
        Need(
            count=last.failed if last else 0,
            words="files the last retention run could not delete",
            url=page,
        ),
        Need(count=int(is_late), words="retention engine without a run for two days", url=page),
    ]


def _training(user: User) -> Need:
    lines = training_lines(user.tenant_id, timezone.now())
    without = sum(not line.standing.is_covered for line in lines)
    return Need(
        count=without,
        words="people cannot decide: no training record in force",
        url=reverse("training"),
    )


def _webhooks(user: User) -> list[Need]:
    given_up = WebhookDelivery.objects.filter(
        tenant_id=user.tenant_id, state=DeliveryState.GIVEN_UP
    )
    page = reverse("setup-webhooks")
    return [
        Need(
            count=paused_webhooks(user.tenant_id).count(),
            words="webhooks are paused after failures",
            url=page,
        ),
        Need(count=given_up.count(), words="events did not reach a webhook", url=page),
    ]
