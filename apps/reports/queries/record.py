"""Everything the record says about a case, as facts. Runs inside the tenant's scope."""

from apps.cases.models import Case
from apps.reports.drafting.facts import Facts
from apps.reports.drafting.sentences import AsOf
from apps.reports.queries.context import add_context
from apps.reports.queries.decided import add_decisions
from apps.reports.queries.happened import add_happening
from apps.reports.queries.kept import add_evidence
from apps.reports.queries.people import add_people


def facts_of(case: Case, *, as_of: AsOf) -> Facts:
    """The case, its incidents and what is kept of them; what only grows (chain, custody, history) up to `as_of`."""
    facts = Facts()
    add_happening(facts, case)
    add_decisions(facts, case)
    add_evidence(facts, case, as_of=as_of)
    add_context(facts, case, as_of=as_of)
    add_people(facts, case, as_of=as_of)
    return facts
