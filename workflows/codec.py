"""Payloads that only key holders read: AES-256-GCM with named keys, so that keys can be rotated.

The first key encrypts, every listed key decrypts. Rotation: put the new key in front, restart the processes, and take the
old one away once no open run was started with it. Without keys payloads stay readable; they carry ids only.
"""

import base64
import binascii
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
)

ENCODING: Final = b"binary/encrypted"
_KEY_ID: Final = "encryption-key-id"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
_NONCE_BYTES: Final = 12


class UnableToDecrypt(Exception):
    """A payload was encrypted with a key this process does not have, or was altered."""


@dataclass(frozen=True)
class CodecKeys:
    """Named AES-256 keys; the first one encrypts. Raises ValueError for a malformed or repeated key."""

    keys: Mapping[str, bytes]

    def __post_init__(self) -> None:
        for name, key in self.keys.items():
            if not _NAME.fullmatch(name) or len(key) != 32:
                raise ValueError("a codec key is NAME:KEY, the key 32 bytes in base64")

    @classmethod
    def read(cls, words: Sequence[str]) -> "CodecKeys":
        """Read `["2026-11:base64…", …]` as TEMPORAL_CODEC_KEYS holds it."""
        pairs = [word.partition(":") for word in words]
        try:
            keys = {name: base64.b64decode(key, validate=True) for name, _, key in pairs}
        except binascii.Error:
            raise ValueError("a codec key is NAME:KEY, the key 32 bytes in base64") from None
        if len(keys) != len(words):
            raise ValueError("two codec keys have the same name")
        return cls(keys)

    @property
    def current(self) -> str:
        return next(iter(self.keys))


class EncryptionCodec(PayloadCodec):
    """Encrypt every payload on the way out; on the way in, read what was not encrypted too."""

    def __init__(self, keys: CodecKeys) -> None:
        self._current = keys.current
        self._ciphers = {name: AESGCM(key) for name, key in keys.keys.items()}

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._encrypted(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Raises UnableToDecrypt."""
        return [self._decrypted(payload) for payload in payloads]

    def _encrypted(self, payload: Payload) -> Payload:
        nonce = os.urandom(_NONCE_BYTES)
        name = self._current.encode()
        sealed = self._ciphers[self._current].encrypt(nonce, payload.SerializeToString(), name)
        return Payload(metadata={"encoding": ENCODING, _KEY_ID: name}, data=nonce + sealed)

    def _decrypted(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        name = payload.metadata.get(_KEY_ID, b"")
        cipher = self._ciphers.get(name.decode(errors="replace"))
        if cipher is None:
            raise UnableToDecrypt(f"no key named {name.decode(errors='replace')!r} is configured")
        nonce, sealed = payload.data[:_NONCE_BYTES], payload.data[_NONCE_BYTES:]
        try:
            return Payload.FromString(cipher.decrypt(nonce, sealed, name))
        except InvalidTag:
            raise UnableToDecrypt("a payload was altered, or its key was replaced") from None


def data_converter(codec_keys: Sequence[str]) -> DataConverter:
    """The converter of clients and workers; with keys, payloads and failure texts are encrypted."""
    if not codec_keys:
        return DataConverter.default
    return replace(
        DataConverter.default,
        payload_codec=EncryptionCodec(CodecKeys.read(codec_keys)),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
