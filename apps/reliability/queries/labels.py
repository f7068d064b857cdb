"""How many judged alerts there are to learn from, and how many are wanted."""

from dataclasses import dataclass

from django.db.models import Count, Q

from apps.accounts.models import User
from apps.reliability.models import AlertFact
from apps.reliability.queries.learning import THEFT


@dataclass(frozen=True, kw_only=True)
class LabelCounts:
    """Alerts known to triage, and those of them a person judged."""

    alerts: int
    judged: int


def label_counts(user: User) -> LabelCounts:
    """The counts of the person's tenant."""
    counted = AlertFact.objects.filter(tenant_id=user.tenant_id).aggregate(
        alerts=Count("id"), judged=Count("id", filter=Q(verdict__in=THEFT))
    )
    return LabelCounts(alerts=counted["alerts"], judged=counted["judged"])
