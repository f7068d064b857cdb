"""What a minute is worth right now, from those on duty and those waiting: the same bar for every store."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.db.models import F

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.reliability.models import TriageBasis
from apps.reliability.queries.choices import active_cost_model
from apps.reviews.item_queries import duplicate_alert_ids
from apps.reviews.models import HumanTask, TaskKind
from apps.sites.models import Roster
from apps.triage.cost_model import CostModel
from apps.triage.shadow_price import MinutePrice, minute_price
from apps.triage.states import Strategy, TaskState

NOBODY: Final = "nobody is on the roster now"
MOST_WAITING: Final = 20_000


def price_minutes(*, tenant_id: UUID, now: datetime) -> float:
    """Price the tenant's minute and keep it with its figures; return the price.

    Minutes are those on duty until an alert that comes now is due, less what blind audits take
    (labels must stay unbiased, so these are always done). While nobody is on duty there is no
    price: alerts wait for the next shift, they are not archived because it is night.
    """
    with tenant_scope(tenant_id):
        tenant = Tenant.objects.get(id=tenant_id)
        until = now + timedelta(seconds=tenant.review_sla_seconds)
        on_duty = rostered_minutes(tenant_id, now=now, until=until)
        model = active_cost_model(tenant_id, currency=tenant.currency)[1]
        found = None if on_duty is None else _price(tenant_id, on_duty, model)
        facts = _facts(found, on_duty=on_duty, until=until)
        price = found.price if found else 0.0
        _keep(tenant_id, price, facts, now=now)
    return price


def rostered_minutes(tenant_id: UUID, *, now: datetime, until: datetime) -> float | None:
    """Operator minutes of all sites from `now` to `until`, shares of shifts counted; None without a shift."""
    shifts = Roster.objects.filter(tenant_id=tenant_id, starts_at__lt=until, ends_at__gt=now)
    columns = list(shifts.values_list("starts_at", "ends_at", "operator_minutes"))
    if not columns:
        return None
    return sum(
        minutes * ((min(end, until) - max(start, now)) / (end - start))
        for start, end, minutes in columns
    )


def _price(tenant_id: UUID, on_duty: float, model: CostModel) -> MinutePrice:
    waiting = list(
        HumanTask.objects.filter(tenant_id=tenant_id, state=TaskState.OPEN)
        .exclude(alert_id__in=duplicate_alert_ids(tenant_id=tenant_id))
        .annotate(value=F("alert__priority"), strategy=F("alert__strategy"))
        .values_list("kind", "value", "strategy")[:MOST_WAITING]
    )
    minutes = {Strategy.ESCALATE.value: model.escalate.minutes}
    audits = sum(kind == TaskKind.BLIND_AUDIT for kind, _, _ in waiting)
    priced = [
        (value, minutes.get(strategy, model.verify.minutes))
        for kind, value, strategy in waiting
        if kind != TaskKind.BLIND_AUDIT
    ]
    columns = np.array(priced, dtype=np.float64).reshape(-1, 2)
    return minute_price(
        value=columns[:, 0],
        minutes=columns[:, 1],
        free_minutes=max(0.0, on_duty - audits * model.verify.minutes),
        plain_price=model.minute_price,
    )


def _facts(found: MinutePrice | None, *, on_duty: float | None, until: datetime) -> dict[str, Any]:
    if found is None:
        return {"until": until.isoformat(), "why": NOBODY}
    return {
        "until": until.isoformat(),
        "on_duty_minutes": on_duty,
        "free_minutes": found.free_minutes,
        "worth_minutes": found.worth_minutes,
        "waiting": found.waiting,
        "marginal_value": found.marginal_value,
    }


def _keep(tenant_id: UUID, price: float, facts: dict[str, Any], *, now: datetime) -> None:
    """Without a new revision: nothing else that assessments rest on has changed."""
    fields = {"minute_shadow_price": price, "pricing": facts, "priced_at": now}
    TriageBasis.objects.update_or_create(tenant_id=tenant_id, defaults=fields)
