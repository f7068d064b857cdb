"""Signed notes: the text format of transparency logs (C2SP signed-note and tlog-checkpoint).

A note is a few lines of text, an empty line and a signature line:

    second-look.audit/<tenant>
    <number of entries>
    <base64 of the root hash>
    signed_at <time>
    previous <SHA-256 of the previous note, or ->

    — second-look-audit <base64 of key hash and Ed25519 signature>

The format is a public one so that a witness or a stranger's tool can read and co-sign it.
"""

import base64
import hashlib
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

KEY_NAME: Final = "second-look-audit"
ORIGIN: Final = "second-look.audit/"

_ED25519: Final = b"\x01"
_KEY_HASH_BYTES: Final = 4
_SIGNATURE_BYTES: Final = 64
_log = logging.getLogger(__name__)

TrustedKeys = Mapping[str, Ed25519PublicKey]


class BadNote(ValueError):
    """The note is not well-formed, or no trusted key signed it."""


@dataclass(frozen=True, kw_only=True)
class CheckpointBody:
    """What a checkpoint states. ``signed_at`` is ISO 8601 in UTC, ``previous`` hex or ""."""

    tenant: str
    tree_size: int
    root: bytes
    signed_at: str
    previous: str

    def text(self) -> str:
        """Return the lines that are signed, each ended."""
        return (
            f"{ORIGIN}{self.tenant}\n{self.tree_size}\n{_b64(self.root)}\n"
            f"signed_at {self.signed_at}\nprevious {self.previous or '-'}\n"
        )


@dataclass(frozen=True, kw_only=True)
class SigningKey:
    """The installation's private key and the id its signatures carry (8 hex digits)."""

    private: Ed25519PrivateKey
    key_id: str

    def sign(self, body: str) -> str:
        """Return the note: the body, an empty line, the signature line."""
        signature = bytes.fromhex(self.key_id) + self.private.sign(body.encode())
        return f"{body}\n— {KEY_NAME} {_b64(signature)}\n"


def signing_key(path: Path) -> SigningKey:
    """Return the key in a PEM file, made (mode 0600) when there is none.

    Every key that was ever made is remembered by its public half in the ``.pub`` file beside it,
    one verifier key a line: taking the PEM file away rotates the key, and old notes stay
    verifiable.
    """
    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        private = _made(path)
    if not isinstance(private, Ed25519PrivateKey):
        raise ValueError(f"{path} does not hold an Ed25519 private key")
    key = SigningKey(private=private, key_id=_key_id(private.public_key()))
    _remember(path, key)
    return key


def trusted_keys(path: Path) -> dict[str, Ed25519PublicKey]:
    """Return the public keys remembered beside the private one, by key id; {} when none is."""
    try:
        lines = public_file(path).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return parsed_keys(lines)


def parsed_keys(lines: Iterable[str]) -> dict[str, Ed25519PublicKey]:
    """Return the public keys of verifier-key lines, by key id; ValueError for a broken line."""
    keys = {}
    for line in filter(None, (line.strip() for line in lines)):
        name, key_id, encoded = line.split("+", 2)
        kind_and_key = base64.b64decode(encoded, validate=True)
        public = Ed25519PublicKey.from_public_bytes(kind_and_key[1:])
        if name != KEY_NAME or kind_and_key[:1] != _ED25519 or key_id != _key_id(public):
            raise ValueError(f"not a verifier key of {KEY_NAME}: {line}")
        keys[key_id] = public
    return keys


def verifier_key(line: str) -> tuple[str, str, bytes]:
    """Name, id (8 hex digits) and Ed25519 key of a verifier-key line, anybody's; ValueError for a broken one."""
    name, key_id, encoded = line.strip().split("+", 2)
    kind_and_key = base64.b64decode(encoded, validate=True)
    computed = hashlib.sha256(name.encode() + b"\n" + kind_and_key).digest()[:_KEY_HASH_BYTES].hex()
    if kind_and_key[:1] != _ED25519 or key_id != computed:
        raise ValueError(f"not a verifier key: {line[:80]}")
    return name, key_id, kind_and_key[1:]


def public_file(path: Path) -> Path:
    """Return where the public halves of the key in ``path`` are kept."""
    return path.with_suffix(".pub")


def opened_note(note: str, trusted: TrustedKeys) -> CheckpointBody:
    """Return what a note states once a trusted key's signature on it holds, or raise BadNote."""
    body, gap, tail = note.partition("\n\n")
    if not gap:
        raise BadNote("there is no signature")
    body += "\n"
    if not any(_signed(body, line, trusted) for line in tail.split("\n")):
        raise BadNote("no trusted key has signed this")
    return _parsed(body)


def note_digest(note: str) -> str:
    """Return the SHA-256 of a note as hex: how the next one refers to it."""
    return hashlib.sha256(note.encode()).hexdigest()


def _parsed(body: str) -> CheckpointBody:
    try:
        origin, size, root, signed_at, previous = body.split("\n")[:5]
        link = previous.removeprefix("previous ")
        return CheckpointBody(
            tenant=origin.removeprefix(ORIGIN),
            tree_size=int(size),
            root=base64.b64decode(root, validate=True),
            signed_at=signed_at.removeprefix("signed_at "),
            previous="" if link == "-" else link,
        )
    except ValueError as error:
        raise BadNote("signed, but not a checkpoint") from error


def _signed(body: str, line: str, trusted: TrustedKeys) -> bool:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != "—" or name != KEY_NAME:
        return False
    try:
        packet = base64.b64decode(encoded, validate=True)
    except ValueError:
        return False
    public = trusted.get(packet[:_KEY_HASH_BYTES].hex())
    if public is None or len(packet) != _KEY_HASH_BYTES + _SIGNATURE_BYTES:
        return False
    try:
        public.verify(packet[_KEY_HASH_BYTES:], body.encode())
    except InvalidSignature:
        return False
    return True


def _made(path: Path) -> Ed25519PrivateKey:
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    _log.warning("made a new audit signing key: %s", path)
    return private


def _remember(path: Path, key: SigningKey) -> None:
    if key.key_id in trusted_keys(path):
        return
    public = key.private.public_key().public_bytes_raw()
    with public_file(path).open("a", encoding="utf-8") as file:
        file.write(f"{KEY_NAME}+{key.key_id}+{_b64(_ED25519 + public)}\n")


def _key_id(public: Ed25519PublicKey) -> str:
    packet = KEY_NAME.encode() + b"\n" + _ED25519 + public.public_bytes_raw()
    return hashlib.sha256(packet).digest()[:_KEY_HASH_BYTES].hex()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
