"""The embedded S3 keeps what was locked, whoever asks and however it dies."""

import io
import os
import signal
from datetime import UTC, datetime, timedelta
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest
from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.error import S3Error
from minio.retention import Retention

from config.stack.home import Home
from config.stack.s3 import S3
from config.stack.server import running
from tests.harness.environment import HOME, S3_SERVER


def application(exports: dict[str, str]) -> Minio:
    return Minio(
        exports["S3_ENDPOINT"].removeprefix("http://"),
        access_key=exports["S3_ACCESS_KEY"],
        secret_key=exports["S3_SECRET_KEY"],
        secure=False,
        region=exports["S3_REGION"],
    )


@pytest.fixture
def locked(s3: dict[str, str]) -> tuple[str, str, str]:
    """Bucket, key and version of an object locked for a while."""
    bucket, key = s3["S3_EVIDENCE_BUCKET"], f"tests/{uuid4()}"
    until = datetime.now(UTC) + timedelta(seconds=60)
    written = application(s3).put_object(
        bucket, key, io.BytesIO(b"footage"), 7, retention=Retention(COMPLIANCE, until)
    )
    assert written.version_id
    return bucket, key, written.version_id


def administrator() -> Minio:
    return S3_SERVER._client()


@pytest.mark.parametrize("who", ["application", "administrator"])
def test_a_locked_object_cannot_be_deleted(
    who: str, s3: dict[str, str], locked: tuple[str, str, str]
) -> None:
    client = application(s3) if who == "application" else administrator()
    bucket, key, version = locked
    with pytest.raises(S3Error, match="AccessDenied"):
        client.remove_object(bucket, key, version_id=version)
    with pytest.raises(S3Error, match="AccessDenied"):
        client.set_object_retention(
            bucket, key, Retention(COMPLIANCE, datetime.now(UTC) + timedelta(seconds=2)), version
        )
    with pytest.raises(S3Error, match=r"BucketNotEmpty|AccessDenied"):
        client.remove_bucket(bucket)
    assert client.get_object(bucket, key, version_id=version).data == b"footage"


def test_writing_over_a_locked_object_leaves_the_locked_version(
    s3: dict[str, str], locked: tuple[str, str, str]
) -> None:
    bucket, key, version = locked
    client = application(s3)
    client.put_object(bucket, key, io.BytesIO(b"other"), 5)
    assert client.get_object(bucket, key, version_id=version).data == b"footage"


def test_a_legal_hold_holds_until_it_is_lifted(s3: dict[str, str]) -> None:
    bucket, key, client = s3["S3_EVIDENCE_BUCKET"], f"tests/{uuid4()}", application(s3)
    version = client.put_object(bucket, key, io.BytesIO(b"held"), 4, legal_hold=True).version_id
    with pytest.raises(S3Error, match="AccessDenied"):
        client.remove_object(bucket, key, version_id=version)
    client.disable_object_legal_hold(bucket, key, version)
    client.remove_object(bucket, key, version_id=version)


def test_the_filer_takes_no_plain_http(s3: dict[str, str], locked: tuple[str, str, str]) -> None:
    """With HTTP on, one unsigned DELETE at the filer destroyed a locked object."""
    bucket, key, _ = locked
    address = f"http://127.0.0.1:{HOME.chosen_port('s3_filer')}/buckets/{bucket}/{key}"
    with pytest.raises(HTTPError, match="404"):
        urlopen(Request(address, method="DELETE"), timeout=10)


@pytest.mark.parametrize("part", ["s3_volume", "s3_filer"])
def test_the_parts_behind_s3_answer_no_stranger(part: str, s3: dict[str, str]) -> None:
    with pytest.raises(HTTPError, match=r"401|404"):
        urlopen(f"http://127.0.0.1:{HOME.chosen_port(part)}/", timeout=10)


def test_the_application_makes_and_removes_no_buckets(s3: dict[str, str]) -> None:
    client = application(s3)
    with pytest.raises(S3Error, match="AccessDenied"):
        client.make_bucket("another-bucket")
    with pytest.raises(S3Error, match="AccessDenied"):
        client.remove_bucket(s3["S3_MEDIA_BUCKET"])


def test_a_wrong_key_is_refused(s3: dict[str, str]) -> None:
    with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
        application(s3 | {"S3_SECRET_KEY": "wrong"}).list_buckets()


def test_s3_comes_back_after_a_kill_with_data_and_locks(home: Home) -> None:
    server, bucket = S3(home), "second-look-evidence"
    until = Retention(COMPLIANCE, datetime.now(UTC) + timedelta(seconds=60))
    with running(server, log=home.log("s3")) as process:
        client = application(server.exports())
        small = client.put_object(bucket, "small", io.BytesIO(b"kept"), 4, retention=until)
        large = io.BytesIO(bytes(9 << 20))
        client.put_object(bucket, "large", large, -1, part_size=5 << 20, retention=until)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with running(server, log=home.log("s3")):
        client = application(server.exports())
        assert client.get_object(bucket, "small").data == b"kept"
        assert client.get_object(bucket, "large").data == bytes(9 << 20)
        with pytest.raises(S3Error, match="AccessDenied"):
            client.remove_object(bucket, "small", version_id=small.version_id)
