"""Looking at a clip: fetched into a temporary file, analysed on the device, results stored beside the original.

Runs on the inference queue only; nothing else imports this module.
"""

import io
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.alerts.clip_format import ClipRefused
from apps.alerts.models import Alert, Clip
from apps.alerts.operations.analysis import note_step
from apps.alerts.operations.clips import record_analysis, refuse_clip
from apps.audit.events import Actor
from apps.evidence.models import EvidenceKind
from apps.evidence.operations import acquire_item
from apps.storage.errors import DigestMismatch
from apps.storage.keys import alert_working
from apps.storage.objects import StoredObject
from apps.storage.store import media_store
from apps.storage.streams import CHUNK_BYTES, HashingReader, Readable
from apps.triage.canonical import canonical_bytes
from apps.triage.states import AlertState, ClipState
from workers.inference.analysis import analyse_clip as look_at
from workers.inference.limits import ClipLimits
from workers.inference.probe import probe_clip
from workers.inference.results import ClipAnalysis
from workers.inference.working_copy import make_working_copy
from workflows.activities import ANALYSE_CLIP
from workflows.messages import AlertRef, ClipFound, ClipStanding


@ANALYSE_CLIP.implemented_by
def analyse_clip(message: AlertRef) -> ClipFound:
    """Analyse a stored clip once. One that cannot be looked at is refused in words; that is an answer, not an error."""
    tenant_id, alert_id = UUID(message.tenant_id), UUID(message.alert_id)
    with tenant_scope(tenant_id):
        clip = Clip.objects.get(alert_id=alert_id)
        if clip.state != ClipState.STORED or clip.analysis_key:
            return ClipFound(standing=ClipStanding(clip.state), analysed=bool(clip.analysis_key))
        if Alert.objects.filter(id=alert_id, state=AlertState.ANALYSING).exists():
            note_step(alert_id=alert_id, stage="Analysing the clip", now=timezone.now())
    with TemporaryDirectory(prefix="clip-") as folder:
        try:
            _look(clip, Path(folder))
        except ClipRefused as refusal:
            with tenant_scope(tenant_id):
                refuse_clip(
                    alert_id=alert_id,
                    code=refusal.code.value,
                    reason=refusal.sentence,
                    now=timezone.now(),
                )
            return ClipFound(standing=ClipStanding.REFUSED)
    return ClipFound(standing=ClipStanding.STORED, analysed=True)


def _look(clip: Clip, folder: Path) -> None:
    path, copy = folder / "master", folder / "copy.mp4"
    limits = ClipLimits(max_bytes=settings.CLIP_MAX_BYTES)
    _fetch(clip, path)
    analysis = look_at(path, limits=limits)
    copied = make_working_copy(path, copy, limits=limits, probe=probe_clip(path, limits=limits))
    results = _Results(clip)
    results.add("analysis", "json", canonical_bytes(analysis.to_json()), "application/json")
    results.add("poster", "jpg", analysis.poster_jpeg, "image/jpeg", kind=EvidenceKind.STILL)
    if copied:
        results.add_file("copy", "mp4", copy, "video/mp4")
    with tenant_scope(clip.tenant_id):
        _register(clip, analysis, results)


def _fetch(clip: Clip, path: Path) -> None:
    """Download the original; raises DigestMismatch when the store returns other bytes."""
    with media_store().get_stream(key=clip.master_key) as stream, path.open("wb") as file:
        reader = HashingReader(stream)
        while chunk := reader.read(CHUNK_BYTES):
            file.write(chunk)
    if reader.sha256 != clip.sha256:
        raise DigestMismatch(f"{clip.master_key} is not the clip that was stored")


class _Results:
    """Derived files in the store. Keys carry the digest, so that a repeated analysis never overwrites."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._store = media_store()
        self.stored: dict[str, tuple[StoredObject, EvidenceKind]] = {}

    def add(
        self,
        name: str,
        suffix: str,
        content: bytes,
        media_type: str,
        *,
        kind: EvidenceKind = EvidenceKind.WORKING,
    ) -> None:
        digest = sha256(content).hexdigest()
        file_name = f"{name}-{digest[:16]}.{suffix}"
        self._put(name, file_name, io.BytesIO(content), len(content), media_type, kind)

    def add_file(self, name: str, suffix: str, path: Path, media_type: str) -> None:
        with path.open("rb") as file:
            digest = sha256()
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
            size = file.tell()
            file.seek(0)
            file_name = f"{name}-{digest.hexdigest()[:16]}.{suffix}"
            self._put(name, file_name, file, size, media_type, EvidenceKind.WORKING)

    def _put(
        self,
        name: str,
        file_name: str,
        stream: Readable,
        length: int,
        media_type: str,
        kind: EvidenceKind,
    ) -> None:
        clip = self._clip
        key = alert_working(tenant_id=clip.tenant_id, alert_id=clip.alert_id, name=file_name)
        stored = self._store.put_stream(
            key=key, stream=stream, length=length, content_type=media_type
        )
        self.stored[name] = stored, kind

    def key(self, name: str) -> str:
        return self.stored[name][0].key if name in self.stored else ""

    @property
    def bucket(self) -> str:
        return self._store.bucket


def _register(clip: Clip, analysis: ClipAnalysis, results: _Results) -> None:
    now = timezone.now()
    marked = analysis.marked_span
    record_analysis(
        alert_id=clip.alert_id,
        now=now,
        analysis_key=results.key("analysis"),
        poster_key=results.key("poster"),
        playable_key=results.key("copy") or clip.master_key,
        duration_ms=round(analysis.duration_seconds * 1000),
        marked_from_ms=round(marked.start_seconds * 1000),
        marked_to_ms=round(marked.end_seconds * 1000),
    )
    alert = Alert.objects.get(id=clip.alert_id)
    for stored, kind in results.stored.values():
        acquire_item(
            actor=Actor.system(clip.tenant_id),
            alert=alert,
            kind=kind,
            bucket=results.bucket,
            stored=stored,
            media_type=stored.content_type,
            now=now,
        )
