"""One bucket: write, read, look, delete, and lend for a minute.

Every call has a connect and a read time-out and a bounded number of retries, and raises only
what ``apps.storage.errors`` names.
"""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import BinaryIO, Final, cast
from urllib.parse import quote

from minio import Minio
from minio.retention import Retention

from apps.storage.client import Address, client_for
from apps.storage.errors import StorageError, translated
from apps.storage.streams import HashingReader, ObjectReader, Readable, drain

PART_BYTES: Final = 8 * 1024 * 1024
VIEW_SECONDS: Final = 60
UPLOAD_SECONDS: Final = 3600

_SHA256_HEADER: Final = "x-amz-meta-sha256"
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """An object as the store confirmed it; digests are hex, "" where they were not computed."""

    key: str
    size: int
    etag: str
    version_id: str | None
    sha256: str = ""
    sha512: str = ""
    content_type: str = ""
    retain_until: datetime | None = None


class ObjectStore:
    """One bucket: write, read, look, delete, and lend for a minute."""

    def __init__(self, *, bucket: str, address: Address, public_endpoint: str) -> None:
        self.bucket = bucket
        self._address = address
        self._public_endpoint = public_endpoint or address.endpoint

    def put_stream(
        self,
        *,
        key: str,
        stream: Readable,
        length: int = -1,
        content_type: str = "application/octet-stream",
        metadata: dict[str, str] | None = None,
    ) -> StoredObject:
        """Store a stream (``length`` bytes, or -1 when unknown), hashing on the way.

        Raises StorageUnavailable, and OSError when the stream ends before ``length`` bytes.
        """
        return self._put(key, stream, length, content_type, metadata=metadata)

    def _put(
        self,
        key: str,
        stream: Readable,
        length: int,
        content_type: str,
        *,
        metadata: dict[str, str] | None = None,
        retention: Retention | None = None,
    ) -> StoredObject:
        reader = HashingReader(stream)
        with translated("write", key):
            result = self._client.put_object(
                self.bucket,
                key,
                cast(BinaryIO, reader),
                length,
                content_type=content_type,
                metadata=dict(metadata or {}),
                part_size=PART_BYTES if length < 0 else 0,
                num_parallel_uploads=1,
                retention=retention,
            )
        return StoredObject(
            key=key,
            size=reader.size,
            etag=result.etag or "",
            version_id=result.version_id,
            sha256=reader.sha256,
            sha512=reader.sha512,
            content_type=content_type,
        )

    @contextmanager
    def get_stream(
        self, *, key: str, version_id: str | None = None, offset: int = 0, length: int = 0
    ) -> Iterator[ObjectReader]:
        """Open an object (from ``offset``, ``length`` bytes or to its end) for reading.

        Raises ObjectMissing or StorageUnavailable, the latter also while reading.
        """
        with translated("read", key):
            response = self._client.get_object(
                self.bucket, key, offset=offset, length=length, version_id=version_id
            )
        try:
            with closing(ObjectReader(response, key)) as reader:
                yield reader
        finally:
            response.close()
            response.release_conn()

    def digest(self, *, key: str, version_id: str | None = None) -> str:
        """Read an object to its end and return its SHA-256 as hex."""
        with self.get_stream(key=key, version_id=version_id) as stream:
            reader = HashingReader(stream)
            drain(reader)
        return reader.sha256

    def stat(self, *, key: str, version_id: str | None = None) -> StoredObject:
        """Return what the store knows of an object, or raise ObjectMissing."""
        with translated("stat", key):
            found = self._client.stat_object(self.bucket, key, version_id=version_id)
        headers = found.metadata or {}
        return StoredObject(
            key=key,
            size=found.size or 0,
            etag=found.etag or "",
            version_id=found.version_id,
            sha256=headers.get(_SHA256_HEADER, ""),
            content_type=found.content_type or "",
        )

    def keys(self, *, prefix: str) -> list[str]:
        """Return the keys under a prefix, in order."""
        with translated("list", prefix):
            found = self._client.list_objects(self.bucket, prefix=prefix, recursive=True)
            return sorted(str(entry.object_name) for entry in found)

    def objects(self, *, prefix: str) -> Iterator[tuple[str, datetime]]:
        """Yield the keys under a prefix, in order, each with when it was last written."""
        with translated("list", prefix):
            for entry in self._client.list_objects(self.bucket, prefix=prefix, recursive=True):
                if entry.last_modified is not None:
                    yield str(entry.object_name), entry.last_modified

    def erase(self, *, key: str) -> int:
        """Delete an object in every version it ever had, markers included; return how many had bytes.

        0 means that there was nothing. Repeated after a failure it goes on. Raises ObjectLocked, StorageUnavailable.
        """
        with translated("list", key):
            listed = self._client.list_objects(self.bucket, prefix=key, include_version=True)
            found = [entry for entry in listed if entry.object_name == key]
        for entry in found:
            self.delete(key=key, version_id=entry.version_id or None)
        return sum(not entry.is_delete_marker for entry in found)

    def delete(self, *, key: str, version_id: str | None = None) -> None:
        """Delete an object or one version; silent when it is gone, ObjectLocked when it is held."""
        with translated("delete", key):
            self._client.remove_object(self.bucket, key, version_id=version_id)

    def delete_every_version(self, *, prefix: str) -> int:
        """Delete what lies under a prefix, older versions and delete markers too; return how many.

        Raises ObjectLocked when one is held.
        """
        with translated("list", prefix):
            found = list(
                self._client.list_objects(
                    self.bucket, prefix=prefix, recursive=True, include_version=True
                )
            )
        for entry in found:
            self.delete(key=str(entry.object_name), version_id=entry.version_id)
        return len(found)

    def presigned_get(
        self,
        *,
        key: str,
        seconds: int,
        download_name: str = "",
        content_type: str = "",
        version_id: str | None = None,
    ) -> str:
        """Return an address that shows this one object (this one version) for at most 60 seconds.

        With ``download_name`` the browser saves it under that name instead of playing it.
        """
        if not 1 <= seconds <= VIEW_SECONDS:
            raise ValueError(f"a view lasts 1 to {VIEW_SECONDS} seconds, not {seconds}")
        headers: dict[str, str | list[str] | tuple[str]] = {}
        if download_name:
            name = _UNSAFE.sub("_", download_name)
            headers["response-content-disposition"] = f'attachment; filename="{quote(name)}"'
        if content_type:
            headers["response-content-type"] = content_type
        return str(
            self._public_client.get_presigned_url(
                "GET",
                self.bucket,
                key,
                expires=timedelta(seconds=seconds),
                response_headers=headers,
                version_id=version_id,
            )
        )

    def presigned_put(self, *, key: str, seconds: int) -> str:
        """Return an address that accepts one upload under this key, for at most an hour."""
        if not 1 <= seconds <= UPLOAD_SECONDS:
            raise ValueError(f"an upload window is 1 to {UPLOAD_SECONDS} seconds, not {seconds}")
        return str(
            self._public_client.get_presigned_url(
                "PUT", self.bucket, key, expires=timedelta(seconds=seconds)
            )
        )

    def healthy(self) -> bool:
        """Say within about a second whether the bucket answers."""
        try:
            with translated("find", self.bucket):
                return bool(client_for(self._address, hasty=True).bucket_exists(self.bucket))
        except StorageError:
            return False

    @property
    def _client(self) -> Minio:
        return client_for(self._address)

    @property
    def _public_client(self) -> Minio:
        return client_for(replace(self._address, endpoint=self._public_endpoint))
