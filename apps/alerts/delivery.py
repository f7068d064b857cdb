"""The parts of a signed body: what it states, and the clip that came along, already in the spool."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import IO, Any, cast

from django.conf import settings
from django.http.multipartparser import (
    ChunkIter,
    InputStreamExhausted,
    LazyStream,
    MultiPartParserError,
    Parser,
)
from django.utils.http import parse_header_parameters

from apps.alerts.intake import Fault, NotAnAlert
from apps.alerts.spool import SpooledClip, discard, spool_clip

ALERT_PART = "alert"
CLIP_PART = "clip"
RECORDING_PART = "recording"
FILE_PART = "file"
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """`stated` is the part `alert` (or the whole JSON body), byte for byte."""

    stated: bytes
    clip: SpooledClip | None = None

    def discard_clip(self) -> None:
        if self.clip is not None:
            discard(self.clip.spool_name)


@dataclass(frozen=True, kw_only=True)
class Expected:
    """The two parts of a body by name: what is stated, and the footage, of at most so many bytes."""

    stated: str = ALERT_PART
    footage: str = CLIP_PART
    most_bytes: int | None = None


def read_multipart(
    file: IO[bytes], *, content_type: str, expected: Expected | None = None
) -> Delivery:
    """Split a multipart body: exactly one part `alert`, at most one part `clip`, nothing else.

    The clip goes to the spool chunk by chunk. Raises NotAnAlert, and UnableToSpool when the disk
    will not have it; then nothing of it stays.
    """
    reader = _Parts(expected or Expected())
    try:
        reader.read(
            Parser(LazyStream(ChunkIter(cast(Any, file), _CHUNK_BYTES)), _boundary(content_type))
        )
        return reader.delivery()
    except (MultiPartParserError, InputStreamExhausted) as error:
        reader.abandon()
        raise NotAnAlert([Fault("", f"the multipart body cannot be read: {error}")]) from error
    except BaseException:
        reader.abandon()
        raise


class _Parts:
    def __init__(self, expected: Expected) -> None:
        self._expected = expected
        self._stated: bytes | None = None
        self._clip: SpooledClip | None = None

    def read(self, parts: Iterable[tuple[str, Mapping[str, object], LazyStream]]) -> None:
        for kind, headers, stream in parts:
            if kind == "raw":
                continue  # what stands before the first and after the last boundary
            name, file_name = _names(headers)
            if "content-transfer-encoding" in headers:
                raise _wrong(name, "send it as it is, without a transfer encoding")
            expected = self._expected
            if name == expected.stated and self._stated is None:
                self._stated = _small(stream, name)
            elif name == expected.footage and self._clip is None:
                self._clip = spool_clip(
                    stream, original_name=file_name, most_bytes=expected.most_bytes
                )
            else:
                raise _wrong(
                    name,
                    f"one part {expected.stated} and at most one part {expected.footage} are expected",
                )

    def delivery(self) -> Delivery:
        if self._stated is None:
            raise _wrong(
                self._expected.stated,
                f"this part is missing: it holds the {self._expected.stated} as JSON",
            )
        return Delivery(stated=self._stated, clip=self._clip)

    def abandon(self) -> None:
        if self._clip is not None:
            discard(self._clip.spool_name)


def _names(headers: Mapping[str, object]) -> tuple[str, str]:
    """The names of the part and of its file. Django's reader gives (value, {parameter: bytes})."""
    found = headers.get("content-disposition")
    parameters = found[1] if isinstance(found, tuple) else {}
    return _text(parameters.get("name", b"")), _text(parameters.get("filename", b""))


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace").strip()


def _small(stream: LazyStream, name: str) -> bytes:
    most = settings.INTAKE_MAX_JSON_BYTES
    stated = stream.read(most + 1)
    if len(stated) > most:
        raise _wrong(name, f"has more than {most} bytes")
    return bytes(stated)


def _boundary(content_type: str) -> bytes:
    _, parameters = parse_header_parameters(content_type)
    boundary = str(parameters.get("boundary", ""))
    if not _BOUNDARY.fullmatch(boundary):
        raise NotAnAlert([Fault("", "the multipart content type names no valid boundary")])
    return boundary.encode()


def _wrong(part: str, message: str) -> NotAnAlert:
    name = "".join(c if c.isprintable() and c.isascii() else "?" for c in part[:60])
    return NotAnAlert([Fault(name, message)])
