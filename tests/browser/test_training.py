"""Nobody decides untrained, as its people live it: a new operator sees why, compliance records, the operator decides."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.harness.product import BUNDLED_CLIP, Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

NewDesk = Callable[..., Desk]


def newcomer(product: Product, office: Desk, *, site: str) -> tuple[str, str]:
    """An operator whom the administrator adds and lets work at the site; e-mail address and first password."""
    email = f"newcomer-{secrets.token_hex(4)}@example.test"
    page = office.page
    office.open("/settings/people/")
    page.locator("input[name=name]").fill("Nora Newcomer")
    page.locator("input[name=email]").fill(email)
    page.locator("select[name=role]").select_option("operator")
    page.get_by_role("button", name="Add the person").click()
    password = page.locator("code.mono").inner_text().strip()
    [(person,)] = product.query("SELECT id FROM accounts_user WHERE email = %s", email)
    office.open(f"/settings/people/{person}/")
    page.locator(".card select[name=site]").select_option(site)
    page.get_by_role("button", name="Let the person work there").click()
    return email, password


def test_an_untrained_operator_sees_why_and_decides_once_compliance_recorded_it(
    product: Product, desk: NewDesk
) -> None:
    answer = product.post_alert(clip=BUNDLED_CLIP)
    assert answer.status_code == 202, answer.text
    alert = str(answer.json()["id"])
    product.await_state(alert, "awaiting_review")
    [(site,)] = product.query("SELECT site_id FROM alerts_alert WHERE id = %s", alert)
    email, password = newcomer(product, desk().sign_in("administrator"), site=str(site))

    operator = desk().sign_in_as(email, password)
    operator.open(f"/alerts/{alert}/")
    decision = operator.page.locator("#decision")
    expect(decision).to_contain_text("is not recorded. Ask compliance or an administrator")
    assert decision.locator("a.button", has_text="False alarm").count() == 0
    operator.screenshot("untrained")

    office = desk().sign_in("compliance")
    office.open("/compliance/training/")
    row = office.page.locator("tr", has_text="Nora Newcomer").first
    expect(row).to_contain_text("Not recorded")
    row.get_by_role("link", name="Record a training").click()
    expect(office.page.get_by_label("Nora Newcomer").first).to_be_checked()
    office.page.get_by_label("Who held the training").fill("Tess Trainer")
    office.page.get_by_label("What it covered").fill("What the machine cannot see, and STOP.")
    in_a_year = (datetime.now(UTC) + timedelta(days=364)).date().isoformat()
    office.page.get_by_label("Valid until, that day included").fill(in_a_year)
    office.page.get_by_role("button", name="Record this training").click()
    expect(office.page.locator("tr", has_text="Nora Newcomer").first).to_contain_text("Trained")
    office.screenshot("training")

    operator.page.reload()
    decision.locator("a.button", has_text="False alarm").click()
    operator.page.locator("fieldset", has_text="Why").locator("label.chip").first.click()
    operator.page.get_by_role("button", name="Review what will be recorded").click()
    operator.page.get_by_role("button", name="Record this decision").click()
    product.await_state(alert, "resolved")
    assert operator.complaints == []
    assert office.complaints == []
