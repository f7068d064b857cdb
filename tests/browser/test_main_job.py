"""The main job as its people live it: an alert comes in, a person decides, a case stands."""

import io
import json
import os
import signal
import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from apps.storage.client import Address
from apps.storage.errors import StorageError
from apps.storage.locked import LockedStore
from tests.browser.conftest import Desk
from tests.harness.product import BUNDLED_CLIP, Product, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

NewDesk = Callable[..., Desk]


def raise_with_clip(product: Product) -> str:
    answer = product.post_alert(clip=BUNDLED_CLIP)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def waiting_alert(product: Product) -> str:
    alert = raise_with_clip(product)
    product.await_state(alert, "awaiting_review")
    return alert


def fill_in_theft(desk: Desk) -> None:
    desk.page.locator("a.button", has_text="Confirm theft").click()
    desk.page.locator("label.chip", has_text="Yes").click()
    desk.page.locator("fieldset", has_text="Why").locator("label.chip").first.click()
    desk.page.get_by_role("button", name="Review what will be recorded").click()


def test_an_alert_becomes_a_case(product: Product, desk: NewDesk) -> None:
    operator = desk().sign_in("operator")
    operator.open("/")
    page = operator.page

    alert = raise_with_clip(product)
    news = page.locator("[data-queue-news], .queue-news").first
    expect(news).to_contain_text("new", timeout=60_000)
    product.await_state(alert, "awaiting_review")
    news.locator("a, button").first.click()
    row = page.locator(f'[data-row="{alert}"]')
    expect(row).to_be_visible()
    operator.screenshot("queue")

    row.locator("[data-open]").click()
    page.wait_for_url(f"**/alerts/{alert}/")
    theft = page.locator("a.button", has_text="Confirm theft")
    expect(theft).to_have_attribute("aria-disabled", "true")
    operator.play_marked_span()
    operator.screenshot("alert")
    fill_in_theft(operator)
    expect(page.locator("#decision")).to_contain_text("This will be recorded")
    operator.screenshot("confirm")
    page.get_by_role("button", name="Record this decision").click()
    expect(page.locator("#decision")).to_contain_text("ecided", timeout=60_000)
    product.await_state(alert, "resolved")

    case = wait_for(
        lambda: product.query("SELECT case_id FROM cases_incident WHERE alert_id = %s", alert)
    )[0][0]
    wait_for(lambda: product.query("SELECT 1 FROM cases_exhibit WHERE case_id = %s", case))
    wait_for(
        lambda: product.query(
            "SELECT 1 FROM evidence_evidenceitem WHERE kind = 'dossier' AND alert_id = %s", alert
        )
    )
    operator.open(f"/cases/{case}/")
    expect(page.locator(".exhibit")).to_contain_text("Sealed")
    operator.screenshot("case")
    _nobody_can_delete_the_exhibit(product, str(case))
    _the_dossier_says_who_decided(product, operator, alert)
    _the_chain_tells_it(product, alert)
    assert operator.complaints == []


def _nobody_can_delete_the_exhibit(product: Product, case: str) -> None:
    item = product.query(
        "SELECT i.bucket, i.key, i.version_id FROM cases_exhibit e"
        " JOIN evidence_evidenceitem i ON i.id = e.item_id WHERE e.case_id = %s",
        case,
    )
    bucket, key, version = item[0]
    given = product.variables
    address = Address(
        endpoint=given["S3_ENDPOINT"],
        access_key=given["S3_ACCESS_KEY"],
        secret_key=given["S3_SECRET_KEY"],
        region=given.get("S3_REGION", "us-east-1"),
    )
    store = LockedStore(bucket=bucket, address=address, public_endpoint="")
    with pytest.raises(StorageError):
        store.delete(key=key, version_id=version)
    assert store.stat(key=key, version_id=version).size > 0


def _the_dossier_says_who_decided(product: Product, operator: Desk, alert: str) -> None:
    link = operator.page.get_by_role("link", name="Open the dossier")
    address = link.get_attribute("href")
    pdf = operator.page.request.get(f"{product.url}{address}").body()
    words = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    assert "theft confirmed" in words
    assert alert in words


def _the_chain_tells_it(product: Product, alert: str) -> None:
    def events() -> set[str]:
        return {
            row[0]
            for row in product.query("SELECT event FROM audit_leaf WHERE subject_id = %s", alert)
        }

    wanted = {
        "alert:received",
        "alert:record_chained",
        "clip:viewed",
        "disposition:recorded",
        "dossier:rendered",
    }
    wait_for(lambda: wanted <= events(), within=30)
    product.manage("audit_verify")


