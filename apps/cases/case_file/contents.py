"""What goes into a case file: originals or blurred copies, dossiers, custody, the audit extract, how to check it."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string

from apps.accounts.queries import name_of
from apps.alerts.models import Clip
from apps.audit.events import Subject
from apps.audit.proofs import Extract, extract_of
from apps.audit.signing import public_file
from apps.cases.case_file.bag import Part, made
from apps.cases.case_file.watermark import Mark, reading_copy
from apps.cases.models import Case, CaseFile, Exhibit
from apps.cases.queries import exhibits_of
from apps.evidence.models import EvidenceItem, EvidenceKind
from apps.evidence.queries import custody_of, latest_dossier
from apps.storage.store import evidence_store, media_store
from apps.storage.streams import Readable

ORIGINALS_SAY: Final = (
    "Originals are byte for byte what was registered; marks stand on reading copies only."
)
VERIFIER: Final = Path(__file__).with_name("verify.py")
_SUFFIXES: Final = {
    "video/mp4": ".mp4",
    "video/webm": ".webm",
    "video/x-msvideo": ".avi",
    "video/mp2t": ".ts",
    "video/x-motion-jpeg": ".mjpeg",
    "image/jpeg": ".jpg",
    "application/pdf": ".pdf",
}


class NotShareable(Exception):
    """Something that was asked for is not there (a clip without a blurred copy); the message says what."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """The parts of a case file, and how many bytes of payload they are."""

    parts: tuple[Part, ...]
    info: dict[str, str]
    documents: tuple[Part, ...] = ()

    @property
    def payload_bytes(self) -> int:
        return sum(part.size for part in self.parts if part.is_payload)


def with_reading_copies(contents: Contents, *, file: CaseFile) -> Contents:
    """The same with a marked copy of each document. Reads from the store: call it outside any transaction.

    Raises PayloadAltered, ObjectMissing, StorageUnavailable.
    """
    mark = Mark(recipient=file.recipient, archive=file.archive_name)
    copies = [
        reading_copy(part, path=_reading_path(part), mark=mark) for part in contents.documents
    ]
    return replace(contents, parts=(*contents.parts, *copies))


def contents_of(*, file: CaseFile, now: datetime) -> Contents:
    """Everything of the case as it stands. Inside the tenant's scope. Raises NotShareable, NotSignedYet."""
    case = file.case
    exhibits = list(exhibits_of(case))
    footage = [_footage(file, exhibit) for exhibit in exhibits]
    dossiers, reports = _dossiers(case), _reports(case)
    extract = extract_of(tenant_id=case.tenant_id, subjects=_subjects(case, exhibits))
    facts = _facts(file, footage, dossiers, extract, now=now)
    facts["reports"] = [_report(item, part) for item, part in reports]
    parts = [
        *(one.part for one in footage),
        *dossiers.values(),
        *(part for _, part in reports),
        made("data/case.json", _json(facts)),
        made("data/audit/entries.ndjson", _entries(extract)),
        made("data/audit/checkpoint.txt", extract.note.encode()),
        made("data/audit/keys.txt", public_file(settings.AUDIT_SIGNING_KEY_FILE).read_bytes()),
        made("verify.py", VERIFIER.read_bytes()),
        made("index.html", render_to_string("cases/case_file.html", facts).encode()),
    ]
    documents = [
        p for p in (*dossiers.values(), *(part for _, part in reports)) if p.path.endswith(".pdf")
    ]
    return Contents(parts=tuple(parts), info=_info(file, now=now), documents=tuple(documents))


@dataclass(frozen=True, kw_only=True)
class _Footage:
    """An exhibit as it is handed over: the sealed bytes, or the copy in which faces are blurred."""

    exhibit: Exhibit
    item: EvidenceItem
    part: Part


def _footage(file: CaseFile, exhibit: Exhibit) -> _Footage:
    item = exhibit.item if file.with_originals else _blurred(exhibit)
    folder = "originals" if file.with_originals else "blurred"
    suffix = _SUFFIXES.get(item.media_type, ".bin")
    own = "" if exhibit.case_id == file.case_id else f"{exhibit.case.reference}-"
    part = stored_part(item=item, path=f"data/{folder}/{own}E{exhibit.number:03d}{suffix}")
    return _Footage(exhibit=exhibit, item=item, part=part)


def _blurred(exhibit: Exhibit) -> EvidenceItem:
    alert_id = exhibit.item.alert_id
    clip = Clip.objects.filter(alert_id=alert_id).exclude(blurred_key="").first()
    key = clip.blurred_key if clip else ""
    item = EvidenceItem.objects.filter(alert_id=alert_id, key=key).first() if key else None
    if item is None:
        raise NotShareable(
            f"Exhibit {exhibit.number} has no copy with faces blurred. Share the originals, or wait for it."
        )
    return item


def _dossiers(case: Case) -> dict[UUID, Part]:
    """The newest dossier of each incident's alert, by alert."""
    found = {}
    for incident in case.incidents.select_related("alert").order_by("occurred_at"):
        dossier = latest_dossier(incident.alert)
        if dossier:
            path = f"data/dossiers/{incident.alert.reference}.pdf"
            found[incident.alert_id] = stored_part(item=dossier, path=path)
    return found


