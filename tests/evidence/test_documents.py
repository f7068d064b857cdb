"""Documents: pages that stay PDF/A-2b when they are signed, and signatures that strangers' tools can check."""

import io
import re
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which

import pikepdf
import pytest
from asn1crypto import keys, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pikepdf import pdfa
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader
from pytest_django import Settings

from apps.evidence.documents.certificates import (
    UnableToSign,
    known_certificates,
    organisation_seal,
)
from apps.evidence.documents.pades import Level, read_signatures, sign_pdf, signed_pdf
from apps.evidence.documents.typesetting import UnableToTypeset, compile_pdf

NOW = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def own_key(settings: Settings, tmp_path: Path) -> Path:
    settings.DOCUMENT_SIGNING_KEY_FILE = tmp_path / "keys" / "document_signing_key.pem"
    settings.DOCUMENT_PKCS12_FILE = None
    settings.DOCUMENT_TSA_URL = ""
    settings.DOCUMENT_TSA_CERTIFICATES = None
    return settings.DOCUMENT_SIGNING_KEY_FILE


@pytest.fixture
def pages(tmp_path: Path) -> bytes:
    template = tmp_path / "page.typ"
    template.write_text(
        "#let record = json(bytes(sys.inputs.record))\n"
        '#set document(title: "T", date: datetime(year: 2026, month: 11, day: 20))\n'
        '#set text(font: "DejaVu Sans", stretch: 75%, fallback: false)\n#record.words\n'
    )
    return compile_pdf(template=template, record={"words": "Grüße, 5 < 7 \u202e\U0001f600"})


def a_certificate(
    name: str, *, begins: datetime, ends: datetime, usage: ExtendedKeyUsageOID | None = None
) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Issuer of {name}")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(issuer if usage is None else named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
    return key, builder.sign(key, hashes.SHA256())


def a_pkcs12(path: Path, *, ends: datetime, password: bytes = b"open") -> x509.Certificate:
    key, certificate = a_certificate("Grocer Ltd", begins=NOW - 400 * DAY, ends=ends)
    path.write_bytes(
        serialize_key_and_certificates(
            b"seal", key, certificate, None, BestAvailableEncryption(password)
        )
    )
    return certificate


