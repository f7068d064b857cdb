"""`manage.py import_fairness_sample`: judged alerts of an offline audit, by group."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor
from apps.reliability.fairness_file import COLUMNS, UnableToReadSample
from apps.reliability.operations.fairness import (
    ImportedSample,
    UnableToImportSample,
    import_fairness_sample,
)
from apps.reliability.queries.fairness import rates_of


class Command(BaseCommand):
    help = (
        f"Import an offline audit sample (CSV with the columns {', '.join(COLUMNS)}). "
        "All rows or none; the same file once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the CSV file")
        parser.add_argument("--tenant", required=True, help="the tenant's slug")
        parser.add_argument("--name", required=True, help="what the sample is called")
        parser.add_argument(
            "--method", required=True, help="how it was drawn and who labelled the groups"
        )
        parser.add_argument(
            "--simulated", action="store_true", help="rows of a rehearsal; drill tenants only"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"There is no tenant {options['tenant']!r}.")
        try:
            content = options["file"].read_bytes()
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        with tenant_scope(tenant.id):
            imported = _import(tenant, content, options)
        self.stdout.write(_in_words(imported))


def _import(tenant: Tenant, content: bytes, options: dict[str, Any]) -> ImportedSample:
    try:
        return import_fairness_sample(
            actor=Actor.system(tenant.id),
            tenant_id=tenant.id,
            name=options["name"],
            method=options["method"],
            content=content,
            is_simulated=options["simulated"],
            now=timezone.now(),
        )
    except UnableToReadSample as refusal:
        more = refusal.count - len(refusal.faults)
        lines = [str(fault) for fault in refusal.faults] + ([f"… and {more} more"] if more else [])
        raise CommandError("Nothing was imported.\n" + "\n".join(lines)) from refusal
    except UnableToImportSample as refusal:
        raise CommandError(f"Nothing was imported. {refusal}") from refusal


def _in_words(imported: ImportedSample) -> str:
    sample = imported.sample
    verdicts = [
        f"  {one.attribute}: {one.verdict.value.replace('_', ' ')} ({one.count} rows)"
        for one in rates_of(sample).attributes
    ]
    alarms = [f"  ALARM: {one.attribute}, {one.measure}" for one in imported.alarms]
    head = f"{sample.name}: {sample.row_count} rows, {sample.drawn_from} to {sample.drawn_to}"
    return "\n".join([head, *verdicts, *alarms])
