"""The pages speak English or Spanish, as each person chooses; what programs read and what is recorded stays English."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.forms import BaseForm
from django.forms.utils import pretty_name
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from tests.console.outside_words import outside_words
from tests.console.people import signed_in
from tests.console.spoken_words import ROOT, of_browser, of_python, of_templates
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


LABEL = re.compile(r"<label[^>]*>\s*([^<]*?)\s*<")
CATALOGUES = ROOT / "config" / "locale" / "es" / "LC_MESSAGES"
# Documents that leave the house: their words are those of the record.
DOCUMENTS = {"cases/case_file.html", "subject_requests/package.html", "oversight/techdoc.html"}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|</?\w+")


def _catalogue(domain: str) -> Catalog:
    with (CATALOGUES / f"{domain}.po").open("rb") as file:
        return read_po(file, locale="es")


def test_no_word_of_a_page_is_out_of_the_translators_reach() -> None:
    pages = ROOT / "templates"
    found = [
        f"{file.relative_to(pages)}:{line}: {words}"
        for file in sorted(pages.rglob("*.html"))
        if str(file.relative_to(pages)) not in DOCUMENTS
        for line, words in outside_words(file.read_text())
    ]
    assert "\n".join(found) == ""


@pytest.mark.parametrize(
    ("domain", "spoken"),
    [("django", lambda: of_templates() | of_python()), ("djangojs", of_browser)],
    ids=["pages", "browser"],
)
def test_every_message_has_its_spanish(domain: str, spoken: Callable[[], set[str]]) -> None:
    """A message without one is added by `make messages`, then translated in the .po file."""
    known = {_first(one.id): one for one in _catalogue(domain) if one.id}
    missing = [
        message
        for message in spoken() - {""}
        if message not in known or not _is_translated(known[message])
    ]
    assert "\n".join(sorted(missing)) == ""


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_a_translation_keeps_placeholders_and_cannot_break_a_page(domain: str) -> None:
    broken = [
        f"{id_!r}: {text!r}"
        for one in _catalogue(domain)
        if one.id
        for id_, text in zip(_forms(one.id), _forms(one.string), strict=True)
        if set(PLACEHOLDER.findall(_forms(one.id)[-1])) != set(PLACEHOLDER.findall(text))
        or ('"' in text and '"' not in id_)
    ]
    assert "\n".join(broken) == ""


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_what_is_compiled_is_what_was_translated(domain: str) -> None:
    with (CATALOGUES / f"{domain}.mo").open("rb") as file:
        compiled = read_mo(file)
    assert _pairs(compiled) == _pairs(_catalogue(domain))


def _pairs(catalogue: Catalog) -> dict[tuple[str, str], tuple[str, ...]]:
    """Spanish forms by context and first English form."""
    return {
        (_text(one.context or ""), _first(one.id)): _forms(one.string)
        for one in catalogue
        if one.id
    }


def _text(words: str | bytes) -> str:
    """A compiled file's contexts are read as bytes."""
    return words.decode() if isinstance(words, bytes) else words


def _forms(words: object) -> tuple[str, ...]:
    return tuple(map(str, words)) if isinstance(words, list | tuple) else (str(words),)


def _first(words: object) -> str:
    return _forms(words)[0]


def _is_translated(message: Message) -> bool:
    return all(_forms(message.string)) and not message.fuzzy


@pytest.mark.parametrize("person", ["operator", "lead", "compliance", "administrator"])
def test_every_page_that_needs_no_object_opens_in_spanish(world: World, person: str) -> None:
    browser = signed_in(getattr(world, person))
    _choose(browser, "es")
    opened, english = 0, _labels_made_of_names()
    for address in _pages_without_objects():
        page = browser.get(address, headers={"accept": "text/html"})
        assert page.status_code < 500, address
        assert not english.intersection(LABEL.findall(page.text)), address
        opened += page.status_code == 200 and '<html lang="es"' in page.text
    assert opened >= 5


def _labels_made_of_names() -> set[str]:
    """What Django would write beside the fields of our forms that say no label: their names, in English."""
    found = {
        pretty_name(name)
        for form in _under(BaseForm)
        for name, field in getattr(form, "base_fields", {}).items()
        if form.__module__.startswith("apps.") and field.label is None
    }
    return found - {"Detector"}  # the same in Spanish


def _under(kind: type) -> Iterator[type]:
    for below in kind.__subclasses__():
        yield below
        yield from _under(below)


def _pages_without_objects() -> list[str]:
    """Addresses that are reached without naming a thing, the live stream and the way out apart."""
    names = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    found = []
    for name in sorted(names - {"live", "account_logout", "words", "set-language", "schema"}):
        with suppress(NoReverseMatch):
            found.append(reverse(name))
    return found
