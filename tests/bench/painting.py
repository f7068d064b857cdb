"""First visits in Chromium: when something is painted, and how much came."""

import gzip
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.conf import settings
from playwright.sync_api import Browser, Response, sync_playwright

from tests.browser.conftest import QUIET, _chromium

_PAINT = "performance.getEntriesByName('first-contentful-paint')"


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Milliseconds to the first contentful paint, and the kilobytes that came besides media."""

    paint_ms: float
    kilobytes: float


def visit_each(url: str, session: str, paths: Sequence[str]) -> list[Visit]:
    """Visit each path with an empty cache. In a thread of its own: the database is not asked beside an event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_visit_each, url, session, paths).result()


def _visit_each(url: str, session: str, paths: Sequence[str]) -> list[Visit]:
    flags = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=flags)
        seen = [_visit(browser, url, session, path) for path in paths]
        browser.close()
    return seen


def _visit(browser: Browser, url: str, session: str, path: str) -> Visit:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])
    page = context.new_page()
    came: list[Response] = []
    page.on("response", lambda response: came.append(response))
    answer = page.goto(f"{url}{path}", wait_until="load")
    assert answer is not None
    assert (answer.status, answer.url) == (200, f"{url}{path}")
    page.wait_for_function(f"{_PAINT}.length")
    paint = page.evaluate(f"{_PAINT}[0].startTime")
    weight = sum(_bytes(one) for one in came)
    context.close()
    return Visit(paint_ms=paint, kilobytes=weight / 1000)


def _bytes(response: Response) -> int:
    """The body compressed, as pages and files are sent by the product; pictures, films and event streams left out."""
    kind = response.headers.get("content-type", "")
    if response.status != 200 or kind.startswith(("video/", "text/event-stream")):
        return 0
    if "/static/" not in response.url and kind.startswith("image/"):
        return 0
    return len(gzip.compress(response.body(), 6))
