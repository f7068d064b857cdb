"""`/live/`: server-sent events to the browsers of a tenant, beside Django.

A stream costs one short authorised query when it opens; after that it holds neither a thread nor a database connection.
Each process holds one Redis subscription for all its streams. A stream ends itself after some minutes, so that a
withdrawn session or grant is noticed when the browser comes back.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any
from uuid import UUID

import redis.asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib import auth
from django.db import DatabaseError, connection
from django.http import HttpRequest
from psycopg_pool import PoolTimeout
from redis.exceptions import RedisError

from apps.accounts.live import CHANNEL_PREFIX, PERSONAL, LiveMessage, decode
from apps.accounts.models import User
from apps.accounts.permissions import EVERY_SITE, Permission, Role
from apps.accounts.tenancy import tenant_scope
from apps.sites.queries import sites_visible_to

logger = logging.getLogger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

HEARTBEAT_SECONDS = 15.0
STREAM_SECONDS = 300.0
READY_SECONDS = 3.0
RETRY_SECONDS = 1.0
MOST_WAITING = 200


@dataclass(frozen=True, kw_only=True)
class Listener:
    """Who listens: the person, their tenant, and the sites they may hear of (None: every one)."""

    user_id: UUID
    tenant_id: UUID
    site_ids: frozenset[str] | None

    def may_hear(self, message: LiveMessage) -> bool:
        if message.topic in PERSONAL:
            return message.subject_id == str(self.user_id)
        return not message.site_id or self.site_ids is None or message.site_id in self.site_ids


@dataclass(eq=False)
class Stream:
    """One browser's open stream; a full queue ends it, and the browser re-reads when it returns."""

    listener: Listener
    waiting: asyncio.Queue[LiveMessage | None] = field(
        default_factory=lambda: asyncio.Queue(MOST_WAITING)
    )

    def offer(self, message: LiveMessage | None) -> None:
        try:
            self.waiting.put_nowait(message)
        except asyncio.QueueFull:
            self.waiting.get_nowait()
            self.waiting.put_nowait(None)


class Hub:
    """The process's one Redis subscription, fanned out to its streams by tenant."""

    def __init__(self) -> None:
        self._streams: dict[str, set[Stream]] = {}
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def stream(self, listener: Listener) -> AsyncIterator[Stream]:
        """Join the tenant's streams. Raises TimeoutError while Redis cannot be reached."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        stream = Stream(listener)
        streams = self._streams.setdefault(str(listener.tenant_id), set())
        streams.add(stream)
        try:
            await asyncio.wait_for(self._ready.wait(), READY_SECONDS)
            yield stream
        finally:
            streams.discard(stream)

    async def _run(self) -> None:
        while True:
            try:
                await self._subscribe()
            except (RedisError, OSError) as error:
                logger.warning("live subscription lost: %s", type(error).__name__)
            self._ready.clear()
            self._end_all()
            await asyncio.sleep(RETRY_SECONDS)

    async def _subscribe(self) -> None:
        client = redis.asyncio.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=2.0, health_check_interval=20
        )
        async with client, client.pubsub() as subscription:
            await subscription.psubscribe(f"{CHANNEL_PREFIX}*")
            async for raw in subscription.listen():
                if raw["type"] == "psubscribe":
                    self._ready.set()
                elif raw["type"] == "pmessage":
                    self._fan_out(raw["channel"].decode().removeprefix(CHANNEL_PREFIX), raw["data"])

    def _fan_out(self, tenant_id: str, data: bytes) -> None:
        try:
            message = decode(data)
        except ValueError:
            logger.warning("a live message could not be read")
            return
        for stream in self._streams.get(tenant_id, ()):
            if stream.listener.may_hear(message):
                stream.offer(message)

    def _end_all(self) -> None:
        for streams in self._streams.values():
            for stream in streams:
                stream.offer(None)


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application of `/live/`."""
    if scope["type"] != "http" or scope["method"] != "GET":
        await _plain(send, 405, "only GET")
        return
    try:
        listener = await sync_to_async(_authorise, thread_sensitive=False)(_session_key(scope))
    except (DatabaseError, PoolTimeout):
        await _plain(send, 503, "not available, try again")
        return
    if listener is None:
        await _start(send)
        await _event(send, "bye", {})
        await _body(send, b"", more=False)
        return
    await _serve(listener, receive, send)


async def _serve(listener: Listener, receive: Receive, send: Send) -> None:
    hub = _hubs.setdefault(asyncio.get_running_loop(), Hub())
    try:
        async with hub.stream(listener) as stream:
            await _start(send)
            await _event(send, "hello", {})
            await _until_gone(_write(stream, send), receive)
            with suppress(OSError):
                await _body(send, b"", more=False)
    except TimeoutError:
        await _plain(send, 503, "not available, try again")


async def _write(stream: Stream, send: Send) -> None:
    """Write events and heartbeats until the stream's time is over or it fell behind."""
    loop = asyncio.get_running_loop()
    end = loop.time() + STREAM_SECONDS
    while loop.time() < end:
        try:
            message = await asyncio.wait_for(stream.waiting.get(), HEARTBEAT_SECONDS)
        except TimeoutError:
            await _body(send, b": still here\n\n")
            continue
        if message is None:
            break
        await _event(send, "change", {"topic": message.topic, "id": message.subject_id})
    await _event(send, "again", {})


async def _until_gone(writing: Any, receive: Receive) -> None:
    """Run `writing` until it ends or the browser goes away, whichever is first."""
    tasks = {asyncio.ensure_future(writing), asyncio.ensure_future(_gone(receive))}
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        with suppress(OSError):
            task.result()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _session_key(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"cookie":
            with suppress(CookieError):
                cookie = SimpleCookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
                return cookie.value if cookie else ""
    return ""


def _authorise(session_key: str) -> Listener | None:
    """The person behind the session and the sites they may hear of; None for a stranger."""
    if not session_key:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    try:
        user = auth.get_user(request)
        if not isinstance(user, User) or not user.may(Permission.VIEW_ALERTS):
            return None
        return _listener(user)
    finally:
        connection.close()


def _listener(user: User) -> Listener:
    if Role(user.role) in EVERY_SITE:
        return Listener(user_id=user.id, tenant_id=user.tenant_id, site_ids=None)
    with tenant_scope(user.tenant_id):
        sites = sites_visible_to(user).values_list("id", flat=True)
        return Listener(
            user_id=user.id,
            tenant_id=user.tenant_id,
            site_ids=frozenset(str(site_id) for site_id in sites),
        )


async def _start(send: Send) -> None:
    headers = [
        (b"content-type", b"text/event-stream"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


async def _event(send: Send, name: str, data: dict[str, str]) -> None:
    await _body(send, f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())


async def _body(send: Send, chunk: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": more})


async def _plain(send: Send, status: int, words: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await _body(send, words.encode(), more=False)