def _reports(case: Case) -> list[tuple[EvidenceItem, Part]]:
    """Reports and statements that a person has signed, superseded and withdrawn ones too, oldest first."""
    alerts = case.incidents.values_list("alert_id", flat=True)
    signed = EvidenceItem.objects.filter(alert_id__in=alerts, kind=EvidenceKind.REPORT)
    found = []
    for number, item in enumerate(signed.order_by("acquired_at", "id"), start=1):
        name = item.original_name or f"report{_SUFFIXES.get(item.media_type, '.bin')}"
        found.append(
            (item, stored_part(item=item, path=f"data/reports/{number:03d}-{_plain(name)}"))
        )
    return found


def _plain(name: str) -> str:
    """A file name without folders or characters that some systems refuse."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".") or "report"


def _report(item: EvidenceItem, part: Part) -> dict[str, Any]:
    last = custody_of(item).last()
    return {
        "path": part.path,
        "sha256": part.sha256,
        "size_bytes": part.size,
        "acquired_at": item.acquired_at.isoformat(),
        "standing": last.action if last else "acquired",
        "reading_copy": _reading_path(part) if part.path.endswith(".pdf") else None,
    }


def _reading_path(part: Part) -> str:
    """Where the marked copy of a document lies."""
    folder, name = part.path.removeprefix("data/").split("/", 1)
    return f"data/reading-copies/{folder}/{name}"


def stored_part(*, item: EvidenceItem, path: str) -> Part:
    """A stored file as it is read when its turn comes."""
    store = evidence_store() if item.bucket == evidence_store().bucket else media_store()

    @contextmanager
    def opened() -> Iterator[Readable]:
        with store.get_stream(key=item.key, version_id=item.version_id or None) as stream:
            yield stream

    return Part(path=path, size=item.size_bytes, sha256=item.sha256, opened=opened)


def _subjects(case: Case, exhibits: list[Exhibit]) -> list[Subject]:
    """Whatever the chain may know the case by."""
    incidents = list(case.incidents.all())
    alerts = [incident.alert_id for incident in incidents]
    items = EvidenceItem.objects.filter(alert_id__in=alerts).values_list("id", flat=True)
    ids = {
        "case": [case.id],
        "incident": [incident.id for incident in incidents],
        "alert": alerts,
        "exhibit": [exhibit.id for exhibit in exhibits],
        "evidence_item": items,
    }
    return [Subject(kind, str(id_)) for kind, found in ids.items() for id_ in found]


def _facts(
    file: CaseFile,
    footage: list[_Footage],
    dossiers: dict[UUID, Part],
    extract: Extract,
    *,
    now: datetime,
) -> dict[str, Any]:
    case = file.case
    return {
        "reference": case.reference,
        "title": case.title,
        "site": case.site.name,
        "state": case.state,
        "is_drill": case.is_drill,
        "made_at": now.isoformat(),
        "recipient": file.recipient,
        "purpose": file.purpose,
        "originals": ORIGINALS_SAY,
        "footage": "originals" if file.with_originals else "copies with faces blurred",
        "incidents": [
            {
                "occurred_at": incident.occurred_at.isoformat(),
                "alert": incident.alert.reference,
                "dossier": dossiers[incident.alert_id].path
                if incident.alert_id in dossiers
                else None,
                "reading_copy": _reading_path(dossiers[incident.alert_id])
                if incident.alert_id in dossiers
                else None,
                "camera": incident.alert.camera.name,
                "camera_clock_offset_seconds": incident.alert.camera.clock_offset_seconds,
                "confirmed_by": name_of(incident.disposition.decided_by),
                "confirmed_at": incident.disposition.decided_at.isoformat(),
                "verdict": incident.disposition.verdict,
            }
            for incident in case.incidents.select_related("alert__camera", "disposition")
        ],
        "exhibits": [_exhibit(one) for one in footage],
        "audit": {
            "entries": len(extract.entries),
            "chain_size": extract.size,
            "recorded_after_the_checkpoint": extract.later,
        },
    }


def _exhibit(footage: _Footage) -> dict[str, Any]:
    exhibit, item, sealed = footage.exhibit, footage.item, footage.exhibit.item
    return {
        "number": exhibit.number,
        "title": exhibit.title,
        "item": str(item.id),
        "path": footage.part.path,
        "sha256": item.sha256,
        "size_bytes": item.size_bytes,
        "media_type": item.media_type,
        "original_sha256": sealed.sha256,
        "original_name": sealed.original_name,
        "sealed_at": exhibit.sealed_at.isoformat(),
        "locked_until": sealed.retain_until.isoformat() if sealed.retain_until else None,
        "custody": [
            {
                "at": event.happened_at.isoformat(),
                "action": event.action,
                "by": name_of(event.actor_id) if event.actor_id else "Second Look",
                "role": event.actor_role,
                "sha256": event.sha256,
            }
            for event in custody_of(sealed)
        ],
    }


def _info(file: CaseFile, *, now: datetime) -> dict[str, str]:
    return {
        "Source-Organization": file.case.site.name,
        "Bagging-Date": now.date().isoformat(),
        "External-Identifier": file.case.reference,
        "External-Description": f"For {file.recipient}: {file.purpose}",
        "Bag-Software-Agent": "Second Look",
        "Internal-Sender-Description": ORIGINALS_SAY,
    }


def _entries(extract: Extract) -> bytes:
    lines = (
        json.dumps(
            {"index": e.index, "entry": e.entry, "proof": [step.hex() for step in e.proof]},
            ensure_ascii=False,
        )
        for e in extract.entries
    )
    return "".join(f"{line}\n" for line in lines).encode()


def _json(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, ensure_ascii=False, indent=2).encode()
