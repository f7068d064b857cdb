"""Archives for an auditor: the records of a period, and the technical file. Streamed to the store in the background."""

import logging
from collections.abc import Iterator
from datetime import datetime
from tempfile import TemporaryDirectory
from typing import Final
from uuid import UUID

from django.db import DatabaseError, transaction
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.audit.proofs import NotSignedYet
from apps.cases.case_file.bag import ChunkReader, Part, PayloadAltered, bag_bytes
from apps.evidence.documents.typesetting import UnableToTypeset
from apps.oversight.models import ExportKind, RecordsExport
from apps.oversight.operations.cards import keep_card
from apps.oversight.queries.records import record_parts
from apps.oversight.queries.techdoc import techdoc_parts
from apps.storage.errors import StorageError
from apps.storage.keys import records_export
from apps.storage.store import media_store
from apps.triage.states import RecordsExportState

_EVENTS: Final = {
    RecordsExportState.REQUESTED: Event.RECORDS_EXPORT_REQUESTED,
    RecordsExportState.READY: Event.RECORDS_EXPORT_WRITTEN,
    RecordsExportState.FAILED: Event.RECORDS_EXPORT_FAILED,
}
_REASONS: Final = {
    NotSignedYet: "The audit chain has not been signed yet. Ask again in a minute.",
    StorageError: "The object store did not answer. Nothing was exported; ask again.",
    PayloadAltered: "A file was not the one that was registered. Have the evidence checked.",
    UnableToTypeset: "The pages could not be set. Nothing was exported.",
    DatabaseError: "The database did not answer. Nothing was exported; ask again.",
}
log = logging.getLogger(__name__)


class UnableToExport(Exception):
    """The export cannot be asked for or fetched like this; the message says why."""


def ask_for_records(
    *, actor: Actor, user: User | None, since: datetime, until: datetime, now: datetime
) -> RecordsExport:
    """Ask for the records of [since, until). A worker writes them. Raises UnableToExport for an empty period."""
    if not since < until:
        raise UnableToExport(gettext("The period ends after it begins."))
    return _ask(actor, user, kind=ExportKind.RECORDS, now=now, from_at=since, to_at=until)


def ask_for_techdoc(*, actor: Actor, user: User | None, now: datetime) -> RecordsExport:
    """Ask for the technical file as it stands."""
    return _ask(actor, user, kind=ExportKind.TECHDOC, now=now)


def ask_again(*, actor: Actor, export: RecordsExport) -> None:
    """Have a failed export written again. Raises UnableToExport."""
    with transaction.atomic():
        if not _moved(export, RecordsExportState.FAILED, RecordsExportState.REQUESTED):
            raise UnableToExport(gettext("Only an export that failed is written again."))
        _note(actor, export, RecordsExportState.REQUESTED)


def fetch_address(*, actor: Actor, export: RecordsExport, seconds: int = 60) -> str:
    """An address for this one archive that works for `seconds`; the fetch is recorded. Raises UnableToExport."""
    if export.state != RecordsExportState.READY:
        raise UnableToExport(gettext("The archive is not written yet."))
    with transaction.atomic():
        record(
            actor=actor,
            event=Event.RECORDS_EXPORT_DOWNLOADED,
            subject=Subject("records_export", export.id),
            details={"sha256": export.sha256},
        )
    name = f"{export.kind}-{export.requested_at:%Y%m%d}.zip"
    return media_store().presigned_get(key=export.key, seconds=seconds, download_name=name)


