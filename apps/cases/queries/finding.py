"""Finding cases: by reference, words of titles and notes, person, site, state, assignee and day; page by page."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from apps.accounts.models import User
from apps.cases.models import Case
from apps.cases.queries.cases import cases_visible_to
from apps.cases.queries.work import with_somebody

PAGE_ROWS: Final = 50
MOST_FOUND: Final = 5_000
_REFERENCE: Final = re.compile(r"([cp])-([0-9a-f]{4,8})", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody looks for; None and "" leave it open. `day` is a day in UTC.

    `assignee`: the case is theirs, or an open task in it.
    """

    words: str = ""
    site_id: UUID | None = None
    state: str = ""
    assignee: UUID | None = None
    day: date | None = None


@dataclass(frozen=True, kw_only=True)
class CasePage:
    """Some cases, newest first; `after` opens the next page, "" on the last."""

    cases: list[Case]
    after: str


def find_cases(user: User, wanted: Wanted) -> QuerySet[Case]:
    """The cases the person may see that fit. Of words, the newest MOST_FOUND titles and notes are looked through."""
    found = cases_visible_to(user)
    if wanted.words.strip():
        found = found.filter(_fits(wanted.words.strip()))
    if wanted.site_id:
        found = found.filter(site_id=wanted.site_id)
    if wanted.state:
        found = found.filter(state=wanted.state)
    if wanted.assignee:
        found = found.filter(with_somebody(wanted.assignee))
    if wanted.day:
        start = datetime.combine(wanted.day, time(), tzinfo=UTC)
        found = found.filter(opened_at__gte=start, opened_at__lt=start + timedelta(days=1))
    return found


def page_of(found: QuerySet[Case], after: str) -> CasePage:
    """One page of cases that follow the row `after` names; a key that cannot be read opens the first page."""
    start = _read(after)
    if start:
        at, last = start
        found = found.filter(Q(opened_at__lte=at) & (Q(opened_at__lt=at) | Q(id__lt=last)))
    cases = list(found[: PAGE_ROWS + 1])
    more = len(cases) > PAGE_ROWS
    cases = cases[:PAGE_ROWS]
    return CasePage(cases=cases, after=_key(cases[-1]) if more else "")


def _fits(words: str) -> Q:
    reference = _REFERENCE.fullmatch(words)
    if reference is None:
        return Q(id__in=RawSQL("SELECT cases_found(%s, %s)", [words[:200], MOST_FOUND]))
    kind, digits = reference.groups()
    span = (UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f")))
    if kind.lower() == "c":
        return Q(id__range=span)
    people = Q(people__person__id__range=span, people__ended_at=None)
    return Q(id__in=Case.objects.filter(people).values("id"))


def _key(case: Case) -> str:
    return f"{case.opened_at.isoformat()}|{case.id}"


def _read(after: str) -> tuple[datetime, UUID] | None:
    at, _, last = after.partition("|")
    try:
        found = datetime.fromisoformat(at), UUID(last)
    except ValueError:
        return None
    return found if found[0].tzinfo else None
