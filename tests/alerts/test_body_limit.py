"""A body beyond its limit is refused while it arrives, before it fills a disk."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from pytest_django import Settings

from config.body_limit import Message, Receive, Scope, Send, limited


async def reads_everything(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"read"})


def ask(
    application: Any, pieces: Iterable[bytes], *, path: str = "/api/v1/alerts/", length: str = ""
) -> tuple[int, int]:
    """The status, and how many pieces were taken."""
    sent: list[Message] = []
    waiting = list(pieces)
    count = len(waiting)

    async def receive() -> Message:
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-length", length.encode())] if length else []
    scope = {"type": "http", "path": path, "headers": headers}
    asyncio.run(limited(application)(scope, receive, send))
    return sent[0]["status"], count - len(waiting)


@pytest.fixture(autouse=True)
def _limits(settings: Settings) -> None:
    settings.INTAKE_MAX_BODY_BYTES = 1000
    settings.CLIP_MAX_BYTES = 5000


def test_a_body_within_the_limit_passes() -> None:
    assert ask(reads_everything, [b"x" * 500, b"x" * 500]) == (200, 2)


def test_an_announced_length_over_the_limit_is_refused_unread() -> None:
    assert ask(reads_everything, [b"x"], length="1001") == (413, 0)


@pytest.mark.parametrize("length", ["", "10", "lies"])
def test_a_body_that_grows_over_the_limit_is_cut_off(length: str) -> None:
    assert ask(reads_everything, [b"x" * 600] * 5, length=length) == (413, 2)


def test_a_form_may_carry_a_clip() -> None:
    assert ask(reads_everything, [b"x" * 4000], path="/alerts/new/") == (200, 1)


def test_a_disk_without_room_is_said() -> None:
    async def full(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        raise OSError(28, "No space left on device")

    assert ask(full, [b"x"]) == (507, 1)
