"""A BagIt archive (RFC 8493) as a stream of ZIP bytes, whatever its size: memory holds one chunk at a time.

Payload files are hashed while they pass through, so the manifests come last; order means nothing in a bag.
A file whose bytes are not the ones that were registered ends the archive: a case file is whole or it is not.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Final

from stream_zip import ZIP_AUTO, MemberFile, stream_zip

from apps.storage.streams import CHUNK_BYTES, Readable

BAGIT: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_PAYLOAD: Final = "data/"
_MODE: Final = 0o100644
_STORED: Final = 0  # footage and PDFs do not get smaller
_DEFLATED: Final = 6
_COMPRESSIBLE: Final = (".json", ".ndjson", ".txt", ".html", ".py", ".csv")

Opened = Callable[[], AbstractContextManager[Readable]]


class PayloadAltered(Exception):
    """The store gave other bytes than were registered; the message names the file."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file of the archive: where it lies in it, how long it is, and how it is read.

    Paths that begin with `data/` are payload, others tags (`index.html`). `sha256` is what its bytes must
    be; "" for what is made now.
    """

    path: str
    size: int
    opened: Opened
    sha256: str = ""

    def __post_init__(self) -> None:
        parts = self.path.split("/")
        if not all(parts) or ".." in parts or "." in parts or "\\" in self.path:
            raise ValueError(f"{self.path!r} is not a relative path inside the archive")
        if self.size < 0:
            raise ValueError("a size is not negative")

    @property
    def is_payload(self) -> bool:
        return self.path.startswith(_PAYLOAD)


def made(path: str, content: bytes) -> Part:
    """A part whose content is at hand."""
    return Part(path=path, size=len(content), opened=lambda: _Kept(content))


class _Kept(BytesIO):
    """Bytes as an opened part."""


@dataclass(kw_only=True)
class _Manifests:
    """Digests of what has passed through, by algorithm and path."""

    sha256: dict[str, str] = field(default_factory=dict)
    sha512: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def text(self, algorithm: str, *, payload: bool) -> bytes:
        digests: Mapping[str, str] = getattr(self, algorithm)
        chosen = {p: d for p, d in digests.items() if p.startswith(_PAYLOAD) == payload}
        return "".join(f"{chosen[path]}  {_escaped(path)}\n" for path in sorted(chosen)).encode()

    @property
    def oxum(self) -> str:
        payload = [size for path, size in self.sizes.items() if path.startswith(_PAYLOAD)]
        return f"{sum(payload)}.{len(payload)}"


def bag_bytes(
    *,
    parts: Iterable[Part],
    info: Mapping[str, str],
    at: datetime,
    folder: str,
    password: str = "",
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[bytes]:
    """The archive, chunk by chunk; all files lie in `folder`.

    `info` becomes `bag-info.txt`. With `password` every file is encrypted (WinZip AES-256, AE-2). `progress` is told
    how many bytes of payload have passed. Raises PayloadAltered as soon as a part turns out not to be what was registered.
    """
    members = _members(parts, info=info, at=at, folder=folder, progress=progress)
    return iter(stream_zip(members, chunk_size=CHUNK_BYTES, password=password or None))


def _members(
    parts: Iterable[Part],
    *,
    info: Mapping[str, str],
    at: datetime,
    folder: str,
    progress: Callable[[int], None],
) -> Iterator[MemberFile]:
    seen, passed = _Manifests(), _Passed(progress)
    for part in parts:
        yield _member(f"{folder}/{part.path}", at, part.size, _hashed(part, seen, passed))
    bag_info = {**info, "Payload-Oxum": seen.oxum}
    lines = "".join(f"{name}: {_one_line(value)}\n" for name, value in bag_info.items())
    for tag in (made("bagit.txt", BAGIT), made("bag-info.txt", lines.encode())):
        yield _member(f"{folder}/{tag.path}", at, tag.size, _hashed(tag, seen, passed))
    for algorithm in ("sha256", "sha512"):
        tag = made(f"manifest-{algorithm}.txt", seen.text(algorithm, payload=True))
        yield _member(f"{folder}/{tag.path}", at, tag.size, _hashed(tag, seen, passed))
    for algorithm in ("sha256", "sha512"):
        text = seen.text(algorithm, payload=False)
        yield _member(f"{folder}/tagmanifest-{algorithm}.txt", at, len(text), [text])


class _Passed:
    """Counts payload bytes and tells about them."""

    def __init__(self, progress: Callable[[int], None]) -> None:
        self._progress, self._total = progress, 0

    def add(self, count: int) -> None:
        self._total += count
        self._progress(self._total)


def _hashed(part: Part, seen: _Manifests, passed: _Passed) -> Iterator[bytes]:
    sha256, sha512, size = hashlib.sha256(), hashlib.sha512(), 0
    with part.opened() as stream:
        while chunk := stream.read(CHUNK_BYTES):
            sha256.update(chunk)
            sha512.update(chunk)
            size += len(chunk)
            yield chunk
            if part.is_payload:
                passed.add(len(chunk))
    if size != part.size or part.sha256 not in ("", sha256.hexdigest()):
        raise PayloadAltered(f"{part.path} is not the file that was registered")
    seen.sha256[part.path], seen.sha512[part.path] = sha256.hexdigest(), sha512.hexdigest()
    seen.sizes[part.path] = size


def _member(path: str, at: datetime, size: int, chunks: Iterable[bytes]) -> MemberFile:
    level = _DEFLATED if path.endswith(_COMPRESSIBLE) else _STORED
    return path, at, _MODE, ZIP_AUTO(size, level=level), chunks


def _escaped(path: str) -> str:
    return path.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D")


def _one_line(value: str) -> str:
    return " ".join(value.split())


class ChunkReader:
    """Reads a stream of chunks like a file, for a store that pulls."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._rest = chunks, b""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes (all that is left when negative); b"" at the end."""
        if size < 0:
            whole = self._rest + b"".join(self._chunks)
            self._rest = b""
            return whole
        held = [self._rest]
        length = len(self._rest)
        while length < size:
            chunk = next(self._chunks, b"")
            if not chunk:
                break
            held.append(chunk)
            length += len(chunk)
        whole = b"".join(held)
        self._rest = whole[size:]
        return whole[:size]
