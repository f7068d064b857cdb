"""The pages speak English or Spanish, as each person chooses; what programs read and what is recorded stays English."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.console.people import signed_in
from tests.world import World

pytestmark = pytest.mark.django_db


def _choose(client: Client, language: str) -> None:
    answer = client.post(reverse("set-language"), {"language": language, "next": "/"})
    assert answer.status_code == 302


def test_a_person_reads_the_desk_in_the_language_they_chose_until_they_choose_another(
    world: World,
) -> None:
    browser = signed_in(world.operator)
    assert browser.get("/").headers["Content-Language"] == "en"

    _choose(browser, "es")
    spanish = browser.get("/")
    assert spanish.headers["Content-Language"] == "es"
    assert '<html lang="es"' in spanish.text
    assert "Ir al contenido" in spanish.text

    _choose(browser, "en")
    assert "Skip to content" in browser.get("/").text


def test_a_browser_that_asks_for_spanish_gets_it_before_anybody_signed_in() -> None:
    page = Client(headers={"accept-language": "es-ES,es;q=0.9,en;q=0.5"}).get("/accounts/login/")
    assert page.headers["Content-Language"] == "es"
    assert "una persona confirma" in page.text


def test_a_language_nobody_translated_falls_back_to_english() -> None:
    page = Client(headers={"accept-language": "fi"}).get("/accounts/login/")
    assert page.headers["Content-Language"] == "en"


def test_the_api_answers_in_english_whatever_the_browser_asks_for(world: World) -> None:
    browser = signed_in(world.operator)
    _choose(browser, "es")
    answer = browser.get("/api/v1/alerts/not-an-alert/", headers={"accept-language": "es"})
    assert answer.headers["Content-Language"] == "en"
