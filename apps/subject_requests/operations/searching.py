"""Searching for everything about a person, and a person's word on each finding."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.audit.events import Actor, Event
from apps.people.operations import seal
from apps.subject_requests.models import Finding, SubjectRequest
from apps.subject_requests.operations.keeping import keep_what_it_needs
from apps.subject_requests.operations.moving import UnableToHandle, change, told, words
from apps.subject_requests.queries.search import LONGEST_WINDOW_DAYS, Criteria, search
from apps.triage.states import RequestState

MOST_FINDINGS: Final = 2_000
JUDGED: Final = (Finding.State.INCLUDED, Finding.State.EXCLUDED)


def search_for(
    *, actor: Actor, user: User, request: SubjectRequest, criteria: Criteria, now: datetime
) -> int:
    """Search, and keep what is new among the findings; return how many are. Raises UnableToHandle.

    What was searched for is not kept in clear: place and time tell about a person. Each search is an audit event.
    """
    _require_searching(user, request)
    _require_narrow(criteria)
    found = search(person=request.person, criteria=criteria)
    if len(found) > MOST_FINDINGS:
        raise UnableToHandle(
            gettext("More than %(most)s findings: narrow time and place.") % {"most": MOST_FINDINGS}
        )
    with transaction.atomic():
        change(request)
        before = request.findings.count()
        Finding.objects.bulk_create(
            (
                Finding(
                    tenant_id=request.tenant_id,
                    request=request,
                    kind=one.kind,
                    object_id=one.object_id,
                    label=one.label,
                    happened_at=one.happened_at,
                    found_how=one.how,
                )
                for one in found
            ),
            ignore_conflicts=True,
        )
        new = request.findings.count() - before
        keep_what_it_needs(actor=actor, request=request, now=now)
        told(
            actor,
            request,
            Event.SUBJECT_REQUEST_SEARCHED,
            details={
                "found": len(found),
                "new": new,
                "references": len(criteria.references),
                "by_place": criteria.has_place,
            },
        )
    return new


def judge_findings(
    *,
    actor: Actor,
    user: User,
    request: SubjectRequest,
    finding_ids: Iterable[UUID],
    is_about_the_person: bool,
    reason: str,
    now: datetime,
) -> int:
    """Say of findings that they are, or are not, about the person, and why; return how many. Raises UnableToHandle."""
    _require_searching(user, request)
    plain = words(reason, what=gettext("how you know"))
    chosen = list(request.findings.filter(id__in=list(finding_ids)))
    if not chosen:
        raise UnableToHandle(gettext("Choose at least one finding."))
    state = Finding.State.INCLUDED if is_about_the_person else Finding.State.EXCLUDED
    with transaction.atomic():
        change(request)
        request.findings.filter(id__in=[one.id for one in chosen]).update(
            state=state,
            reason_sealed=seal(request.person, plain),
            judged_by=user.id,
            judged_at=now,
        )
        keep_what_it_needs(actor=actor, request=request, now=now)
        told(
            actor,
            request,
            Event.SUBJECT_REQUEST_FINDING_JUDGED,
            reason=plain,
            details={"as": str(state), "findings": len(chosen), "first": str(chosen[0].id)},
        )
    return len(chosen)


def require_all_judged(request: SubjectRequest) -> None:
    """Raise UnableToHandle while a finding has no person's word, or while nothing was searched for."""
    if not request.findings.exists():
        raise UnableToHandle(
            gettext(
                "Nothing was found yet. Search first; if nothing is held, refuse on that ground."
            )
        )
    left = request.findings.filter(state=Finding.State.OPEN).count()
    if left:
        raise UnableToHandle(
            gettext("%(left)s findings have not been judged yet.") % {"left": left}
        )


def _require_searching(user: User, request: SubjectRequest) -> None:
    if not user.may(Permission.HANDLE_SUBJECT_REQUESTS):
        raise UnableToHandle(gettext("Your role does not allow handling requests."))
    if request.state != RequestState.SEARCHING:
        raise UnableToHandle(gettext("Findings change only while the request is being searched."))


def _require_narrow(criteria: Criteria) -> None:
    if criteria.since and criteria.until:
        if criteria.until <= criteria.since:
            raise UnableToHandle(gettext("The end of the window lies before its beginning."))
        if criteria.until - criteria.since > timedelta(days=LONGEST_WINDOW_DAYS):
            raise UnableToHandle(
                gettext("Search at most %(most)s days at once.") % {"most": LONGEST_WINDOW_DAYS}
            )
    if any((criteria.site_id, criteria.since, criteria.until)) and not criteria.has_place:
        raise UnableToHandle(gettext("Time and place belong together: site, from and until."))
