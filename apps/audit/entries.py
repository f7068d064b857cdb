"""What a leaf of the audit chain is the hash of.

An entry is a flat JSON object in canonical form (sorted keys, no white space, UTF-8) and its leaf
hash is SHA-256(0x00 || entry). It says *what* was decided through digests and commitments, never
through contents: the chain outlives the personal data it speaks of.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Final

from apps.audit.merkle import leaf_hash

FORMAT: Final = 1
NO_DETAILS: Final = "{}"

_encode: Final = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
).encode


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One event as it is chained: text only, times in UTC with microseconds and ``Z``.

    ``details`` is canonical JSON of an object; ``before``, ``after`` and ``reason`` are hex
    digests, "" where there is nothing to commit to.
    """

    event_id: str
    tenant_id: str
    occurred_at: str
    actor: str
    role: str
    channel: str
    session: str
    event: str
    subject_kind: str
    subject_id: str
    before: str
    after: str
    reason: str
    details: str

    def canonical(self) -> bytes:
        """Return the bytes that are hashed; ValueError when the details are not JSON."""
        return _encode(
            {
                "actor": self.actor,
                "after": self.after,
                "before": self.before,
                "channel": self.channel,
                "details": {} if self.details == NO_DETAILS else json.loads(self.details),
                "event": self.event,
                "event_id": self.event_id,
                "format": FORMAT,
                "occurred_at": self.occurred_at,
                "reason": self.reason,
                "role": self.role,
                "session": self.session,
                "subject_id": self.subject_id,
                "subject_kind": self.subject_kind,
                "tenant_id": self.tenant_id,
            }
        ).encode()

    def leaf_hash(self) -> bytes:
        """Return the RFC 9162 leaf hash."""
        return leaf_hash(self.canonical())


# How PostgreSQL spells the fields of ``Entry``, in the order of its parameters.
ENTRY_COLUMNS: Final = """
    event_id::text, tenant_id::text,
    to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    actor, role, channel, session, event, subject_kind, subject_id,
    before_digest, after_digest, reason_commitment, details
"""


def entry_of(row: tuple[str, ...]) -> Entry:
    """Return the entry of a row selected by ``ENTRY_COLUMNS``."""
    return Entry(
        event_id=row[0],
        tenant_id=row[1],
        occurred_at=row[2],
        actor=row[3],
        role=row[4],
        channel=row[5],
        session=row[6],
        event=row[7],
        subject_kind=row[8],
        subject_id=row[9],
        before=row[10],
        after=row[11],
        reason=row[12],
        details=row[13],
    )


def commitment(*, salt: bytes, text: str) -> str:
    """Return SHA-256(salt || text) as hex: binding while the salt exists, nothing after it."""
    return hashlib.sha256(salt + text.encode()).hexdigest()
