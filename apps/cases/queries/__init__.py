"""Reading cases."""

from apps.cases.queries.cases import cases_visible_to, confirmers_of, exhibits_of, links_of
from apps.cases.queries.finding import PAGE_ROWS, CasePage, Wanted, find_cases, page_of

__all__ = [
    "PAGE_ROWS",
    "CasePage",
    "Wanted",
    "cases_visible_to",
    "confirmers_of",
    "exhibits_of",
    "find_cases",
    "links_of",
    "page_of",
]
