"""`/live/`: who hears what, from one Redis subscription, without holding a database connection."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import connection, transaction

from apps.accounts.live import LiveMessage, channel_of, decode, encode, publish_live
from apps.accounts.models import User
from apps.console import live
from tests.console.people import signed_in
from tests.world import World, make_world

PATIENCE_SECONDS = 20


@dataclass
class Browser:
    """One open stream as the browser sees it."""

    cookie: str
    events: "asyncio.Queue[tuple[str, Any]]" = field(default_factory=asyncio.Queue)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    status: int = 0

    def scope(self, method: str = "GET") -> dict[str, Any]:
        headers = [(b"cookie", self.cookie.encode())] if self.cookie else []
        return {"type": "http", "method": method, "path": "/live/", "headers": headers}

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        for part in message["body"].decode().split("\n\n"):
            name, _, data = part.partition("\n")
            if name.startswith("event: "):
                self.events.put_nowait((name[7:], json.loads(data[6:])))

    async def next(self) -> tuple[str, Any]:
        return await asyncio.wait_for(self.events.get(), PATIENCE_SECONDS)


@asynccontextmanager
async def listening(cookie: str) -> AsyncIterator[Browser]:
    browser = Browser(cookie)
    task = asyncio.create_task(live.application(browser.scope(), browser.receive, browser.send))
    try:
        yield browser
    finally:
        browser.gone.set()
        await asyncio.wait_for(task, PATIENCE_SECONDS)


def cookie_of(user: User) -> str:
    client = signed_in(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}"


def told(tenant_id: UUID, subject_id: UUID, site_id: UUID | None = None) -> None:
    with transaction.atomic():
        publish_live(tenant_id=tenant_id, topic="alert", subject_id=subject_id, site_id=site_id)


async def told_elsewhere(*message: UUID) -> None:
    """The same from another thread, as from another process."""

    def tell() -> None:
        try:
            told(*message)
        finally:
            connection.close()

    await asyncio.to_thread(tell)


def run(story: Callable[[], Awaitable[None]]) -> None:
    """Run a story in a loop of its own, and take the loop's hub down with it."""

    async def whole() -> None:
        try:
            await story()
        finally:
            hub = live._hubs.pop(asyncio.get_running_loop(), None)
            if hub and hub._task:
                hub._task.cancel()
                await asyncio.gather(hub._task, return_exceptions=True)

    asyncio.run(whole())


@pytest.fixture
def apart(transactional_db: None, redis_url: str) -> World:
    return make_world()


def test_a_browser_hears_of_its_own_retailer_and_sites_only(apart: World) -> None:
    operator, lead = cookie_of(apart.operator), cookie_of(apart.lead)
    mine, elsewhere, foreign = uuid4(), uuid4(), uuid4()

    async def story() -> None:
        async with listening(operator) as one, listening(lead) as two:
            assert await one.next() == ("hello", {})
            assert await two.next() == ("hello", {})
            await told_elsewhere(apart.foreign_tenant.id, foreign)
            await told_elsewhere(apart.tenant.id, elsewhere, apart.other_site.id)
            await told_elsewhere(apart.tenant.id, mine, apart.site.id)
            assert await one.next() == ("change", {"topic": "alert", "id": str(mine)})
            assert await two.next() == ("change", {"topic": "alert", "id": str(elsewhere)})
            assert await two.next() == ("change", {"topic": "alert", "id": str(mine)})

    run(story)


def test_twenty_five_browsers_hear_everything_in_its_order(apart: World) -> None:
    cookie, subjects = cookie_of(apart.lead), [uuid4() for _ in range(50)]
    expected = [
        ("hello", {}),
        *(("change", {"topic": "alert", "id": str(one)}) for one in subjects),
    ]

    async def story() -> None:
        async with AsyncExitStack() as many:
            browsers = [await many.enter_async_context(listening(cookie)) for _ in range(25)]
            hellos = [await browser.next() for browser in browsers]
            for subject in subjects:
                await told_elsewhere(apart.tenant.id, subject)
            for browser, hello in zip(browsers, hellos, strict=True):
                heard = [await browser.next() for _ in subjects]
                assert [hello, *heard] == expected

    run(story)


def test_a_stranger_is_sent_away_for_good(apart: World) -> None:
    async def story() -> None:
        for cookie in ("", "nonsense=1", f"{settings.SESSION_COOKIE_NAME}={'a' * 32}"):
            async with listening(cookie) as browser:
                assert await browser.next() == ("bye", {})
        async with listening(no_alerts) as browser:
            assert await browser.next() == ("bye", {})

    no_alerts = cookie_of(apart.ops)
    run(story)


def test_only_reading_is_possible(apart: World) -> None:
    async def story() -> None:
        browser = Browser("")
        await live.application(browser.scope("POST"), browser.receive, browser.send)
        assert browser.status == 405

    run(story)


def test_a_stream_ends_after_its_time_and_asks_to_come_back(
    apart: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "STREAM_SECONDS", 0.2)
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.1)
    cookie = cookie_of(apart.operator)

    async def story() -> None:
        async with listening(cookie) as browser:
            assert await browser.next() == ("hello", {})
            assert await browser.next() == ("again", {})

    run(story)


def test_without_redis_the_stream_is_refused_and_business_goes_on(
    apart: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.accounts import live as publisher

    cookie = cookie_of(apart.operator)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(live, "READY_SECONDS", 0.3)
    publisher._client.cache_clear()

    async def story() -> None:
        async with listening(cookie) as browser:
            await asyncio.sleep(1)
        assert browser.status == 503

    try:
        told(apart.tenant.id, uuid4())
        run(story)
    finally:
        publisher._client.cache_clear()


def test_a_slow_browser_is_dropped_instead_of_held_in_memory() -> None:
    stream = live.Stream(live.Listener(user_id=uuid4(), tenant_id=uuid4(), site_ids=None))
    message = LiveMessage(topic="alert", subject_id=str(uuid4()))
    for _ in range(live.MOST_WAITING + 5):
        stream.offer(message)
    waiting = [stream.waiting.get_nowait() for _ in range(stream.waiting.qsize())]
    assert len(waiting) == live.MOST_WAITING
    assert None in waiting


def test_a_message_carries_a_topic_and_ids_and_nothing_else() -> None:
    message = LiveMessage(topic="case", subject_id="1", site_id="2")
    assert decode(encode(message)) == message
    assert channel_of(UUID(int=7)).endswith("0007")
    for nonsense in ("{}", "[]", "null", '{"topic": "two words", "id": "", "site": ""}', "x"):
        with pytest.raises(ValueError, match=r".*"):
            decode(nonsense)
