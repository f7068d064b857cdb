"""Somebody else dates our checkpoints, when we ask; who forges a date is named, and who does not answer stops nothing."""

import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from shutil import which
from uuid import UUID, uuid4

import pytest
from asn1crypto import keys, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.core.management import call_command
from pyhanko.sign.timestamps import DummyTimeStamper
from pytest_django import Settings

from apps.audit.timestamps import (
    Authority,
    BadStamp,
    NoStamp,
    configured_authority,
    opened_stamp,
    stamp_next,
)
from tests.audit import chain
from tests.audit.chain import Connection
from tests.audit.test_sequencer import sequencer, until

transactional = pytest.mark.django_db(transaction=True)


@dataclass
class Clerk:
    """A time-stamping authority on this machine, with a certificate of its own making."""

    folder: Path
    at: datetime | None = None
    status: int = 200
    answer: bytes | None = None
    asked: list[bytes] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A clerk")])
        day = timedelta(days=1)
        self.made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime.now(UTC) - 900 * day)
            .not_valid_after(datetime.now(UTC) + 900 * day)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
            )
            .sign(self.key, hashes.SHA256())
        )
        self.certificate = self.folder / "clerk.pem"
        self.certificate.write_bytes(self.made.public_bytes(Encoding.PEM))

    def stamp(self, body: bytes) -> bytes:
        pem = self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        stamper = DummyTimeStamper(
            tsa_cert=asn1_x509.Certificate.load(self.made.public_bytes(Encoding.DER)),
            tsa_key=keys.PrivateKeyInfo.load(pem),
            fixed_dt=self.at,
        )
        return bytes(stamper.request_tsa_response(tsp.TimeStampReq.load(body)).dump())


@pytest.fixture
def clerk(tmp_path: Path) -> Iterator[Clerk]:
    made = Clerk(tmp_path)

    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.asked.append(body)
            reply = made.stamp(body) if made.answer is None else made.answer
            self.send_response(made.status)
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Desk) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made.url = f"http://127.0.0.1:{server.server_port}/"
        yield made
        server.shutdown()


def authority(clerk: Clerk, **more: object) -> Authority:
    return Authority(url=clerk.url, **{"certificates": clerk.certificate} | more)  # type: ignore[arg-type]


def test_nobody_is_asked_unless_an_authority_is_set(settings: Settings) -> None:
    assert configured_authority() is None
    settings.AUDIT_TSA_URL = "http://127.0.0.1:9"
    found = configured_authority()
    assert found is not None
    assert found.every == timedelta(hours=1)


def test_what_leaves_the_house_is_a_digest(clerk: Clerk) -> None:
    token = authority(clerk).stamp(b"a note")
    stated = opened_stamp(token, content=b"a note", certificates=clerk.certificate)
    assert abs(datetime.now(UTC) - stated) < timedelta(minutes=1)
    (asked,) = clerk.asked
    assert len(asked) < 100
    assert b"a note" not in asked


def test_a_stamp_over_other_bytes_or_by_a_stranger_does_not_hold(
    clerk: Clerk, tmp_path: Path
) -> None:
    token = authority(clerk).stamp(b"a note")
    with pytest.raises(BadStamp, match="not over these bytes"):
        opened_stamp(token, content=b"another", certificates=clerk.certificate)
    folder = tmp_path / "other"
    folder.mkdir()
    stranger = Clerk(folder)
    with pytest.raises(BadStamp, match="not among the trusted"):
        opened_stamp(token, content=b"a note", certificates=stranger.certificate)
    for broken in (b"", b"no token", token[:-40], token[:200] + b"\x00" + token[201:]):
        with pytest.raises(BadStamp):
            opened_stamp(broken, content=b"a note", certificates=clerk.certificate)


def test_an_answer_to_another_question_is_refused(clerk: Clerk) -> None:
    authority(clerk).stamp(b"a note")
    clerk.answer = clerk.stamp(clerk.asked[0])
    with pytest.raises(NoStamp, match="another question"):
        authority(clerk).stamp(b"a note")


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [(500, b"", "answers 500"), (200, b"<html>", "no time stamp"), (200, b"", "no time stamp")],
)
def test_an_authority_that_fails_is_said_to_fail(
    clerk: Clerk, status: int, answer: bytes, said: str
) -> None:
    clerk.status, clerk.answer = status, answer
    with pytest.raises(NoStamp, match=said):
        authority(clerk).stamp(b"a note")
    with pytest.raises(NoStamp, match="does not answer"):
        Authority(url="http://127.0.0.1:9").stamp(b"a note")


