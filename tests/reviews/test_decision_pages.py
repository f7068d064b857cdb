"""Deciding on screen: panel, exactly what will be recorded, confirmation, and what became of it."""

import json
import re
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.sessions import DRAFT
from apps.alerts.models import Alert, Disposition
from apps.reviews.models import DecisionAttempt, Playback
from apps.reviews.operations import apply_attempt
from apps.triage.states import AttemptState
from tests.console.people import HTMX, signed_in
from tests.world import World

pytestmark = pytest.mark.django_db
SESSION = "a" * 32
FALSE_ALARM = {"verdict": "false_alarm", "reasons": ["paid"]}


def watch(client: Client, alert: Alert, start: int = 2_000, end: int = 6_000) -> dict[str, object]:
    body = {"session": SESSION, "from_ms": start, "to_ms": end}
    answer = client.post(
        f"/alerts/{alert.id}/playback/", json.dumps(body), content_type="application/json"
    )
    assert answer.status_code == 200, answer.content
    return answer.json()


def prepared(client: Client, alert: Alert, data: dict[str, object]) -> tuple[str, dict[str, str]]:
    """Fill in the panel; return where the confirm step posts to, and what."""
    page = client.post(f"/alerts/{alert.id}/decide/", data).content.decode()
    assert "This will be recorded" in page, page
    action = re.search(r'action="(/attempts/[^"]+)"', page)
    fields = dict(re.findall(r'name="(token|payload)"\s+value="([^"]*)"', page))
    assert action
    return action[1], {name: unescape(value) for name, value in fields.items()}


def test_a_decision_is_filled_in_shown_confirmed_and_followed(world: World, waiting: Alert) -> None:
    client = signed_in(world.operator)
    assert (
        "Item paid for"
        in client.get(f"/alerts/{waiting.id}/decide/?verdict=false_alarm").content.decode()
    )
    where, fields = prepared(client, waiting, FALSE_ALARM)
    answer = client.post(where, fields)
    attempt = DecisionAttempt.objects.get(alert=waiting)
    assert answer["Location"] == f"/attempts/{attempt.id}/"
    assert "Recorded, waiting to be applied" in client.get(answer["Location"]).content.decode()
    apply_attempt(
        tenant_id=waiting.tenant_id,
        alert_id=waiting.id,
        attempt_id=attempt.id,
        now=timezone.now(),
    )
    followed = client.get(answer["Location"], headers=HTMX)
    assert "Recorded: false alarm." in followed.content.decode()
    assert "decision-settled" in followed["HX-Trigger"]
    assert Disposition.objects.get(alert=waiting).decided_by == world.operator.id


def test_what_is_confirmed_is_what_was_shown(world: World, waiting: Alert) -> None:
    client = signed_in(world.operator)
    where, fields = prepared(client, waiting, FALSE_ALARM)
    changed = fields | {"payload": fields["payload"].replace("paid", "item_put_back")}
    answer = client.post(where, changed, headers=HTMX)
    assert answer.status_code == 409
    assert DecisionAttempt.objects.get().state == AttemptState.REFUSED
    for nonsense in ({}, {"token": "x", "payload": "[1"}, {"token": "x", "payload": "[]"}):
        assert client.post(where, nonsense, headers=HTMX).status_code == 409


def test_theft_waits_for_the_marked_span_and_for_the_answer(world: World, waiting: Alert) -> None:
    client = signed_in(world.operator)
    theft = {"verdict": "theft_confirmed", "reasons": ["exit_unpaid"], "transfer_seen": "yes"}
    bar = client.get(f"/alerts/{waiting.id}/decision/", headers=HTMX).content.decode()
    assert "Play the marked 4 s first." in bar
    refused = client.post(f"/alerts/{waiting.id}/decide/", theft, headers=HTMX)
    assert refused.status_code == 409
    assert "Play the marked 4 s first." in refused.content.decode()
    assert watch(client, waiting, 2_000, 3_000)["enough"] is False
    assert watch(client, waiting)["enough"] is True
    unanswered = client.post(
        f"/alerts/{waiting.id}/decide/", theft | {"transfer_seen": ""}, headers=HTMX
    )
    assert unanswered.status_code == 422
    assert "Answer whether you saw the item change place." in unanswered.content.decode()
    not_seen = client.post(
        f"/alerts/{waiting.id}/decide/", theft | {"transfer_seen": "no"}, headers=HTMX
    )
    assert not_seen.status_code == 409
    assert "only when the item was seen changing place" in not_seen.content.decode()
    prepared(client, waiting, theft)


def test_a_decision_needs_a_reason_and_keeps_what_was_typed(world: World, waiting: Alert) -> None:
    client = signed_in(world.operator)
    answer = client.post(f"/alerts/{waiting.id}/decide/", {"verdict": "inconclusive"}, headers=HTMX)
    assert answer.status_code == 422
    assert "Choose a reason or write one." in answer.content.decode()
    wrong = {"verdict": "inconclusive", "reasons": ["paid"], "comment": "half typed"}
    again = client.post(f"/alerts/{waiting.id}/decide/", wrong, headers=HTMX)
    assert again.status_code == 422
    assert "half typed" in again.content.decode()


