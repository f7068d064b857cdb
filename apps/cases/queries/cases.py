"""Reading cases."""

from django.db.models import Count, QuerySet

from apps.accounts.models import User
from apps.cases.models import Case, Exhibit
from apps.sites.queries import sites_visible_to


def cases_visible_to(user: User) -> QuerySet[Case]:
    """The cases of the person's sites, newest first, with `exhibit_count`."""
    cases = Case.objects.filter(tenant_id=user.tenant_id, site__in=sites_visible_to(user))
    return (
        cases.select_related("site")
        .annotate(exhibit_count=Count("exhibits"))
        .order_by("-opened_at")
    )


def exhibits_of(case: Case) -> QuerySet[Exhibit]:
    return case.exhibits.select_related("item").order_by("number")
