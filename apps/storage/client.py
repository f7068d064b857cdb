"""How we speak to the S3 server: signed, with time-outs, bounded retries and no redirects."""

from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from minio import Minio
from urllib3 import PoolManager, Retry, Timeout

CONNECT_SECONDS: Final = 2.0
READ_SECONDS: Final = 20.0
HEALTH_SECONDS: Final = 1.0
RETRIES: Final = 2


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where the S3 server is and how to sign for it."""

    endpoint: str
    access_key: str
    secret_key: str
    region: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.endpoint)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ValueError("an S3 endpoint looks like http://host:port")


@cache
def client_for(address: Address, *, hasty: bool = False) -> Minio:
    parts = urlsplit(address.endpoint)
    return Minio(
        parts.netloc,
        access_key=address.access_key,
        secret_key=address.secret_key,
        secure=parts.scheme == "https",
        region=address.region,
        http_client=_pool(hasty=hasty),
    )


def _pool(*, hasty: bool) -> PoolManager:
    connect, read = (HEALTH_SECONDS,) * 2 if hasty else (CONNECT_SECONDS, READ_SECONDS)
    retries = Retry(
        total=0 if hasty else RETRIES,
        backoff_factor=0.2,
        status_forcelist=(500, 502, 503, 504),
        redirect=0,
    )
    return PoolManager(
        timeout=Timeout(connect=connect, read=read), maxsize=16, retries=retries, headers=None
    )
