"""Proving that a request comes from its detector source, whatever the size of its body."""

import logging
import secrets
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Final

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.alerts import signing, spool
from apps.alerts.models import DetectorSource
from apps.alerts.problems import BodyNotComplete, NotSupported, SpoolFull, TooLarge
from apps.alerts.queries import active_source
from apps.alerts.refusals import note_refusal
from apps.audit.events import Actor, Channel

CHUNK_BYTES: Final = 64 * 1024
IN_MEMORY_BYTES: Final = 1024 * 1024
JSON: Final = "application/json"
MULTIPART: Final = "multipart/form-data"
_NOBODYS_KEY: Final = secrets.token_bytes(signing.SECRET_BYTES)
_REFUSAL: Final = "The request is not signed by an active source, or its timestamp is too old."

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sender:
    """`request.user` of a request whose signature holds."""

    source: DetectorSource
    is_authenticated = True

    @property
    def actor(self) -> Actor:
        return Actor(
            tenant_id=self.source.tenant_id, user_id=None, role="detector", channel=Channel.API
        )


@dataclass(frozen=True, kw_only=True)
class SignedBody:
    """`request.auth` of such a request: its id and its body, read once and rewound."""

    message_id: str
    media_type: str
    content_type: str
    file: IO[bytes]
    size: int

    def all(self) -> bytes:
        """The whole body: for JSON only, which is small by then."""
        return self.file.read()


class SourceSignature(BaseAuthentication):
    """Standard Webhooks plus the header `Second-Look-Source`. Requests without it are not ours.

    The body is read here, once, while it is hashed: small ones into memory, larger ones into a file
    without a name. A wrong signature, an unknown source and an old timestamp get the same answer in
    the same way; the audit chain tells them apart.
    """

    def __init__(self, *, most_multipart_bytes: int | None = None) -> None:
        """A multipart body has at most so many bytes; INTAKE_MAX_BODY_BYTES unless said."""
        self._most = most_multipart_bytes

    def authenticate(self, request: Request) -> tuple[Sender, SignedBody] | None:
        if not any(
            name in request.headers for name in (signing.SOURCE_HEADER, signing.SIGNATURE_HEADER)
        ):
            return None
        try:
            envelope = signing.read_envelope(request.headers)
        except signing.BadSignature as error:
            note_refusal(code=error.code)
            raise AuthenticationFailed(_REFUSAL) from None
        source = active_source(envelope.source_id)
        signer = signing.BodySigner(
            _keys(source), message_id=envelope.message_id, timestamp=envelope.timestamp
        )
        body = _read(
            request._request,
            signer,
            envelope.message_id,
            most_multipart=self._most or settings.INTAKE_MAX_BODY_BYTES,
        )
        try:
            _require_proof(source, signer, envelope)
        except signing.BadSignature as error:
            body.file.close()
            _note(source, envelope, error.code)
            raise AuthenticationFailed(_REFUSAL) from None
        assert source is not None
        return Sender(source), body

    def authenticate_header(self, request: Request) -> str:
        return "StandardWebhooks"


def _keys(source: DetectorSource | None) -> list[bytes]:
    """The keys that are good now; somebody's who is not there for a source we do not know."""
    if source is None:
        return [_NOBODYS_KEY]
    sealed = [source.secret_sealed]
    until = source.previous_valid_until
    if source.previous_secret_sealed and until is not None and timezone.now() < until:
        sealed.append(source.previous_secret_sealed)
    try:
        return [signing.key_of(signing.unseal(secret)) for secret in sealed]
    except signing.UnableToUnseal as error:
        log.error("source %s: %s", source.id, error)
        return [_NOBODYS_KEY]


def _require_proof(
    source: DetectorSource | None, signer: signing.BodySigner, envelope: signing.Envelope
) -> None:
    matches = signer.matches(envelope.signatures)
    if source is None:
        raise signing.BadSignature("unknown_source")
    if not matches:
        raise signing.BadSignature("bad_signature")
    envelope.require_fresh(now=timezone.now(), tolerance_seconds=settings.INTAKE_TOLERANCE_SECONDS)


def _note(source: DetectorSource | None, envelope: signing.Envelope, code: str) -> None:
    if source is None:
        note_refusal(code=code, message_id=envelope.message_id)
    else:
        note_refusal(
            code=code,
            message_id=envelope.message_id,
            tenant_id=source.tenant_id,
            source_id=source.id,
        )


def _read(
    request: HttpRequest, signer: signing.BodySigner, message_id: str, *, most_multipart: int
) -> SignedBody:
    """Read the body to its end or to its limit, whichever comes first."""
    media_type = (request.content_type or "").lower()
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise NotSupported("Send the body without a content encoding.")
    most = most_multipart if media_type == MULTIPART else settings.INTAKE_MAX_JSON_BYTES
    _require_size(_declared(request), most)
    try:
        file, size = _kept(request, signer, most=most)
    except OSError as error:
        log.critical("intake: the body could not be kept: %s", error.strerror)
        raise SpoolFull from error
    return SignedBody(
        message_id=message_id,
        media_type=media_type,
        content_type=request.META.get("CONTENT_TYPE", ""),
        file=file,
        size=size,
    )


def _kept(request: HttpRequest, signer: signing.BodySigner, *, most: int) -> tuple[IO[bytes], int]:
    """The body in memory or in a nameless file, rewound, and its size. Raises OSError."""
    folder = str(spool.temporary_folder())
    file: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY_BYTES, dir=folder)  # noqa: SIM115
    try:
        size = _copy(request, file, signer, most=most)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file, size


def _copy(request: HttpRequest, file: IO[bytes], signer: signing.BodySigner, *, most: int) -> int:
    size = 0
    try:
        while chunk := request.read(CHUNK_BYTES):
            size += len(chunk)
            _require_size(size, most)
            signer.update(chunk)
            file.write(chunk)
    except UnreadablePostError as error:
        raise BodyNotComplete from error
    return size


def _declared(request: HttpRequest) -> int:
    """The announced size: ours to refuse early by, never to believe."""
    try:
        size = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
    if size > IN_MEMORY_BYTES:
        try:
            spool.require_room(2 * size)
        except spool.UnableToSpool as error:
            raise SpoolFull from error
    return size


def _require_size(size: int, most: int) -> None:
    if size > most:
        raise TooLarge(most)
