"""A decision is taken back by somebody else, in the browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.harness.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
NewDesk = Callable[..., Desk]


def test_a_lead_takes_back_what_an_operator_decided(product: Product, desk: NewDesk) -> None:
    answer = product.post_alert()
    assert answer.status_code == 202, answer.text
    alert = str(answer.json()["id"])
    product.await_state(alert, "awaiting_review")

    operator = desk().sign_in("operator")
    operator.open(f"/alerts/{alert}/?decide=false_alarm")
    page = operator.page
    page.locator("fieldset", has_text="Why").locator("label.chip").first.click()
    page.get_by_role("button", name="Review what will be recorded").click()
    page.get_by_role("button", name="Record this decision").click()
    product.await_state(alert, "resolved")
    expect(page.get_by_role("link", name="Next alert")).to_be_visible(timeout=60_000)

    lead = desk().sign_in("lp_lead")
    lead.open(f"/alerts/{alert}/")
    lead.page.get_by_role("link", name="Correct this decision").click()
    lead.page.get_by_label("What it was").select_option("inconclusive")
    lead.page.get_by_label("Why the decision is corrected").fill(
        "The clip ends before the person reaches the till."
    )
    lead.screenshot("correction")
    lead.page.get_by_role("button", name="Correct the decision").click()
    expect(lead.page.get_by_role("heading", name="Corrected decision")).to_be_visible()
    expect(lead.page.locator("main")).to_contain_text("superseded, kept as it was")
    verdicts = product.query(
        "SELECT verdict FROM alerts_disposition WHERE alert_id = %s ORDER BY decided_at", alert
    )
    assert [row[0] for row in verdicts] == ["false_alarm", "inconclusive"]
