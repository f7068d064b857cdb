"""On paper: what was folded is open, what can only be pressed is gone, dark is white, and it says who printed it when."""

import io

import pytest
from pypdf import PdfReader

from apps.alerts.models import Alert
from tests.browser.inside import ADDRESS, Inside, Seat
from tests.world import World, make_waiting_alert

pytestmark = [pytest.mark.django_db, pytest.mark.browser, pytest.mark.timeout(600)]
WHITE = "rgb(255, 255, 255)"


def printed(seat: Seat, path: str) -> str:
    """The words on the sheets of a page that was open in dark colours."""
    seat.page.emulate_media(color_scheme="dark")
    seat.page.goto(ADDRESS + path)
    seat.page.wait_for_load_state("networkidle")
    sheets = seat.page.pdf(print_background=True, format="A4")
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(sheets)).pages)


def test_an_alert_on_paper(world: World, inside: Inside) -> None:
    alert: Alert = make_waiting_alert(world.camera)

    def story(desk: Inside) -> None:
        seat = desk.seat(world.operator)
        words = printed(seat, f"/alerts/{alert.id}/")
        closed = seat.page.locator("details.disclosure:not([open])")
        assert closed.count() > 0
        seat.page.emulate_media(media="print", color_scheme="dark")
        for part in closed.all():
            assert part.locator("> .disclosure-body").is_visible()
        assert not seat.page.locator(".rail").is_visible()
        assert not seat.page.locator(".decision-bar").is_visible()
        assert seat.page.evaluate("getComputedStyle(document.body).backgroundColor") == WHITE
        assert alert.reference in words
        assert f"printed by {world.operator.display_name}" in words

    inside.tell(story)
