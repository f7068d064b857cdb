"""The people of a case, as far as a report may name them."""

from uuid import UUID

from django.db.models import QuerySet

from apps.cases.models import Case, CasePerson, PersonRole
from apps.people.queries import ERASED, UNNAMED, names_of
from apps.reports.drafting.facts import Facts
from apps.reports.drafting.sentences import AsOf
from apps.reports.queries.words import listed, moment, somebody


def names_in_case(case: Case) -> dict[UUID, str]:
    """The names on record of the people who are in the case now."""
    names = names_of(_standing(case).values_list("person_id", flat=True))
    return {id_: name for id_, name in names.items() if name not in (ERASED, UNNAMED)}


def add_people(facts: Facts, case: Case, *, as_of: AsOf) -> None:
    """Who is in the case and as what; their other cases of the same store, opened before this moment."""
    people = list(_standing(case).order_by("made_at", "id"))
    subjects = sum(one.role == PersonRole.SUBJECT for one in people)
    facts.add("people", case.id, page=f"case:{case.id}", subjects=subjects)
    for one in people:
        others = _other_cases(one, as_of=as_of)
        facts.add(
            "person",
            one.person_id,
            page=f"case:{case.id}",
            name=(one.person_id, somebody(one.person_id)),
            role=(one.role, PersonRole(one.role).label.lower()),
            since=(one.made_at, moment(one.made_at, case.site.timezone)),
            other_cases=([str(other.id) for other in others], listed(o.reference for o in others)),
        )


def _standing(case: Case) -> QuerySet[CasePerson]:
    return CasePerson.objects.filter(case=case, ended_at__isnull=True).select_related("case__site")


def _other_cases(one: CasePerson, *, as_of: AsOf) -> list[Case]:
    found = CasePerson.objects.filter(
        person_id=one.person_id,
        ended_at__isnull=True,
        made_at__lte=as_of.at,
        case__site=one.case.site,
    ).exclude(case_id=one.case_id)
    cases = Case.objects.filter(id__in=found.values("case_id"))
    return list(cases.order_by("opened_at", "id"))
