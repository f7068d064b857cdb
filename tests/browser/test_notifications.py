"""What rings at the desk, in the browser and on the phone; and what an installed Second Look shows without a server."""

import json
import os
from collections.abc import Iterator
from contextlib import closing
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.utils import timezone
from playwright.sync_api import Page, expect, sync_playwright

from apps.notifications.models import Notification
from tests.audit.writes.notifications import told
from tests.browser.conftest import QUIET, _chromium
from tests.browser.inside import Inside, Seat
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

RINGS = 'document.body.dispatchEvent(new CustomEvent("live:notification"))'
LOOKS_ELSEWHERE = """() => {
  window.shown = [];
  Object.defineProperty(document, "hidden", { get: () => true, configurable: true });
  window.Notification = class {
    static permission = "granted";
    constructor(title, options) { window.shown.push([title, options.body, Object.keys(options).sort().join()]); }
  };
}"""
WORKER = "navigator.serviceWorker.ready.then((one) => [one.active.scriptURL, one.scope])"
KEPT = """async () => {
  const names = await caches.keys();
  const lists = await Promise.all(names.map(async (name) => (await (await caches.open(name)).keys())));
  return lists.flat().map((request) => new URL(request.url).pathname);
}"""


def test_what_concerns_somebody_rings_once_and_is_read_by_opening_it(
    world: World, inside: Inside
) -> None:
    def fresh() -> Notification:
        one = told(world)
        Notification.objects.filter(id=one.id).update(made_at=timezone.now(), path="/cases/")
        return one

    def story(desk: Inside) -> None:
        seat = desk.seat(world.operator)
        page = seat.open("/notifications/choose/")
        bell = page.locator("#bell")
        expect(bell).to_have_accessible_name("Notifications")
        page.context.grant_permissions(["notifications"])
        choose_what_is_heard(page, seat)

        desk.ask(fresh)
        ring(page)
        expect(bell).to_have_accessible_name("1 unread notification")
        toast = page.locator("#messages .message-info")
        expect(toast).to_have_text("An alert has waited too long A-1A2B3C4DDismiss")
        seat.screenshot("notification-toast")
        ring(page)  # the same once more: another tab read something
        page.wait_for_timeout(500)
        expect(toast).to_have_count(1)

        page.evaluate(LOOKS_ELSEWHERE)
        desk.ask(fresh)
        ring(page)
        expect(bell).to_have_accessible_name("2 unread notifications")
        words = "An alert has waited too long A-1A2B3C4D"
        assert shown(page) == [["Second Look", words, "body,data,tag"]]

        seat.open("/notifications/")
        expect(page.get_by_role("button", name="Mark as read: An alert")).to_have_count(2)
        seat.screenshot("notifications")
        page.get_by_role("link", name="An alert has waited too long").first.click()
        page.wait_for_url("**/cases/")
        seat.open("/notifications/?show=unread")
        expect(page.get_by_role("button", name="Mark as read: An alert")).to_have_count(1)
        page.get_by_role("button", name="Mark all as read").click()
        expect(page.get_by_text("1 is marked as read.")).to_be_visible()
        expect(page.get_by_text("not read yet")).to_have_count(0)
        # Chromium itself writes down that half a quiet time was answered with 422.
        assert [one for one in seat.complaints if "422" not in one] == []

    inside.tell(story)


def ring(page: Page) -> None:
    """What the live channel does when the person is told something."""
    page.wait_for_load_state("load")
    page.evaluate(RINGS)


def shown(page: Page) -> object:
    """What the computer was asked to show, once it was asked for something."""
    for _ in range(100):
        if page.evaluate("window.shown.length"):
            break
        page.wait_for_timeout(50)
    return page.evaluate("window.shown")


def choose_what_is_heard(page: Page, seat: Seat) -> None:
    """Every box has its words; the browser is asked on the click only; a wrong choice keeps what was typed."""
    expect(page.get_by_text("This browser does not notify you.")).to_be_visible()
    page.get_by_role("button", name="Notify me in this browser").click()
    expect(page.get_by_text("This browser notifies you while Second Look is open.")).to_be_visible()
    seat.screenshot("notification-choice")
    page.get_by_label("An alert waits for a person: by e-mail").check()
    page.get_by_label("No e-mail from").fill("22:00")
    page.get_by_label("Language of the e-mails").select_option("es")
    page.get_by_role("button", name="Save what you hear of").click()
    expect(page.get_by_text("Quiet hours need a beginning and an end")).to_be_visible()
    expect(page.get_by_label("An alert waits for a person: by e-mail")).to_be_checked()
    page.get_by_label("Until").fill("07:00")
    page.get_by_role("button", name="Save what you hear of").click()
    expect(page.get_by_text("Your choice is kept.")).to_be_visible()


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingMixIn, WSGIServer):
    """Pages for strangers and static files; a connection ends with its answer, so that a stopped server is gone."""

    daemon_threads = True

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


@pytest.fixture
def served(
    django_db_setup: None, django_db_blocker: Any, outside_connections: list[str]
) -> Iterator[Server]:
    pages = StaticFilesHandler(get_wsgi_application())

    def one(environ: Any, start: Any) -> list[bytes]:
        with closing(pages(environ, start)) as answer:
            body = list(answer)
        connections.close_all()  # this thread's own
        return body

    with django_db_blocker.unblock(), make_server("localhost", 0, one, Server, Quiet) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.fixture
def phone() -> Iterator[Page]:
    flags = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=flags)
        context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en")
        yield context.new_page()
        browser.close()


def test_installed_it_says_that_the_server_is_gone_and_keeps_nobodys_data(
    served: Server, phone: Page
) -> None:
    page = phone
    address = f"http://localhost:{served.server_port}"
    page.goto(f"{address}/accounts/login/")
    session = page.context.new_cdp_session(page)
    found = session.send("Page.getAppManifest")
    assert found["errors"] == []
    manifest = json.loads(found["data"])
    assert (manifest["start_url"], manifest["display"]) == ("/", "standalone")
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
    for icon in manifest["icons"]:
        size = page.evaluate(SIZE_OF, icon["src"])
        assert f"{size[0]}x{size[1]}" == icon["sizes"]
    script, scope = page.evaluate(WORKER)
    assert (script, scope) == (f"{address}/service-worker.js?language=en", f"{address}/")
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [one["errorId"] for one in errors] == ["in-incognito"]  # as every test's browser is
    page.goto(f"{address}/accounts/login/")  # now through the worker
    assert page.evaluate("navigator.serviceWorker.controller !== null")
    kept = page.evaluate(KEPT)
    assert "/offline/" in kept
    assert [path for path in kept if not path.startswith(("/static/", "/offline/"))] == []

    served.stop()
    page.goto(f"{address}/cases/")
    expect(page.get_by_role("heading", name="No connection to Second Look")).to_be_visible()
    expect(page.get_by_text("Safe: everything you sent")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Inter')


SIZE_OF = """(src) => new Promise((resolve) => {
  const image = new Image();
  image.onload = () => resolve([image.naturalWidth, image.naturalHeight]);
  image.src = src;
})"""
