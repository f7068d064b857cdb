"""The clip spool: footage on local disk, safe before the 202, until the object store has it.

A clip is written to `incoming/`, hashed on the way, synced, renamed into the spool and the folder
synced: what has a name in the spool is complete. Nothing here decodes; the first bytes and the
size decide whether it may be a clip at all.
"""

import errno
import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, TypeVar
from uuid import UUID, uuid4

from django.conf import settings
from django.utils import translation

from apps.alerts.clip_format import HEAD_BYTES, ClipRefused, check_clip_head
from apps.alerts.intake import plain_name

LEAST_FREE_BYTES = 64 * 1024 * 1024
ORPHAN_AGE = timedelta(hours=1)
_FULL = {errno.ENOSPC, errno.EDQUOT}
_INCOMING = "incoming"
T = TypeVar("T")

log = logging.getLogger(__name__)


class UnableToSpool(Exception):
    """The spool cannot take the clip (disk full or not writable); nothing was kept."""


@dataclass(frozen=True, kw_only=True)
class SpooledClip:
    """A clip that arrived. With a `refused_code` its bytes were not kept and `spool_name` is ""."""

    original_name: str
    size_bytes: int
    sha256: str
    spool_name: str = ""
    container: str = ""
    refused_code: str = ""
    refused_reason: str = ""

    def __post_init__(self) -> None:
        if bool(self.spool_name) == bool(self.refused_code):
            raise ValueError("a clip is either in the spool or refused")


class SpoolWriter:
    """Takes a clip chunk by chunk. Close it with `finish` or `abandon`; either may be called twice.

    Every method but `abandon` raises UnableToSpool when the disk will not have it.
    """

    def __init__(self, *, original_name: str, most_bytes: int | None = None) -> None:
        self._name = plain_name(original_name)
        self._most = settings.CLIP_MAX_BYTES if most_bytes is None else most_bytes
        self._sha256 = hashlib.sha256()
        self._head = b""
        self._size = 0
        self._partial = _incoming() / f"{uuid4().hex}.part"
        self._file: BinaryIO | None = _guarded(lambda: self._partial.open("xb", buffering=0))

    def write(self, chunk: bytes) -> None:
        """Add bytes; beyond the most that is taken they are counted and hashed, but not kept."""
        self._sha256.update(chunk)
        self._size += len(chunk)
        if len(self._head) < HEAD_BYTES:
            self._head += chunk[: HEAD_BYTES - len(self._head)]
        if self._file is not None and self._size <= self._most:
            file = self._file
            _guarded(lambda: _write_all(file, chunk))

    def finish(self) -> SpooledClip:
        """Make the clip durable under its name, or say why it is refused."""
        try:
            with translation.override("en"):  # stored; a screen says it in its reader's language
                container = check_clip_head(self._head, size_bytes=self._size, max_bytes=self._most)
        except ClipRefused as refusal:
            self.abandon()
            return self._described(refused_code=refusal.code, refused_reason=refusal.sentence)
        name = f"{uuid4().hex}.clip"
        _guarded(lambda: self._settle(name))
        return self._described(spool_name=name, container=container.value)

    def abandon(self) -> None:
        """Leave nothing behind."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._partial.unlink(missing_ok=True)

    def _settle(self, name: str) -> None:
        assert self._file is not None
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        self._partial.rename(spool() / name)
        _sync_folder(spool())

    def _described(self, **more: str) -> SpooledClip:
        return SpooledClip(
            original_name=self._name,
            size_bytes=self._size,
            sha256=self._sha256.hexdigest(),
            **{key: str(value) for key, value in more.items()},
        )


def spool_clip(
    chunks: Iterable[bytes], *, original_name: str, most_bytes: int | None = None
) -> SpooledClip:
    """Spool a whole clip, e.g. an upload's `chunks()`; at most CLIP_MAX_BYTES unless said. Raises UnableToSpool."""
    writer = SpoolWriter(original_name=original_name, most_bytes=most_bytes)
    try:
        for chunk in chunks:
            writer.write(chunk)
        return writer.finish()
    finally:
        writer.abandon()


def spool() -> Path:
    """The folder of complete clips, made when missing (only its owner may look)."""
    folder = Path(settings.CLIP_SPOOL)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def path_of(spool_name: str) -> Path:
    """Where a spooled clip lies. Raises ValueError for anything but a name this module made."""
    stem, _, suffix = spool_name.partition(".")
    if suffix != "clip" or UUID(hex=stem).hex != stem:
        raise ValueError(f"{spool_name!r} is not the name of a spooled clip")
    return spool() / spool_name


def discard(spool_name: str) -> None:
    """Delete a spooled clip; silent when there is none."""
    if spool_name:
        path_of(spool_name).unlink(missing_ok=True)


def temporary_folder() -> Path:
    """Where raw request bodies may overflow to; they have no name there, so they cannot stay."""
    return _incoming()


def require_room(size_bytes: int) -> None:
    """Raise UnableToSpool when `size_bytes` more would leave the disk without its reserve."""
    free = shutil.disk_usage(spool()).free
    if free < size_bytes + LEAST_FREE_BYTES:
        log.critical(
            "clip spool: %d MB free, a request of %d MB refused", free >> 20, size_bytes >> 20
        )
        raise UnableToSpool("The disk of the clip spool is full.")


def sweep(*, referenced: Collection[str], now: datetime) -> int:
    """Delete files older than an hour that no clip refers to; return how many.

    They are left by a process that died between writing the file and committing the alert.
    """
    oldest = (now - ORPHAN_AGE).timestamp()
    candidates = [*spool().glob("*.clip"), *_incoming().glob("*.part")]
    count = 0
    for path in candidates:
        if path.name not in referenced and _written_at(path) < oldest:
            path.unlink(missing_ok=True)
            count += 1
    return count


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _incoming() -> Path:
    folder = spool() / _INCOMING
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _write_all(file: BinaryIO, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[file.write(rest) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def full(error: OSError) -> bool:
    """Whether the disk, or our share of it, is full."""
    return error.errno in _FULL


def _guarded(act: Callable[[], T]) -> T:
    try:
        return act()
    except OSError as error:
        log.critical("clip spool: %s", error.strerror)
        reason = "is full" if full(error) else f"cannot be written ({error.strerror})"
        raise UnableToSpool(f"The disk of the clip spool {reason}.") from error
