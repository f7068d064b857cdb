"""The records of a period as files of an archive: one line a record, read in slices, so that memory stays small."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F, Model, QuerySet

from apps.accounts.models import TrainingRecord, TrainingRevocation
from apps.alerts.models import Assessment, Disposition
from apps.audit.proofs import extract_between
from apps.audit.signing import public_file
from apps.cases.case_file.bag import Part, made
from apps.cases.case_file.contents import VERIFIER
from apps.oversight.models import Notice, RecordsExport, RiskRegisterVersion, SystemIncident
from apps.oversight.queries.dossiers import dossiers_of_period, parts_of
from apps.reviews.judged_first import was_judged_first
from apps.reviews.models import BlindJudgement, Confirmation, Intervention
from apps.reviews.overrides import stance_of
from apps.sites.models import Stop

_SLICE: Final = 500


def record_parts(
    *, export: RecordsExport, folder: str, counts: dict[str, int], now: datetime
) -> list[Part]:
    """Everything recorded in the export's period. `counts` is filled. Inside the tenant's scope. Raises NotSignedYet."""
    since, until = export.from_at, export.to_at
    assert since is not None
    assert until is not None
    parts = [
        _lines(name, rows, folder=folder, counts=counts)
        for name, rows in _tables(export, since, until).items()
    ]
    extract = extract_between(tenant_id=export.tenant_id, since=since, until=until)
    entries = (
        {"index": one.index, "entry": one.entry, "proof": [step.hex() for step in one.proof]}
        for one in extract.entries
    )
    parts.append(_written("data/audit/entries.ndjson", entries, folder=folder, counts=counts))
    dossiers = dossiers_of_period(tenant_id=export.tenant_id, since=since, until=until)
    listed = (one.as_json() for one in dossiers)
    parts.append(_written("data/records/dossiers.ndjson", listed, folder=folder, counts=counts))
    summary = {
        "from": since,
        "to": until,
        "written_at": now,
        "counts": counts,
        "entries_not_signed_yet": extract.later,
        "dossiers_not_rendered": sum(one.item is None for one in dossiers),
    }
    return [
        *parts,
        *parts_of(dossiers),
        made("data/summary.json", _json(summary)),
        made("data/audit/checkpoint.txt", extract.note.encode()),
        made("data/audit/keys.txt", public_file(settings.AUDIT_SIGNING_KEY_FILE).read_bytes()),
        made("verify.py", VERIFIER.read_bytes()),
    ]


def _tables(
    export: RecordsExport, since: datetime, until: datetime
) -> Mapping[str, QuerySet[Any, Any]]:
    def within(model: type[Model], field: str) -> QuerySet[Any]:
        period = {f"{field}__gte": since, f"{field}__lt": until, "tenant_id": export.tenant_id}
        rows: QuerySet[Any] = cast(Any, model).objects.filter(**period).order_by(field, "pk")
        return rows

    decided = within(Disposition, "decided_at").annotate(
        proposal=F("alert__strategy"), judged_blind=was_judged_first()
    )
    made_corrections = decided.filter(supersedes__isnull=False)
    return {
        "assessments": within(Assessment, "created_at"),
        "dispositions": decided,
        "corrections": made_corrections,
        "confirmations": within(Confirmation, "confirmed_at").annotate(
            clip_ms=F("task__alert__clip__duration_ms")
        ),
        "judged_first": within(BlindJudgement, "judged_at"),
        "interventions": within(Intervention, "authorised_at"),
        "stops": within(Stop, "stopped_at"),
        "system_incidents": within(SystemIncident, "reported_at"),
        "risk_registers": within(RiskRegisterVersion, "created_at"),
        "notices": within(Notice, "created_at"),
        "training_records": within(TrainingRecord, "recorded_at"),
        "training_revocations": within(TrainingRevocation, "revoked_at"),
    }


def _lines(name: str, rows: QuerySet[Any, Any], *, folder: str, counts: dict[str, int]) -> Part:
    records = map(_with_stance, rows.values().iterator(chunk_size=_SLICE))
    return _written(f"data/records/{name}.ndjson", records, folder=folder, counts=counts)


def _with_stance(row: dict[str, Any]) -> dict[str, Any]:
    """A verdict also says how it stands to the machine's proposal; every other record is as it lies in its table."""
    if "proposal" not in row:
        return row
    return row | {"stance": stance_of(row["proposal"], row["verdict"]).value}


def _written(
    path: str, records: Iterable[Mapping[str, Any]], *, folder: str, counts: dict[str, int]
) -> Part:
    """One line a record in a file of the folder, which becomes a part of the archive."""
    name = Path(path).stem
    file, count = Path(folder) / path.replace("/", "_"), 0
    with file.open("wb") as target:
        for one in records:
            target.write(
                json.dumps(one, cls=DjangoJSONEncoder, ensure_ascii=False).encode() + b"\n"
            )
            count += 1
    counts["audit_entries" if name == "entries" else name] = count
    return Part(path=path, size=file.stat().st_size, opened=_opener(file))


def _opener(file: Path) -> Callable[[], Any]:
    def opened() -> BinaryIO:
        return file.open("rb")

    return opened


def _json(value: object) -> bytes:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2).encode()
