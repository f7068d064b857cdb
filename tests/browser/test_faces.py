"""In a browser: faces are blurred, revealed for a reason, and covered again."""

from collections.abc import Callable
from itertools import groupby

from playwright.sync_api import expect

from tests.browser.conftest import Desk
from tests.browser.test_main_job import waiting_alert
from tests.harness.product import Product, wait_for

NewDesk = Callable[[], Desk]
REASON = "A bag was left behind; is it the same person?"


def handed_out(product: Product, alert: str) -> list[str]:
    """Which versions of the clip were handed out, in order; a player may ask for one several times."""
    rows = product.query(
        "SELECT details::jsonb ->> 'version' FROM audit_leaf WHERE subject_id = %s AND event = 'clip:viewed'"
        " ORDER BY index",
        alert,
    )
    return [version for version, _ in groupby(row[0] for row in rows)]


def test_a_person_reveals_faces_for_a_reason_and_covers_them_again(
    product: Product, desk: NewDesk
) -> None:
    alert = waiting_alert(product)
    operator = desk().sign_in("operator")
    operator.open(f"/alerts/{alert}/")
    page = operator.page
    expect(page.locator("video")).to_be_attached(timeout=120_000)
    expect(page.locator("#alert-player")).to_contain_text("Faces are blurred")
    page.get_by_role("button", name="Reveal faces").click()
    page.get_by_label("Why they have to be seen").fill(REASON)
    page.get_by_role("button", name="Reveal for ten minutes").click()
    expect(page.locator("#alert-player")).to_contain_text("Faces revealed until")
    expect(page.locator("video")).to_have_js_property("readyState", 4, timeout=60_000)
    operator.play_marked_span()
    page.get_by_role("button", name="Cover again").click()
    expect(page.locator("#alert-player")).to_contain_text("Faces are blurred")
    recorded = product.query("SELECT reason FROM reviews_reveal WHERE alert_id = %s", alert)
    assert recorded == [(REASON,)]
    wait_for(lambda: handed_out(product, alert) == ["blurred", "original", "blurred"], within=30)


def test_who_may_not_watch_is_not_offered_to_reveal(product: Product, desk: NewDesk) -> None:
    alert = waiting_alert(product)
    manager = desk().sign_in("store_manager")
    manager.open(f"/alerts/{alert}/")
    expect(manager.page.locator("#alert-player")).to_contain_text("not part of your role")
    expect(manager.page.get_by_role("button", name="Reveal faces")).to_have_count(0)
