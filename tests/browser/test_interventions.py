"""Store staff record what happened on the floor; a complaint comes, and what it cost is seen where costs are read."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.harness.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
NewDesk = Callable[..., Desk]


def test_from_the_approach_to_what_the_complaint_cost(product: Product, desk: NewDesk) -> None:
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
    operator.open(f"/alerts/{alert}/")
    page.get_by_role("link", name="On the floor").click()
    page.get_by_label("Approach the person").check()
    page.get_by_role("button", name="Authorise this act").click()
    expect(page.get_by_text("Only a confirmed theft allows approaching somebody")).to_be_visible()
    page.get_by_label("Observe").check()
    page.get_by_role("button", name="Authorise this act").click()
    expect(page.get_by_role("heading", name="Observe")).to_be_visible()
    where = page.url.removeprefix(product.url)

    manager = desk().sign_in("store_manager")
    manager.open("/interventions/?state=open")
    manager.page.locator(f"a[href='{where}']").click()
    page = manager.page
    page.get_by_label("How it ended").select_option("nothing_found")
    page.get_by_label("What was seen").fill("The person paid at the next till.")
    manager.screenshot("intervention")
    page.get_by_role("button", name="Record the outcome").click()
    page.get_by_label("What the person complained about").fill("Was followed through the store.")
    page.get_by_role("button", name="Record a complaint").click()
    page.get_by_label("What it cost in the end").fill("437.00")
    page.get_by_label("How it was settled").fill("An apology and a voucher.")
    page.get_by_role("button", name="Record the settlement").click()
    expect(page.get_by_text("Settled at 437.00")).to_be_visible()

    page.get_by_text("Correct the outcome").first.click()
    page.get_by_label("How it ended").select_option("receipt_shown")
    page.get_by_label("What was seen").fill("The receipt was in the bag after all.")
    page.get_by_role("button", name="Correct the outcome").click()
    expect(page.get_by_text("corrected, kept as it was")).to_be_visible()

    lead = desk().sign_in("lp_lead")
    lead.open("/interventions/?complaint=settled")
    expect(lead.page.locator("tbody")).to_contain_text("437.00")
    lead.screenshot("interventions")
    lead.open("/reliability/costs/")
    expect(lead.page.locator("main")).to_contain_text("€437 settled")
    expect(lead.page.locator("main")).to_contain_text("settled at a mean of €437")
    entries = product.query(
        "SELECT e.outcome FROM reviews_interventionentry e JOIN reviews_intervention i"
        " ON i.id = e.intervention_id WHERE i.alert_id = %s AND e.step = 'outcome'"
        " ORDER BY e.recorded_at",
        alert,
    )
    assert [row[0] for row in entries] == ["nothing_found", "receipt_shown"]
    assert manager.complaints == lead.complaints == []
    assert all("409" in one for one in operator.complaints), operator.complaints
