"""What alerts cost, by site and month: recorded beside expected."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.reliability.queries.choices import active_cost_model
from apps.reliability.queries.realised import MonthCost, month_costs, wrong_cost_words
from apps.reliability.queries.versions import VersionKind
from apps.reliability.tabs import tabs_for
from apps.reliability.views.policy import keeper
from apps.sites.models import Site
from apps.triage.phrasing import money

MONTHS = 12
MOST_DRAWN = 4


@login_required
@never_cache
@require_GET
def costs(request: HttpRequest) -> HttpResponse:
    """The last twelve months of every site the person sees."""
    user = keeper(request)
    number, model = active_cost_model(user.tenant_id)
    first = _first_month(timezone.now())
    months = month_costs(user, since=first - timedelta(days=1))
    months = [one for one in months if one.month >= first.date()]
    context = {
        "tabs": tabs_for(request),
        "rows": [_row(one, model.currency) for one in months],
        "drawn": _drawn(months),
        "model_version": number,
        "model": model,
        "records": wrong_cost_words(user.tenant, currency=model.currency),
        "kind": VersionKind.COST_MODEL,
    }
    return render(request, "reliability/costs.html", context)


def _drawn(months: list[MonthCost]) -> list[dict[str, str]]:
    """The sites with most alerts, each a drawing; the table has all of them."""
    alerts: Counter[Site] = Counter()
    for one in months:
        alerts[one.site] += one.alerts
    return [
        {
            "facet": str(site.pk),
            "words": gettext("%(site)s: cost by month, expected and recorded")
            % {"site": site.name},
        }
        for site, _ in alerts.most_common(MOST_DRAWN)
    ]


def _first_month(now: datetime) -> datetime:
    """The first day of the month eleven months before this one."""
    months = now.year * 12 + now.month - MONTHS
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def _row(one: MonthCost, currency: str) -> dict[str, object]:
    """A month in words; what nobody recorded stays None, which the page calls not known yet."""

    def amount(value: float | None) -> str | None:
        return None if value is None else money(value, currency=currency)

    return {
        "month": one,
        "expected": amount(one.expected),
        "realised": amount(one.realised),
        "value_lost": amount(one.value_lost),
        "wrong_cost": amount(one.wrong_cost),
        "settled_cost": amount(float(one.settled_cost)) if one.settled else None,
        "minutes_cost": amount(one.minutes_cost),
    }
