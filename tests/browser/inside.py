"""A real browser in front of the application inside a test's own transaction: no stack, no waiting.

What the browser asks for is handed to Django as its server would hand it, headers and bodies as they came, and what Django
says goes back with its own headers, so that the page's policy and its scripts work as they do in use. What the other
processes of a stack would do (sealing, writing files) is set up by the test. For stories about people and pages; what
crosses processes is told with `product`.

The story runs in a thread of its own, because a browser brings an event loop and Django's connection belongs to the thread
of the test, which answers meanwhile. So a story touches no model; the test does before and after it.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future
from html import escape
from mimetypes import guess_type
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from django.contrib.staticfiles import finders
from playwright.sync_api import Browser, Page, Route, sync_playwright

from apps.accounts.models import User
from tests.browser.conftest import QUIET, _chromium
from tests.console.people import signed_in

ADDRESS = "http://localhost:9"
PATIENCE_SECONDS = 60.0
SIZE = {"width": 1440, "height": 900}
NO_WORKER = "Service Worker registration blocked"
"""What Playwright says to the console where it keeps service workers away: one would ask past `route`."""


class Inside:
    """The browser of a story, and the way from its thread to the one Django is in."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = SimpleQueue()
        self._browser: Browser | None = None

    def seat(self, person: User, *, seconds_ago: float = 0) -> "Seat":
        """One more person, who proved who they are `seconds_ago`, in a browser of their own."""
        assert self._browser is not None
        client = self.ask(lambda: signed_in(person, seconds_ago=seconds_ago))
        context = self._browser.new_context(
            viewport=SIZE,  # type: ignore[arg-type]
            reduced_motion="reduce",
            service_workers="block",
        )
        return Seat(self, context.new_page(), client)

    def ask(self, question: Callable[[], Any]) -> Any:
        """Have the test's thread answer."""
        answer: Future[Any] = Future()
        self._asked.put((question, answer))
        return answer.result(timeout=PATIENCE_SECONDS)

    def tell(self, story: Callable[["Inside"], None]) -> None:
        """Run the story to its end, answering what its browser asks. Raises what the story raises."""
        told: Future[None] = Future()
        Thread(target=self._tell, args=(story, told), daemon=True).start()
        while not told.done():
            try:
                question, answer = self._asked.get(timeout=0.02)
            except Empty:
                continue
            try:
                answer.set_result(question())
            except BaseException as error:
                answer.set_exception(error)
        told.result()

    def _tell(self, story: Callable[["Inside"], None], told: "Future[None]") -> None:
        flags = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        try:
            with sync_playwright() as playwright:
                self._browser = playwright.chromium.launch(executable_path=_chromium(), args=flags)
                story(self)
                self._browser.close()
        except BaseException as error:
            told.set_exception(error)
        else:
            told.set_result(None)


class Seat:
    """One person at the desk, signed in; what the pages complained about is kept."""

    def __init__(self, desk: Inside, page: Page, client: Any) -> None:
        self.desk, self.page, self.client = desk, page, client
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._console)
        page.route("**/*", self._answer)

    def open(self, path: str) -> Page:
        self.page.goto(ADDRESS + path)
        return self.page

    def screenshot(self, name: str) -> None:
        """The page light and dark, wide and narrow, into the folder $SCREENSHOTS names, if it names one."""
        if not (folder := os.environ.get("SCREENSHOTS")):
            return
        Path(folder).mkdir(parents=True, exist_ok=True)
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            for width in (1440, 390):
                self.page.set_viewport_size({"width": width, "height": 900})
                self.page.screenshot(path=f"{folder}/{name}-{scheme}-{width}.png", full_page=True)
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size(SIZE)  # type: ignore[arg-type]

    def _console(self, message: object) -> None:
        text = message.text  # type: ignore[attr-defined]
        ours = not any(part in text for part in ("EventSource", NO_WORKER))
        if message.type in {"error", "warning"} and ours:  # type: ignore[attr-defined]
            self.complaints.append(text)

    def _answer(self, route: Route) -> None:
        parts = urlsplit(route.request.url)
        if parts.path.startswith("/static/"):
            found = finders.find(parts.path.removeprefix("/static/"))
            kind = guess_type(parts.path)[0] or "application/octet-stream"
            route.fulfill(body=Path(str(found)).read_bytes(), content_type=kind)
        elif "event-stream" in route.request.headers.get("accept", ""):
            route.fulfill(status=204)  # the live channel: nothing to tell
        else:
            self._ask_django(route, f"{parts.path}?{parts.query}" if parts.query else parts.path)

    def _ask_django(self, route: Route, path: str) -> None:
        sent = route.request.headers
        passed = {
            k: v for k, v in sent.items() if k.startswith("hx-") or k in ("accept", "referer")
        }
        method, body = route.request.method, route.request.post_data_buffer or b""
        kind = sent.get("content-type", "")

        def question() -> tuple[Any, bytes]:
            answer = self.client.generic(method, path, body, content_type=kind, headers=passed)
            return answer, answer.getvalue()

        answer, content = self.desk.ask(question)
        where = answer.get("Location", "")
        if where.startswith("/"):
            # The browser follows a redirection past `route`; a page that sends it on is asked for here again.
            onward = f'<meta http-equiv="refresh" content="0;url={escape(where)}">'
            route.fulfill(body=onward, content_type="text/html")
        elif where:
            route.fulfill(status=204)  # the store's own address
        else:
            headers = {k: v for k, v in answer.items() if k.lower() != "content-length"}
            route.fulfill(status=answer.status_code, headers=headers, body=content)