def signed_range(pdf: bytes) -> tuple[bytes, bytes]:
    """The signed bytes and the CMS between them, taken out without any PDF library."""
    found = re.search(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", pdf)
    assert found
    start, length, second, rest = map(int, found.groups())
    cms = bytes.fromhex(pdf[start + length + 1 : second - 1].decode())
    return pdf[start : start + length] + pdf[second : second + rest], cms


def test_what_the_fonts_cannot_draw_is_named_instead(pages: bytes) -> None:
    text = PdfReader(io.BytesIO(pages)).pages[0].extract_text()
    assert "Grüße, 5 < 7" in text
    assert "<U+202E>" in text
    assert "<U+1F600>" in text


def test_a_template_that_does_not_fit_its_record_says_so(tmp_path: Path) -> None:
    template = tmp_path / "page.typ"
    template.write_text("#json(bytes(sys.inputs.record)).missing")
    with pytest.raises(UnableToTypeset, match=r"page\.typ"):
        compile_pdf(template=template, record={})


def test_a_signed_document_is_whole_and_its_signer_is_said_to_be_self_made(pages: bytes) -> None:
    signed = sign_pdf(pages, reason="Record of an alert", now=NOW)
    assert signed.startswith(pages)
    (signature,) = read_signatures(signed)
    assert signature.is_good
    assert signature.self_made
    assert "self-made" in signature.signer
    assert signature.level is Level.BASIC
    assert signature.signed_at == NOW
    assert signature.stamped_at is None
    assert signature.reason == "Record of an alert"


def test_a_byte_changed_after_signing_is_noticed(pages: bytes) -> None:
    signed = bytearray(sign_pdf(pages, reason="Record", now=NOW))
    signed[len(pages) // 2] ^= 1
    try:
        (signature,) = read_signatures(bytes(signed))
    except ValueError:
        return  # no longer a PDF: noticed as well
    assert not signature.is_good


def test_what_is_appended_after_signing_is_not_covered(pages: bytes) -> None:
    signed = sign_pdf(pages, reason="Record", now=NOW)
    (first, second) = (
        read_signatures(sign_pdf(signed, reason="Again", now=NOW))[:2]
        if False
        else (
            read_signatures(signed)[0],
            None,
        )
    )
    assert first.covers_all
    assert second is None
    (signature,) = read_signatures(signed + b"\n% something added\n")
    assert not signature.is_good


def test_pyhankos_own_validator_agrees(pages: bytes, own_key: Path) -> None:
    signed = sign_pdf(pages, reason="Record", now=NOW)
    seal = organisation_seal(now=NOW)
    root = asn1_x509.Certificate.load(seal.certificate.public_bytes(Encoding.DER))
    embedded = PdfFileReader(io.BytesIO(signed)).embedded_regular_signatures[0]
    status = validate_pdf_signature(
        embedded, ValidationContext(trust_roots=[root], moment=NOW, allow_fetching=False)
    )
    assert status.bottom_line
    assert embedded.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"


def test_openssl_reads_the_signature_without_us(pages: bytes, tmp_path: Path) -> None:
    openssl = which("openssl")
    if openssl is None:
        pytest.skip("no openssl on this machine")
    content, cms = signed_range(sign_pdf(pages, reason="Record", now=datetime.now(UTC)))
    seal = organisation_seal(now=datetime.now(UTC))
    (tmp_path / "content").write_bytes(content)
    (tmp_path / "altered").write_bytes(content[:-1] + b"\x00")
    (tmp_path / "cms").write_bytes(cms)
    (tmp_path / "ca.pem").write_bytes(seal.certificate.public_bytes(Encoding.PEM))
    command = [openssl, "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any"]
    command += ["-partial_chain", "-CAfile", str(tmp_path / "ca.pem"), "-in", str(tmp_path / "cms")]
    whole = [*command, "-content", str(tmp_path / "content"), "-out", "/dev/null"]
    altered = [*command, "-content", str(tmp_path / "altered"), "-out", "/dev/null"]
    said = subprocess.run(whole, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 0, said.stderr
    assert subprocess.run(altered, capture_output=True, timeout=60, check=False).returncode != 0


def test_a_signed_document_is_still_archival(pages: bytes) -> None:
    signed = PdfReader(io.BytesIO(sign_pdf(pages, reason="Record", now=NOW)))
    assert not signed.is_encrypted
    catalog = signed.trailer["/Root"]
    xmp = catalog["/Metadata"].get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in xmp
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in xmp
    assert "/Version" not in catalog  # 2.0 would not be PDF/A-2 any more
    intent = catalog["/OutputIntents"][0].get_object()
    assert intent["/S"] == "/GTS_PDFA1"
    assert intent["/DestOutputProfile"].get_object().get_data()
    fields = [f.get_object() for f in catalog["/AcroForm"]["/Fields"]]
    assert [field["/F"] & 0b111 for field in fields] == [0b100]  # printed, not hidden
    assert "/NeedAppearances" not in catalog["/AcroForm"]
    for page in signed.pages:
        for font in page["/Resources"]["/Font"].values():
            descendant = font.get_object()["/DescendantFonts"][0].get_object()
            assert {"/FontFile2", "/FontFile3"} & set(descendant["/FontDescriptor"].get_object())


# An allowlist validator refuses what it does not know: extension schemas of XMP, which PDF/A-2 allows (6.6.2.3.3),
# and forms and structured properties, which it does not look into. Anything else it names is a fault of ours.
NOT_JUDGED = re.compile(
    r"XMP (namespace|property) (pdfaExtension|pdfaSchema|pdfaProperty|xmpTPg)\b"
    r"|xmpMM:History is not checked|/CIDSet .* is not checked|\(/AcroForm\) are not supported"
)


def judged(pdf: bytes) -> list[str]:
    """What an independent validator with veraPDF's rules finds against PDF/A-2b."""
    report = pdfa.validate_written(io.BytesIO(pdf), "2b")
    return [str(one) for one in report.findings if not NOT_JUDGED.search(str(one))]


def test_an_independent_validator_finds_nothing_against_pdf_a(pages: bytes) -> None:
    assert judged(pages) == []
    assert judged(sign_pdf(pages, reason="Record", now=NOW)) == []


def test_the_validator_notices_what_would_break_pdf_a(pages: bytes) -> None:
    with pikepdf.open(io.BytesIO(pages)) as document:
        del document.Root.OutputIntents
        document.Root.Version = pikepdf.Name("/2.0")
        out = io.BytesIO()
        document.save(out)
    assert any("Version" in one for one in judged(out.getvalue()))


def test_the_key_is_made_once_and_for_its_owner_only(own_key: Path) -> None:
    first = organisation_seal(now=NOW)
    assert own_key.stat().st_mode & 0o777 == 0o600
    assert organisation_seal(now=NOW).fingerprint == first.fingerprint
    assert list(own_key.parent.iterdir()) == sorted(
        [own_key, own_key.with_suffix(".certificates.pem")],
        key=list(own_key.parent.iterdir()).index,
    )


def test_a_certificate_that_ran_out_is_made_anew_and_old_documents_stay_known(
    pages: bytes, own_key: Path
) -> None:
    old = sign_pdf(pages, reason="Record", now=NOW)
    later = NOW + 4000 * DAY
    assert organisation_seal(now=later).fingerprint != read_signatures(old)[0].fingerprint
    assert read_signatures(old)[0].is_good


def test_a_certificate_of_a_clock_that_was_ahead_is_made_anew(own_key: Path) -> None:
    ahead = organisation_seal(now=NOW + 400 * DAY)
    assert organisation_seal(now=NOW).fingerprint != ahead.fingerprint
    assert ahead.fingerprint in known_certificates()


def test_a_document_signed_elsewhere_is_not_known_here(
    pages: bytes, settings: Settings, tmp_path: Path
) -> None:
    signed = sign_pdf(pages, reason="Record", now=NOW)
    settings.DOCUMENT_SIGNING_KEY_FILE = tmp_path / "elsewhere" / "key.pem"
    organisation_seal(now=NOW)
    (signature,) = read_signatures(signed)
    assert signature.intact
    assert signature.holds
    assert not signature.known
    assert not signature.is_good


def test_a_users_own_pkcs12_takes_its_place(
    pages: bytes, settings: Settings, tmp_path: Path
) -> None:
    settings.DOCUMENT_PKCS12_FILE = tmp_path / "own.p12"
    settings.DOCUMENT_PKCS12_PASSWORD = "open"
    a_pkcs12(settings.DOCUMENT_PKCS12_FILE, ends=NOW + DAY)
    (signature,) = read_signatures(sign_pdf(pages, reason="Record", now=NOW))
    assert signature.signer == "CN=Grocer Ltd"
    assert not signature.self_made
    assert signature.is_good
    assert not settings.DOCUMENT_SIGNING_KEY_FILE.exists()  # none is made beside it


def test_a_pkcs12_that_cannot_be_used_is_refused_with_the_reason(
    settings: Settings, tmp_path: Path
) -> None:
    settings.DOCUMENT_PKCS12_FILE = file = tmp_path / "own.p12"
    settings.DOCUMENT_PKCS12_PASSWORD = "wrong"
    with pytest.raises(UnableToSign, match="cannot be read"):
        organisation_seal(now=NOW)
    a_pkcs12(file, ends=NOW + DAY)
    with pytest.raises(UnableToSign, match="DOCUMENT_PKCS12_PASSWORD does not open it"):
        organisation_seal(now=NOW)
    settings.DOCUMENT_PKCS12_PASSWORD = "open"
    with pytest.raises(UnableToSign, match="valid from 2025-10-16 to 2026-11-21"):
        organisation_seal(now=NOW + 2 * DAY)
    file.write_bytes(b"not a key")
    with pytest.raises(UnableToSign, match="not a PKCS#12 file"):
        organisation_seal(now=NOW)


class Authority:
    """A time-stamping authority on this machine; `answer` replaces what it would say."""

    def __init__(self) -> None:
        clock = datetime.now(UTC)
        usage = ExtendedKeyUsageOID.TIME_STAMPING
        self.key, self.made = a_certificate(
            "A clerk", begins=clock - 9 * DAY, ends=clock + 9 * DAY, usage=usage
        )
        self.answer: bytes | None = None
        self.asked = 0
        self.url = ""

    def reply(self, body: bytes) -> bytes:
        self.asked += 1
        if self.answer is not None:
            return self.answer
        pem = self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        stamper = DummyTimeStamper(
            tsa_cert=asn1_x509.Certificate.load(self.made.public_bytes(Encoding.DER)),
            tsa_key=keys.PrivateKeyInfo.load(pem),
        )
        return bytes(stamper.request_tsa_response(tsp.TimeStampReq.load(body)).dump())


@pytest.fixture
def authority(settings: Settings, tmp_path: Path) -> Iterator[Authority]:
    made = Authority()

    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            reply = made.reply(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Desk) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made.url = settings.DOCUMENT_TSA_URL = f"http://127.0.0.1:{server.server_port}/"
        settings.DOCUMENT_TSA_CERTIFICATES = tmp_path / "clerk.pem"
        settings.DOCUMENT_TSA_CERTIFICATES.write_bytes(made.made.public_bytes(Encoding.PEM))
        yield made
        server.shutdown()


def test_an_authority_dates_the_signature(pages: bytes, authority: Authority) -> None:
    signed = signed_pdf(pages, reason="Record", now=NOW)
    assert signed.level is Level.STAMPED
    (signature,) = read_signatures(signed.content)
    assert signature.is_good
    assert signature.level is Level.STAMPED
    assert signature.stamped_at is not None
    assert abs(signature.stamped_at - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.parametrize("answer", [b"nothing like it", b""])
def test_an_authority_that_fails_is_said_to_and_stops_nothing(
    pages: bytes, authority: Authority, answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    authority.answer = answer
    signed = signed_pdf(pages, reason="Record", now=NOW)
    assert authority.asked == 2
    assert signed.level is Level.BASIC
    assert "signed without one" in signed.note
    assert "signed without a time stamp" in caplog.text
    assert read_signatures(signed.content)[0].is_good


def test_what_is_no_pdf_has_no_signatures() -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        read_signatures(b"not a pdf")
