"""The trust page answers from the running system, and says so when it cannot."""

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.console import trust
from apps.console.trust import Answer, trust_questions
from tests.console.people import signed_in
from tests.world import NOW, World, make_waiting_alert

pytestmark = pytest.mark.django_db


def test_seven_questions_are_answered_for_everybody_who_works_with_alerts(world: World) -> None:
    make_waiting_alert(world.camera)
    for person in (world.operator, world.store_manager, world.lead, world.compliance):
        page = signed_in(person).get("/compliance/trust/")
        assert page.status_code == 200
        assert page.content.decode().count("<h2") == 7
    text = page.content.decode()
    assert "0 of them without a person&#x27;s confirmation" in text
    assert "No assistant is installed" in text
    assert signed_in(world.ops).get("/compliance/trust/").status_code == 403


def test_an_answer_that_cannot_be_read_says_so_and_the_others_stand(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(user: User, now: object) -> Answer:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        raise AssertionError("the database should have refused")

    monkeypatch.setattr(trust, "_audit", broken)
    found = {question.key: question.answer for question in trust_questions(world.operator, now=NOW)}
    assert not found["audit"].is_read
    assert found["audit"].verdict == "Could not read this just now."
    assert all(answer.is_read for key, answer in found.items() if key != "audit")
