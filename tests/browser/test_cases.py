"""The workbench of cases in a browser: from a confirmed alert to another person's approval."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.accounts.permissions import Role
from apps.alerts.models import Alert
from apps.cases.models import Case
from apps.cases.operations import open_case
from tests.browser.inside import Inside, Seat
from tests.cases.test_from_theft_to_case import decide
from tests.cases.test_pages import seal
from tests.world import NOW, World, make_person, make_waiting_alert

pytestmark = [pytest.mark.django_db, pytest.mark.browser, pytest.mark.timeout(300)]


def confirmed(world: World) -> Case:
    """The case of a theft the administrator of this tenant confirmed, its footage sealed."""
    alert = make_waiting_alert(world.camera)
    decide(alert, world)
    Alert.objects.filter(id=alert.id).update(state="resolved", resolved_at=NOW)
    case = open_case(alert_id=alert.id, now=NOW)
    seal(case)
    return case


def folded(page: Page, words: str) -> None:
    """Open the part of the page that is folded behind these words."""
    page.locator("summary", has_text=words).first.click(timeout=5000)


def test_a_case_is_worked_on_and_approved_by_somebody_who_did_not_confirm(
    world: World, inside: Inside
) -> None:
    case, other = confirmed(world), confirmed(world)
    third = make_waiting_alert(world.camera)
    colleague = make_person(world.tenant, Role.LP_LEAD, world.site).display_name
    alert_id = case.incidents.get().alert_id

    def story(desk: Inside) -> None:
        lead = desk.seat(world.lead)
        page = lead.open(f"/alerts/{alert_id}/")
        page.get_by_role("link", name=case.reference).click(timeout=5000)
        expect(page.get_by_role("heading", name=case.title)).to_be_visible()
        _notes(page)
        _tasks(page, colleague)
        _people_and_links(page, third, other)
        _hold(page)
        lead.screenshot("case")
        _found(lead, case)
        _on_the_board(lead, case, colleague)
        _approved(desk.seat(world.administrator), case)
        assert [one for one in lead.complaints if "409" not in one and "422" not in one] == []

    inside.tell(story)
    case.refresh_from_db()
    assert case.state == "approved"


def _notes(page: Page) -> None:
    notes = page.locator("section[aria-labelledby=notes-title]")
    notes.get_by_label("New note").fill("Perfume, its wrapper cut open.")
    notes.get_by_role("button", name="Keep the note").click(timeout=5000)
    folded(page, "Rewrite the note")
    notes.get_by_label("New wording").fill("Two perfumes, wrappers cut open.")
    notes.get_by_role("button", name="Keep the new wording").click(timeout=5000)
    folded(page, "2 wordings")
    expect(notes).to_contain_text("1. Perfume, its wrapper cut open.")
    expect(notes).to_contain_text("2. Two perfumes, wrappers cut open.")


def _tasks(page: Page, colleague: str) -> None:
    work = page.locator("section[aria-labelledby=work-title]")
    work.get_by_label("New task").fill("Ask the guard for the till roll")
    work.locator("#due-new").fill((timezone.now() + timedelta(days=3)).date().isoformat())
    work.locator("#given-new").select_option(label=colleague)
    work.get_by_role("button", name="Add the task").click(timeout=5000)
    expect(work).to_contain_text(f"{colleague} · due")
    work.get_by_label("Kind of offence").select_option("self_checkout")
    work.get_by_role("button", name="Set the offence").click(timeout=5000)
    expect(work.get_by_role("button", name="Mark as done")).to_have_count(6)
    folded(page, "Plan: ")
    work.get_by_role("button", name="Mark as done: Ask the guard").click(timeout=5000)
    expect(work).to_contain_text("done by")
    work.get_by_role("button", name="Open again: Ask the guard").click(timeout=5000)
    work.get_by_label("Works on it").select_option(label=colleague)
    work.get_by_role("button", name="Give the case").click(timeout=5000)
    expect(work).to_contain_text(f"with {colleague}")


def _people_and_links(page: Page, alert: Alert, other: Case) -> None:
    folded(page, "Add somebody")
    page.get_by_label("Role").select_option("witness")
    page.get_by_label("Name (optional, sealed)").fill("Ana Ruiz")
    page.get_by_label("Clothing and acts").fill("Red coat, stood at aisle 4")
    page.get_by_role("button", name="Add the person").click(timeout=5000)
    people = page.locator("section[aria-labelledby=people-title]")
    expect(people).to_contain_text("Red coat, stood at aisle 4")
    links = page.locator("section[aria-labelledby=links-title]")
    folded(page, "Link an alert")
    page.get_by_label("Alert (A-1A2B3C4D)").fill("A-00000000")
    page.get_by_label("What it has to do with the case").fill("Same aisle, an hour before")
    page.get_by_role("button", name="Link the alert").click(timeout=5000)
    expect(page.locator("body")).to_contain_text("No alert you may see is called that.")
    expect(page.get_by_label("What it has to do with the case")).to_have_value(
        "Same aisle, an hour before"
    )
    page.get_by_label("Alert (A-1A2B3C4D)").fill(alert.reference)
    page.get_by_role("button", name="Link the alert").click(timeout=5000)
    expect(links.get_by_role("link", name=alert.reference)).to_be_visible()
    folded(page, "Link another case")
    page.locator("#link-other").fill(other.reference)
    page.get_by_label("What is the same").select_option("same_method")
    page.get_by_label("What was observed").fill("Foil in the bag, both times")
    page.get_by_role("button", name="Link the case").click(timeout=5000)
    expect(links.get_by_role("link", name=other.reference)).to_be_visible()


def _hold(page: Page) -> None:
    page.get_by_role("link", name="Hold everything of this case").click(timeout=5000)
    page.get_by_label("Why it must not be deleted").fill("The police asked for it.")
    page.get_by_role("button", name="Place the hold").click(timeout=5000)
    expect(page.locator("main")).to_contain_text("The police asked for it.")


def _found(desk: Seat, case: Case) -> None:
    page = desk.open("/cases/")
    words = page.get_by_role("search", name="Find cases").get_by_label("Reference or words")
    words.fill("perfumes wrappers")
    page.get_by_role("button", name="Find cases").click(timeout=5000)
    expect(page.locator("[data-row]")).to_have_count(1)
    expect(page.locator("[data-row]")).to_contain_text(case.reference)
    words.fill("a word nobody wrote")
    page.get_by_role("button", name="Find cases").click(timeout=5000)
    expect(page.locator("main")).to_contain_text("No case fits")
    desk.screenshot("cases-none")


def _on_the_board(desk: Seat, case: Case, colleague: str) -> None:
    page = desk.open("/cases/board/")
    card = page.locator(".card-body", has_text=case.reference)
    expect(card).to_contain_text("next: Ask the guard for the till roll")
    expect(card).to_contain_text(colleague)
    desk.screenshot("board")
    page.get_by_role("button", name=f"Start investigating: {case.reference}").click(timeout=5000)
    page.get_by_role("button", name="Submit for approval").click(timeout=5000)
    expect(page.locator("body")).to_contain_text("The case is now submitted for approval.")
    expect(page.get_by_role("button", name="Approve the case")).to_be_disabled()


def _approved(office: Seat, case: Case) -> None:
    page = office.open("/cases/approvals/")
    office.screenshot("approvals")
    page.get_by_role("link", name=case.title).first.click(timeout=5000)
    page.get_by_role("button", name="Send back to investigating").click(timeout=5000)
    expect(page.locator("body")).to_contain_text("Say why")
    page.get_by_label("Reason").fill("Checked against the till roll.")
    page.get_by_role("button", name="Approve the case").click(timeout=5000)
    expect(page.locator("body")).to_contain_text("The case is now approved.")
    timeline = page.locator("section[aria-labelledby=history-title]")
    expect(timeline).to_contain_text("Checked against the till roll.")
