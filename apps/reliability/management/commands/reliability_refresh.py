"""`manage.py reliability_refresh`: learn anew from what people decided, as the nightly task does."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.accounts.models import Tenant
from apps.reliability.operations import Refreshed, refresh


class Command(BaseCommand):
    help = "Gather verdicts, calibrate, judge segments and fit twins. Nothing known later is used."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", default="", help="slug; without it every tenant")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        tenants = list(_tenants(options["tenant"]))
        found = {one.slug: refresh(tenant_id=one.id, now=timezone.now()) for one in tenants}
        if options["json"]:
            self.stdout.write(json.dumps({slug: asdict(one) for slug, one in found.items()}))
            return
        for slug, one in found.items():
            self.stdout.write("\n".join([f"{slug}: {_sum(one)}", *_details(one)]))


def _tenants(slug: str) -> list[Tenant]:
    tenants = Tenant.objects.order_by("slug")
    found = list(tenants.filter(slug=slug) if slug else tenants)
    if slug and not found:
        raise CommandError(f"No tenant is called {slug!r}.")
    return found


def _sum(one: Refreshed) -> str:
    if not one.version:
        return "no alerts to learn from yet."
    states = ", ".join(f"{count} {state}" for state, count in one.segment_states.items())
    return (
        f"version {one.version} from {one.alert_count} alerts, {one.label_count} of them judged "
        f"({one.gathered} new or changed). Segments: {states}."
    )


def _details(one: Refreshed) -> list[str]:
    lines = [f"  {detector}: calibrated." for detector in one.calibrated]
    lines += [
        f"  {detector}: not calibrated, {missing} more labels are needed."
        for detector, missing in one.missing.items()
    ]
    return lines + [f"  {detector}: twin {twin}" for detector, twin in one.twins.items()]
