"""A detector for tests: signs what it sends as the documentation says, with nothing of ours but the secret."""

import base64
import hashlib
import hmac
import itertools
import json
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.test import Client

from apps.accounts.models import Tenant
from apps.accounts.tenancy import tenant_scope
from apps.alerts.operations import create_source
from apps.audit.events import Actor

URL = "/api/v1/alerts/"
BOUNDARY = "a-boundary"
_numbers = itertools.count(1)

# The first bytes of an MP4 file: enough for intake, which does not decode.
MP4 = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41" + bytes(range(256)) * 8


def signature(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def stated(camera: str, **changes: Any) -> dict[str, Any]:
    """A well-formed alert; `changes` replace fields."""
    return {
        "camera": camera,
        "detector": {"id": "acme", "version": "4.2.0"},
        "label": "concealment",
        "score": 0.91,
        "camera_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    } | changes


def multipart(*parts: tuple[str, bytes, str]) -> bytes:
    """Parts as (name, content, file name or "")."""
    body = b""
    for name, content, file_name in parts:
        disposition = f'form-data; name="{name}"' + (
            f'; filename="{file_name}"' if file_name else ""
        )
        body += f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode()
        body += content + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


@dataclass
class Detector:
    """One sender with its secret. `send` answers like a browserless HTTP client would see it."""

    source_id: UUID
    secret: str
    client: Client = field(default_factory=Client)

    def send(
        self,
        body: bytes | dict[str, Any],
        *,
        url: str = URL,
        method: str = "POST",
        message_id: str = "",
        timestamp: int | None = None,
        content_type: str = "application/json",
        **headers: str,
    ) -> Any:
        raw = json.dumps(body).encode() if isinstance(body, dict) else body
        message_id = message_id or f"msg_{next(_numbers)}"
        timestamp = int(time.time()) if timestamp is None else timestamp
        signed = {
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(
                self.secret, message_id=message_id, timestamp=timestamp, body=raw
            ),
            "second-look-source": str(self.source_id),
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            method, url, raw, content_type=content_type, headers=signed, CONTENT_TYPE=content_type
        )

    def send_multipart(self, *parts: tuple[str, bytes, str], **options: Any) -> Any:
        content_type = f"multipart/form-data; boundary={BOUNDARY}"
        return self.send(multipart(*parts), content_type=content_type, **options)

    def send_with_clip(
        self, alert: dict[str, Any], clip: bytes, *, name: str = "a.mp4", **options: Any
    ) -> Any:
        parts = (("alert", json.dumps(alert).encode(), ""), ("clip", clip, name))
        return self.send_multipart(*parts, **options)


def make_detector(tenant: Tenant) -> Detector:
    with tenant_scope(tenant.id):
        source, secret = create_source(
            actor=Actor.system(tenant.id), name=f"detector {next(_numbers)}"
        )
    return Detector(source.id, secret)
