"""Charts as a browser draws them: from the table behind each, under the page's own policy, in both themes.

The pages are rendered before the browser starts and handed to it with their own headers, so that what the content
security policy refuses is refused here too.
"""

import os
import re
from collections.abc import Iterator
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.utils import timezone
from playwright.sync_api import Page, Route, expect, sync_playwright

from apps.reliability.models import ReliabilityRefresh, SegmentFinding
from apps.sites.models import Camera, PlacePicture
from apps.watchlists.models.sightings import Answer
from apps.watchlists.operations.leads import judge_lead
from tests.browser.conftest import QUIET, _chromium
from tests.browser.inside import NO_WORKER
from tests.console.people import signed_in
from tests.pictures import a_picture
from tests.reliability.audit_samples import sample_file
from tests.reliability.findings import (
    fact_of,
    make_network,
    make_refresh,
    make_segment,
    make_unknown_segment,
)
from tests.reliability.history import make_facts
from tests.reliability.test_backtests import asked, done
from tests.reliability.test_fairness_samples import FAIR, take
from tests.watchlists.people import a_lead, actor, fill, in_force
from tests.world import NOW, World, make_alert, make_camera

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
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.route("**/*", self._answer)

    def _console(self, one: Any) -> None:
        if NO_WORKER not in one.text:
            self.complaints.append(f"{one.type}: {one.text}")

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


def put_on_the_plan(world: World, refresh: ReliabilityRefresh) -> str:
    """Two cameras on a plan with their cells, and one that hangs nowhere; returns the picture's address."""
    PlacePicture.objects.create(
        tenant=world.tenant,
        site=world.site,
        key="plan",
        sha256="0" * 64,
        width=640,
        height=400,
        uploaded_by=world.administrator,
        uploaded_at=NOW,
    )
    beside = make_camera(world.site)
    for camera, x, y in ((world.camera, 0.2, 0.3), (beside, 0.7, 0.6)):
        Camera.objects.filter(id=camera.id).update(plan_x=x, plan_y=y)
    at = {"site_id": world.site.id, "camera_id": world.camera.id}
    make_segment(refresh, **at)
    make_unknown_segment(refresh, site_id=world.site.id, camera_id=beside.id)
    for daypart, rate in (("morning", 0.08), ("afternoon", 0.24), ("evening", 0.4)):
        band = {"state": "amber", "false_positive_rate": rate, "low": rate / 2, "high": rate + 0.1}
        make_segment(refresh, **at, daypart=daypart, **band)
    make_unknown_segment(refresh, **at, daypart="night")
    make_camera(world.site)
    return f"/settings/sites/{world.site.id}/plan/picture/"


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
    picture = put_on_the_plan(world, refresh)
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
        "heat": (world.lead, "/reliability/heat/", ""),
        "plan": (world.lead, "/reliability/plan/", f"?site={world.site.id}"),
        "places": (world.administrator, f"/settings/sites/{world.site.id}/plan/", ""),
        "map": (world.compliance, "/watchlist/sightings/", f"?site={world.site.id}"),
        "camera": (world.administrator, f"/settings/cameras/{world.camera.id}/", ""),
        "site": (world.administrator, f"/settings/sites/{world.site.id}/", ""),
        "sightings": (world.compliance, f"/watchlist/entries/{entry.id}/history/", ""),
    }
    plan = a_picture(width=640, height=400, kind="JPEG").read()
    answers: dict[str, Any] = {"paths": {}, picture: HttpResponse(plan, content_type="image/jpeg")}
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
        context = browser.new_context(
            viewport=size,
            color_scheme="light",
            reduced_motion="reduce",
            service_workers="block",
        )
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


@pytest.mark.parametrize("reader", [1440, 390], indirect=True)
def test_places_are_told_in_words_and_letters_on_table_and_plan(
    reader: Reader, said: dict[str, Any]
) -> None:
    for name in ("heat", "plan", "map", "places", "camera", "site"):
        page = reader.open(said["paths"][name])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        reader.shot(f"{name}-light-{page.viewport_size['width']}")
        page.locator("[data-theme-toggle]").first.evaluate("(button) => button.click()")
        reader.shot(f"{name}-dark-{page.viewport_size['width']}")
    page = reader.open(said["paths"]["plan"])
    plan = page.get_by_role("group", name="Cameras on the plan")
    expect(plan.get_by_text("R", exact=True)).to_be_visible()
    red = plan.get_by_role("link", name=re.compile("62 of 100"))
    box, found = page.locator(".plan-stage").bounding_box(), red.locator("circle").bounding_box()
    assert box
    assert found
    assert found["x"] + found["width"] / 2 - box["x"] == pytest.approx(0.2 * box["width"], abs=3)
    assert [one for one in reader.complaints if "EventSource" not in one] == []


def test_a_camera_is_hung_on_the_plan_by_drag_by_keys_and_by_numbers(
    reader: Reader, said: dict[str, Any]
) -> None:
    page = reader.open(said["paths"]["places"])
    pins = page.locator(".plan-pin:visible")
    row = page.locator("[data-plan-camera]", has=page.locator("input[value='20.0']"))
    left = row.locator("input").first
    name = row.get_attribute("data-plan-camera")
    first = pins.and_(page.get_by_label(re.compile(f"^{name}:")))
    second = pins.and_(page.get_by_label(re.compile(f"^(?!{name}:)")))
    first.press("ArrowRight")
    first.press("Shift+ArrowRight")
    assert left.input_value() == "26.0"
    stage = page.locator("[data-plan-stage]").bounding_box()
    assert stage
    first.hover()
    page.mouse.down()
    page.mouse.move(stage["x"] + stage["width"] / 2, stage["y"] + stage["height"] / 2)
    page.mouse.up()
    assert left.input_value() == "50.0"
    left.fill("10")
    expect(first).to_have_accessible_name(re.compile(r"10% from the left"))
    second.press("Delete")
    expect(page.locator(".plan-pin:visible")).to_have_count(1)
    page.get_by_role("button", name="Put on the plan").first.click()
    expect(page.locator(".plan-pin:visible")).to_have_count(2)
    expect(page.locator("[data-plan-said]")).to_contain_text("Not saved yet")
