"""Whose signature documents carry: a certificate that this installation makes for itself, or the user's own PKCS#12.

A self-made certificate proves that a document was not changed since this installation signed it. It names nobody whom
a third party has checked, and every place that shows it says so.
"""

import logging
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.utils.translation import gettext

SELF_MADE: Final = "Second Look documents (self-made certificate)"
_LIFE: Final = timedelta(days=3650)
_log = logging.getLogger(__name__)

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class UnableToSign(Exception):
    """There is no key to sign with; the message says which setting or file is at fault."""


@dataclass(frozen=True, kw_only=True)
class Seal:
    """The key, its certificate and those that lead to its issuer. `self_made`: nobody vouches for the name in it."""

    key: PrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    self_made: bool

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, 64 hex digits."""
        return fingerprint_of(self.certificate)

    @property
    def words(self) -> str:
        """Who signs, for a screen."""
        name = self.certificate.subject.rfc4514_string()
        return f"{name}, self-made: nobody outside vouches for it" if self.self_made else name


def organisation_seal(*, now: datetime) -> Seal:
    """The seal documents are signed with at `now`: the PKCS#12 of the settings, else the self-made one.

    The self-made one is made (mode 0600) when there is none, and again when it is not valid now: it has run out, or
    the clock was ahead when it was made. Every certificate that was used is remembered beside it, so that older
    signatures stay known. Raises UnableToSign.
    """
    path = settings.DOCUMENT_PKCS12_FILE
    seal = _own(path) if path else _self_made(settings.DOCUMENT_SIGNING_KEY_FILE, now)
    if not _is_valid(seal, now):
        begins, ends = seal.certificate.not_valid_before_utc, seal.certificate.not_valid_after_utc
        raise UnableToSign(
            gettext(
                "The certificate in %(path)s is valid from %(begins)s to %(ends)s: documents cannot be signed with "
                "it now. Set DOCUMENT_PKCS12_FILE to a current one."
            )
            % {"path": path, "begins": f"{begins:%Y-%m-%d}", "ends": f"{ends:%Y-%m-%d}"}
        )
    _remember(settings.DOCUMENT_SIGNING_KEY_FILE, (seal.certificate, *seal.chain))
    return seal


def known_certificates() -> dict[str, x509.Certificate]:
    """Every certificate this installation has signed with, and their issuers, by fingerprint."""
    file = _memory(settings.DOCUMENT_SIGNING_KEY_FILE)
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return {}
    return {fingerprint_of(one): one for one in x509.load_pem_x509_certificates(content)}


def fingerprint_of(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(SHA256()).hex()


def is_self_made(certificate: x509.Certificate) -> bool:
    return certificate.issuer == certificate.subject


def _own(path: Path) -> Seal:
    try:
        store = load_pkcs12(path.read_bytes(), settings.DOCUMENT_PKCS12_PASSWORD.encode() or None)
    except OSError as error:
        raise UnableToSign(
            gettext("DOCUMENT_PKCS12_FILE %(path)s cannot be read (%(error_strerror)s).")
            % {"path": path, "error_strerror": error.strerror}
        ) from error
    except ValueError as error:
        raise UnableToSign(
            gettext("%(path)s is not a PKCS#12 file, or DOCUMENT_PKCS12_PASSWORD does not open it.")
            % {"path": path}
        ) from error
    if store.cert is None or not isinstance(store.key, PrivateKey):
        raise UnableToSign(
            gettext("%(path)s needs an RSA or elliptic-curve key together with its certificate.")
            % {"path": path}
        )
    certificate = store.cert.certificate
    return Seal(
        key=store.key,
        certificate=certificate,
        chain=tuple(other.certificate for other in store.additional_certs),
        self_made=is_self_made(certificate),
    )


def _self_made(path: Path, now: datetime) -> Seal:
    if not path.exists():
        _make(path, now)
    seal = _loaded(path)
    if not _is_valid(seal, now):
        path.rename(path.with_name(f"{path.name}.until-{now:%Y%m%d%H%M%S}"))
        _make(path, now)
        seal = _loaded(path)
    return seal


def _is_valid(seal: Seal, now: datetime) -> bool:
    certificate = seal.certificate
    return certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc


def _loaded(path: Path) -> Seal:
    try:
        content = path.read_bytes()
        key = load_pem_private_key(content, password=None)
        certificate = x509.load_pem_x509_certificate(content)
    except (OSError, ValueError, TypeError) as error:
        raise UnableToSign(
            gettext(
                "DOCUMENT_SIGNING_KEY_FILE %(path)s does not hold a key and its certificate: take it away, and a new "
                "pair is made."
            )
            % {"path": path}
        ) from error
    if not isinstance(key, PrivateKey):
        raise UnableToSign(
            gettext("%(path)s holds a key of a kind that documents are not signed with.")
            % {"path": path}
        )
    return Seal(key=key, certificate=certificate, chain=(), self_made=True)


def _make(path: Path, now: datetime) -> None:
    """Write key and certificate at once: whoever is second uses the first one's."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    content = pem + _certificate(key, now).public_bytes(Encoding.PEM)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
        _log.warning("made a self-made certificate for documents: %s", path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _certificate(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SELF_MADE)])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, SHA256())
    )


def _memory(path: Path) -> Path:
    """The file of certificates, not secret, beside the key."""
    return path.with_suffix(".certificates.pem")


def _remember(path: Path, certificates: Iterable[x509.Certificate]) -> None:
    known = known_certificates()
    new = [one for one in certificates if fingerprint_of(one) not in known]
    if not new:
        return
    file = _memory(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as memory:
        memory.write(b"".join(one.public_bytes(Encoding.PEM) for one in new))
