"""A decision is taken back by somebody else, in the browser."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.alerts.models import Alert
from apps.cases.models import CaseFile
from apps.cases.operations import open_case
from apps.watchlists.models import FaceEmbedding, WatchlistEntry
from tests.browser.conftest import Desk
from tests.browser.inside import Inside
from tests.cases.test_corrections import file_of
from tests.cases.test_pages import seal
from tests.harness.product import Product
from tests.watchlists.people import confirmed_alert, fill, in_force
from tests.world import NOW, World

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


@pytest.mark.django_db
def test_a_theft_is_taken_back_and_what_rested_on_it_stops(world: World, inside: Inside) -> None:
    fill(world.compliance, now=timezone.now())
    alert = confirmed_alert(world)
    Alert.objects.filter(id=alert.id).update(state="resolved", resolved_at=NOW)
    case = open_case(alert_id=alert.id, now=NOW)
    alert.refresh_from_db()
    seal(case)
    entry = in_force(world, alert=alert)
    waiting, handed = file_of(alert), file_of(alert, released_by=world.administrator)
    assert FaceEmbedding.objects.filter(entry=entry, is_active=True).exists()

    def story(desk: Inside) -> None:
        lead = desk.seat(world.lead)
        page = lead.open(f"/alerts/{alert.id}/")
        page.get_by_role("link", name="Correct this decision").click()
        rests = page.locator("section[aria-labelledby=correct-rests]")
        expect(rests).to_contain_text("is suspended at once")
        expect(rests).to_contain_text("was not handed over: it is withdrawn")
        expect(rests).to_contain_text("has to be told")
        expect(rests).to_contain_text("sealed until 20 Nov 2026, 22:30:00")
        lead.screenshot("correction-before")
        page.get_by_label("What it was").select_option("false_alarm")
        page.get_by_label("Why the decision is corrected").fill(
            "The receipt was found in the bag: it had been paid for."
        )
        page.get_by_role("button", name="Correct the decision").click()
        _what_followed(page, handed)
        lead.screenshot("correction-after")
        rests.get_by_role("link", name=case.reference).click()
        _the_case_says_so(page)
        lead.screenshot("case-taken-back")
        assert lead.complaints == []

    inside.tell(story)
    assert WatchlistEntry.objects.get(id=entry.id).state == "suspended"
    assert not FaceEmbedding.objects.filter(entry=entry, is_active=True).exists()
    assert CaseFile.objects.get(id=waiting.id).state == "withdrawn"
    assert CaseFile.objects.get(id=handed.id).state == "released"


def _what_followed(page: Page, handed: CaseFile) -> None:
    rests = page.locator("section[aria-labelledby=correct-rests]")
    expect(page.get_by_role("heading", name="Corrected decision")).to_be_visible()
    expect(page.locator("main")).to_contain_text("1 recipient of a case file has not been told yet")
    expect(rests).to_contain_text("no face is compared with it")
    expect(rests).to_contain_text("never had it; withdrawn")
    expect(rests).to_contain_text(handed.reference)
    page.get_by_label(f"How {handed.recipient} was told").fill("By letter on 23 November")
    page.get_by_role("button", name="Note that they were told").click()
    expect(rests).to_contain_text("By letter on 23 November")
    expect(page.locator("main")).not_to_contain_text("has not been told yet")


def _the_case_says_so(page: Page) -> None:
    expect(page.locator("main")).to_contain_text("What this case was opened for was taken back")
    alerts = page.locator("section[aria-labelledby=alerts-title]")
    expect(alerts).to_contain_text("Confirmation taken back")
    expect(alerts).to_contain_text("False alarm")
    timeline = page.locator("section[aria-labelledby=history-title]")
    expect(timeline).to_contain_text("The receipt was found in the bag")
