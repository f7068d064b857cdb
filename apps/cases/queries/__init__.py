"""Reading cases."""

from apps.cases.queries.cases import (
    Rest,
    cases_visible_to,
    confirmers_of,
    exhibits_of,
    links_of,
    rests_of,
    stands_on_nothing,
    taken_back,
)
from apps.cases.queries.finding import PAGE_ROWS, CasePage, Wanted, find_cases, page_of
from apps.cases.queries.work import OpenWork, is_overdue, open_work

__all__ = [
    "PAGE_ROWS",
    "CasePage",
    "OpenWork",
    "Rest",
    "Wanted",
    "cases_visible_to",
    "confirmers_of",
    "exhibits_of",
    "find_cases",
    "is_overdue",
    "links_of",
    "open_work",
    "page_of",
    "rests_of",
    "stands_on_nothing",
    "taken_back",
]
