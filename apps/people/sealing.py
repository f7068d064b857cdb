"""A person's own key: what is sealed under it can be read until the key is destroyed, and never after.

The key (256 bits) lies sealed under a key derived from SECRET_KEY (HKDF-SHA256, RFC 5869). Both layers are AES-256-GCM
(NIST SP 800-38D) with a random 96-bit nonce and the person's id as associated data: bytes copied to another person's row
do not open. Sealed bytes read `version (1) ‖ nonce (12) ‖ ciphertext and tag`.
"""

import hmac
import secrets
from functools import lru_cache
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext

from apps.people.models import Person
from apps.triage.canonical import canonical_bytes

KEY_BYTES: Final = 32
_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12
_PURPOSE: Final = b"second-look person keys v1"


class KeyDestroyed(Exception):
    """The person's data was erased: nothing of it can be sealed or read any more."""


class UnableToUnseal(Exception):
    """The bytes are not this person's, were altered, or their key was sealed with another SECRET_KEY."""


def new_key_sealed(person_id: UUID) -> bytes:
    """A fresh key for a person, as it lies in the row."""
    return _sealed(_wrapping_keys()[0], secrets.token_bytes(KEY_BYTES), person_id)


def seal(person: Person, text: str) -> bytes:
    """Encrypt a text under the person's key. Raises KeyDestroyed."""
    return seal_bytes(person, text.encode())


def unseal(person: Person, sealed: bytes | memoryview) -> str:
    """Read what `seal` made. Raises KeyDestroyed, UnableToUnseal."""
    return unseal_bytes(person, sealed).decode()


def seal_bytes(person: Person, content: bytes) -> bytes:
    """Encrypt bytes under the person's key. Raises KeyDestroyed."""
    return _sealed(_key_of(person), content, person.id)


def unseal_bytes(person: Person, sealed: bytes | memoryview) -> bytes:
    """Read what `seal_bytes` made. Raises KeyDestroyed, UnableToUnseal."""
    return _opened([_key_of(person)], bytes(sealed), person.id)


def commitment_of(person: Person, value: object) -> str:
    """HMAC-SHA256 of the value's canonical JSON under the person's key, as 64 hexadecimal digits.

    For `before` and `after` of audit events about personal values: equal values are seen to be equal, nobody can guess
    them, and without the key the digits mean nothing. Raises KeyDestroyed.
    """
    return hmac.new(_key_of(person), canonical_bytes(value), "sha256").hexdigest()


def _key_of(person: Person) -> bytes:
    if person.key_sealed is None:
        raise KeyDestroyed(f"the data of {person.reference} was erased")
    return _opened(_wrapping_keys(), bytes(person.key_sealed), person.id)


def _sealed(key: bytes, content: bytes, person_id: UUID) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, content, person_id.bytes)


def _opened(keys: list[bytes], sealed: bytes, person_id: UUID) -> bytes:
    nonce, content = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    if sealed[:1] == _VERSION:
        for key in keys:
            try:
                return AESGCM(key).decrypt(nonce, content, person_id.bytes)
            except (InvalidTag, ValueError):
                continue
    raise UnableToUnseal(gettext("not sealed for this person, or under another SECRET_KEY"))


def _wrapping_keys() -> list[bytes]:
    return [_derived(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


@lru_cache(maxsize=4)
def _derived(secret_key: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=_PURPOSE)
    return derivation.derive(secret_key.encode())
