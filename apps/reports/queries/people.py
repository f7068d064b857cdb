"""The people of a case, as far as a report may name them."""

from uuid import UUID

from apps.cases.models import Case


def names_in_case(case: Case) -> dict[UUID, str]:
    """The names that are known and not erased, by person."""
    return {}
