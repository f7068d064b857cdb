"""The page map: every link of every page as every role, and each kind of page read by axe, light and dark.

One story, because setting its scene (an object of every kind and state) takes longer than looking at it.
"""

from pathlib import Path
from typing import Any

import pytest

from apps.accounts.models import User
from tests.browser.inside import ADDRESS, Inside
from tests.browser.page_map import Visit, furnish, walk
from tests.console.people import signed_in
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.browser, pytest.mark.timeout(900)]

START = ("/", "/accounts/2fa/")
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
CONTRAST = {"type": "rule", "values": ["color-contrast"]}
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
    assert faults == []

    def story(desk: Inside) -> None:
        read = set[str]()
        for role, kinds in pages.items():
            new = [path for route, path in kinds.items() if route not in read]
            faults.extend(read_by_axe(desk, getattr(world, role), new))
            read |= kinds.keys()

    inside.tell(story)
    assert faults == []


def offered_in_vain(visits: list[Visit]) -> list[str]:
    """Links that a page shows and that end in an error."""
    return [f"{one.status} {one.path} on {one.came_from}" for one in visits if one.status >= 400]


def read_by_axe(desk: Inside, user: User, paths: list[str]) -> list[str]:
    """What is serious on these pages; the dark ones are looked at for contrast, in all else they are the same."""
    seat, faults = desk.seat(user), []
    for path in paths:
        seat.page.emulate_media(color_scheme="light")
        seat.page.goto(ADDRESS + path)
        seat.page.evaluate(AXE)
        faults += _serious(seat.page, f"{path} light", RULES)
        seat.page.emulate_media(color_scheme="dark")
        faults += _serious(seat.page, f"{path} dark", CONTRAST)
    seat.page.close()
    return [*faults, *seat.complaints]


def _serious(page: Any, where: str, rules: dict[str, Any]) -> list[str]:
    found = page.evaluate(LOOK, rules)
    return [f"{where}: {one['id']} at {one['where']}" for one in found if one["impact"] in SERIOUS]
