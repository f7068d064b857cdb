"""`manage.py assessment_verify`: compute stored assessments again and say where they differ."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Assessment
from apps.reliability.queries.verification import Agreement, Verified, verify


class Command(BaseCommand):
    help = (
        "Compute stored assessments again from their records and from the fits they name. Exits "
        "with 1 when one differs: the decision or a figure by more than 1e-9."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--alert", type=UUID, help="the alert's id")
        which.add_argument("--since", help="assessed on or after this day, YYYY-MM-DD, UTC")
        which.add_argument("--all", action="store_true", help="every assessment")
        parser.add_argument("--tenant", default="", help="slug; without it every tenant")
        parser.add_argument("--exact", action="store_true", help="identical to the last digit")
        parser.add_argument("--json", action="store_true", help="print JSON, one line an exception")

    def handle(self, *args: Any, **options: Any) -> None:
        counts: Counter[str] = Counter()
        wrong = {Agreement.DIFFERENT, *([Agreement.EQUAL] if options["exact"] else [])}
        failed = 0
        for one in _verified(options):
            counts[one.agreement.value] += 1
            counts["fits"] += one.fits
            if one.agreement in wrong:
                failed += 1
                self.stdout.write(_line(one, as_json=options["json"]))
        seen = counts.total() - counts["fits"]
        if options["alert"] and not seen:
            raise CommandError(f"Alert {options['alert']} has no assessment.")
        told = _sum(counts, seen)
        self.stdout.write(json.dumps(dict(counts)) if options["json"] else told)
        if failed:
            raise CommandError(f"{failed} of {seen} assessments differ.")


def _verified(options: dict[str, Any]) -> Iterator[Verified]:
    tenants = Tenant.objects.order_by("slug")
    chosen = list(tenants.filter(slug=options["tenant"]) if options["tenant"] else tenants)
    if not chosen:
        raise CommandError(f"No tenant is called {options['tenant']!r}.")
    for tenant in chosen:
        with tenant_scope(tenant.id):
            yield from verify(_chosen(tenant, options).iterator(chunk_size=500))


def _chosen(tenant: Tenant, options: dict[str, Any]) -> QuerySet[Assessment]:
    found = Assessment.objects.filter(tenant_id=tenant.id).select_related("alert")
    if options["alert"]:
        found = found.filter(alert_id=options["alert"])
    if options["since"]:
        found = found.filter(created_at__gte=_day(options["since"]))
    return found.order_by("created_at", "id")


def _day(text: str) -> datetime:
    try:
        return datetime.combine(datetime.fromisoformat(text).date(), time.min, tzinfo=UTC)
    except ValueError as fault:
        raise CommandError(f"{text!r} is no day such as 2026-11-20.") from fault


def _line(one: Verified, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(asdict(one), default=str)
    return (
        f"alert {one.alert_id}, assessment {one.assessment_id}: {one.mismatch or 'not identical'}"
    )


def _sum(counts: Counter[str], seen: int) -> str:
    return (
        f"{seen} assessments computed again: {counts[Agreement.IDENTICAL]} identical, "
        f"{counts[Agreement.EQUAL]} equal within 1e-9, {counts[Agreement.DIFFERENT]} different; "
        f"{counts['fits']} stored fits asked again."
    )