def test_an_old_sign_in_is_asked_for_again_and_nothing_typed_is_lost(
    world: World, waiting: Alert
) -> None:
    client = signed_in(world.operator, seconds_ago=301)
    typed = FALSE_ALARM | {"comment": "put back at 0:03"}
    answer = client.post(f"/alerts/{waiting.id}/decide/", typed)
    assert answer["Location"].startswith("/accounts/reauthenticate/?next=")
    assert not DecisionAttempt.objects.exists()
    fragment = client.post(f"/alerts/{waiting.id}/decide/", typed, headers=HTMX)
    assert fragment["HX-Redirect"] == answer["Location"]
    draft = client.session[DRAFT]
    client = signed_in(world.operator)
    session = client.session
    session[DRAFT] = draft
    session.save()
    opened = client.get(f"/alerts/{waiting.id}/?decide=false_alarm").content.decode()
    assert f"/alerts/{waiting.id}/decide/?verdict=false_alarm" in opened
    panel = client.get(f"/alerts/{waiting.id}/decide/?verdict=false_alarm").content.decode()
    assert "put back at 0:03" in panel
    assert re.search(r'value="paid"[^>]*checked', panel)


def test_who_may_not_decide_is_refused_and_who_may_not_see_finds_nothing(
    world: World, waiting: Alert
) -> None:
    path = f"/alerts/{waiting.id}/decide/"
    for person in (world.store_manager, world.compliance, world.administrator):
        assert signed_in(person).post(path, FALSE_ALARM).status_code == 403
    for person in (world.stranger, world.foreign_operator, world.ops):
        assert signed_in(person).post(path, FALSE_ALARM).status_code == 404
    assert not DecisionAttempt.objects.exists()


def test_nobody_follows_or_confirms_somebody_elses_attempt(world: World, waiting: Alert) -> None:
    where, fields = prepared(signed_in(world.operator), waiting, FALSE_ALARM)
    other = signed_in(world.second_operator)
    assert other.post(where, fields).status_code == 404
    assert other.get(where.replace("submit/", "")).status_code == 404
    assert DecisionAttempt.objects.get().state == AttemptState.PREPARED


def test_the_second_of_two_hears_who_was_first(world: World, waiting: Alert) -> None:
    first, second = signed_in(world.operator), signed_in(world.second_operator)
    where, fields = prepared(second, waiting, FALSE_ALARM)
    mine, my_fields = prepared(first, waiting, FALSE_ALARM)
    first.post(mine, my_fields)
    apply_attempt(
        tenant_id=waiting.tenant_id,
        alert_id=waiting.id,
        attempt_id=DecisionAttempt.objects.get(user=world.operator).id,
        now=timezone.now(),
    )
    assert (
        second.get(f"/alerts/{waiting.id}/standing/?version={waiting.version}").status_code == 200
    )
    answer = second.post(where, fields, headers=HTMX)
    assert answer.status_code == 409
    assert f"ecided by {world.operator.display_name}" in answer.content.decode()
    fresh = Alert.objects.get(id=waiting.id)
    assert first.get(f"/alerts/{waiting.id}/standing/?version={fresh.version}").status_code == 204


def test_decisions_need_the_csrf_token(world: World, waiting: Alert) -> None:
    client = signed_in(world.operator)
    client.handler.enforce_csrf_checks = True
    assert client.post(f"/alerts/{waiting.id}/decide/", FALSE_ALARM).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        '{"session":"x","from_ms":0,"to_ms":9}',
        '{"session":"SESSION","from_ms":5,"to_ms":5}',
        '{"session":"SESSION","from_ms":-1,"to_ms":5}',
        '{"session":"SESSION","from_ms":0,"to_ms":1e99}',
        '{"session":"SESSION","from_ms":NaN,"to_ms":5}',
    ],
)
def test_a_playback_report_that_cannot_be_read_counts_nothing(
    world: World, waiting: Alert, body: str
) -> None:
    answer = signed_in(world.operator).post(
        f"/alerts/{waiting.id}/playback/",
        body.replace("SESSION", SESSION),
        content_type="application/json",
    )
    assert answer.status_code == 422
    assert not Playback.objects.exists()


def test_a_span_no_player_could_have_played_is_refused(world: World, waiting: Alert) -> None:
    body = json.dumps({"session": SESSION, "from_ms": 0, "to_ms": 90_000})
    client = signed_in(world.operator)
    answer = client.post(f"/alerts/{waiting.id}/playback/", body, content_type="application/json")
    assert answer.status_code == 409
    refused = signed_in(world.compliance).post(
        f"/alerts/{waiting.id}/playback/", body, content_type="application/json"
    )
    assert refused.status_code == 403
