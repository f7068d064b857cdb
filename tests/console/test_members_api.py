"""Members through the API: who may, what is refused, and that a grant opens a site and its end closes it."""

import json

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.sites.queries import sites_visible_to
from tests.console.people import signed_in
from tests.world import World

pytestmark = pytest.mark.django_db
AT = "/api/v1/members/"


def send(client: Client, method: str, path: str, **body: object) -> tuple[int, dict]:
    answer = client.generic(method, path, json.dumps(body), content_type="application/json")
    return answer.status_code, answer.json()


def test_a_person_is_added_granted_a_site_and_let_go_again(world: World) -> None:
    client = signed_in(world.administrator)
    new = {"name": "Ana Ruiz", "email": "Ana@example.test", "role": "operator"}
    status, made = send(client, "POST", AT, **new)
    person = User.objects.get(email="ana@example.test")
    assert (status, made["id"], made["sites"]) == (201, str(person.id), [])
    assert person.check_password(made["password"])
    one = f"{AT}{person.id}/"
    assert "password" not in client.get(one).json()
    send(client, "POST", f"{one}sites/", site=str(world.site.id))
    assert list(sites_visible_to(person)) == [world.site]
    assert client.get(one).json()["sites"] == [str(world.site.id)]
    assert send(client, "DELETE", f"{one}sites/{world.site.id}/")[1]["sites"] == []
    assert send(client, "DELETE", f"{one}sites/{world.site.id}/")[0] == 404
    assert send(client, "PATCH", one, is_active=False)[1]["is_active"] is False
    listed = {row["id"] for row in client.get(AT).json()}
    assert str(world.operator.id) in listed
    assert str(world.foreign_operator.id) not in listed


def test_nobody_changes_themselves_or_is_the_last_administrator_no_more(world: World) -> None:
    client = signed_in(world.administrator)
    own = f"{AT}{world.administrator.id}/"
    assert send(client, "PATCH", own, role="operator")[0] == 409
    again = {"name": "A", "email": world.operator.email, "role": "operator"}
    assert send(client, "POST", AT, **again)[0] == 400
    assert send(client, "PATCH", f"{AT}{world.operator.id}/", role="emperor")[0] == 400


def test_whose_role_it_is_not_is_refused_and_strangers_are_not_found(world: World) -> None:
    for person in (world.lead, world.store_manager, world.compliance):
        assert signed_in(person).get(AT).status_code == 403
    client = signed_in(world.administrator)
    assert client.get(f"{AT}{world.foreign_operator.id}/").status_code == 404
    stale = signed_in(world.administrator, seconds_ago=3600)
    assert stale.get(AT).status_code == 200
    assert send(stale, "PATCH", f"{AT}{world.operator.id}/", role="lp_lead")[0] == 403
