"""No request body beyond its limit is read, whatever length it announces.

Django's ASGI handler copies a whole body to disk before any view runs; this stands in front of it.
A body may arrive in pieces without a length, so the pieces are counted as well.
"""

import errno
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

FORM_OVERHEAD_BYTES = 2**20


class _TooLarge(Exception):
    """More came than is allowed."""


def most_bytes(path: str) -> int:
    """What a body at this address may have: the API's limit, or a clip in a form."""
    if path.startswith("/api/"):
        return int(settings.INTAKE_MAX_BODY_BYTES)
    return int(settings.CLIP_MAX_BYTES) + FORM_OVERHEAD_BYTES


def limited(application: Application) -> Application:
    """Answer 413 for a body beyond its limit, and 507 when the disk cannot hold one."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        most = most_bytes(scope.get("path", ""))
        if _announced(scope) > most:
            return await _refuse(send, 413, most)
        state = {"read": 0, "answered": 0}
        try:
            await application(scope, _counting(receive, state, most), _watching(send, state))
        except _TooLarge:
            if not state["answered"]:
                await _refuse(send, 413, most)
        except OSError as error:
            if state["answered"] or error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            await _refuse(send, 507, most)

    return serve


def _counting(receive: Receive, state: dict[str, int], most: int) -> Receive:
    async def count() -> Message:
        message = await receive()
        if message["type"] == "http.request":
            state["read"] += len(message.get("body", b""))
            if state["read"] > most:
                raise _TooLarge
        return message

    return count


def _watching(send: Send, state: dict[str, int]) -> Send:
    async def watch(message: Message) -> None:
        state["answered"] = 1
        await send(message)

    return watch


def _announced(scope: Scope) -> int:
    for name, value in scope.get("headers", ()):
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


async def _refuse(send: Send, status: int, most: int) -> None:
    words = {
        413: ("too_large", f"The body has more than {most} bytes."),
        507: ("spool_full", "There is no room for the body. Nothing was accepted; try again."),
    }
    code, detail = words[status]
    body = json.dumps({"detail": detail, "code": code}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        (b"retry-after", b"30"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
