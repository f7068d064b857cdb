"""Who sees which request, and what of it can be read."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext, gettext_noop, ngettext

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.people.models import Person
from apps.people.sealing import unseal
from apps.subject_requests.models import Finding, SubjectRequest
from apps.triage.states import SUBJECT_REQUEST

OPEN = tuple(sorted(set(SUBJECT_REQUEST.states) - SUBJECT_REQUEST.terminal))
SOON_DAYS = 7
ERASED = gettext_noop("erased with the person's data")


@dataclass(frozen=True, kw_only=True)
class Due:
    """How long there is: `ok`, `soon`, `over` or `ended`, and in words."""

    kind: str
    words: str


def requests_visible_to(user: User) -> QuerySet[SubjectRequest]:
    """Every request of the tenant for those who handle them, soonest due first; else none."""
    if not user.may(Permission.HANDLE_SUBJECT_REQUESTS):
        return SubjectRequest.objects.none()
    found = SubjectRequest.objects.filter(tenant_id=user.tenant_id)
    return found.select_related("person", "erasure").order_by("due_at", "id")


def due_of(request: SubjectRequest, *, now: datetime) -> Due:
    if not request.is_open:
        late = request.ended_at is not None and request.ended_at > request.due_at
        words = gettext("ended after it was due") if late else gettext("ended in time")
        return Due(kind="ended", words=words)
    days = (request.due_at.date() - now.date()).days
    if request.due_at <= now:
        return Due(kind="over", words=_overdue(-days) if days < 0 else gettext("overdue"))
    left = ngettext("%(count)s day left", "%(count)s days left", days) % {"count": days}
    return Due(kind="soon" if days <= SOON_DAYS else "ok", words=left if days else gettext("today"))


def _overdue(days: int) -> str:
    return ngettext("overdue by %(count)s days", "overdue by %(count)s days", days) % {
        "count": days
    }


def read(person: Person, sealed: bytes | memoryview | None) -> str:
    """What was sealed for the person; in words when it was erased, "" when there is nothing."""
    if person.is_erased:
        return gettext(ERASED)
    return unseal(person, sealed) if sealed is not None else ""


def included(request: SubjectRequest, *kinds: str) -> list[Finding]:
    found = request.findings.filter(state=Finding.State.INCLUDED)
    return list(found.filter(kind__in=kinds) if kinds else found)
