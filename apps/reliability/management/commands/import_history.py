"""`manage.py import_history`: past labelled alerts, so that triage does not begin with nothing."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor
from apps.reliability.history_file import COLUMNS, REQUIRED, past_alerts
from apps.reliability.operations.history import Imported, UnableToImport, import_history


class Command(BaseCommand):
    help = (
        f"Import past alerts: NDJSON, or CSV when the name ends in .csv. Columns: {', '.join(COLUMNS)}; "
        f"required are {', '.join(REQUIRED)}. All lines or none; the same file again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the file")
        parser.add_argument("--tenant", default="", help="slug; needed when there are several")
        parser.add_argument("--dry-run", action="store_true", help="only read and check")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = _tenant(options["tenant"])
        imported = _import(tenant, options["file"], dry_run=options["dry_run"])
        if options["json"]:
            self.stdout.write(json.dumps(asdict(imported) | {"dry_run": options["dry_run"]}))
            return
        self.stdout.write(_in_words(imported, dry_run=options["dry_run"]))


def _tenant(slug: str) -> Tenant:
    tenants = list(Tenant.objects.filter(slug=slug) if slug else Tenant.objects.all()[:2])
    if len(tenants) == 1:
        return tenants[0]
    if slug or not tenants:
        raise CommandError(f"No tenant is called {slug!r}." if slug else "There is no tenant yet.")
    raise CommandError("There are several tenants: say which with --tenant.")


def _import(tenant: Tenant, path: Path, *, dry_run: bool) -> Imported:
    try:
        with (
            path.open(encoding="utf-8-sig", newline="") as lines,
            tenant_scope(tenant.id),
        ):
            return import_history(
                actor=Actor.system(tenant.id),
                tenant=tenant,
                alerts=past_alerts(lines, is_csv=path.suffix.lower() == ".csv"),
                now=timezone.now(),
                dry_run=dry_run,
            )
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"Nothing was imported. {path} is not UTF-8 text.") from error
    except UnableToImport as refusal:
        more = refusal.count - len(refusal.faults)
        lines_ = [*refusal.faults, *([f"… and {more} more"] if more else [])]
        raise CommandError("Nothing was imported.\n" + "\n".join(lines_)) from refusal


def _in_words(imported: Imported, *, dry_run: bool) -> str:
    told = (
        f"{imported.rows} alerts, {imported.labelled} of them judged: {imported.added} are new, "
        f"{imported.changed} got another verdict."
    )
    return f"Nothing was written. {told}" if dry_run else told
