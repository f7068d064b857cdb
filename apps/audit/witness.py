"""A witness (C2SP tlog-witness): somebody else who signs a checkpoint only when it continues what they saw before.

Off unless AUDIT_WITNESS_URL is set. What leaves the house is the signed note and the hashes that prove it continues.
"""

import base64
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from psycopg import Connection

from apps.audit.merkle import consistency_proof
from apps.audit.signing import verifier_key

TIMEOUT_SECONDS: Final = 15.0
LARGEST_ANSWER: Final = 16 * 1024
_log = logging.getLogger(__name__)

Row = tuple[Any, ...]

_DUE: Final = """
    SELECT point.id, point.tenant_id, point.tree_size, point.note, coalesce((
        SELECT max(earlier.tree_size) FROM audit_checkpoint_cosignature AS signed
        JOIN audit_checkpoint AS earlier ON earlier.id = signed.checkpoint_id
        WHERE signed.tenant_id = point.tenant_id AND signed.witness = %(witness)s
    ), 0)
    FROM audit_checkpoint AS point
    JOIN (
        SELECT tenant_id, max(id) AS id FROM audit_checkpoint GROUP BY tenant_id
    ) AS newest USING (id)
    WHERE NOT EXISTS (
        SELECT FROM audit_checkpoint_cosignature AS signed
        WHERE signed.witness = %(witness)s AND (signed.checkpoint_id = point.id
            OR (signed.tenant_id = point.tenant_id AND signed.stored_at > now() - %(every)s::interval))
    )
    ORDER BY point.id LIMIT 1
"""
_HASHES: Final = """
    SELECT leaf_hash FROM audit_leaf WHERE tenant_id = %s AND index < %s ORDER BY index
"""
_STORE: Final = """
    INSERT INTO audit_checkpoint_cosignature (checkpoint_id, tenant_id, witness, line, stored_at)
    VALUES (%s, %s, %s, %s, now())
    ON CONFLICT (checkpoint_id, witness) DO NOTHING
"""


class NotWitnessed(Exception):
    """The witness did not sign; the message says why."""


class BadCosignature(ValueError):
    """The line is not this witness's signature on this note."""


@dataclass(frozen=True, kw_only=True)
class Witness:
    """Who is asked, and the verifier key (name+id+base64) its signatures are checked with."""

    url: str
    key: str
    every: timedelta = timedelta(hours=1)

    @property
    def name(self) -> str:
        return self.key.partition("+")[0]


def configured_witness() -> Witness | None:
    """The witness of the settings; None, the default, asks nobody."""
    if not settings.AUDIT_WITNESS_URL:
        return None
    return Witness(
        url=settings.AUDIT_WITNESS_URL,
        key=settings.AUDIT_WITNESS_KEY,
        every=timedelta(seconds=settings.AUDIT_WITNESS_EVERY_SECONDS),
    )


def witness_next(connection: "Connection[Row]", witness: Witness) -> bool:
    """Have the next due checkpoint signed by the witness and keep the line; False when none is due.

    Raises NotWitnessed: away, or it saw another history.
    """
    values = {"witness": witness.name, "every": witness.every}
    row = connection.execute(_DUE, values).fetchone()
    if row is None:
        return False
    id_, tenant, size, note, seen = row
    hashes = [bytes(found) for (found,) in connection.execute(_HASHES, [tenant, size])]
    line = _signed(witness, note, hashes, seen)
    try:
        require_cosigned(note, line, key=witness.key)
    except BadCosignature as error:
        raise NotWitnessed(f"the witness's answer does not hold: {error}") from error
    connection.execute(_STORE, [id_, tenant, witness.name, line])
    return True


def require_cosigned(note: str, line: str, *, key: str) -> None:
    """Raise BadCosignature unless the line is the key's Ed25519 signature on the note's body."""
    try:
        name, key_id, public = verifier_key(key)
        dash, said, encoded = line.strip().split(" ")
        packet = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise BadCosignature("it cannot be read") from error
    if (dash, said, packet[:4].hex()) != ("—", name, key_id):
        raise BadCosignature("it is of another key")
    body = note.partition("\n\n")[0] + "\n"
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(packet[4:], body.encode())
    except (InvalidSignature, ValueError) as error:
        raise BadCosignature("the signature does not hold") from error


def _signed(witness: Witness, note: str, hashes: list[bytes], seen: int) -> str:
    """Ask, and ask once more from the size the witness says it knows."""
    answer = _ask(witness, note, hashes, seen)
    if answer.status_code == 409 and answer.text.strip().isdigit():
        known = int(answer.text)
        if known > len(hashes):
            raise NotWitnessed(f"the witness saw {known} entries, there are {len(hashes)}")
        answer = _ask(witness, note, hashes, known)
    if answer.status_code == 422:
        raise NotWitnessed("the witness saw another history of this chain")
    if answer.status_code != 200 or len(answer.content) > LARGEST_ANSWER:
        raise NotWitnessed(f"the witness answers {answer.status_code}")
    return answer.text


def _ask(witness: Witness, note: str, hashes: list[bytes], old: int) -> httpx.Response:
    proof = consistency_proof(old, hashes) if old else []
    lines = [f"old {old}", *(base64.b64encode(step).decode() for step in proof)]
    body = "\n".join(lines) + f"\n\n{note}"
    try:
        return httpx.post(
            f"{witness.url}/add-checkpoint", content=body.encode(), timeout=TIMEOUT_SECONDS
        )
    except httpx.HTTPError as error:
        raise NotWitnessed(f"the witness does not answer ({type(error).__name__})") from error
