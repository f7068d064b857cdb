"""The webhooks API: who may, what is refused with which sentence, and the secret that is shown once."""

import json
from typing import Any

import pytest

from apps.webhooks.models import Webhook
from tests.console.people import signed_in
from tests.world import World

pytestmark = pytest.mark.django_db
AT = "/api/v1/webhooks/"
GOOD = {"name": "Till", "url": "http://127.0.0.1:9/hook", "kinds": ["alert.resolved"]}


def send(user: Any, path: str, body: object = None, *, method: str = "POST", ago: float = 0) -> Any:
    return signed_in(user, seconds_ago=ago).generic(
        method, path, json.dumps(body or {}), content_type="application/json"
    )


def test_the_secret_is_in_the_first_answer_and_in_no_other(world: World) -> None:
    made = send(world.administrator, AT, GOOD)
    assert made.status_code == 201, made.content
    secret = made.json()["secret"]
    one = f"{AT}{made.json()['id']}/"
    for path in (AT, one, f"{one}deliveries/"):
        answer = signed_in(world.administrator).get(path)
        assert answer.status_code == 200, answer.content
        assert secret not in answer.content.decode()
    assert send(world.administrator, f"{one}secret/").json()["secret"] != secret


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"url": "http://203.0.113.7/"}, "url", "of this kind"),
        ({"url": "http://93.184.216.34/"}, "url", "lies outside"),
        ({"url": "http://93.184.216.34/", "beyond_network": True}, "url", "https only"),
        ({"url": "http://169.254.169.254/"}, "url", "of this kind"),
        ({"url": "ftp://10.0.0.1/"}, "url", "begins with http"),
        ({"kinds": []}, "kinds", ""),
        ({"kinds": ["alert.archived"]}, "kinds", "not a valid choice"),
    ],
)
def test_an_address_that_events_must_not_go_to_is_refused_in_words(
    world: World, change: dict[str, Any], field: str, sentence: str
) -> None:
    answer = send(world.administrator, AT, GOOD | change)
    assert answer.status_code == 400
    assert sentence in json.dumps(answer.json()[field])
    assert not Webhook.objects.exists()


def test_others_and_old_sign_ins_are_refused(world: World) -> None:
    for person in (world.operator, world.lead, world.compliance, world.store_manager, world.ops):
        assert signed_in(person).get(AT).status_code == 403
        assert send(person, AT, GOOD).status_code == 403
    assert send(world.administrator, AT, GOOD, ago=900).status_code == 403
    assert not Webhook.objects.exists()


def test_a_webhook_is_changed_switched_off_and_on_and_pinged(world: World) -> None:
    one = f"{AT}{send(world.administrator, AT, GOOD).json()['id']}/"
    changed = send(world.administrator, one, {"name": "Tills"}, method="PATCH")
    assert (changed.json()["name"], changed.json()["url"]) == ("Tills", GOOD["url"])
    assert send(world.administrator, f"{one}off/").json()["state"] == "off"
    assert send(world.administrator, f"{one}off/").status_code == 409
    assert send(world.administrator, f"{one}ping/").status_code == 409
    assert send(world.administrator, f"{one}on/").json()["state"] == "active"
    ping = send(world.administrator, f"{one}ping/")
    assert ping.status_code == 202
    retry = f"{one}deliveries/{ping.json()['id']}/retry/"
    assert send(world.administrator, retry).json()["state"] == "waiting"
