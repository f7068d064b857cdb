"""Whose incidents of the system a person sees."""

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.oversight.models import SystemIncident


def incidents_visible_to(user: User) -> QuerySet[SystemIncident]:
    """All of the tenant's for those who handle them; one's own reports for others."""
    rows = SystemIncident.objects.filter(tenant_id=user.tenant_id).select_related("reported_by")
    return rows if user.may(Permission.MANAGE_OVERSIGHT) else rows.filter(reported_by=user)
