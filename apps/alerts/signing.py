"""Signed requests of detectors, after Standard Webhooks (standardwebhooks.com), and their secrets.

A request carries `webhook-id`, `webhook-timestamp` (seconds since 1970), `webhook-signature`
(one or more `v1,<base64>` separated by spaces) and, ours, `second-look-source` (the source's id).
The signature is HMAC-SHA256 over `id.timestamp.body`. Ids hold no dot, so that no other division
of the same bytes is valid. Secrets read `whsec_<base64 of 32 bytes>`.
"""

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

SOURCE_HEADER = "second-look-source"
ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"
SECRET_PREFIX = "whsec_"  # noqa: S105 - a prefix, not a secret
SECRET_BYTES = 32
MOST_SIGNATURES = 8

_ID = re.compile(r"[A-Za-z0-9_:-]{1,200}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SEALING_PURPOSE = b"second-look detector source secrets v1"


class BadSignature(Exception):
    """The request is not proven to come from its source. `code` is for the audit, not the sender."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class UnableToUnseal(Exception):
    """A stored secret was sealed with a SECRET_KEY that is neither the current nor a fallback."""


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """The headers of a signed request, read and well-formed."""

    source_id: UUID
    message_id: str
    timestamp: int
    signatures: tuple[bytes, ...]

    def require_fresh(self, *, now: datetime, tolerance_seconds: int) -> None:
        """Raise BadSignature unless the timestamp is within the tolerance, before or after."""
        if abs(now.timestamp() - self.timestamp) > tolerance_seconds:
            raise BadSignature("timestamp_out_of_tolerance")


class BodySigner:
    """Computes the signature of one request under several secrets while its body passes by."""

    def __init__(self, keys: Sequence[bytes], *, message_id: str, timestamp: int) -> None:
        start = f"{message_id}.{timestamp}.".encode()
        self._macs = [hmac.new(key, start, "sha256") for key in keys]

    def update(self, chunk: bytes) -> None:
        for mac in self._macs:
            mac.update(chunk)

    def digests(self) -> list[bytes]:
        return [mac.digest() for mac in self._macs]

    def matches(self, signatures: Iterable[bytes]) -> bool:
        """Compare every signature with every key, in a time that tells nothing about either."""
        found = False
        for signature in signatures:
            for digest in self.digests():
                found |= hmac.compare_digest(signature, digest)
        return found


def read_envelope(headers: Mapping[str, str]) -> Envelope:
    """Read the four headers (any case-insensitive mapping). Raises BadSignature."""
    message_id = headers.get(ID_HEADER) or ""
    timestamp = headers.get(TIMESTAMP_HEADER) or ""
    if not _ID.fullmatch(message_id):
        raise BadSignature("bad_webhook_id")
    if not _TIMESTAMP.fullmatch(timestamp) or timestamp != str(int(timestamp)):
        raise BadSignature("bad_timestamp")
    try:
        source_id = UUID(headers.get(SOURCE_HEADER) or "")
    except ValueError as error:
        raise BadSignature("bad_source") from error
    return Envelope(
        source_id=source_id,
        message_id=message_id,
        timestamp=int(timestamp),
        signatures=_signatures(headers.get(SIGNATURE_HEADER) or ""),
    )


def sign(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature` for a request we or a test send ourselves."""
    signer = BodySigner([key_of(secret)], message_id=message_id, timestamp=timestamp)
    signer.update(body)
    return "v1," + base64.b64encode(signer.digests()[0]).decode()


def new_secret() -> str:
    """A fresh secret in the form a person copies into the detector's settings."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """The HMAC key in a `whsec_…` secret. Raises ValueError."""
    if not secret.startswith(SECRET_PREFIX):
        raise ValueError(f"a signing secret begins with {SECRET_PREFIX}")
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    if len(key) < 24:
        raise ValueError("a signing secret has at least 24 bytes")
    return key


def seal(secret: str) -> bytes:
    """Encrypt a secret for the database (Fernet under a key derived from SECRET_KEY)."""
    return _sealer().encrypt(secret.encode())


def unseal(sealed: bytes | memoryview) -> str:
    """Decrypt a stored secret; SECRET_KEY_FALLBACKS may still read. Raises UnableToUnseal."""
    try:
        return _sealer().decrypt(bytes(sealed)).decode()
    except InvalidToken as error:
        raise UnableToUnseal(
            "sealed under another SECRET_KEY: rotate the source's secret"
        ) from error


def _signatures(header: str) -> tuple[bytes, ...]:
    found = []
    for entry in header.split(" ")[:MOST_SIGNATURES]:
        version, _, encoded = entry.partition(",")
        if version == "v1":
            try:
                found.append(base64.b64decode(encoded, validate=True))
            except (binascii.Error, ValueError):
                continue
    if not found:
        raise BadSignature("no_v1_signature")
    return tuple(found)


def _sealer() -> MultiFernet:
    return _sealer_for((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _sealer_for(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(secret_key: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=_SEALING_PURPOSE)
    return base64.urlsafe_b64encode(derivation.derive(secret_key.encode()))
