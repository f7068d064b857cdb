"""The organisation's signature on a PDF (PAdES B-B; B-T with a time-stamping authority), and reading signatures.

The signature is invisible and an incremental update, so that a PDF/A-2b stays one.
"""

import io
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers, timestamps
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from apps.evidence.documents.certificates import (
    Seal,
    fingerprint_of,
    is_self_made,
    known_certificates,
    organisation_seal,
)

TIMEOUT_SECONDS: Final = 8
TRIES: Final = 2
_log = logging.getLogger(__name__)


class Level(StrEnum):
    """How much a signature says: who and what (B-B), and by an authority's word when (B-T)."""

    BASIC = "B-B"
    STAMPED = "B-T"


@dataclass(frozen=True, kw_only=True)
class SignedPdf:
    """The signed bytes, the level reached, and why it is not B-T where an authority was asked ("" otherwise)."""

    content: bytes
    level: Level
    note: str
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class Signature:
    """One signature as found. `intact`: the bytes are the signed ones. `known`: by a certificate of this installation.

    `signed_at` is the signer's own claim; `stamped_at` the authority's word, None without one.
    """

    signer: str
    fingerprint: str
    self_made: bool
    known: bool
    intact: bool
    holds: bool
    covers_all: bool
    level: Level
    signed_at: datetime | None
    stamped_at: datetime | None
    reason: str

    @property
    def is_good(self) -> bool:
        """Whether nothing speaks against it: whole, unchanged, and signed by this installation."""
        return self.intact and self.holds and self.covers_all and self.known


class _Signer(signers.PdfSigner):
    """pyHanko's signer, with the time as an argument."""

    def __init__(self, *, now: datetime, **rest: Any) -> None:
        super().__init__(**rest)
        self._now = now

    def init_signing_session(
        self, pdf_out: Any, existing_fields_only: bool = False
    ) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._now
        return session


class _Appended(IncrementalPdfFileWriter):
    """pyHanko's writer, which would raise a PDF to version 2.0 and rewrite its XMP: neither is PDF/A-2 any more."""

    output_version = (1, 7)

    def ensure_output_version(self, version: tuple[int, int]) -> None:
        """Stay at 1.7, which the pages have."""

    def _update_meta(self) -> None:
        """Leave the metadata as the pages have it."""


def sign_pdf(pdf: bytes, *, reason: str, now: datetime) -> bytes:
    """The PDF with the organisation's signature appended. Raises UnableToSign when there is no key to sign with."""
    return signed_pdf(pdf, reason=reason, now=now).content


def signed_pdf(pdf: bytes, *, reason: str, now: datetime) -> SignedPdf:
    """As `sign_pdf`, saying which level was reached.

    An authority that does not answer (8 s, asked twice) does not hold the document up: it is signed B-B, `note` says
    so and the log has it. Raises UnableToSign.
    """
    seal = organisation_seal(now=now)
    url, note = settings.DOCUMENT_TSA_URL, ""
    for _ in range(TRIES if url else 0):
        try:
            content = _signed(pdf, seal, reason=reason, now=now, authority=url)
            return SignedPdf(
                content=content, level=Level.STAMPED, note="", fingerprint=seal.fingerprint
            )
        except (timestamps.TimestampRequestError, OSError, ValueError, TypeError) as error:
            note = f"The time-stamping authority gave no stamp ({type(error).__name__}): signed without one."
    if note:
        _log.error("document signed without a time stamp: %s", note)
    content = _signed(pdf, seal, reason=reason, now=now, authority="")
    return SignedPdf(content=content, level=Level.BASIC, note=note, fingerprint=seal.fingerprint)


def read_signatures(pdf: bytes) -> tuple[Signature, ...]:
    """The signatures in a PDF, oldest first; () when it has none. Raises ValueError when it is no PDF."""
    try:
        found = PdfFileReader(io.BytesIO(pdf)).embedded_regular_signatures
        return tuple(map(_read, found))
    except (PdfError, SignatureValidationError) as error:
        raise ValueError(f"this cannot be read as a signed PDF ({type(error).__name__})") from error


def _signed(pdf: bytes, seal: Seal, *, reason: str, now: datetime, authority: str) -> bytes:
    metadata = signers.PdfSignatureMetadata(
        field_name="Organisation",
        md_algorithm="sha256",
        reason=reason,
        name=seal.words,
        subfilter=SigSeedSubFilter.PADES,
    )
    signer = _Signer(
        now=now,
        signature_meta=metadata,
        signer=_simple(seal),
        timestamper=timestamps.HTTPTimeStamper(authority, timeout=TIMEOUT_SECONDS)
        if authority
        else None,
    )
    out: io.BytesIO = signer.sign_pdf(_Appended(io.BytesIO(pdf)))
    return out.getvalue()


def _simple(seal: Seal) -> signers.SimpleSigner:
    key = seal.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    certificates = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    certificates.register_multiple([_asn1(one) for one in (seal.certificate, *seal.chain)])
    return signers.SimpleSigner(
        signing_cert=_asn1(seal.certificate),
        signing_key=asn1_keys.PrivateKeyInfo.load(key),
        cert_registry=certificates,
    )


def _read(embedded: Any) -> Signature:
    certificate = x509.load_der_x509_certificate(embedded.signer_cert.dump())
    known = known_certificates()
    moment = embedded.self_reported_timestamp
    status = validate_pdf_signature(
        embedded,
        _trusting([embedded.signer_cert], moment),
        _authorities(),
    )
    stamp = status.timestamp_validity
    stamped = stamp if stamp is not None and stamp.intact and stamp.valid else None
    return Signature(
        signer=certificate.subject.rfc4514_string(),
        fingerprint=fingerprint_of(certificate),
        self_made=is_self_made(certificate),
        known=fingerprint_of(certificate) in known,
        intact=status.intact,
        holds=status.valid,
        covers_all=status.coverage is SignatureCoverageLevel.ENTIRE_FILE,
        level=Level.STAMPED if stamped else Level.BASIC,
        signed_at=None if moment is None else moment.astimezone(UTC),
        stamped_at=None if stamped is None else stamped.timestamp.astimezone(UTC),
        reason=str(embedded.sig_object.get("/Reason", "")),
    )


def _trusting(roots: list[asn1_x509.Certificate], moment: datetime | None) -> ValidationContext:
    """Whether the name in a certificate is true is not asked here; `known` says whose certificate it is."""
    return ValidationContext(trust_roots=roots, moment=moment, allow_fetching=False)


def _authorities() -> ValidationContext:
    file = settings.DOCUMENT_TSA_CERTIFICATES
    roots = list(load_certs_from_pemder([str(file)])) if file else []  # type: ignore[no-untyped-call]
    return ValidationContext(trust_roots=roots, allow_fetching=False)


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    loaded: asn1_x509.Certificate = asn1_x509.Certificate.load(
        certificate.public_bytes(Encoding.DER)
    )
    return loaded
