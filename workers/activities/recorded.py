"""Spans of a camera's recording: fetched into a temporary file, checked against its registered hash, cut."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from apps.sites.models import Recording
from apps.storage.errors import DigestMismatch
from apps.storage.store import media_store
from apps.storage.streams import CHUNK_BYTES, HashingReader
from workers.inference.cuts import Cut, cut_apart


@dataclass(frozen=True, kw_only=True)
class CutOut:
    """A span as it was cut, with the true times that it really has."""

    cut: Cut
    sha256: str
    starts_at: datetime
    ends_at: datetime

    @property
    def seconds(self) -> float:
        return (self.ends_at - self.starts_at).total_seconds()

    def name(self, recording: Recording) -> str:
        """What the evidence says the footage was cut from."""
        span = f"{self.starts_at:%Y-%m-%dT%H:%M:%S.%fZ} to {self.ends_at:%Y-%m-%dT%H:%M:%S.%fZ}"
        return f"{span} of recording sha256:{recording.sha256}"


def cut_out(recording: Recording, *, start: datetime, end: datetime, target: Path) -> CutOut:
    """Write [start, end] (true times) of a recording to `target`. Needs room for the whole recording beside it.

    Raises StorageUnavailable, DigestMismatch when the store gives other bytes than were registered, and ClipRefused.
    """
    whole = target.with_name(target.name + ".recording")
    try:
        _fetch(recording, whole)
        cut = cut_apart(
            whole,
            target,
            start_seconds=max(0.0, (start - recording.starts_at).total_seconds()),
            end_seconds=(end - recording.starts_at).total_seconds(),
        )
    finally:
        whole.unlink(missing_ok=True)
    return CutOut(
        cut=cut,
        sha256=_digest(target),
        starts_at=recording.starts_at + timedelta(seconds=cut.start_seconds),
        ends_at=recording.starts_at + timedelta(seconds=cut.end_seconds),
    )


def _fetch(recording: Recording, path: Path) -> None:
    with media_store().get_stream(key=recording.key) as stream, path.open("wb") as file:
        reader = HashingReader(stream)
        while chunk := reader.read(CHUNK_BYTES):
            file.write(chunk)
    if reader.sha256 != recording.sha256:
        raise DigestMismatch(f"{recording.key} is not the recording that was registered")


def _digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
