"""`{% compliance_tabs %}`: the pages of compliance as tabs: one table, filtered by what the person may do."""

from typing import Any

from django import template
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.permissions import Permission

register = template.Library()

PAGES = (
    ("Overview", "compliance", Permission.VIEW_OVERSIGHT),
    ("System card", "system-card", Permission.VIEW_OVERSIGHT),
    ("People and machine", "judging", Permission.VIEW_OVERSIGHT),
    ("Risks", "risks", Permission.VIEW_OVERSIGHT),
    ("Incidents", "system-incidents", Permission.VIEW_OVERSIGHT),
    ("Notices", "notices", Permission.VIEW_OVERSIGHT),
    ("Overrides", "overrides", Permission.VIEW_OVERSIGHT),
    ("Training", "training", Permission.MANAGE_TRAINING_RECORDS),
    ("Exports", "exports", Permission.EXPORT_RECORDS),
    ("Audit", "audit", Permission.VIEW_AUDIT),
    ("Records", "dossiers", Permission.VIEW_EVIDENCE),
    ("Trust", "trust", Permission.VIEW_OVERSIGHT),
    ("Evidence", "evidence", Permission.VIEW_EVIDENCE),
    ("Holds", "holds", Permission.VIEW_EVIDENCE),
    ("Retention", "retention", Permission.MANAGE_RETENTION),
    ("Subject requests", "subject-requests", Permission.HANDLE_SUBJECT_REQUESTS),
    ("People", "people", Permission.HANDLE_SUBJECT_REQUESTS),
)


@register.inclusion_tag("console/_tabs.html", takes_context=True)
def compliance_tabs(context: dict[str, Any]) -> dict[str, Any]:
    """The tabs of the person asking; the one whose address is the longest match is current."""
    request = context["request"]
    user = request.user
    assert isinstance(user, User)
    places = [(label, reverse(route)) for label, route, permission in PAGES if user.may(permission)]
    current = max((url for _, url in places if request.path.startswith(url)), key=len, default="")
    tabs = [{"label": label, "url": url, "is_current": url == current} for label, url in places]
    return {"tabs": tabs, "label": "Compliance"}
