"""Checkpoints on their way into the locked bucket, each with the leaf hashes it covers.

The leaf hashes let ``audit_verify`` name the very entry somebody has rewritten consistently in
the database, and not only the checkpoint after it.
"""

import io
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from psycopg import Connection

from apps.audit.signing import note_digest
from apps.storage.errors import ObjectMissing
from apps.storage.keys import audit_checkpoints
from apps.storage.locked import LockedStore

RETENTION: Final = timedelta(days=183)

_UNSTORED: Final = """
    SELECT point.id, point.tenant_id, point.first_index, point.tree_size, point.object_key,
        point.note, now()
    FROM audit_checkpoint AS point
    WHERE point.id > coalesce((SELECT max(checkpoint_id) FROM audit_checkpoint_copy), 0)
    ORDER BY point.id LIMIT 1
"""
_HASHES: Final = """
    SELECT leaf_hash FROM audit_leaf
    WHERE tenant_id = %s AND index >= %s AND index < %s ORDER BY index
"""
_STORED: Final = """
    INSERT INTO audit_checkpoint_copy
        (checkpoint_id, tenant_id, version_id, retain_until, stored_at)
    VALUES (%s, %s, %s, %s, now())
    ON CONFLICT (checkpoint_id) DO NOTHING
"""

Row = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class StoredCheckpoint:
    """A checkpoint as the locked bucket holds it: the note and the leaf hashes it covers.

    ``leaf_hashes`` are 32 bytes each, one after another, the first that of ``first_index``.
    """

    key: str
    note: str
    first_index: int
    leaf_hashes: bytes


def store_next(
    connection: "Connection[Row]", bucket: LockedStore, *, retention: timedelta = RETENTION
) -> bool:
    """Put the oldest checkpoint that is not in the bucket there, locked; False when all are.

    Raises StorageUnavailable when the bucket does not answer; nothing is lost then. A crash
    between the bucket and the database leads to a second version of the same object.
    """
    row = connection.execute(_UNSTORED).fetchone()
    if row is None:
        return False
    id_, tenant, first, size, key, note, now = row
    hashes = [found for (found,) in connection.execute(_HASHES, [tenant, first, size])]
    body = _body(note, first, hashes)
    stored = bucket.put_locked(
        key=key,
        stream=io.BytesIO(body),
        length=len(body),
        content_type="application/json",
        retain_until=now + retention,
    )
    values = [id_, tenant, stored.version_id or "", stored.retain_until]
    connection.execute(_STORED, values)
    return True


def stored_checkpoints(bucket: LockedStore, tenant: str) -> list[StoredCheckpoint]:
    """Return every version of a tenant's checkpoints in the bucket, smallest tree first.

    What cannot be read as a checkpoint comes back with an empty note. Raises StorageUnavailable.
    """
    prefix = audit_checkpoints(tenant_id=tenant)
    return [_read(bucket, key, version) for key, version in bucket.versions(prefix=prefix)]


def _read(bucket: LockedStore, key: str, version: str) -> StoredCheckpoint:
    try:
        with bucket.get_stream(key=key, version_id=version) as stream:
            content = json.loads(stream.read())
        return StoredCheckpoint(
            key=key,
            note=content["note"],
            first_index=int(content["first_index"]),
            leaf_hashes=bytes.fromhex("".join(content["leaf_hashes"])),
        )
    except (ValueError, KeyError, TypeError, ObjectMissing):
        return StoredCheckpoint(key=key, note="", first_index=0, leaf_hashes=b"")


def _body(note: str, first: int, hashes: list[bytes]) -> bytes:
    content = {
        "first_index": first,
        "leaf_hashes": [found.hex() for found in hashes],
        "note": note,
        "note_sha256": note_digest(note),
    }
    return json.dumps(content, sort_keys=True, ensure_ascii=False).encode()
