"""Asking an external detector to score frames again: one signed POST, one number back (docs/rescoring.md).

Signed like every webhook here (`apps.alerts.signing`). The whole of it, name look-up included, takes no longer
than the source's own time limit; one failure of the network is tried again under the same `webhook-id`. Redirects are not
followed, proxies not used, and the connection goes to the very address that was checked.
"""

import asyncio
import base64
import json
import math
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from time import time
from typing import Final
from uuid import UUID, uuid4

import httpx

from apps.alerts.addresses import AddressRefused, require_url, resolved
from apps.alerts.signing import ID_HEADER, SIGNATURE_HEADER, SOURCE_HEADER, TIMESTAMP_HEADER, sign

PROTOCOL: Final = 1
TRIES: Final = 2
PAUSE_SECONDS: Final = 0.2
MOST_BODY_BYTES: Final = 96 * 1024 * 1024
MOST_ANSWER_BYTES: Final = 64 * 1024
LONGEST_SECONDS: Final = 60.0
_TRY_AGAIN: Final = frozenset({429, 502, 503, 504})

Picture = tuple[float, bytes]
"""Seconds from the clip's first frame, and the frame as PNG."""


class UnableToRescore(Exception):
    """No score was had. `str()` is a sentence for the record, without addresses or secrets."""

    def __init__(self, sentence: str, *, passing: bool = False) -> None:
        super().__init__(sentence)
        self.passing = passing


@dataclass(frozen=True, kw_only=True)
class RescoreEndpoint:
    """Where and how a source's detector is asked. `timeout_seconds` bounds each try as a whole."""

    source_id: UUID
    url: str
    secret: str = field(repr=False)
    timeout_seconds: float
    beyond_network: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.timeout_seconds <= LONGEST_SECONDS:
            raise ValueError(f"a detector is given 0 to {LONGEST_SECONDS:g} seconds")
        require_url(self.url, beyond_network=self.beyond_network)

    def ask(self, frames: Sequence[Picture]) -> float:
        """The detector's score, 0..1, of a clip of these frames. Raises UnableToRescore.

        Not from inside a running event loop.
        """
        body = _body(frames)
        if len(body) > MOST_BODY_BYTES:
            raise UnableToRescore("The frames are too large to send to the detector.")
        return asyncio.run(self._tried(body, message_id=f"rescore_{uuid4().hex}"))

    async def _tried(self, body: bytes, *, message_id: str) -> float:
        for left in reversed(range(TRIES)):
            try:
                async with asyncio.timeout(self.timeout_seconds):
                    return await self._asked(body, message_id=message_id)
            except TimeoutError:
                sentence = f"The detector did not answer in {self.timeout_seconds:g} s."
                problem = UnableToRescore(sentence, passing=True)
            except UnableToRescore as found:
                problem = found
            if not (problem.passing and left):
                raise problem
            await asyncio.sleep(PAUSE_SECONDS)
        raise AssertionError("a try either answers or raises")

    async def _asked(self, body: bytes, *, message_id: str) -> float:
        request = await self._request(body, message_id=message_id)
        client = httpx.AsyncClient(
            timeout=None,  # noqa: S113 - the whole try has its own limit
            trust_env=False,
            follow_redirects=False,
            verify=_trusted(),
        )
        try:
            async with client:
                answer = await client.send(request, stream=True)
                try:
                    return _score(answer.status_code, await _read(answer))
                finally:
                    await answer.aclose()
        except httpx.ConnectError:
            raise UnableToRescore("The detector cannot be reached.", passing=True) from None
        except httpx.HTTPError:
            raise UnableToRescore("The detector broke off its answer.", passing=True) from None

    async def _request(self, body: bytes, *, message_id: str) -> httpx.Request:
        parts = require_url(self.url, beyond_network=self.beyond_network)
        encrypted = parts.scheme == "https"
        host, port = str(parts.hostname), parts.port or (443 if encrypted else 80)
        try:
            number = await resolved(
                host, port, beyond_network=self.beyond_network, encrypted=encrypted
            )
        except AddressRefused as refusal:
            raise UnableToRescore(str(refusal)) from None
        request = httpx.Request(
            "POST",
            httpx.URL(self.url).copy_with(host=number),
            content=body,
            headers=self._headers(body, message_id=message_id) | {"host": _named(host, parts.port)},
        )
        if encrypted:
            request.extensions["sni_hostname"] = host
        return request

    def _headers(self, body: bytes, *, message_id: str) -> dict[str, str]:
        seconds = int(time())
        signature = sign(self.secret, message_id=message_id, timestamp=seconds, body=body)
        return {
            "content-type": "application/json",
            "accept": "application/json",
            "accept-encoding": "identity",
            "user-agent": "second-look",
            SOURCE_HEADER: str(self.source_id),
            ID_HEADER: message_id,
            TIMESTAMP_HEADER: str(seconds),
            SIGNATURE_HEADER: signature,
        }


def _body(frames: Sequence[Picture]) -> bytes:
    listed = [
        {"seconds": round(float(seconds), 3), "png": base64.b64encode(png).decode()}
        for seconds, png in frames
    ]
    return json.dumps({"protocol": PROTOCOL, "frames": listed}).encode()


async def _read(answer: httpx.Response) -> bytes:
    content = b""
    async for chunk in answer.aiter_raw():
        content += chunk
        if len(content) > MOST_ANSWER_BYTES:
            raise UnableToRescore("The detector's answer is too long for a score.")
    return content


def _score(status: int, content: bytes) -> float:
    if 300 <= status < 400:
        raise UnableToRescore("The detector answered with a redirect, which is not followed.")
    if status != 200:
        passing = status in _TRY_AGAIN
        raise UnableToRescore(f"The detector answered with status {status}.", passing=passing)
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        answer = None
    score = answer.get("score") if isinstance(answer, dict) else None
    if isinstance(score, bool) or not isinstance(score, int | float):
        raise UnableToRescore('The detector did not answer with {"score": 0..1}.')
    if not (math.isfinite(score) and 0 <= score <= 1):
        raise UnableToRescore("The detector's score is not within 0..1.")
    return float(score)


def _named(host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"{name}:{port}" if port else name


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """The machine's own certificate authorities; a store's own one belongs there."""
    return ssl.create_default_context()
