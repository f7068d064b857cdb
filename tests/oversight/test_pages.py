"""The pages of compliance: the card says what is known, notices say what was stated, the home says what needs attention."""

import io

import pytest
from django.utils import timezone
from pypdf import PdfReader

from apps.audit.events import Event
from apps.audit.models import InboxEntry
from apps.oversight.models import Notice, PublishedModel, SystemCardVersion
from apps.oversight.notice_texts import LANGUAGES, NoticeFacts, notice_text
from apps.oversight.operations.cards import keep_card
from apps.oversight.operations.publishing import publish_models
from tests.console.people import signed_in
from tests.oversight.test_stop import press
from tests.world import World

pytestmark = pytest.mark.django_db
FACTS = {
    "controller": "Mercado Norte S.A.",
    "address": "Gran Vía 1, Madrid",
    "contact": "privacy at mercado.test",
    "officer": "",
    "purposes": "preventing theft",
    "legal_basis": "Art. 6(1)(f) GDPR",
    "retention_footage_days": 30,
    "retention_case_days": 365,
    "retention_log_days": 183,
    "recipients": "the police, on request",
    "authority": "AEPD",
}
MODEL = {
    "id": "person-finder",
    "version": "1",
    "sha256": "ab" * 32,
    "job": "person",
    "licence": "MIT",
    "source": "here",
    "ai_act_class": "not biometric: finds people",
    "measured": [],
}


def test_the_card_says_what_is_not_known(world: World) -> None:
    text = signed_in(world.operator).get("/compliance/system-card/").content.decode()
    assert "no worker of this release has said" in text
    assert "people have judged too few alerts" in text
    assert "no audit sample was imported" in text
    assert "Inferring emotions" in text


def test_the_card_names_the_models_a_worker_has_published(world: World) -> None:
    now = timezone.now()
    assert publish_models(models=[MODEL], now=now) == 1
    assert publish_models(models=[MODEL], now=now) == 0
    text = signed_in(world.operator).get("/compliance/system-card/").content.decode()
    assert MODEL["sha256"] in text
    assert MODEL["ai_act_class"] in text


def test_the_card_gets_a_version_when_what_it_states_changes(world: World) -> None:
    first = keep_card(tenant_id=world.tenant.id, now=timezone.now())
    assert keep_card(tenant_id=world.tenant.id, now=timezone.now()) == first
    publish_models(models=[MODEL], now=timezone.now())

    second = keep_card(tenant_id=world.tenant.id, now=timezone.now())

    assert (first.version, second.version) == (1, 2)
    assert SystemCardVersion.objects.count() == 2
    assert InboxEntry.objects.filter(event=Event.SYSTEM_CARD_VERSIONED.value).count() == 2
    assert PublishedModel.objects.count() == 1


def test_the_home_says_what_is_stopped(world: World) -> None:
    browser = signed_in(world.compliance)
    before = browser.get("/compliance/").context["tiles"][0]
    press(world.administrator)
    after = browser.get("/compliance/").context["tiles"][0]
    assert (before.figure, before.attention) == ("0", False)
    assert (after.figure, after.attention) == ("1", True)


@pytest.mark.parametrize(
    "role", ["operator", "store_manager", "lead", "compliance", "administrator"]
)
def test_everybody_who_works_with_alerts_reads_the_pages(world: World, role: str) -> None:
    browser = signed_in(getattr(world, role))
    for page in ("", "system-card/", "risks/", "incidents/", "notices/"):
        assert browser.get(f"/compliance/{page}").status_code == 200
    expected = 200 if role in ("compliance", "administrator") else 403
    assert browser.get("/compliance/exports/").status_code == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notice_says_what_was_stated_and_whether_faces_are_compared(language: str) -> None:
    texts = {
        biometrics: notice_text(
            facts=NoticeFacts(**FACTS, biometrics=biometrics), site="Gran Vía", language=language
        )
        for biometrics in (False, True)
    }
    for text in texts.values():
        assert all(str(value) in text for value in FACTS.values())
    assert texts[False] != texts[True]


def test_logs_kept_below_the_floor_make_no_notice() -> None:
    with pytest.raises(ValueError, match="183"):
        NoticeFacts(**{**FACTS, "retention_log_days": 182}, biometrics=False)


def test_a_notice_is_kept_with_its_version_and_printed(world: World) -> None:
    office = signed_in(world.compliance)
    path = f"/compliance/notices/new/{world.site.id}/"
    assert signed_in(world.operator).post(path, FACTS).status_code == 403
    assert office.post(path, FACTS).status_code == 302
    assert office.post(path, {**FACTS, "authority": "CNIL"}).status_code == 302
    assert Notice.objects.filter(version=1).count() == len(LANGUAGES)

    newest = Notice.objects.get(version=2, language="es")
    answer = office.get(f"/compliance/notices/{newest.id}/pdf/")
    [page] = PdfReader(io.BytesIO(answer.content)).pages
    assert "CNIL" in page.extract_text()
    assert "reclamar" in page.extract_text()
    assert (
        signed_in(world.foreign_operator).get(f"/compliance/notices/{newest.id}/pdf/").status_code
        == 404
    )
