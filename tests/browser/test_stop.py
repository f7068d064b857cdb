"""STOP as its people live it: two key presses stop a site, alerts wait in sight, a lead lets them go on."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.harness.product import BUNDLED_CLIP, Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

NewDesk = Callable[..., Desk]


@pytest.fixture
def going_on(product: Product, desk: NewDesk) -> Iterator[None]:
    """Whatever happens, the machine goes on for the stories after this one."""
    yield
    left = "SELECT id FROM sites_stop WHERE state = 'in_force'"
    if product.query(left):
        office = desk().sign_in("administrator")
        for (stop,) in product.query(left):
            office.open(f"/stop/{stop}/resume/")
            office.page.locator("input[name=reason]").fill("The story is over")
            office.page.get_by_role("button", name="Let the machine go on").click()


def test_an_operator_stops_and_a_lead_lets_it_go_on(
    product: Product, desk: NewDesk, going_on: None
) -> None:
    operator, lead = desk().sign_in("operator"), desk().sign_in("lp_lead")
    lead.open("/")
    operator.open("/")
    operator.page.keyboard.press("!")
    operator.page.wait_for_url("**/stop/**")
    chosen = operator.page.locator("select[name=target]")
    if not chosen.input_value():
        chosen.select_option(index=1)
    operator.page.locator("input[name=reason]").press("Enter")

    bar = operator.page.locator("#bar-stop")
    expect(bar).to_contain_text("STOP")
    expect(bar).to_contain_text("0 held")
    expect(lead.page.locator("#bar-stop")).to_contain_text("STOP")  # told, not asked
    operator.screenshot("stopped")

    answer = product.post_alert(clip=BUNDLED_CLIP)
    assert answer.status_code == 202, answer.text
    alert = str(answer.json()["id"])
    operator.open(f"/alerts/{alert}/")
    expect(operator.page.locator("#alert-head")).to_contain_text("Held by STOP since")
    expect(operator.page.locator("#bar-stop")).to_contain_text("1 held")
    started = "SELECT 1 FROM alerts_outboxentry WHERE alert_id = %s AND state = 'started'"
    assert product.query(started, alert) == []
    operator.page.locator("#bar-stop a").click()
    assert operator.page.get_by_role("link", name="Let the machine go on").count() == 0

    lead.page.locator("#bar-stop a").click()
    lead.page.get_by_role("link", name="Let the machine go on").click()
    lead.page.locator("input[name=reason]").fill("The camera was turned back")
    lead.page.get_by_role("button", name="Let the machine go on").click()
    expect(lead.page.locator("#bar-stop")).not_to_contain_text("held")
    product.await_state(alert, "awaiting_review")
    [(strategy, codes)] = product.query(
        "SELECT a.strategy, s.reason_codes FROM alerts_alert a JOIN alerts_assessment s ON s.alert_id = a.id"
        " WHERE a.id = %s ORDER BY s.created_at DESC LIMIT 1",
        alert,
    )
    assert strategy == "verify"
    assert "stopped" in codes
    assert operator.complaints == []
    assert lead.complaints == []
