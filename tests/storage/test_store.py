"""Objects on the real server: hashed on the way in, locked for good, silent for seconds at most."""

import hashlib
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import UUID, uuid4

import pytest
from pytest_django import Settings

from apps.storage import keys
from apps.storage.errors import (
    DigestMismatch,
    ObjectLocked,
    ObjectMissing,
    StorageError,
    StorageUnavailable,
)
from apps.storage.objects import ObjectStore
from apps.storage.store import ensure_buckets, evidence_store, media_store

CLIP = b"frames of a corridor " * 1000
SHA256 = hashlib.sha256(CLIP).hexdigest()

pytestmark = pytest.mark.usefixtures("s3")


@pytest.fixture
def clip() -> str:
    """The key of a clip in the media bucket."""
    key = keys.alert_master(tenant_id=uuid4(), alert_id=uuid4())
    media_store().put_stream(key=key, stream=BytesIO(CLIP), content_type="video/mp4")
    return key


@pytest.fixture
def sealed() -> str:
    return keys.evidence_master(tenant_id=uuid4(), item_id=uuid4())


@pytest.mark.parametrize("size", [0, 1, 8 * 1024 * 1024, 20 * 1024 * 1024 + 7])
@pytest.mark.parametrize("known", [True, False])
def test_a_stream_is_hashed_while_it_is_stored(size: int, known: bool) -> None:
    data = bytes(size)
    key = f"tenants/{uuid4()}/stream"
    stored = media_store().put_stream(
        key=key, stream=BytesIO(data), length=size if known else -1, content_type="video/mp4"
    )
    assert stored.size == media_store().stat(key=key).size == size
    assert stored.sha256 == hashlib.sha256(data).hexdigest() == media_store().digest(key=key)
    assert stored.sha512 == hashlib.sha512(data).hexdigest()


def test_a_stream_that_ends_early_is_not_stored() -> None:
    key = f"tenants/{uuid4()}/short"
    with pytest.raises(OSError, match="not enough"):
        media_store().put_stream(key=key, stream=BytesIO(b"123"), length=10)
    with pytest.raises(ObjectMissing):
        media_store().stat(key=key)


def test_what_is_not_there_is_said_to_be_missing() -> None:
    with pytest.raises(ObjectMissing):
        media_store().stat(key="tenants/none")
    with pytest.raises(ObjectMissing), media_store().get_stream(key="tenants/none"):
        pass
    media_store().delete(key="tenants/none")


def test_media_can_be_deleted(clip: str) -> None:
    media_store().delete(key=clip)
    with pytest.raises(ObjectMissing):
        media_store().stat(key=clip)


def test_a_part_of_an_object_can_be_read(clip: str) -> None:
    with media_store().get_stream(key=clip, offset=10, length=8) as stream:
        assert stream.read() == CLIP[10:18]


def test_a_sealed_copy_cannot_be_deleted_nor_its_time_shortened(clip: str, sealed: str) -> None:
    store, end = evidence_store(), soon(60)
    copy = store.copy_locked(
        source=media_store(), source_key=clip, key=sealed, sha256=SHA256, retain_until=end
    )
    assert copy.version_id is not None
    assert copy.retain_until == store.retained_until(key=sealed)
    assert copy.retain_until is not None
    assert copy.retain_until >= end
    with pytest.raises(ObjectLocked):
        store.delete(key=sealed, version_id=copy.version_id)
    with pytest.raises(ObjectLocked):
        store.extend_lock(key=sealed, version_id=copy.version_id, retain_until=soon(5))
    store.delete(key=sealed)  # hides it; the version stays
    assert store.digest(key=sealed, version_id=copy.version_id) == SHA256
    assert store.versions(prefix=sealed) == [(sealed, copy.version_id)]


def test_the_lock_ends_when_it_should_and_not_under_legal_hold(clip: str, sealed: str) -> None:
    store = evidence_store()
    copy = store.copy_locked(
        source=media_store(),
        source_key=clip,
        key=sealed,
        sha256=SHA256,
        retain_until=soon(1),
        legal_hold=True,
    )
    time.sleep(2.5)
    assert store.held(key=sealed)
    with pytest.raises(ObjectLocked):
        store.delete(key=sealed, version_id=copy.version_id)
    store.hold(key=sealed, version_id=copy.version_id, on=False)
    store.delete(key=sealed, version_id=copy.version_id)
    with pytest.raises(ObjectMissing):
        store.stat(key=sealed)


def test_sealing_twice_makes_one_copy_and_the_longer_lock(clip: str, sealed: str) -> None:
    store = evidence_store()
    first, again = (
        store.copy_locked(
            source=media_store(),
            source_key=clip,
            key=sealed,
            sha256=SHA256,
            retain_until=soon(seconds),
        )
        for seconds in (30, 60)
    )
    assert first.version_id == again.version_id
    third = store.copy_locked(
        source=media_store(), source_key=clip, key=sealed, sha256=SHA256, retain_until=soon(10)
    )
    assert third.retain_until == again.retain_until == store.retained_until(key=sealed)
    assert third.sha256 == SHA256


def test_bytes_that_are_not_the_promised_ones_are_never_sealed(clip: str, sealed: str) -> None:
    with pytest.raises(DigestMismatch):
        evidence_store().copy_locked(
            source=media_store(),
            source_key=clip,
            key=sealed,
            sha256="0" * 64,
            retain_until=soon(60),
        )
    assert evidence_store().versions(prefix=sealed) == []


