"""A shift at the desk without a pointer: row by row, through the clip, a decision in three presses, a second look."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk
from tests.browser.test_main_job import raise_with_clip
from tests.harness.product import Product, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
NewDesk = Callable[..., Desk]
REASON = "Does the item leave the shelf at all?"


def chosen(page: Page) -> str:
    return str(page.locator("[data-row][data-selected]").get_attribute("data-row"))


def choose(page: Page, alert: str) -> None:
    """Go down row by row until this alert is selected."""
    expect(page.locator(f'[data-row="{alert}"]')).to_be_visible()
    for _ in range(page.locator("[data-row]").count()):
        page.keyboard.press("j")
        if chosen(page) == alert:
            return
    raise AssertionError("j did not come to the row")


def position(page: Page) -> float:
    return float(page.evaluate("document.querySelector('.player video').currentTime"))


def test_a_shift_at_the_desk_without_a_pointer(product: Product, desk: NewDesk) -> None:
    first, second = raise_with_clip(product), raise_with_clip(product)
    for alert in (first, second):
        product.await_state(alert, "awaiting_review")
    operator = desk().sign_in("operator")
    operator.open("/")
    _rows_are_walked_and_the_keys_are_told(operator.page, first)
    _three_presses_decide(operator.page, product, first)
    operator.open(f"/alerts/{second}/")
    _the_clip_is_looked_through(operator.page)
    _verdicts_open_and_close(operator.page)
    _another_person_gets_it(operator.page, product, second)
    assert operator.complaints == []


def _rows_are_walked_and_the_keys_are_told(page: Page, alert: str) -> None:
    choose(page, alert)
    expect(page.locator(f'[data-row="{alert}"] [data-open]')).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("?")
    keys = page.locator("dialog[open]")
    expect(keys).to_contain_text("Open the selected alert")
    page.keyboard.press("r")
    page.keyboard.press("Escape")
    expect(keys).to_have_count(0)
    assert page.url.endswith("/"), "a key pressed in the dialog did something behind it"


def _three_presses_decide(page: Page, product: Product, alert: str) -> None:
    page.locator(f'[data-row="{alert}"] [data-open]').focus()
    page.keyboard.press("r")
    expect(page.locator("#decision form[data-panel] h2")).to_have_text("False alarm")
    page.keyboard.press("1")
    expect(page.locator("#decision [data-focus]")).to_be_focused()
    expect(page.locator("#decision")).to_contain_text("This will be recorded")
    page.keyboard.press("Enter")
    expect(page.locator("#decision [data-next]")).to_be_visible(timeout=60_000)
    page.keyboard.press("n")
    page.wait_for_url(lambda url: alert not in url)
    decided = "SELECT verdict, reasons FROM alerts_disposition WHERE alert_id = %s"
    wait_for(lambda: product.query(decided, alert))
    reasons = product.query(decided, alert)
    assert reasons[0][0] == "false_alarm"
    assert len(reasons[0][1]) == 1


def _the_clip_is_looked_through(page: Page) -> None:
    video = page.locator(".player video")
    expect(video).to_have_js_property("readyState", 4, timeout=60_000)
    page.keyboard.press("m")
    wait_for(lambda: position(page) > 0)
    page.keyboard.press("Space")
    expect(video).to_have_js_property("paused", True)
    at = position(page)
    page.keyboard.press(".")
    wait_for(lambda: at < position(page) < at + 0.5)
    page.keyboard.press(",")
    wait_for(lambda: abs(position(page) - at) < 0.01)
    page.keyboard.press(">")
    expect(video).to_have_js_property("playbackRate", 2)
    expect(page.get_by_label("Speed")).to_have_value("2")
    page.keyboard.press("<")
    expect(video).to_have_js_property("playbackRate", 1)
    loop = page.get_by_role("button", name="Loop the marked span")
    page.keyboard.press("l")
    expect(loop).to_have_attribute("aria-pressed", "true")
    boxes = page.locator("[data-layer=boxes]")
    expect(boxes).to_be_enabled()
    page.keyboard.press("x")
    expect(boxes).not_to_be_checked()
    page.keyboard.press("+")
    expect(page.locator("[data-zoom-words]")).to_have_text("150%")
    page.keyboard.press("0")
    expect(page.locator("[data-zoom-words]")).to_have_text("100%")
    page.keyboard.press("f")
    why = page.get_by_label("Why they have to be seen")
    expect(why).to_be_focused()
    page.keyboard.press("Escape")
    expect(why).to_be_hidden()
    expect(why).not_to_be_focused()


def _verdicts_open_and_close(page: Page) -> None:
    panel = page.locator("#decision form[data-panel]")
    for key, words in (("i", "Inconclusive"), ("b", "Explained, benign")):
        page.keyboard.press(key)
        expect(panel.locator("h2")).to_have_text(words)
        page.keyboard.press("Escape")
        expect(panel).to_have_count(0)


def _another_person_gets_it(page: Page, product: Product, alert: str) -> None:
    page.keyboard.press("u")
    page.wait_for_url(lambda url: "/alerts/" not in url)
    choose(page, alert)
    page.keyboard.press("v")
    asked = page.get_by_label("What should the other person look at?")
    expect(asked).to_be_focused()
    page.keyboard.type(REASON)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".messages, .notice").first).to_be_visible()
    told = wait_for(
        lambda: product.query(
            "SELECT second_look_reason, assignee_id FROM reviews_humantask"
            " WHERE alert_id = %s AND state = 'open'",
            alert,
        )
    )
    assert told[0][0] == REASON
    assert told[0][1] is not None
    assert product.state_of(alert) == "awaiting_review"
