"""Drafting and activating a tenant's retention periods: versions, never changed, one in force."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext

from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.evidence.models import RetentionPeriod, RetentionRules
from apps.evidence.queries.retention import rules_of
from apps.evidence.retention_rules import Category, PeriodRefused, Rules
from apps.triage.states import RETENTION, RetentionState

LEAST_REASON = 10


class UnableToSetPeriods(Exception):
    """The periods may not be drafted or activated like this; the text says why."""


def draft_periods(
    *, actor: Actor, days: Mapping[Category, int], reason: str, now: datetime
) -> RetentionRules:
    """Write a complete new version of the periods; it does nothing until a person activates it.

    Raises UnableToSetPeriods for a period out of bounds (logs and records below 183 days), with the reason.
    """
    text = reason.strip()
    if actor.user_id is None:
        raise UnableToSetPeriods(gettext("A person drafts retention periods."))
    if len(text) < LEAST_REASON:
        raise UnableToSetPeriods(gettext("Say why the periods change, in ten characters or more."))
    try:
        rules = Rules(number=0, days=dict(days))
    except PeriodRefused as refusal:
        raise UnableToSetPeriods(str(refusal)) from refusal
    try:
        with transaction.atomic():
            return _draft(actor=actor, rules=rules, reason=text, now=now)
    except IntegrityError as error:
        raise UnableToSetPeriods(
            gettext("Somebody else drafted at the same moment. Try again.")
        ) from error


def activate_periods(*, actor: Actor, version: RetentionRules, now: datetime) -> RetentionRules:
    """Put a drafted version in force; the one before it is retired. Raises UnableToSetPeriods."""
    if actor.user_id is None:
        raise UnableToSetPeriods(gettext("A person activates retention periods."))
    with transaction.atomic():
        _move(version, to=RetentionState.ACTIVE, check_only=True)
        RetentionRules.objects.filter(
            tenant_id=version.tenant_id, state=RetentionState.ACTIVE
        ).update(state=RetentionState.RETIRED)
        moved = RetentionRules.objects.filter(id=version.id, state=RetentionState.DRAFT).update(
            state=RetentionState.ACTIVE, activated_by=actor.user_id, activated_at=now
        )
        if moved != 1:
            raise UnableToSetPeriods(
                gettext("Somebody else moved this version meanwhile. Look again.")
            )
        _record(actor, version, Event.RETENTION_ACTIVATED)
    version.refresh_from_db()
    return version


def discard_periods(*, actor: Actor, version: RetentionRules) -> None:
    """Put a draft aside; it stays on record. Raises UnableToSetPeriods for a version that is no draft."""
    with transaction.atomic():
        _move(version, to=RetentionState.DISCARDED, check_only=False)
        _record(actor, version, Event.RETENTION_DISCARDED)


def _draft(*, actor: Actor, rules: Rules, reason: str, now: datetime) -> RetentionRules:
    mine = RetentionRules.objects.filter(tenant_id=actor.tenant_id)
    last = mine.aggregate(last=Max("number"))["last"] or 0
    version = RetentionRules.objects.create(
        tenant_id=actor.tenant_id,
        number=last + 1,
        reason=reason,
        drafted_by=UUID(str(actor.user_id)),
        drafted_at=now,
    )
    RetentionPeriod.objects.bulk_create(
        RetentionPeriod(
            tenant_id=actor.tenant_id, rules=version, category=category.value, days=length
        )
        for category, length in rules.days.items()
    )
    _record(actor, version, Event.RETENTION_DRAFTED, reason=reason)
    return version


def _move(version: RetentionRules, *, to: RetentionState, check_only: bool) -> None:
    if not RETENTION.allows(version.state, to):
        raise UnableToSetPeriods(
            gettext("Version %(version_number)s is %(version_state)s, not a draft.")
            % {"version_number": version.number, "version_state": version.state}
        )
    if check_only:
        return
    moved = RetentionRules.objects.filter(id=version.id, state=version.state).update(state=to)
    if moved != 1:
        raise UnableToSetPeriods(gettext("Somebody else moved this version meanwhile. Look again."))


def _record(actor: Actor, version: RetentionRules, event: Event, *, reason: str = "") -> None:
    days = {f"{category.value}_days": length for category, length in rules_of(version).days.items()}
    record(
        actor=actor,
        event=event,
        subject=Subject("retention_rules", version.id),
        after={"number": version.number, "days": days},
        reason=reason,
        details={"version": version.number, **days},
    )
