"""An alert's original fetched into a temporary file, and what is made of it stored beside it."""

import io
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from apps.alerts.models import Alert, Clip
from apps.audit.events import Actor
from apps.evidence.models import EvidenceKind
from apps.evidence.operations import acquire_item
from apps.storage.errors import DigestMismatch
from apps.storage.keys import alert_working
from apps.storage.objects import StoredObject
from apps.storage.store import media_store
from apps.storage.streams import CHUNK_BYTES, HashingReader, Readable


def fetch_master(clip: Clip, path: Path) -> None:
    """Download the original; raises DigestMismatch when the store returns other bytes."""
    with media_store().get_stream(key=clip.master_key) as stream, path.open("wb") as file:
        reader = HashingReader(stream)
        while chunk := reader.read(CHUNK_BYTES):
            file.write(chunk)
    if reader.sha256 != clip.sha256:
        raise DigestMismatch(f"{clip.master_key} is not the clip that was stored")


class DerivedFiles:
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

    def register(self, *, now: datetime) -> None:
        """Make each stored file an evidence item of the alert. Inside the tenant's scope; repeated, nothing is added."""
        alert = Alert.objects.get(id=self._clip.alert_id)
        for stored, kind in self.stored.values():
            acquire_item(
                actor=Actor.system(self._clip.tenant_id),
                alert=alert,
                kind=kind,
                bucket=self._store.bucket,
                stored=stored,
                media_type=stored.content_type,
                now=now,
            )
