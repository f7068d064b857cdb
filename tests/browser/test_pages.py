"""The page map: every link of every page as every role, and each kind of page read by axe, light, dark and narrow.

One story, because setting its scene (an object of every kind and state) takes longer than looking at it.
"""

from pathlib import Path
from typing import Any

import pytest

from apps.accounts.models import User
from apps.alerts.models import Alert
from tests.browser.inside import ADDRESS, SIZE, Inside
from tests.browser.page_map import Visit, furnish, walk
from tests.console.people import signed_in
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.browser, pytest.mark.timeout(900)]

START = ("/", "/accounts/2fa/")
ADMIN = (
    "/admin/",
    "/admin/sites/camera/",
    "/admin/sites/site/add/",
    "/admin/alerts/alert/{alert}/change/",  # to be read only
)
LEAST_KINDS = {
    "administrator": 70,
    "lead": 50,
    "compliance": 50,
    "store_manager": 30,
    "operator": 30,
    "stranger": 25,
    "ops": 2,
}
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
DEPENDING_ON_COLOUR = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
DEPENDING_ON_WIDTH = {
    "type": "rule",
    "values": ["color-contrast", "target-size", "scrollable-region-focusable"],
}
ZOOMED, NARROW = 720, 360  # CSS pixels of a window of 1,440 at 200 %, and of a small phone
REACH = "document.documentElement.scrollWidth"
# What keeps its place over the page while one scrolls covers some target or other at any moment.
LIFTED = """
    for (const one of document.querySelectorAll(".rail, .bar, .decision-bar")) one.style.position = "static";
"""
SERIOUS = ("serious", "critical")
LOOK = """
    async (runOnly) => {
        const found = await axe.run(document, {runOnly, resultTypes: ["violations"]});
        return found.violations.map(({id, impact, nodes}) => ({
            id, impact, where: nodes.slice(0, 3).map((node) => node.target.join(" ")),
        }));
    }
"""


def test_every_link_leads_somewhere_and_every_page_can_be_read(
    world: World, s3: dict[str, str], inside: Inside
) -> None:
    furnish(world)
    faults: list[str] = []
    pages: dict[str, dict[str, str]] = {}
    for role, least in LEAST_KINDS.items():
        visits = walk(signed_in(getattr(world, role)), start=START)
        faults += [f"{role}: {one}" for one in offered_in_vain(visits)]
        pages[role] = {visit.route: visit.path for visit in visits if visit.is_page}
        assert len(pages[role]) >= least, f"{role} reaches too few kinds of pages"
    assert "\n".join(faults) == ""

    administration = [one.format(alert=Alert.objects.earliest("received_at").pk) for one in ADMIN]

    def story(desk: Inside) -> None:
        read = set[str]()
        for role, kinds in pages.items():
            new = [path for route, path in kinds.items() if route not in read]
            faults.extend(read_by_axe(desk, getattr(world, role), new))
            read |= kinds.keys()

        faults.extend(_signed_out(desk, world.operator))
        administrator = desk.seat(world.administrator)
        for path in administration:
            administrator.open(path)
            faults.extend(_in_both_themes(administrator.page, path))

    inside.tell(story)
    assert "\n".join(faults) == ""


def offered_in_vain(visits: list[Visit]) -> list[str]:
    """Links that a page shows and that end in an error."""
    return [f"{one.status} {one.path} on {one.came_from}" for one in visits if one.status >= 400]


def read_by_axe(desk: Inside, user: User, paths: list[str]) -> list[str]:
    """What is serious on these pages: light, dark, and at the width of a small phone."""
    seat, faults = desk.seat(user), []
    for path in paths:
        seat.page.emulate_media(color_scheme="light")
        seat.page.goto(ADDRESS + path)
        faults += _in_both_themes(seat.page, path)
        faults += _when_narrow(seat.page, path)
    seat.page.close()
    return [*faults, *seat.complaints]


def _signed_out(desk: Inside, user: User) -> list[str]:
    seat = desk.seat(user)
    desk.ask(seat.client.logout)
    return _in_both_themes(seat.open("/accounts/login/"), "/accounts/login/")


def _in_both_themes(page: Any, path: str) -> list[str]:
    page.emulate_media(color_scheme="light")
    page.evaluate(AXE)
    faults = _serious(page, f"{path} light", RULES)
    page.emulate_media(color_scheme="dark")
    return faults + _serious(page, f"{path} dark", DEPENDING_ON_COLOUR)


def _when_narrow(page: Any, path: str) -> list[str]:
    """What is serious, or wider than the window, where the window is narrow: a small phone, and a desk zoomed to 200 %."""
    faults = []
    for width in ZOOMED, NARROW:
        page.set_viewport_size({"width": width, "height": 800})
        if (reach := page.evaluate(REACH)) > width:
            faults.append(f"{path} reaches {reach} of {width} pixels")
    page.evaluate(LIFTED)
    faults += _serious(page, f"{path} narrow", DEPENDING_ON_WIDTH)
    page.set_viewport_size(SIZE)
    return faults


def _serious(page: Any, where: str, rules: dict[str, Any]) -> list[str]:
    found = page.evaluate(LOOK, rules)
    return [f"{where}: {one['id']} at {one['where']}" for one in found if one["impact"] in SERIOUS]
