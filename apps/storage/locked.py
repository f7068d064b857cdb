"""The evidence bucket: versioned, under Object Lock in COMPLIANCE mode.

Object Lock is a promise of the S3 interface: whoever owns the server's disk can still destroy, and
the audit verification finds it.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from minio.commonconfig import COMPLIANCE
from minio.error import S3Error
from minio.retention import Retention

from apps.storage.errors import DigestMismatch, ObjectMissing, translated
from apps.storage.objects import ObjectStore, StoredObject
from apps.storage.streams import Readable

# SeaweedFS answers with the second for an object that was never locked.
_NO_LOCK: Final = frozenset(
    {"NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"}
)


class LockedStore(ObjectStore):
    """A bucket whose objects, once locked, nobody deletes or shortens before their time."""

    def copy_locked(
        self,
        *,
        source: ObjectStore,
        source_key: str,
        key: str,
        sha256: str,
        retain_until: datetime,
        legal_hold: bool = False,
    ) -> StoredObject:
        """Copy an object here and lock it, once both ends are shown to be ``sha256``.

        Safe to repeat: a copy that is already here and right is locked, not made again. A copy
        that is wrong is removed before anything is locked, and DigestMismatch is raised.
        """
        copy = self._same(key=key, sha256=sha256)
        if copy is None:
            with source.get_stream(key=source_key) as stream:
                copy = self.put_stream(
                    key=key,
                    stream=stream,
                    content_type=source.stat(key=source_key).content_type,
                    metadata={"sha256": sha256},
                )
            self._require_digest(copy, sha256)
        return self._lock(copy, retain_until=retain_until, legal_hold=legal_hold)

    def put_locked(
        self, *, key: str, stream: Readable, length: int, content_type: str, retain_until: datetime
    ) -> StoredObject:
        """Store an object of our own making, locked from its first moment."""
        end = _whole_second(retain_until)
        lock = Retention(COMPLIANCE, end)
        stored = self._put(key, stream, length, content_type, retention=lock)
        return replace(stored, retain_until=end)

    def versions(self, *, prefix: str) -> list[tuple[str, str]]:
        """Return key and version id of everything ever written under a prefix, in order of keys.

        What somebody has hidden under a newer version or a delete marker is still here.
        """
        with translated("list", prefix):
            found = self._client.list_objects(
                self.bucket, prefix=prefix, recursive=True, include_version=True
            )
            return sorted(
                (str(entry.object_name), str(entry.version_id))
                for entry in found
                if not entry.is_delete_marker
            )

    def folders(self, *, prefix: str) -> list[str]:
        """Return the names directly under a prefix that have, or ever had, something below."""
        with translated("list", prefix):
            found = self._client.list_objects(self.bucket, prefix=prefix, include_version=True)
            names = {str(entry.object_name) for entry in found if entry.is_dir}
        return sorted(name.removeprefix(prefix).rstrip("/") for name in names)

    def retained_until(self, *, key: str, version_id: str | None = None) -> datetime | None:
        """Return when the lock of an object ends, or None when it has none."""
        with translated("stat", key):
            try:
                found = self._client.get_object_retention(self.bucket, key, version_id=version_id)
            except S3Error as error:
                if error.code in _NO_LOCK:
                    return None
                raise
        return found.retain_until_date if found else None

    def extend_lock(
        self, *, key: str, version_id: str | None = None, retain_until: datetime
    ) -> None:
        """Move the end of a lock; ObjectLocked when that would shorten it."""
        with translated("lock", key):
            self._client.set_object_retention(
                self.bucket,
                key,
                Retention(COMPLIANCE, retain_until.astimezone(UTC)),
                version_id=version_id,
            )

    def hold(self, *, key: str, version_id: str | None = None, on: bool) -> None:
        """Place or lift the legal hold of an object."""
        act = (
            self._client.enable_object_legal_hold if on else self._client.disable_object_legal_hold
        )
        with translated("lock", key):
            act(self.bucket, key, version_id=version_id)

    def held(self, *, key: str, version_id: str | None = None) -> bool:
        """Say whether an object is under legal hold."""
        with translated("stat", key):
            return bool(
                self._client.is_object_legal_hold_enabled(self.bucket, key, version_id=version_id)
            )

    def _same(self, *, key: str, sha256: str) -> StoredObject | None:
        try:
            found = self.stat(key=key)
        except ObjectMissing:
            return None
        if self.digest(key=key, version_id=found.version_id) != sha256:
            return None
        return found

    def _require_digest(self, copy: StoredObject, sha256: str) -> None:
        kept = self.digest(key=copy.key, version_id=copy.version_id)
        if copy.sha256 == kept == sha256:
            return
        self.delete(key=copy.key, version_id=copy.version_id)
        raise DigestMismatch(f"{copy.key} is {copy.sha256}, kept as {kept}, promised as {sha256}")

    def _lock(
        self, copy: StoredObject, *, retain_until: datetime, legal_hold: bool
    ) -> StoredObject:
        wanted = _whole_second(retain_until)
        end = self.retained_until(key=copy.key, version_id=copy.version_id)
        if end is None or end < wanted:
            self.extend_lock(key=copy.key, version_id=copy.version_id, retain_until=wanted)
            end = wanted
        if legal_hold:
            self.hold(key=copy.key, version_id=copy.version_id, on=True)
        return replace(copy, retain_until=end)


def _whole_second(moment: datetime) -> datetime:
    """Return the moment in UTC, up to the next whole second: the lock's own resolution."""
    whole = moment.astimezone(UTC).replace(microsecond=0)
    return whole if whole == moment else whole + timedelta(seconds=1)
