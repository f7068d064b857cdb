"""Placing and releasing holds: what they cover is never deleted, and only a person ends them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from apps.alerts.models import Alert
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.evidence.models import EvidenceItem, Hold, HoldKind
from apps.evidence.operations.custody import note_custody
from apps.evidence.operations.locks import follow_holds
from apps.evidence.queries.holds import alerts_of_case, items_of, subject_of
from apps.triage.states import EvidenceState, HoldState

LEAST_REASON = 10
LONGEST_REASON = 1_000


class UnableToHold(Exception):
    """The hold may not be placed or released like this; the text says why."""


def place_hold(
    *,
    actor: Actor,
    reason: str,
    now: datetime,
    item_ids: Iterable[UUID] = (),
    alert_ids: Iterable[UUID] = (),
    case_ids: Iterable[UUID] = (),
    kind: HoldKind = HoldKind.LEGAL,
) -> list[Hold]:
    """Hold items, everything of alerts, everything of cases: one row each, in one transaction.

    What is sealed gets the store's own legal hold once this is committed; where the store does not
    answer, the rows hold all the same and a task follows up. Whether the person may do it is the
    caller's question. Runs inside the tenant's scope.
    Raises UnableToHold without a person, a reason, or anything known to hold.
    """
    text = _reason(actor, reason)
    common = {
        "tenant_id": actor.tenant_id,
        "kind": kind,
        "reason": text,
        "placed_by": actor.user_id,
        "placed_role": actor.role,
        "placed_at": now,
    }
    wanted = _wanted(item_ids=item_ids, alert_ids=alert_ids, case_ids=case_ids)
    with transaction.atomic():
        holds = [Hold.objects.create(**common, **target) for target in wanted]
        for hold in holds:
            _lock_covered(hold)
            _happened(actor=actor, hold=hold, event=Event.EVIDENCE_HELD, reason=text, now=now)
    follow_holds(tenant_id=actor.tenant_id)
    return holds


def release_hold(*, actor: Actor, hold: Hold, reason: str, now: datetime) -> Hold:
    """End one hold; others on the same thing stand. Raises UnableToHold without a person or a reason, or when it was
    released already."""
    text = _reason(actor, reason)
    with transaction.atomic():
        ended = Hold.objects.filter(id=hold.id, state=HoldState.IN_FORCE).update(
            state=HoldState.RELEASED,
            released_by=actor.user_id,
            released_at=now,
            release_reason=text,
        )
        if ended != 1:
            raise UnableToHold(gettext("Somebody has released this hold already."))
        fresh = Hold.objects.get(id=hold.id)
        event = Event.EVIDENCE_HOLD_RELEASED
        _happened(actor=actor, hold=fresh, event=event, reason=text, now=now)
    follow_holds(tenant_id=actor.tenant_id)
    return fresh


def _reason(actor: Actor, reason: str) -> str:
    text = reason.strip()
    if actor.user_id is None:
        raise UnableToHold(gettext("A person places a hold and a person releases it."))
    if not LEAST_REASON <= len(text) <= LONGEST_REASON:
        raise UnableToHold(
            gettext(
                "Say why, in %(least_reason)s to %(longest_reason)s characters: who reads it later was not there."
            )
            % {"least_reason": LEAST_REASON, "longest_reason": LONGEST_REASON}
        )
    return text


def _wanted(
    *, item_ids: Iterable[UUID], alert_ids: Iterable[UUID], case_ids: Iterable[UUID]
) -> list[dict[str, Any]]:
    items, alerts, cases = set(item_ids), set(alert_ids), set(case_ids)
    if not items | alerts | cases:
        raise UnableToHold(gettext("Nothing is named that could be held."))
    known = EvidenceItem.objects.filter(id__in=items, deleted_at__isnull=True).count()
    if known != len(items):
        raise UnableToHold(gettext("A file named here is not known, or was deleted before."))
    if Alert.objects.filter(id__in=alerts).count() != len(alerts):
        raise UnableToHold(gettext("An alert named here is not known."))
    if not all(alerts_of_case(case_id) for case_id in cases):
        raise UnableToHold(gettext("A case named here is not known, or has no alert yet."))
    return [
        *({"item_id": one} for one in sorted(items)),
        *({"alert_id": one} for one in sorted(alerts)),
        *({"case_id": one, "alert_ids": alerts_of_case(one)} for one in sorted(cases)),
    ]


def _lock_covered(hold: Hold) -> None:
    """Either this hold is committed before a deletion looks, or the deletion was decided before it."""
    states = [item.state for item in items_of(hold).select_for_update(of=("self",))]
    if states and all(state == EvidenceState.DELETING for state in states):
        raise UnableToHold(gettext("It is being deleted already: the hold comes too late."))


def _happened(*, actor: Actor, hold: Hold, event: Event, reason: str, now: datetime) -> None:
    details = {"hold": str(hold.id), "kind": hold.kind}
    for item in items_of(hold):
        note_custody(actor=actor, item=item, action=event, now=now, details=details)
    kind, subject = subject_of(hold)
    record(
        actor=actor,
        event=event,
        subject=Subject(kind, subject),
        after={"hold": str(hold.id), "state": hold.state},
        reason=reason,
        details=details,
    )
