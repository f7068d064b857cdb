"""A real Chromium in front of the running product."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.harness.product import Product

expect.set_options(timeout=20_000)
# Chromium's own errands, all of them off: what is left reaches for the product's address only.
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-features=AsyncDns,DnsOverHttps,MediaRouter,OptimizationHints,Translate",
    "--disable-quic",
    "--disable-sync",
    "--dns-prefetch-disable",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost, EXCLUDE 127.0.0.1",
    "--no-first-run",
    "--no-pings",
    "--proxy-server=direct://",
    "--autoplay-policy=no-user-gesture-required",
]
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def _chromium() -> str:
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        pytest.fail(
            "The browser tests need Chromium: install it (Debian: apt-get install chromium)."
        )
    return found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    flags = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=flags)
        yield browser
        browser.close()


class Desk:
    """One person's browser: what the page complained about and where it tried to go are kept."""

    def __init__(self, context: BrowserContext, product: Product) -> None:
        self.product = product
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.elsewhere: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._request)

    def _console(self, message: object) -> None:
        if message.type in {"error", "warning"}:  # type: ignore[attr-defined]
            self.complaints.append(message.text)  # type: ignore[attr-defined]

    def _request(self, request: object) -> None:
        parts = urlsplit(request.url)  # type: ignore[attr-defined]
        if parts.scheme in {"http", "https", "ws"} and parts.hostname not in {
            "localhost",
            "127.0.0.1",
        }:
            self.elsewhere.append(request.url)  # type: ignore[attr-defined]

    def sign_in(self, role: str) -> "Desk":
        account = self.product.account(role)
        return self.sign_in_as(account.email, account.password)

    def sign_in_as(self, email: str, password: str) -> "Desk":
        self.open("/accounts/login/")
        self.page.locator("input[name=login]").fill(email)
        self.page.locator("input[name=password]").fill(password)
        self.page.locator("form:has(input[name=password]) button").first.click()
        self.page.wait_for_url(lambda url: "/accounts/login" not in url)
        return self

    def open(self, path: str) -> int:
        answer = self.page.goto(f"{self.product.url}{path}")
        return answer.status if answer else 0

    def play_marked_span(self) -> None:
        """Play until the page says enough was watched: the theft button is then no longer disabled."""
        self.page.locator("[data-do=marked]").first.click()
        button = self.page.locator("a.button", has_text="Confirm theft")
        expect(button).not_to_have_attribute("aria-disabled", "true", timeout=60_000)

    def screenshot(self, name: str) -> None:
        folder = os.environ.get("SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


@pytest.fixture
def desk(
    chromium: Browser, product: Product, outside_connections: list[str]
) -> Iterator[Callable[..., Desk]]:
    """Open a browser for one more person; at the end no page may have asked another machine.

    Pages are watched request by request. The kernel's count is left out (by `outside_connections`):
    Chromium itself tests for an IPv6 route whatever it is told.
    """
    opened: list[tuple[BrowserContext, Desk]] = []

    def new(**options: object) -> Desk:
        context = chromium.new_context(viewport={"width": 1440, "height": 900}, **options)  # type: ignore[arg-type]
        made = Desk(context, product)
        opened.append((context, made))
        return made

    yield new
    for context, made in opened:
        context.close()
        assert made.elsewhere == []


@pytest.fixture
def inside(db: None, outside_connections: list[str]) -> object:
    """An `Inside`: stories of people and pages in this test's own transaction, without a stack."""
    from tests.browser.inside import Inside

    return Inside()
