"""Streams that count and hash what passes through them."""

import hashlib
import io
from typing import Final, Protocol

from urllib3.response import BaseHTTPResponse

from apps.storage.errors import translated

CHUNK_BYTES: Final = 1024 * 1024


class Readable(Protocol):
    """Anything with ``read(size)``: an upload, a file, a response."""

    def read(self, size: int = -1, /) -> bytes: ...


class HashingReader:
    """Pass a stream through and know its size, SHA-256 and SHA-512 at the end."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._sha256 = hashlib.sha256()
        self._sha512 = hashlib.sha512()
        self.size = 0

    def read(self, size: int = -1, /) -> bytes:
        """Read at most ``size`` bytes (all that is left when negative)."""
        data = self._stream.read(size)
        self._sha256.update(data)
        self._sha512.update(data)
        self.size += len(data)
        return data

    @property
    def sha256(self) -> str:
        """Hex digest of what was read so far."""
        return self._sha256.hexdigest()

    @property
    def sha512(self) -> str:
        """Hex digest of what was read so far."""
        return self._sha512.hexdigest()


class ObjectReader(io.RawIOBase):
    """A stored object as a readable file that is not seekable.

    Reading raises StorageUnavailable when the store falls silent half-way.
    """

    def __init__(self, response: BaseHTTPResponse, key: str) -> None:
        super().__init__()
        self._response = response
        self._key = key

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        with translated("read", self._key):
            data = self._response.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def drain(stream: Readable) -> None:
    """Read a stream to its end."""
    while stream.read(CHUNK_BYTES):
        pass
