"""The two buckets: media, which can be deleted, and evidence, which cannot."""

from django.conf import settings
from minio import Minio
from minio.error import S3Error

from apps.storage.client import Address, client_for
from apps.storage.errors import StorageError, StorageUnavailable, translated
from apps.storage.locked import LockedStore
from apps.storage.objects import ObjectStore


def media_store() -> ObjectStore:
    """Return the deletable bucket: clips as they came, working copies, dossiers."""
    return ObjectStore(
        bucket=settings.S3_MEDIA_BUCKET,
        address=_address(),
        public_endpoint=settings.S3_PUBLIC_ENDPOINT,
    )


def evidence_store() -> LockedStore:
    """Return the locked bucket: sealed exhibits and signed checkpoints."""
    return LockedStore(
        bucket=settings.S3_EVIDENCE_BUCKET,
        address=_address(),
        public_endpoint=settings.S3_PUBLIC_ENDPOINT,
    )


def ensure_buckets() -> None:
    """Create both buckets where they are missing; refuse an evidence bucket without Object Lock."""
    client = client_for(_address())
    _ensure(client, settings.S3_MEDIA_BUCKET, locked=False)
    _ensure(client, settings.S3_EVIDENCE_BUCKET, locked=True)
    try:
        with translated("check the lock of", settings.S3_EVIDENCE_BUCKET):
            client.get_object_lock_config(settings.S3_EVIDENCE_BUCKET)
    except StorageUnavailable:
        raise
    except StorageError as error:
        raise StorageError(
            f"the bucket {settings.S3_EVIDENCE_BUCKET} exists without Object Lock, which cannot be "
            "added later: name another one in S3_EVIDENCE_BUCKET"
        ) from error


def _ensure(client: Minio, bucket: str, *, locked: bool) -> None:
    with translated("create", bucket):
        if client.bucket_exists(bucket):
            return
        try:
            client.make_bucket(bucket, object_lock=locked)
        except S3Error as error:
            if error.code not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                raise


def _address() -> Address:
    return Address(
        endpoint=settings.S3_ENDPOINT,
        access_key=settings.S3_ACCESS_KEY,
        secret_key=settings.S3_SECRET_KEY,
        region=settings.S3_REGION,
    )
