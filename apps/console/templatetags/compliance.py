"""`{% compliance_tabs %}`: the pages of compliance as tabs: one table, filtered by what the person may do."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop

from apps.accounts.models import User
from apps.accounts.permissions import Permission

register = template.Library()

PAGES = (
    (gettext_noop("Overview"), "compliance", Permission.VIEW_OVERSIGHT),
    (gettext_noop("System card"), "system-card", Permission.VIEW_OVERSIGHT),
    (gettext_noop("People and machine"), "judging", Permission.VIEW_OVERSIGHT),
    (gettext_noop("Risks"), "risks", Permission.VIEW_OVERSIGHT),
    (gettext_noop("Incidents"), "system-incidents", Permission.VIEW_OVERSIGHT),
    (gettext_noop("Notices"), "notices", Permission.VIEW_OVERSIGHT),
    (gettext_noop("Overrides"), "overrides", Permission.VIEW_OVERSIGHT),
    (gettext_noop("Training"), "training", Permission.MANAGE_TRAINING_RECORDS),
    (gettext_noop("Exports"), "exports", Permission.EXPORT_RECORDS),
    (gettext_noop("Audit"), "audit", Permission.VIEW_AUDIT),
    (gettext_noop("Records"), "dossiers", Permission.VIEW_EVIDENCE),
    (gettext_noop("Trust"), "trust", Permission.VIEW_OVERSIGHT),
    (gettext_noop("Evidence"), "evidence", Permission.VIEW_EVIDENCE),
    (gettext_noop("Holds"), "holds", Permission.VIEW_EVIDENCE),
    (gettext_noop("Retention"), "retention", Permission.MANAGE_RETENTION),
    (gettext_noop("Subject requests"), "subject-requests", Permission.HANDLE_SUBJECT_REQUESTS),
    (gettext_noop("People"), "people", Permission.HANDLE_SUBJECT_REQUESTS),
)


@register.inclusion_tag("console/_tabs.html", takes_context=True)
def compliance_tabs(context: dict[str, Any]) -> dict[str, Any]:
    """The tabs of the person asking; the one whose address is the longest match is current."""
    request = context["request"]
    user = request.user
    assert isinstance(user, User)
    places = [(label, reverse(route)) for label, route, permission in PAGES if user.may(permission)]
    current = max((url for _, url in places if request.path.startswith(url)), key=len, default="")
    tabs = [
        {"label": gettext(label), "url": url, "is_current": url == current} for label, url in places
    ]
    return {"tabs": tabs, "label": gettext("Compliance")}
