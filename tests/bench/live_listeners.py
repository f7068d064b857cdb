"""Many browsers that hold live updates, as plain connections: what each heard, and when."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Listener:
    """One event stream over a connection of its own; `heard` is when each subject came, on the monotonic clock."""

    heard: dict[str, float] = field(default_factory=dict)
    twice: set[str] = field(default_factory=set)
    ended: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, url: str, cookie: str) -> None:
        """Open the stream and read it until this task is cancelled; count when the server ends it."""
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        asked = f"GET /live/ HTTP/1.1\r\nHost: {parts.netloc}\r\nCookie: {cookie}\r\n\r\n"
        try:
            writer.write(asked.encode())
            async for line in reader:
                self._read(line)
            self.ended += 1
        finally:
            writer.close()

    def _read(self, line: bytes) -> None:
        if line.startswith(b"event: hello"):
            self.ready.set()
        elif line.startswith((b"event: again", b"event: bye")):
            self.ended += 1
        elif line.startswith(b'data: {"topic"'):
            subject = json.loads(line[6:])["id"]
            if subject in self.heard:
                self.twice.add(subject)
            self.heard.setdefault(subject, time.monotonic())


async def open_listeners(
    url: str, cookie: str, count: int
) -> tuple[list[Listener], list[asyncio.Task[None]]]:
    """Open `count` streams, twenty at a time, as people do who come to work; all have heard "hello" on return."""
    listeners = [Listener() for _ in range(count)]
    tasks: list[asyncio.Task[None]] = []
    for start in range(0, count, 20):
        some = listeners[start : start + 20]
        tasks += [asyncio.create_task(one.listen(url, cookie)) for one in some]
        await asyncio.wait_for(asyncio.gather(*(one.ready.wait() for one in some)), 60)
    return listeners, tasks
