"""What alerts really cost, by site and month, beside what was expected of them.

Both sides have the prices of the active cost model, so that they differ only where the world differed from
what was assumed. Counted are acts that people recorded: verdicts, minutes between first playing and deciding,
outcomes of interventions. Only an intervention that was made, its outcome and any complaint say what a wrong
one cost (`apps.reviews.intervention_queries`): the recorded cost of a settled complaint, else the model's price.
Whatever nobody recorded is "not known yet", never zero.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import (
    Count,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Sum,
)
from django.db.models.functions import Coalesce, TruncMonth
from django.utils.translation import gettext, ngettext

from apps.accounts.models import Tenant, User
from apps.alerts.models import Alert, Disposition
from apps.reliability.models import AlertFact, FactOrigin
from apps.reliability.queries.choices import active_cost_model
from apps.reviews.intervention_queries import (
    COMPLAINED,
    LEAST_COSTS,
    ON_THE_FLOOR,
    WRONG,
    with_standing,
    wrong_costs,
)
from apps.reviews.models import DecisionAttempt, Intervention
from apps.reviews.pace import with_pace
from apps.sites.models import Site
from apps.sites.queries import sites_visible_to
from apps.triage.cost_model import CostModel
from apps.triage.economics import OPTIONS, Option, option_terms
from apps.triage.phrasing import money
from apps.triage.states import AlertState, Verdict

_Row = dict[str, Any]


@dataclass(kw_only=True)
class MonthCost:
    """One site in one month. Counts of recorded acts, and amounts in the cost model's currency."""

    site: Site
    month: date
    model: CostModel
    alerts: int = 0
    expected: float | None = None
    assessed: int = 0
    judged: int = 0
    thefts: int = 0
    recovered: int = 0
    left: int = 0
    interventions: int = 0
    wrong: int = 0
    priced: int = 0
    settled: int = 0
    settled_cost: Decimal = Decimal(0)
    complaints: int = 0
    unrecorded: int = 0
    minutes: float = 0.0
    timed: int = 0
    archived_unjudged: int = 0

    @property
    def value_lost(self) -> float | None:
        """Thefts confirmed after which the item left with the person; None while no outcome is recorded."""
        return self.left * self.model.item_value.mean if self.recovered + self.left else None

    @property
    def wrong_cost(self) -> float | None:
        """What settled complaints cost, and the cost model's price for every wrong one without such a cost.

        None while no intervention has an outcome or a complaint.
        """
        if not self.wrong and self.interventions <= self.unrecorded:
            return None
        assumed = (self.wrong - self.priced) * self.model.wrong_intervention.mean
        return float(self.settled_cost) + assumed

    @property
    def minutes_cost(self) -> float | None:
        """The minutes of decisions at the model's price; None while none of them is timed."""
        return self.minutes * self.model.minute_price if self.timed else None

    @property
    def realised(self) -> float | None:
        """The recorded parts of what it cost, added up; None while none of them is known."""
        parts = (self.value_lost, self.wrong_cost, self.minutes_cost)
        known = [part for part in parts if part is not None]
        return sum(known) if known else None

    @property
    def value_not_known(self) -> int:
        """Confirmed thefts of which nobody recorded whether the item came back."""
        return self.thefts - self.recovered - self.left


def wrong_cost_words(tenant: Tenant, *, currency: str) -> str:
    """What the tenant's own records say a wrong intervention costs, as the evidence beside the assumption."""
    found = wrong_costs(tenant.id, currency=currency, with_drills=tenant.is_drill)
    if found.mean is None:
        return ngettext(
            "Your records: not known yet what a wrong intervention cost; %(wrong)s was wrong, "
            "no complaint is settled in %(currency)s.",
            "Your records: not known yet what a wrong intervention cost; %(wrong)s were wrong, "
            "no complaint is settled in %(currency)s.",
            found.wrong,
        ) % {"wrong": found.wrong, "currency": currency}
    said: dict[str, object] = {
        "wrong": found.wrong,
        "count": len(found.costs),
        "mean": money(found.mean, currency=currency),
    }
    if found.low is None or found.high is None:
        return gettext(
            "Your records: %(wrong)s wrong, %(count)s settled at a mean of %(mean)s; "
            "a range is read off %(least)s settled ones."
        ) % (said | {"least": LEAST_COSTS})
    low, high = (money(amount, currency=currency) for amount in (found.low, found.high))
    return gettext(
        "Your records: %(wrong)s wrong, %(count)s settled at a mean of %(mean)s, "
        "5th to 95th percentile %(low)s to %(high)s."
    ) % (said | {"low": low, "high": high})


def month_costs(user: User, *, since: datetime) -> list[MonthCost]:
    """The months from `since` on of every site the person sees, newest first, then by site."""
    model = active_cost_model(user.tenant_id)[1]
    sites = list(sites_visible_to(user))
    found: dict[tuple[UUID, date], MonthCost] = {}
    for zone in sorted({site.timezone for site in sites}):
        here = {site.id: site for site in sites if site.timezone == zone}
        _fill(found, here, ZoneInfo(zone), user=user, model=model, since=since)
    return sorted(found.values(), key=lambda one: (-one.month.toordinal(), one.site.name))