def test_the_second_of_two_simultaneous_decisions_gets_the_conflict(
    product: Product, desk: NewDesk
) -> None:
    alert = waiting_alert(product)
    people = [desk().sign_in("operator"), desk().sign_in("lp_lead")]
    for person in people:
        person.open(f"/alerts/{alert}/")
        person.page.locator("a.button", has_text="False alarm").click()
        person.page.locator("fieldset", has_text="Why").locator("label.chip").first.click()
        person.page.get_by_role("button", name="Review what will be recorded").click()
        expect(person.page.locator("#decision")).to_contain_text("This will be recorded")
    for person in people:
        person.page.get_by_role("button", name="Record this decision").click()
    outcomes = [person.page.locator("#decision") for person in people]
    for outcome in outcomes:
        expect(outcome).to_contain_text("ecided", timeout=60_000)
    assert sum("lready decided" in outcome.inner_text() for outcome in outcomes) == 1
    decided = product.query("SELECT count(*) FROM alerts_disposition WHERE alert_id = %s", alert)
    assert decided == [(1,)]


def test_who_sees_an_alert_and_who_does_not(product: Product, desk: NewDesk) -> None:
    alert = waiting_alert(product)
    manager = desk().sign_in("store_manager")
    assert manager.open(f"/alerts/{alert}/") == 200
    assert manager.open(f"/alerts/{alert}/decide/?verdict=false_alarm") == 403
    ops = desk().sign_in("ops")
    assert ops.open(f"/alerts/{alert}/") in {403, 404}
    anonymous = desk()
    anonymous.open(f"/alerts/{alert}/")
    assert "/accounts/login/" in anonymous.page.url


def test_a_foreign_retailer_sees_nothing(product: Product, desk: NewDesk) -> None:
    alert = waiting_alert(product)
    made = product.manage(
        "tenant_create",
        "elsewhere",
        "--name",
        "Elsewhere",
        "--admin-email",
        "admin@elsewhere.test",
        "--json",
    )
    stranger = desk().sign_in_as("admin@elsewhere.test", json.loads(made)["password"])
    assert stranger.open(f"/alerts/{alert}/") == 404
    assert stranger.open(f"/alerts/{alert}/clip/") == 404
    stranger.open("/")
    expect(stranger.page.locator("[data-row]")).to_have_count(0)


def test_a_decision_while_no_worker_answers_is_recorded_and_waits(
    product: Product, desk: NewDesk
) -> None:
    alert = waiting_alert(product)
    operator = desk().sign_in("operator")
    operator.open(f"/alerts/{alert}/")
    operator.page.locator("a.button", has_text="False alarm").click()
    operator.page.locator("fieldset", has_text="Why").locator("label.chip").first.click()
    operator.page.get_by_role("button", name="Review what will be recorded").click()
    worker = product.pid("worker-triage")
    os.kill(worker, signal.SIGSTOP)
    try:
        resume = threading.Timer(15, os.kill, [worker, signal.SIGCONT])
        resume.start()
        operator.page.get_by_role("button", name="Record this decision").click()
        expect(operator.page.locator("#decision")).to_contain_text("ecorded", timeout=14_000)
        assert product.state_of(alert) == "awaiting_review"
    finally:
        resume.join()
    expect(operator.page.locator("#decision [data-settled]")).to_be_visible(timeout=90_000)
    product.await_state(alert, "resolved")


def test_the_upload_form_raises_an_alert_and_refuses_what_is_no_video(
    product: Product, desk: NewDesk, tmp_path: object
) -> None:
    operator = desk().sign_in("operator")
    operator.open("/alerts/new/")
    page = operator.page
    page.locator("input[type=file]").set_input_files(
        {"name": "holiday.mp4", "mimeType": "video/mp4", "buffer": b"this is text, not a film"}
    )
    if page.locator("select[name=camera]").count():
        page.locator("select[name=camera]").select_option(index=1)
    page.locator(
        "form[enctype] button[type=submit], form[enctype] button:not([type])"
    ).first.click()
    expect(page.locator(".field-error").first).to_be_visible()
    operator.screenshot("upload")
    page.locator("input[type=file]").set_input_files(str(BUNDLED_CLIP))
    page.locator(
        "form[enctype] button[type=submit], form[enctype] button:not([type])"
    ).first.click()
    page.wait_for_url("**/alerts/*-*/", timeout=60_000)
    alert = page.url.rstrip("/").rpartition("/")[2]
    product.await_state(alert, "awaiting_review", "model_review")
