"""What can go wrong with stored objects, in words a caller can act on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from minio.error import InvalidResponseError, S3Error, ServerError
from urllib3.exceptions import HTTPError

_MISSING: Final = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchObject", "NoSuchUpload"})
_NOT_READY: Final = frozenset(
    {"InternalError", "NoSuchBucket", "RequestTimeout", "ServiceUnavailable", "SlowDown"}
)
_WRITES: Final = frozenset({"delete", "lock"})


class StorageError(Exception):
    """The object store refused; repeating the same request will not help."""


class StorageUnavailable(StorageError):
    """The object store did not answer in time or is not ready: try again later."""


class ObjectMissing(StorageError):
    """There is no object under this key."""


class ObjectLocked(StorageError):
    """The object is under retention or legal hold, and the store refused to change it."""


class DigestMismatch(StorageError):
    """The bytes are not the ones that were promised."""


@contextmanager
def translated(act: str, key: str) -> Iterator[None]:
    """Turn the client's exceptions into this module's, naming the act and the key.

    ``act`` is one verb ("read", "write", "delete", "lock", ...); a denied delete or lock means
    that the object is locked, because our own credentials may do everything else.
    """
    try:
        yield
    except S3Error as error:
        raise _from_s3(error, act, key) from error
    except (HTTPError, ServerError, InvalidResponseError) as error:
        raise StorageUnavailable(f"could not {act} {key}: {type(error).__name__}") from error


def _from_s3(error: S3Error, act: str, key: str) -> StorageError:
    code = str(error.code)
    sentence = f"could not {act} {key}: {code}"
    if code in _MISSING:
        return ObjectMissing(sentence)
    if code in _NOT_READY:
        return StorageUnavailable(sentence)
    if act in _WRITES and code in {"AccessDenied", "InvalidRetentionPeriod", "ObjectLocked"}:
        return ObjectLocked(sentence)
    return StorageError(sentence)