def _fill(
    found: dict[tuple[UUID, date], MonthCost],
    sites: dict[UUID, Site],
    zone: ZoneInfo,
    *,
    user: User,
    model: CostModel,
    since: datetime,
) -> None:
    alerts = Alert.objects.filter(site_id__in=list(sites), received_at__gte=since)
    if not user.tenant.is_drill:
        alerts = alerts.filter(is_drill=False)
    for row in _counted(alerts, zone):
        key = (row["site_id"], row["month"].date())
        found[key] = MonthCost(
            site=sites[row["site_id"]],
            month=key[1],
            model=model,
            alerts=row["alerts"],
            archived_unjudged=row["archived_unjudged"],
        )
    for rows in (_judged(alerts, zone), _acted(alerts, zone, model), _timed(alerts, zone)):
        for row in rows:
            month = found[(row.pop("alert__site_id"), row.pop("month").date())]
            for name, value in row.items():
                setattr(month, name, value)
    _expect(found, alerts, zone, model)


def _counted(alerts: QuerySet[Alert], zone: ZoneInfo) -> Iterable[_Row]:
    judged = Disposition.objects.filter(alert_id=OuterRef("pk"))
    dated: Any = (
        alerts.annotate(month=TruncMonth("received_at", tzinfo=zone), is_judged=Exists(judged))
        .order_by()
        .values("site_id", "month")
        .annotate(
            alerts=Count("id"),
            archived_unjudged=Count("id", filter=Q(state=AlertState.ARCHIVED, is_judged=False)),
        )
    )
    rows: Iterable[_Row] = dated
    return rows


def _judged(alerts: QuerySet[Alert], zone: ZoneInfo) -> Iterable[_Row]:
    """Standing verdicts: a superseded one no longer counts."""
    later = Disposition.objects.filter(supersedes_id=OuterRef("pk"))
    standing = Disposition.objects.filter(~Exists(later), alert__in=alerts)
    rows: Iterable[_Row] = _by_month(standing, zone).annotate(
        judged=Count("id"), thefts=Count("id", filter=Q(verdict=Verdict.THEFT_CONFIRMED))
    )
    return rows


def _acted(alerts: QuerySet[Alert], zone: ZoneInfo, model: CostModel) -> Iterable[_Row]:
    acts = with_standing(Intervention.objects.filter(alert__in=alerts))
    settled = Q(currency=model.currency, settled_at__isnull=False)
    rows: Iterable[_Row] = _by_month(acts, zone).annotate(
        interventions=Count("id", filter=ON_THE_FLOOR | COMPLAINED),
        wrong=Count("id", filter=WRONG),
        priced=Count("id", filter=WRONG & settled),
        settled=Count("id", filter=settled),
        settled_cost=Coalesce(Sum("settled_cost", filter=settled), Decimal(0)),
        complaints=Count("id", filter=Q(complaint_at__isnull=False)),
        unrecorded=Count("id", filter=ON_THE_FLOOR & Q(outcome="not_known")),
        recovered=Count("alert", distinct=True, filter=Q(outcome="recovered", still_theft=True)),
        left=Count("alert", distinct=True, filter=Q(outcome="left", still_theft=True)),
    )
    return rows


def _timed(alerts: QuerySet[Alert], zone: ZoneInfo) -> Iterable[_Row]:
    """Minutes from the first span played by whoever decided, until the decision was submitted."""
    applied = with_pace(DecisionAttempt.objects.filter(alert__in=alerts))
    rows = _by_month(applied, zone).annotate(timed=Count("id"), spent=Sum("took"))
    for row in rows:
        minutes = row.pop("spent").total_seconds() / 60
        yield row | {"minutes": minutes}


def _by_month(rows: QuerySet[Any], zone: ZoneInfo) -> Any:
    dated = rows.annotate(month=TruncMonth("alert__received_at", tzinfo=zone)).order_by()
    return dated.values("alert__site_id", "month")


def _expect(
    found: dict[tuple[UUID, date], MonthCost],
    alerts: QuerySet[Alert],
    zone: ZoneInfo,
    model: CostModel,
) -> None:
    """Costs are linear in P and in the shadow price, so their sums are enough."""
    facts = AlertFact.objects.filter(
        origin=FactOrigin.ALERT, alert_id__in=alerts.values("id"), probability__isnull=False
    )
    rows: Any = (
        facts.annotate(month=TruncMonth("happened_at", tzinfo=zone))
        .order_by()
        .values("site_id", "month", "outcome")
        .annotate(count=Count("id"), thefts=Sum("probability"), waits=Sum("minute_shadow_price"))
    )
    for row in rows:
        month = found.get((row["site_id"], row["month"].date()))
        if month is not None:
            month.expected = (month.expected or 0.0) + _expected(row, model)
            month.assessed += row["count"]


def _expected(row: dict[str, Any], model: CostModel) -> float:
    option = Option.VERIFY if row["outcome"] == "model_review" else row["outcome"] or Option.VERIFY
    at, terms = OPTIONS.index(Option(option)), option_terms(model)
    thefts, others = row["thefts"], row["count"] - row["thefts"]
    lost = thefts * terms.lost_share[at] * model.item_value.mean
    wrong = others * terms.wrong_share[at] * model.wrong_intervention.mean
    minutes = terms.minutes[at] * (row["count"] * model.minute_price + row["waits"])
    return float(lost + wrong + minutes)
