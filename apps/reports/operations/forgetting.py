"""What an erasure leaves of a person in reports."""

from datetime import datetime
from uuid import UUID

from apps.audit.events import Actor
from apps.reports.queries.reports import reports_naming


def forget_person(*, actor: Actor, person_id: UUID, now: datetime) -> dict[str, int]:
    """Count what named the person, by kind; nothing is left to empty. Inside the tenant's scope.

    Wordings hold a reference and no name: with the person's key gone it reads as an erased person. The sealed PDFs of
    signed reports do hold the name; they are evidence of a case, under its retention and holds, and the caller decides
    on them (`signed_pdfs`).
    """
    found = reports_naming(person_id)
    return {
        "reports": len(found),
        "signed_pdfs": sum(report.item_id is not None for report in found),
    }