@pytest.mark.skipif(which("openssl") is None, reason="no openssl here")
def test_openssl_reads_the_same(clerk: Clerk, tmp_path: Path) -> None:
    token = authority(clerk).stamp(b"a note")
    (tmp_path / "note").write_bytes(b"a note")
    (tmp_path / "token").write_bytes(token)
    said = subprocess.run(
        [
            *("openssl", "ts", "-verify", "-data", str(tmp_path / "note"), "-token_in"),
            *("-in", str(tmp_path / "token"), "-CAfile", str(clerk.certificate)),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "Verification: OK" in said.stdout + said.stderr, said.stderr


@pytest.fixture
def signed(sequencer_connection: Connection, s3: dict[str, str]) -> UUID:
    tenant = uuid4()
    chain.tell(tenant, 4)
    chain.chain(sequencer_connection)
    chain.sign(sequencer_connection)
    chain.store_all(sequencer_connection)
    return tenant


def verified(connection: Connection, tenant: UUID, clerk: Clerk) -> tuple[int, list[str]]:
    found = chain.verify(connection, tenant, authorities=clerk.certificate)
    return found.stamps, [problem.sentence for problem in found.problems]


@transactional
def test_a_checkpoint_is_dated_once_an_interval(
    sequencer_connection: Connection, owner_connection: Connection, signed: UUID, clerk: Clerk
) -> None:
    assert stamp_next(sequencer_connection, authority(clerk))
    assert not stamp_next(sequencer_connection, authority(clerk))
    assert verified(owner_connection, signed, clerk) == (1, [])
    chain.tell(signed)
    chain.chain(sequencer_connection)
    chain.sign(sequencer_connection)
    assert not stamp_next(sequencer_connection, authority(clerk))  # within the hour
    assert stamp_next(sequencer_connection, authority(clerk, every=timedelta(0)))
    assert len(clerk.asked) == 2


@transactional
def test_a_date_before_the_signature_and_a_forged_token_are_named(
    sequencer_connection: Connection, superuser_connection: Connection, signed: UUID, clerk: Clerk
) -> None:
    clerk.at = datetime.now(UTC) - timedelta(days=30)
    stamp_next(sequencer_connection, authority(clerk))
    (_, (said,)) = verified(superuser_connection, signed, clerk)
    assert "before the checkpoint was signed" in said
    table = "audit_checkpoint_stamp"
    superuser_connection.read_only = False
    superuser_connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    superuser_connection.execute(f"UPDATE {table} SET token = set_byte(token, 400, 7)")
    (_, (said,)) = verified(superuser_connection, signed, clerk)
    assert "the time stamp of the checkpoint at 4" in said


@transactional
def test_a_time_stamp_only_grows(owner_connection: Connection, app_connection: Connection) -> None:
    for connection in (app_connection, owner_connection):
        for statement in ("UPDATE {} SET authority = ''", "DELETE FROM {}", "TRUNCATE {}"):
            with pytest.raises(Exception, match=r"denied|only grows"):
                connection.execute(statement.format("audit_checkpoint_stamp"))


@transactional
def test_the_process_has_its_checkpoints_dated_and_says_when_it_cannot(
    owner_connection: Connection,
    stack_environment: dict[str, str],
    s3: dict[str, str],
    clerk: Clerk,
    settings: Settings,
) -> None:
    tenant = uuid4()
    chain.tell_many(owner_connection, tenant, 3)
    environment = stack_environment | {
        "AUDIT_TSA_URL": clerk.url,
        "AUDIT_TSA_CERTIFICATES": str(clerk.certificate),
        "AUDIT_TSA_EVERY_SECONDS": "1",
    }
    clerk.status = 503
    noted = "SELECT stamps_note FROM audit_heartbeat"
    kept = "SELECT count(*) FROM audit_checkpoint_stamp"
    with sequencer(environment):
        until(lambda: "answers 503" in str(owner_connection.execute(noted).fetchone()))
        assert chain.places(owner_connection, tenant) == [0, 1, 2]
        clerk.status = 200
        until(lambda: owner_connection.execute(kept).fetchone() == (1,))
        until(lambda: owner_connection.execute(noted).fetchone() == ("",))
    settings.AUDIT_TSA_CERTIFICATES = clerk.certificate
    call_command("audit_verify", f"--tenant={tenant}", stdout=(out := StringIO()))
    assert "1 time stamps" in out.getvalue()
    assert "holds" in out.getvalue()
