"""One signed POST to an integrator's address, and what came of it.

Signed like every webhook here (`apps.alerts.signing`); the connection goes to the very address that was checked, never
through a proxy, and no redirect is followed. The whole of it, name look-up included, takes no longer than asked.
"""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from time import time
from typing import Final
from uuid import UUID

import httpx

from apps.alerts.addresses import (
    NEVER,
    OUTSIDE,
    PLAIN,
    UNKNOWN,
    AddressRefused,
    require_url,
    resolved,
)
from apps.alerts.signing import ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, sign

GONE: Final = 410
_OURS: Final = {
    OUTSIDE: "The address lies outside the store's network. Say first that it may.",
    NEVER: "Nothing is sent to an address of this kind.",
    PLAIN: "Outside the store's network events go by https only.",
    UNKNOWN: "The name in the address is not known here.",
}


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What is sent and where. `secrets` are those the receiver may know: the current one first."""

    delivery_id: UUID
    event_id: UUID
    url: str
    beyond_network: bool
    secrets: tuple[str, ...] = field(repr=False)
    body: str
    timeout_seconds: float


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of a try: the status, when there was one, and "" or a sentence that says what went wrong."""

    delivery_id: UUID
    status: int | None
    problem: str = ""

    @property
    def arrived(self) -> bool:
        return not self.problem


def in_our_words(refusal: AddressRefused) -> str:
    """The sentence for an address that was refused, in the words of events instead of frames."""
    return _OURS.get(str(refusal), str(refusal))


def send_all(letters: Sequence[Letter]) -> list[Answer]:
    """Send the letters at the same time; one answer each, in their order. Not from inside a running event loop."""

    async def together() -> list[Answer]:
        return list(await asyncio.gather(*map(_sent, letters)))

    return asyncio.run(together())


async def _sent(letter: Letter) -> Answer:
    status: int | None = None
    try:
        async with asyncio.timeout(letter.timeout_seconds):
            status = await _status(letter)
            problem = _problem(status)
    except TimeoutError:
        problem = f"No answer in {letter.timeout_seconds:g} s."
    except AddressRefused as refusal:
        problem = in_our_words(refusal)
    except httpx.ConnectError:
        problem = "The address cannot be reached."
    except (httpx.HTTPError, httpx.InvalidURL):
        problem = "The receiver broke off its answer."
    return Answer(delivery_id=letter.delivery_id, status=status, problem=problem)


async def _status(letter: Letter) -> int:
    request = await _request(letter)
    client = httpx.AsyncClient(
        timeout=None,  # noqa: S113 - the whole try has its own limit
        trust_env=False,
        follow_redirects=False,
        verify=_trusted(),
    )
    async with client:
        answer = await client.send(request, stream=True)
        try:
            return answer.status_code
        finally:
            await answer.aclose()


async def _request(letter: Letter) -> httpx.Request:
    parts = require_url(letter.url, beyond_network=letter.beyond_network)
    encrypted = parts.scheme == "https"
    host, port = str(parts.hostname), parts.port or (443 if encrypted else 80)
    number = await resolved(host, port, beyond_network=letter.beyond_network, encrypted=encrypted)
    request = httpx.Request(
        "POST",
        httpx.URL(letter.url).copy_with(host=number),
        content=letter.body.encode(),
        headers=_headers(letter) | {"host": _named(host, parts.port)},
    )
    if encrypted:
        request.extensions["sni_hostname"] = host
    return request


def _headers(letter: Letter) -> dict[str, str]:
    seconds, identity = int(time()), str(letter.event_id)
    signatures = [
        sign(secret, message_id=identity, timestamp=seconds, body=letter.body.encode())
        for secret in letter.secrets
    ]
    return {
        "content-type": "application/json",
        "accept-encoding": "identity",
        "user-agent": "second-look",
        ID_HEADER: identity,
        TIMESTAMP_HEADER: str(seconds),
        SIGNATURE_HEADER: " ".join(signatures),
    }


def _problem(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return "The receiver answered with a redirect, which is not followed."
    return f"The receiver answered with status {status}."


def _named(host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"{name}:{port}" if port else name


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """The machine's own certificate authorities; a store's own one belongs there."""
    return ssl.create_default_context()
