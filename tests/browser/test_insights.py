"""Charts as a browser draws them: from the table behind each, under the page's own policy, in both themes.

The pages are rendered before the browser starts and handed to it with their own headers, so that what the content
security policy refuses is refused here too.
"""

import os
from collections.abc import Iterator
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.utils import timezone
from playwright.sync_api import Page, Route, expect, sync_playwright

from apps.reliability.models import SegmentFinding
from apps.watchlists.models.sightings import Answer
from apps.watchlists.operations.leads import judge_lead
from tests.browser.conftest import QUIET, _chromium
from tests.console.people import signed_in
from tests.reliability.audit_samples import sample_file
from tests.reliability.findings import fact_of, make_network, make_refresh, make_segment
from tests.reliability.history import make_facts
from tests.reliability.test_backtests import asked, done
from tests.reliability.test_fairness_samples import FAIR, take
from tests.watchlists.people import a_lead, actor, fill, in_force
from tests.world import NOW, World, make_alert

pytestmark = [pytest.mark.django_db, pytest.mark.browser, pytest.mark.timeout(300)]

ADDRESS = "http://localhost:9"
COMPARED = "Same ears, same scar on the chin."
# How many pixels of a drawing are not empty, and the colour most of them have.
INK = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const seen = {};
  for (let at = 0; at < data.length; at += 4)
    if (data[at + 3] > 200) {
      const colour = [data[at], data[at + 1], data[at + 2]].join();
      seen[colour] = (seen[colour] ?? 0) + 1;
    }
  return seen;
}"""


class Reader:
    """One browser page that is given what the server said, and keeps what it complains about."""

    def __init__(self, page: Page, said: dict[str, Any]) -> None:
        self.page, self.said = page, said
        self.complaints: list[str] = []
        page.on("console", lambda one: self.complaints.append(f"{one.type}: {one.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.route("**/*", self._answer)

    def _answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path in self.said:
            answer = self.said[path]
            headers = {name: value for name, value in answer.items() if name != "Content-Length"}
            route.fulfill(status=answer.status_code, headers=headers, body=answer.content)
        elif path.startswith("/static/"):
            found = finders.find(path.removeprefix("/static/"))
            kind = guess_type(path)[0] or "application/octet-stream"
            route.fulfill(body=Path(str(found)).read_bytes(), content_type=kind)
        else:  # the live channel: nothing to tell
            route.fulfill(status=204)

    def open(self, path: str) -> Page:
        self.page.goto(ADDRESS + path)
        return self.page

    def ink(self, chart: str) -> dict[str, int]:
        found = self.page.locator(f"figure[data-chart={chart}] canvas").first
        expect(found).to_be_visible()
        return found.evaluate(INK)

    def shot(self, name: str) -> None:
        if folder := os.environ.get("SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def worked_on(world: World) -> None:
    """Alerts of one site with their expected costs: something to draw on the page of costs."""
    for chance in (0.2, 0.7):
        fact_of(make_alert(world.camera), probability=chance, verdict="", labelled_at=None)


@pytest.fixture
def said(world: World) -> dict[str, Any]:
    """What the server says to those who may look, by path."""
    refresh = make_refresh(world.tenant)
    make_network(refresh)
    segment = make_segment(refresh, site_id=world.site.id)
    missing = [one | {"rate": None} if at == 3 else one for at, one in enumerate(segment.weekly)]
    SegmentFinding.objects.filter(id=segment.id).update(weekly=missing)
    worked_on(world)
    take(world, sample_file(FAIR, rows=4000, weeks=8))
    make_facts(world.tenant)
    tried = done(asked(world))
    fill(world.compliance, now=timezone.now())
    entry = in_force(world)
    lead = a_lead(world, entry)
    for user in (world.operator, world.second_operator):
        judge_lead(
            actor=actor(user), user=user, lead=lead, answer=Answer.SAME, reason=COMPARED, now=NOW
        )
    asked_for = {
        "segment": (world.lead, "/reliability/segments/", f"?site={world.site.id}"),
        "atlas": (world.lead, "/reliability/", ""),
        "fairness": (world.compliance, "/reliability/fairness/", ""),
        "costs": (world.lead, "/reliability/costs/", ""),
        "backtest": (world.lead, f"/reliability/backtests/{tried.id}/", ""),
        "sightings": (world.compliance, f"/watchlist/entries/{entry.id}/history/", ""),
    }
    answers: dict[str, Any] = {"paths": {}}
    for name, (person, path, query) in asked_for.items():
        answer = signed_in(person).get(path + query)
        assert answer.status_code == 200, answer.content[:300]
        answers[path] = answer
        answers["paths"][name] = path
    return answers


@pytest.fixture
def reader(
    said: dict[str, Any], outside_connections: list[str], request: pytest.FixtureRequest
) -> Iterator[Reader]:
    flags = [*QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=flags)
        size = {"width": getattr(request, "param", 1440), "height": 900}
        context = browser.new_context(viewport=size, color_scheme="light", reduced_motion="reduce")
        yield Reader(context.new_page(), said)
        browser.close()


@pytest.mark.parametrize("reader", [1440, 390], indirect=True)
def test_every_chart_is_drawn_from_its_table_without_a_complaint(
    reader: Reader, said: dict[str, Any]
) -> None:
    charts = {"segment": 1, "fairness": 3, "costs": 1, "backtest": 3, "sightings": 1}
    for name, count in charts.items():
        page = reader.open(said["paths"][name])
        expect(page.locator("figure[data-chart-drawn]")).to_have_count(count)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        for canvas in page.locator("figure canvas").all():
            assert sum(canvas.evaluate(INK).values()) > 200, name
        reader.shot(f"{name}-light-{page.viewport_size['width']}")
        page.locator("[data-theme-toggle]").first.evaluate("(button) => button.click()")
        reader.shot(f"{name}-dark-{page.viewport_size['width']}")
    assert [one for one in reader.complaints if "EventSource" not in one] == []


def test_the_table_is_one_key_away_and_goes_again(reader: Reader, said: dict[str, Any]) -> None:
    page = reader.open(said["paths"]["segment"])
    table = page.locator("#segment-weeks")
    button = page.locator("[data-chart-toggle]")
    expect(table).to_be_hidden()
    expect(button).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("t")
    expect(table).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    button.press("Enter")
    expect(table).to_be_hidden()


def test_another_theme_draws_the_chart_in_its_own_colours(
    reader: Reader, said: dict[str, Any]
) -> None:
    page = reader.open(said["paths"]["fairness"])
    light = reader.ink("intervals")
    page.locator("[data-theme-toggle]").first.evaluate("(button) => button.click()")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    page.wait_for_timeout(200)
    dark = reader.ink("intervals")
    text = "22,27,38"  # --text of the light theme
    assert light.get(text, 0) > 0
    assert dark.get(text, 0) == 0
    assert dark.get("233,236,242", 0) > 0  # --text of the dark one


def test_a_week_without_labels_interrupts_the_line(reader: Reader, said: dict[str, Any]) -> None:
    page = reader.open(said["paths"]["atlas"])
    expect(page.locator(".atlas .spark").first.locator("polyline")).to_have_count(2)
