"""Who may look at a report: 404 to strangers, 403 to those who may not, and what every page of one shows."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.cases.models import Case
from apps.cases.queries import cases_visible_to
from apps.reports.drafting.kinds import KINDS
from apps.reports.models import Report
from apps.reports.operations.drafts import Edit
from apps.reports.queries.document import fields_of, sections_of
from apps.reports.queries.naming import Naming
from apps.reports.queries.reports import Standing, reports_visible_to
from apps.sites.queries import allows

WRONG = 422


def case_for(request: HttpRequest, case_id: UUID) -> tuple[User, Case]:
    """The case, for people who may see its evidence: 404 to strangers, 403 to the others."""
    user = request.user
    assert isinstance(user, User)
    case = get_object_or_404(cases_visible_to(user), id=case_id)
    for permission in (Permission.VIEW_CASES, Permission.VIEW_EVIDENCE):
        if not allows(user, permission, case.site_id):
            raise PermissionDenied(permission.value)
    return user, case


def report_for(
    request: HttpRequest, case_id: UUID, report_id: UUID, permission: Permission | None = None
) -> tuple[User, Report]:
    user, case = case_for(request, case_id)
    found = get_object_or_404(reports_visible_to(user).filter(case=case), id=report_id)
    if permission:
        require(user, permission, found)
    return user, found


def require(user: User, permission: Permission, found: Report) -> None:
    if not allows(user, permission, found.case.site_id):
        raise PermissionDenied(permission.value)


def shown(
    found: Report, standing: Standing, naming: Naming, unsaved: Edit | None
) -> dict[str, Any]:
    lost = {one.sentence.key for one in standing.fallen}
    sections = sections_of(standing.content, naming, fallen=lost)
    fields = fields_of(standing.content, naming)
    if unsaved:
        texts = unsaved.texts
        sections = [
            replace(
                section,
                sentences=[
                    replace(one, text=texts.get(one.sentence.key, one.text))
                    for one in section.sentences
                ],
            )
            for section in sections
        ]
        fields = [replace(one, value=unsaved.fields.get(one.name, one.value)) for one in fields]
    return {
        "case": found.case,
        "report": found,
        "standing": standing,
        "sections": sections,
        "fields": fields,
        "kind": KINDS[found.kind],
        "declaration": KINDS[found.kind].declaration.replace("{pages}", "as many as the PDF has"),
        "new_facts": [naming.named(one.text) for one in standing.undisclosed],
        "signature": getattr(found, "signature", None),
        "zone": found.case.site.timezone,
    }
