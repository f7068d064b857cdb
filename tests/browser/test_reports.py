"""In a browser: a report is drafted from the record, edited beside its sources, compared, signed and sealed."""

import io
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.browser.conftest import Desk
from tests.browser.test_main_job import fill_in_theft, waiting_alert
from tests.harness.product import Product, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

NewDesk = Callable[[], Desk]
FIELDS = {
    "Recipient": "Police station Centre",
    "Full name": "Olivia Operator",
    "Position": "Case handler",
    "Address of the premises": "1 High Street, Anytown",
    "Goods concerned": "One jacket",
}


def a_case(product: Product, operator: Desk) -> str:
    """A case with a sealed exhibit, opened by this operator's confirmation."""
    alert = waiting_alert(product)
    operator.open(f"/alerts/{alert}/")
    expect(operator.page.locator("video")).to_be_attached(timeout=120_000)
    operator.play_marked_span()
    fill_in_theft(operator)
    operator.page.get_by_role("button", name="Record this decision").click()
    product.await_state(alert, "resolved")
    rows = wait_for(
        lambda: product.query(
            "SELECT i.case_id FROM cases_incident i JOIN cases_exhibit e ON e.case_id = i.case_id"
            " WHERE i.alert_id = %s",
            alert,
        )
    )
    return str(rows[0][0])


def fill_in(page: Page) -> None:
    for label, value in FIELDS.items():
        page.get_by_label(label, exact=True).fill(value)


def test_a_report_is_drafted_edited_compared_signed_and_sealed(
    product: Product, desk: NewDesk
) -> None:
    operator = desk().sign_in("operator")
    page = operator.page
    case = a_case(product, operator)
    operator.open(f"/cases/{case}/reports/")
    page.get_by_label("Kind").select_option("police_report")
    page.get_by_role("button", name="Draft from the record").click()
    expect(page.get_by_role("heading", name="Police report")).to_be_visible()
    report = page.url.rstrip("/").rpartition("/")[2]

    first = page.locator(".sentence").first
    first.locator(".sentence-sources summary").click()
    expect(first.locator(".sources li").first).to_be_visible()
    expect(page.locator(".sentence", has_text="Disclosed always").first).to_be_visible()
    operator.screenshot("report")

    fill_in(page)
    page.locator("#section-observed").locator("xpath=ancestor::section").get_by_role(
        "checkbox"
    ).first.uncheck()
    page.get_by_label("What the author states").fill("I was in the office when the alert came.")
    page.get_by_role("button", name="Save this wording").click()
    own = page.locator(".sentence", has_text="I was in the office")
    expect(own).to_contain_text("Stated by the author, not supported by the record")
    expect(own).to_contain_text("No source")

    page.get_by_role("button", name="Cut the still").click()
    expect(
        page.locator(".sentence", has_text="the enclosed still is a working copy")
    ).to_be_visible()
    page.get_by_role("link", name="Compare").click()
    expect(page.locator("ins", has_text="the enclosed still")).to_be_visible()
    expect(page.locator("del", has_text="no still is enclosed")).to_be_visible()
    operator.screenshot("report-changes")
    page.get_by_role("link", name="Back to the report").click()

    page.get_by_role("link", name="Read and sign").click()
    expect(page.locator("main")).to_contain_text("I was in the office when the alert came.")
    operator.screenshot("report-sign")
    page.get_by_label("I have read every sentence").check()
    page.get_by_role("button", name="Sign this statement").click()
    expect(page.locator("main")).to_contain_text("Signed")
    _the_pdf_is_sealed_as_evidence(product, operator, case, report)
    assert operator.complaints == []


def _the_pdf_is_sealed_as_evidence(
    product: Product, operator: Desk, case: str, report: str
) -> None:
    made = "SELECT item_id FROM reports_report WHERE id = %s AND item_id IS NOT NULL"
    if not product.query(made, report):
        operator.page.get_by_role("button", name="Make the PDF now").click()
    wait_for(lambda: product.query(made, report), within=30)
    pages = operator.page.request.get(f"{product.url}/cases/{case}/reports/{report}/pdf/").body()
    words = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pages)).pages)
    flat = " ".join(words.split())
    assert "Signed: Olivia Operator" in flat
    assert "(stated by the author, not supported by the record)" in flat
    events = product.query(
        "SELECT event FROM (SELECT event, subject_id FROM audit_leaf UNION ALL"
        " SELECT event, subject_id FROM audit_inbox) told WHERE subject_id = %s",
        report,
    )
    assert {"report:drafted", "report:edited", "report:redrafted", "report:signed"} <= {
        event for (event,) in events
    }
