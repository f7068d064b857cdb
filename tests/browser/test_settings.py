"""Settings as an administrator lives them: a camera, a zone drawn by mouse and keys, a webhook, the administration."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.harness.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

NewDesk = Callable[..., Desk]


def test_a_camera_is_added_and_its_zone_drawn(product: Product, desk: NewDesk) -> None:
    office = desk().sign_in("administrator")
    page = office.page
    [(site,)] = product.query("SELECT id FROM sites_site ORDER BY name LIMIT 1")
    office.open(f"/settings/sites/{site}/")
    page.get_by_text("Add a camera").click()
    page.get_by_label("Camera", exact=True).fill("Story camera")
    page.get_by_label("Name detectors use").fill("story-camera")
    page.get_by_role("button", name="Add the camera").click()
    page.get_by_role("link", name="Draw a zone").click()
    page.wait_for_url("**/zones/new/")
    stage = page.locator(".zone-drawing")
    for x, y in ((60, 60), (260, 60), (160, 150)):
        stage.click(position={"x": x, "y": y})
    corner = page.locator(".zone-corner").first
    before = page.get_by_label("Corners").input_value()
    corner.press("ArrowRight")
    assert page.get_by_label("Corners").input_value() != before
    page.get_by_label("Zone", exact=True).fill("Story shelf")
    page.get_by_role("button", name="Save the zone").click()
    expect(page.get_by_role("link", name="Story shelf")).to_be_visible()
    office.screenshot("camera-with-zone")
    [(polygon,)] = product.query("SELECT polygon FROM sites_zone WHERE name = 'Story shelf'")
    assert len(polygon) == 3
    assert office.complaints == []


def test_a_webhook_shows_its_secret_once_and_gets_another(product: Product, desk: NewDesk) -> None:
    office = desk().sign_in("administrator")
    page = office.page
    office.open("/settings/webhooks/")
    page.get_by_label("Name").fill("Story till")
    page.get_by_label("Address", exact=True).fill("http://93.184.216.34/")
    page.get_by_label("A person decided an alert").check()
    page.get_by_role("button", name="Add the webhook").click()
    expect(page.get_by_text("lies outside the store's network")).to_be_visible()
    assert page.get_by_label("Name").input_value() == "Story till"
    page.get_by_label("Address", exact=True).fill("http://127.0.0.1:9/hook")
    page.get_by_role("button", name="Add the webhook").click()
    first = page.locator("code").inner_text()
    page.get_by_role("link", name="I have noted it").click()
    expect(page.locator("body")).not_to_contain_text(first)
    page.get_by_role("button", name="Make a new secret").click()
    assert page.locator("code").inner_text() != first
    page.get_by_role("link", name="I have noted it").click()
    page.get_by_role("button", name="Send a test message").click()
    expect(page.get_by_role("row", name=re.compile("ping"))).to_be_visible()
    office.screenshot("webhook")
    page.get_by_role("button", name="Switch it off").click()
    expect(page.get_by_role("button", name="Switch it on again")).to_be_visible()
    complaints = [one for one in office.complaints if "422" not in one]  # the refusal above
    assert complaints == []


def test_the_administration_opens_and_a_list_is_searched(product: Product, desk: NewDesk) -> None:
    office = desk().sign_in("administrator")
    office.open("/admin/")
    expect(office.page.get_by_role("heading", name="What needs you")).to_be_visible()
    office.screenshot("administration")
    assert office.open("/admin/sites/camera/?q=a") == 200
    assert office.open("/admin/webhooks/webhookdelivery/?q=%27") == 200
    assert office.complaints == []