def test_a_copy_somebody_exchanged_is_not_taken_for_the_sealed_one(clip: str, sealed: str) -> None:
    evidence_store().put_stream(key=sealed, stream=BytesIO(b"other"), length=5)
    copy = evidence_store().copy_locked(
        source=media_store(), source_key=clip, key=sealed, sha256=SHA256, retain_until=soon(30)
    )
    assert evidence_store().digest(key=sealed) == copy.sha256 == SHA256


def test_an_object_without_a_lock_has_no_end_of_it(sealed: str) -> None:
    evidence_store().put_stream(key=sealed, stream=BytesIO(b"x"), length=1)
    assert evidence_store().retained_until(key=sealed) is None


def test_a_view_shows_one_object_for_a_minute_at_most(clip: str) -> None:
    url = media_store().presigned_get(
        key=clip, seconds=2, download_name='a "clip"\r\n.mp4', content_type="video/mp4"
    )
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == CLIP
        assert answer.headers["Content-Type"] == "video/mp4"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="a_clip_.mp4"'
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url.replace("master", "other"), timeout=10)
    time.sleep(3.5)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url, timeout=10)


@pytest.mark.parametrize("seconds", [0, 61])
def test_a_longer_view_is_refused(seconds: int) -> None:
    with pytest.raises(ValueError, match="60"):
        media_store().presigned_get(key="x", seconds=seconds)


def test_an_upload_address_accepts_this_object() -> None:
    key = keys.alert_upload(tenant_id=uuid4(), alert_id=uuid4())
    url = media_store().presigned_put(key=key, seconds=60)
    request = urllib.request.Request(url, data=CLIP, method="PUT")
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200
    assert media_store().digest(key=key) == SHA256
    with pytest.raises(ValueError, match="3600"):
        media_store().presigned_put(key=key, seconds=3601)


def test_addresses_for_browsers_name_the_public_endpoint(settings: Settings) -> None:
    settings.S3_PUBLIC_ENDPOINT = "https://media.shop.example"
    assert (
        media_store()
        .presigned_get(key="x", seconds=60)
        .startswith("https://media.shop.example/second-look-media/x?")
    )


def test_a_server_that_is_down_is_said_to_be_unavailable(settings: Settings) -> None:
    settings.S3_ENDPOINT = "http://127.0.0.1:9"
    begun = time.monotonic()
    with pytest.raises(StorageUnavailable):
        media_store().stat(key="x")
    with pytest.raises(StorageUnavailable):
        media_store().put_stream(key="x", stream=BytesIO(b"x"))
    with pytest.raises(StorageUnavailable):
        ensure_buckets()
    assert not media_store().healthy()
    assert time.monotonic() - begun < 10


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_silent_server_is_given_up_within_the_time_out(
    settings: Settings, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.storage import client

    monkeypatch.setattr(client, "READ_SECONDS", 0.3)
    settings.S3_ENDPOINT = silent
    begun = time.monotonic()
    assert not media_store().healthy()
    with pytest.raises(StorageUnavailable):
        media_store().stat(key="x")
    assert time.monotonic() - begun < 10


def test_health_is_the_buckets_answer(settings: Settings) -> None:
    assert media_store().healthy()
    assert evidence_store().healthy()
    settings.S3_MEDIA_BUCKET = "no-such-bucket"
    assert not media_store().healthy()


def test_buckets_are_made_once_and_evidence_only_with_a_lock(settings: Settings) -> None:
    ensure_buckets()
    ensure_buckets()
    settings.S3_EVIDENCE_BUCKET = settings.S3_MEDIA_BUCKET
    with pytest.raises(StorageError, match="without Object Lock"):
        ensure_buckets()


def test_a_wrong_secret_is_an_error_and_not_a_missing_object(settings: Settings) -> None:
    settings.S3_SECRET_KEY = "wrong"
    with pytest.raises(StorageError) as raised:
        media_store().put_stream(key="x", stream=BytesIO(b"x"))
    assert not isinstance(raised.value, ObjectMissing | ObjectLocked | StorageUnavailable)


def test_an_address_that_is_none_is_refused(settings: Settings) -> None:
    settings.S3_ENDPOINT = "127.0.0.1:8333"
    with pytest.raises(ValueError, match="http://host:port"):
        media_store()


def test_keys_hold_ids_and_plain_names_only() -> None:
    tenant, alert = UUID(int=1), UUID(int=2)
    assert keys.alert_working(tenant_id=tenant, alert_id=alert, name="poster.jpg") == (
        f"tenants/{tenant}/alerts/{alert}/working/poster.jpg"
    )
    assert keys.alert_dossier(tenant_id=tenant, alert_id=alert, version=3).endswith("0003.pdf")
    for name in ("../master", "a..b", "Maria Lopez.jpg", ""):
        with pytest.raises(ValueError, match="plain"):
            keys.alert_working(tenant_id=tenant, alert_id=alert, name=name)


def test_keys_under_a_prefix_are_listed_in_order(clip: str) -> None:
    store: ObjectStore = media_store()
    prefix = clip.removesuffix("master")
    store.put_stream(key=f"{prefix}working/a.json", stream=BytesIO(b"{}"))
    assert store.keys(prefix=prefix) == [clip, f"{prefix}working/a.json"]


def soon(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)