def write_export(*, tenant_id: UUID, export_id: UUID, now: datetime) -> bool:
    """Write one requested archive into the store: whole, or its row says why not. False when another process has it.

    Opens its own scopes; reading and storing happen outside the transaction that settles the row.
    """
    with tenant_scope(tenant_id):
        export = RecordsExport.objects.get(id=export_id)
        if not _moved(export, RecordsExportState.REQUESTED, RecordsExportState.WRITING):
            return False
        if export.kind == ExportKind.TECHDOC:
            keep_card(tenant_id=tenant_id, now=now)
    try:
        _write(export, now=now)
    except tuple(_REASONS) as error:
        log.warning("records export not written: %s", type(error).__name__)
        why = next(words for kind, words in _REASONS.items() if isinstance(error, kind))
        with tenant_scope(tenant_id), transaction.atomic():
            _moved(
                export,
                RecordsExportState.WRITING,
                RecordsExportState.FAILED,
                failed_reason=why,
                finished_at=now,
            )
            _note(Actor.system(tenant_id), export, RecordsExportState.FAILED)
    return True


def fail_forgotten(*, before: datetime, now: datetime) -> int:
    """Say of exports that were being written before `before` that their process is gone. Inside a tenant's scope."""
    rows = RecordsExport.objects.filter(state=RecordsExportState.WRITING, requested_at__lt=before)
    for export in rows:
        with transaction.atomic():
            why = "The process that wrote it is gone. Nothing was exported; ask again."
            ends = {"failed_reason": why, "finished_at": now}
            if _moved(export, RecordsExportState.WRITING, RecordsExportState.FAILED, **ends):
                _note(Actor.system(export.tenant_id), export, RecordsExportState.FAILED)
    return len(rows)


def _ask(
    actor: Actor, user: User | None, *, kind: ExportKind, now: datetime, **period: datetime
) -> RecordsExport:
    with transaction.atomic():
        export = RecordsExport.objects.create(
            tenant_id=actor.tenant_id, kind=kind, requested_by=user, requested_at=now, **period
        )
        _note(actor, export, RecordsExportState.REQUESTED)
    return export


def _write(export: RecordsExport, *, now: datetime) -> None:
    with TemporaryDirectory(prefix="export-") as folder:
        counts: dict[str, int] = {}
        with tenant_scope(export.tenant_id):
            make = techdoc_parts if export.kind == ExportKind.TECHDOC else record_parts
            parts = make(export=export, folder=folder, counts=counts, now=now)
            RecordsExport.objects.filter(id=export.id).update(parts_total=len(parts))
        chunks = bag_bytes(
            parts=_told(export, parts),
            info={"Contact": "Second Look", "Bagging-Date": f"{now:%Y-%m-%d}", "Kind": export.kind},
            at=now,
            folder=f"{export.kind}-{export.id}",
        )
        key = records_export(tenant_id=export.tenant_id, export_id=export.id)
        stored = media_store().put_stream(
            key=key, stream=ChunkReader(chunks), content_type="application/zip"
        )
    with tenant_scope(export.tenant_id), transaction.atomic():
        _moved(
            export,
            RecordsExportState.WRITING,
            RecordsExportState.READY,
            key=key,
            size_bytes=stored.size,
            sha256=stored.sha256,
            counts=counts,
            parts_done=len(parts),
            finished_at=now,
        )
        export.sha256 = stored.sha256
        _note(Actor.system(export.tenant_id), export, RecordsExportState.READY)


def _told(export: RecordsExport, parts: list[Part]) -> Iterator[Part]:
    """The parts, one by one; the row says how many have gone into the archive."""
    for done, part in enumerate(parts):
        with tenant_scope(export.tenant_id):
            RecordsExport.objects.filter(id=export.id).update(parts_done=done)
        yield part


def _moved(
    export: RecordsExport, old: RecordsExportState, new: RecordsExportState, **changes: object
) -> bool:
    rows = RecordsExport.objects.filter(id=export.id, state=old)
    return rows.update(state=new, **changes) == 1


def _note(actor: Actor, export: RecordsExport, state: RecordsExportState) -> None:
    techdoc = export.kind == ExportKind.TECHDOC and state is RecordsExportState.READY
    record(
        actor=actor,
        event=Event.TECHNICAL_FILE_WRITTEN if techdoc else _EVENTS[state],
        subject=Subject("records_export", export.id),
        details={"kind": export.kind, "sha256": export.sha256},
    )
