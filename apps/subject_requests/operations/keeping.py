"""While a request is open, what it may be about is not deleted: a hold on each alert it found, until it is answered."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext

from apps.audit.events import Actor
from apps.evidence.models import EvidenceItem, Hold, HoldKind
from apps.evidence.operations.holds import UnableToHold, place_hold, release_hold
from apps.subject_requests.models import Finding, FindingKind, RequestHold, SubjectRequest
from apps.subject_requests.operations.moving import UnableToHandle
from apps.triage.states import EvidenceState, HoldState

_WITH_FOOTAGE: Final = (FindingKind.ALERT, FindingKind.CLIP)
_GOING: Final = (EvidenceState.DELETING, EvidenceState.DELETED)


def keep_what_it_needs(*, actor: Actor, request: SubjectRequest, now: datetime) -> None:
    """Hold what was found and not left out, release what no longer waits. Inside the act's transaction.

    Raises UnableToHandle when something is being deleted at this very moment.
    """
    wanted = _wanted(request) if request.is_open else set()
    holds = in_force(request)
    for hold in holds:
        if hold.alert_id not in wanted:
            why = "left out of it" if request.is_open else f"it is {request.state}"
            _release(actor, hold, f"Request {request.reference}: {why}.", now=now)
    missing = wanted - {hold.alert_id for hold in holds}
    if missing:
        _place(actor, request, missing, now=now)


def in_force(request: SubjectRequest) -> list[Hold]:
    """The request's own holds that stand."""
    return list(Hold.objects.filter(for_request__request=request, state=HoldState.IN_FORCE))


def _wanted(request: SubjectRequest) -> set[UUID]:
    found = request.findings.filter(kind__in=_WITH_FOOTAGE).exclude(state=Finding.State.EXCLUDED)
    ids = {UUID(one) for one in found.values_list("object_id", flat=True)}
    there = EvidenceItem.objects.filter(alert_id__in=ids).exclude(state__in=_GOING)
    return set(there.values_list("alert_id", flat=True))


def _place(actor: Actor, request: SubjectRequest, alert_ids: set[UUID], *, now: datetime) -> None:
    try:
        holds = place_hold(
            actor=actor,
            reason=f"Request {request.reference} of a person is open and may be about this.",
            now=now,
            alert_ids=alert_ids,
            kind=HoldKind.REQUEST,
        )
    except UnableToHold as refusal:
        raise UnableToHandle(
            gettext("%(refusal)s Search again.") % {"refusal": refusal}
        ) from refusal
    RequestHold.objects.bulk_create(
        RequestHold(tenant_id=request.tenant_id, request=request, hold=hold) for hold in holds
    )


def _release(actor: Actor, hold: Hold, reason: str, *, now: datetime) -> None:
    try:
        release_hold(actor=actor, hold=hold, reason=reason, now=now)
    except UnableToHold as refusal:
        raise UnableToHandle(gettext("%(refusal)s Try again.") % {"refusal": refusal}) from refusal
