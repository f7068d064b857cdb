"""``manage.py retention``: what is due to be deleted, and why not the rest; or delete it now."""

from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.evidence.operations.runs import run_retention
from apps.evidence.queries.retention import active_rules, things
from apps.evidence.retention_rules import DEFAULTS


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a day like 2027-03-01") from error


class Command(BaseCommand):
    help = "Delete what is due now (service role), or only list it and say why the rest is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="list only; change nothing")
        parser.add_argument("--tenant", metavar="SLUG", help="only this tenant")
        parser.add_argument(
            "--at", type=_day, metavar="DAY", help="with --dry-run: as it would be on that day"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["at"] and not options["dry_run"]:
            raise CommandError("--at goes with --dry-run: nothing is deleted before its time.")
        tenants = Tenant.objects.order_by("slug")
        if options["tenant"]:
            tenants = tenants.filter(slug=options["tenant"])
        for tenant in tenants:
            self.stdout.write(f"{tenant.slug}")
            if options["dry_run"]:
                self._try(tenant.id, options["at"] or timezone.now())
            else:
                self._run(tenant.id)

    def _run(self, tenant_id: UUID) -> None:
        run = run_retention(tenant_id=tenant_id, now=timezone.now())
        self.stdout.write(
            f"  deleted: {run.deleted} ({run.deleted_bytes} bytes), failed: {run.failed}, "
            f"already missing: {run.missing}, without a row: {run.orphans}"
        )

    def _try(self, tenant_id: UUID, now: datetime) -> None:
        with tenant_scope(tenant_id):
            rules = active_rules(tenant_id)
        due, kept = 0, Counter[str]()
        for thing in things(tenant_id, rules=rules):
            words = thing.standing.decisive.words
            if thing.standing.is_due(now):
                due += 1
                self.stdout.write(f"  would go   {thing.reference}  {thing.key}  {words}")
            else:
                kept[f"{DEFAULTS[thing.standing.category].words}: {words}"] += 1
        for words, count in kept.most_common():
            self.stdout.write(f"  kept {count:>6}  {words}")
        self.stdout.write(f"  would be deleted: {due}, kept: {sum(kept.values())}")
