"""In a browser: a lead holds an alert, compliance sees why it stays, and the lead lets it go."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.browser.test_main_job import waiting_alert
from tests.harness.product import Product, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

NewDesk = Callable[..., Desk]
REASON = "The police asked for it on the phone."


def test_a_hold_is_placed_seen_and_released(product: Product, desk: NewDesk) -> None:
    alert = waiting_alert(product)
    lead = desk().sign_in("lp_lead")
    lead.open(f"/alerts/{alert}/")
    page = lead.page
    kept = page.get_by_label("How long the footage is kept")
    expect(kept).to_contain_text("has not been decided")
    kept.get_by_role("link", name="Hold everything of this alert").click()
    page.get_by_label("Why it must not be deleted").fill(REASON)
    page.get_by_role("button", name="Place the hold").click()
    expect(kept).to_contain_text(REASON)

    compliance = desk().sign_in("compliance")
    compliance.open("/retention/trial/")
    expect(compliance.page.get_by_role("main")).to_contain_text(REASON)
    compliance.screenshot("retention-trial")
    for page_name in ("retention", "evidence", "holds"):
        compliance.open(f"/{page_name}/")
        compliance.screenshot(page_name)
    expect(compliance.page.get_by_role("main")).to_contain_text(REASON)

    lead.open("/holds/")
    row = page.get_by_role("row").filter(has_text=alert[:8].upper())
    row.get_by_role("link").first.click()
    lead.screenshot("hold")
    page.get_by_label("Why it need not be held any longer").fill("They do not need it any more.")
    page.get_by_role("button", name="Release the hold").click()
    page.wait_for_url("**/holds/")
    events = "SELECT event FROM audit_leaf WHERE subject_id = %s AND event LIKE 'evidence:h%%' ORDER BY index"
    expected = [("evidence:held",), ("evidence:hold_released",)]
    wait_for(lambda: product.query(events, alert) == expected, within=30)
