"""`manage.py export techdoc` and `manage.py export records --from … --to …`: written at once, into a file of yours."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor
from apps.oversight.models import RecordsExport
from apps.oversight.operations.exporting import (
    UnableToExport,
    ask_for_records,
    ask_for_techdoc,
    write_export,
)
from apps.storage.store import media_store
from apps.storage.streams import CHUNK_BYTES
from apps.triage.states import RecordsExportState


class Command(BaseCommand):
    help = "Write the technical file, or the records of a period, as a zip archive."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["techdoc", "records"])
        parser.add_argument("--tenant", required=True, help="The tenant's slug.")
        parser.add_argument("--from", dest="since", type=_day, help="First day, as 2026-01-31.")
        parser.add_argument("--to", dest="until", type=_day, help="The day after the last one.")
        parser.add_argument("--output", type=Path, help="A file or folder; the default is here.")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"There is no tenant {options['tenant']!r}.")
        now = timezone.now()
        with tenant_scope(tenant.id):
            export = self._asked(Actor.system(tenant.id), options, now=now)
        write_export(tenant_id=tenant.id, export_id=export.id, now=now)
        with tenant_scope(tenant.id):
            export.refresh_from_db()
        if export.state != RecordsExportState.READY:
            raise CommandError(export.failed_reason or "Another process writes it.")
        path = self._fetched(export, options["output"] or Path())
        self.stdout.write(f"{path} ({export.size_bytes} bytes, SHA-256 {export.sha256})")

    def _asked(self, actor: Actor, options: dict[str, Any], *, now: datetime) -> RecordsExport:
        if options["what"] == "techdoc":
            return ask_for_techdoc(actor=actor, user=None, now=now)
        since, until = options["since"], options["until"]
        if since is None or until is None:
            raise CommandError("Records need --from and --to.")
        try:
            return ask_for_records(actor=actor, user=None, since=since, until=until, now=now)
        except UnableToExport as refusal:
            raise CommandError(str(refusal)) from refusal

    def _fetched(self, export: RecordsExport, where: Path) -> Path:
        name = f"{export.kind}-{export.requested_at:%Y%m%d-%H%M%S}.zip"
        path = where / name if where.is_dir() else where
        with media_store().get_stream(key=export.key) as stream, path.open("wb") as file:
            while chunk := stream.read(CHUNK_BYTES):
                file.write(chunk)
        return path


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
