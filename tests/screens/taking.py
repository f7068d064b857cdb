"""Taking the pictures: each page opened once wide (light, then dark) and once as on a phone."""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.conftest import QUIET, _chromium
from tests.screens.pages import Shot

if TYPE_CHECKING:
    from tests.world import World

WIDE = {"viewport": {"width": 1440, "height": 900}}
PHONE_WIDTH = 390
PHONE = {"viewport": {"width": PHONE_WIDTH, "height": 844}, "is_mobile": True, "has_touch": True}
TALLEST = 1500  # what is below is more of the same
ONE_SCREEN = {"alert", "queue"}  # laid out for the height of the window
SETTLING_MS = 200
QUALITY = 60


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A page's pictures: what it calls itself, and what was wrong with it."""

    shot: Shot
    title: str
    faults: tuple[str, ...]


def take(
    url: str, *, shots: list[Shot], world: "World", folder: Path, language: str
) -> Iterator[Taken]:
    """Write `name-wide-light.webp`, `name-wide-dark.webp` and `name-phone.webp` of each into `folder`.

    `language` is what the browser asks for; nobody in the demo data has chosen another.
    """
    cookies = {role: _cookie(url, world, role) for role in {shot.role for shot in shots} - {""}}
    flags = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=flags)
        for role in dict.fromkeys(shot.role for shot in shots):
            wide = _room(browser, cookies.get(role), language, WIDE)
            phone = _room(browser, cookies.get(role), language, PHONE)
            for shot in (one for one in shots if one.role == role):
                yield _take(url + shot.path, shot, wide, phone, folder)
            wide.close()
            phone.close()
        browser.close()


def _cookie(url: str, world: "World", role: str) -> dict[str, str]:
    """A session of somebody who proved who they are just now: before the browser brings its event loop."""
    from django.conf import settings

    from tests.console.people import signed_in

    name = settings.SESSION_COOKIE_NAME
    client = signed_in(getattr(world, role))
    return {"name": name, "value": client.cookies[name].value, "url": url}


def _room(browser: Browser, cookie: Any, language: str, how: dict[str, Any]) -> BrowserContext:
    context = browser.new_context(reduced_motion="reduce", locale=language, **how)
    if cookie:
        context.add_cookies([cookie])
    return context


def _take(
    address: str, shot: Shot, wide: BrowserContext, phone: BrowserContext, folder: Path
) -> Taken:
    page, faults = _open(address, wide)
    _stretch(page, shot)
    _save(page, folder / f"{shot.name}-wide-light.webp")
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(SETTLING_MS)
    _save(page, folder / f"{shot.name}-wide-dark.webp")
    title = page.title().removesuffix(" · Second Look").strip()
    page.close()
    small, more = _open(address, phone)
    if small.evaluate("document.documentElement.scrollWidth") > PHONE_WIDTH:
        more.append("wider than the phone")
    _stretch(small, shot)
    _save(small, folder / f"{shot.name}-phone.webp")
    small.close()
    return Taken(shot=shot, title=title, faults=tuple(dict.fromkeys([*faults, *more])))


def _open(address: str, context: BrowserContext) -> tuple[Page, list[str]]:
    page, faults = context.new_page(), list[str]()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: said.type == "error" and faults.append(said.text))
    page.goto(address, wait_until="load")
    page.wait_for_timeout(SETTLING_MS)
    return page, faults


def _stretch(page: Page, shot: Shot) -> None:
    """Make the window as tall as the page, so that what sticks to its edges stays there."""
    size = page.viewport_size
    assert size is not None
    if shot.name not in ONE_SCREEN:
        needed = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
        page.set_viewport_size({"width": size["width"], "height": max(needed, size["height"])})


def _save(page: Page, path: Path) -> None:
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(path, "WEBP", quality=QUALITY)
