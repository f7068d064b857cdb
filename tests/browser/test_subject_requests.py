"""In a browser: a person asks to be forgotten; compliance finds what is theirs, an administrator erases it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Desk
from tests.harness.product import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

NAME = "Jördis Ødegård"
REASON = "The person asked for it in writing; nothing stands against it."


def write_down(desk: Desk) -> str:
    desk.open("/subject-requests/new/")
    page = desk.page
    page.get_by_label("What is asked for").select_option("erasure")
    page.get_by_label("Name of the person").fill(NAME)
    page.get_by_label("When it was received").fill("2026-01-15T10:00")
    page.get_by_role("button", name="Write it down").click()
    expect(page.get_by_role("main")).to_contain_text(NAME)
    return page.url.removeprefix(desk.product.url)


def find_and_judge(page: Page, reference: str) -> None:
    page.get_by_label("How the person's identity was checked").select_option("document")
    page.get_by_role("button", name="Record the check").click()
    page.get_by_label("References").fill(reference)
    page.get_by_role("button", name="Search", exact=True).click()
    findings = page.locator("#findings")
    expect(findings).to_contain_text(f"Alert: {reference}")
    findings.get_by_label("Yes: include them").check()
    findings.get_by_label("How you know").fill("The time is that of the person's receipt.")
    findings.get_by_role("button", name="Record the judgement").click()
    expect(page.locator("#findings")).to_contain_text("0 to be judged")


def test_a_person_is_erased_by_a_second_person(product: Product, desk: Callable[..., Desk]) -> None:
    answer = product.post_alert()
    assert answer.status_code == 202, answer.text
    alert = str(answer.json()["id"])
    compliance = desk().sign_in("compliance")
    address = write_down(compliance)
    page = compliance.page
    expect(page.get_by_role("main")).to_contain_text("verdue")
    find_and_judge(page, f"A-{alert.replace('-', '')[:8].upper()}")
    compliance.screenshot("subject-request")
    expect(page.get_by_role("main")).to_contain_text("This goes at once")
    page.locator("#erase-reason").fill(REASON)
    page.get_by_role("button", name="Ask for the erasure").click()
    expect(page.get_by_role("main")).to_contain_text("Another person than who asked")

    administrator = desk().sign_in("administrator")
    administrator.open(address)
    page = administrator.page
    page.locator("#erase-reason").fill(REASON)
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_role("main")).to_contain_text("Carried out on")
    expect(page.get_by_role("main")).not_to_contain_text(NAME)
    page.get_by_role("link", name="Open the certificate").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Certificate of erasure")
    administrator.screenshot("certificate-of-erasure")
    rows = product.query("SELECT count(*) FROM people_person WHERE erased_at IS NOT NULL")
    assert rows[0][0] >= 1
    assert compliance.complaints == administrator.complaints == []
