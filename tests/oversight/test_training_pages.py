"""Training records as compliance meets them: on screen and through the API; strangers see nothing."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import TrainingRecord, User
from apps.accounts.permissions import Role
from tests.accounts.test_training import TRAINING
from tests.console.people import signed_in
from tests.world import World, make_person, make_tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def newcomer(world: World) -> User:
    """An operator of the site whose training nobody has recorded."""
    return make_person(world.tenant, Role.OPERATOR, world.site, is_trained=False)


def stated(*people: User) -> dict[str, Any]:
    return {**vars(TRAINING), "people": [str(one.id) for one in people]}


def test_compliance_sees_who_is_missing_records_and_takes_back(
    world: World, newcomer: User
) -> None:
    office = signed_in(world.compliance)
    page = office.get("/compliance/training/").content.decode()
    assert page.index(newcomer.display_name) < page.index(world.operator.display_name)
    assert "1 of 6 cannot decide" in page
    assert "Who cannot decide for want of training?" in office.get("/compliance/").content.decode()

    made = office.post("/compliance/training/new/", stated(newcomer, world.operator))
    assert (made.status_code, made["Location"]) == (302, "/compliance/training/")
    assert "cannot decide until" not in office.get("/compliance/training/").content.decode()

    record = TrainingRecord.objects.get(person=newcomer)
    path = f"/compliance/training/{record.id}/revoke/"
    refused = office.post(path, {"reason": "short"})
    assert refused.status_code == 409
    assert 'value="short"' in refused.content.decode()
    assert office.post(path, {"reason": "The trainer was not one"}).status_code == 302
    page = office.get(f"/compliance/training/people/{newcomer.id}/").content.decode()
    assert "The trainer was not one" in page
    assert "is not recorded" in page


def test_a_wrong_form_keeps_what_was_written(world: World, newcomer: User) -> None:
    answer = signed_in(world.compliance).post(
        "/compliance/training/new/", stated(newcomer) | {"valid_until": "2035-01-01"}
    )
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "two years at most" in page
    assert "Tess Trainer" in page
    assert f'value="{newcomer.id}" id="id_people' in page or "checked" in page


def test_ones_own_name_is_not_among_the_choices(world: World) -> None:
    page = signed_in(world.administrator).get("/compliance/training/new/").content.decode()
    assert str(world.operator.id) in page
    assert f'value="{world.administrator.id}"' not in page


@pytest.mark.parametrize("role", ["operator", "lead", "store_manager"])
def test_training_is_not_a_page_for_everybody(world: World, role: str) -> None:
    client = signed_in(getattr(world, role))
    assert client.get("/compliance/training/").status_code == 403
    assert client.get("/api/v1/training-standings/").status_code == 403
    assert client.get("/api/v1/training-records/").status_code == 403


def test_the_records_of_another_company_are_not_there(world: World) -> None:
    foreign = make_tenant()
    strangers = make_person(foreign, Role.COMPLIANCE)
    client = signed_in(strangers)
    record = TrainingRecord.objects.get(person=world.operator)
    assert client.get(f"/compliance/training/people/{world.operator.id}/").status_code == 404
    assert (
        client.post(f"/compliance/training/{record.id}/revoke/", {"reason": "x" * 20}).status_code
        == 404
    )
    answer = _send(client, f"/api/v1/training-records/{record.id}/revoke/", {"reason": "x" * 20})
    assert answer.status_code == 404


def test_the_api_records_lists_and_takes_back(world: World, newcomer: User) -> None:
    client = signed_in(world.compliance)
    standings = client.get("/api/v1/training-standings/").json()
    assert standings[0] == {
        "person": str(newcomer.id),
        "role": "operator",
        "standing": "training_missing",
        "may_decide": False,
        "words": "training for release 2026.1 is not recorded",
        "record": None,
    }
    body = {**stated(newcomer), "trained_on": "2026-11-01", "valid_until": "2027-11-01"}
    made = _send(client, "/api/v1/training-records/", body)
    assert made.status_code == 201
    (record,) = made.json()
    listed = client.get(f"/api/v1/training-records/?person={newcomer.id}").json()["results"]
    assert [one["id"] for one in listed] == [record["id"]]
    taken = _send(
        client,
        f"/api/v1/training-records/{record['id']}/revoke/",
        {"reason": "The trainer was not one"},
    )
    assert taken.json()["revoked_because"] == "The trainer was not one"
    again = _send(
        client, f"/api/v1/training-records/{record['id']}/revoke/", {"reason": "Once more, please"}
    )
    assert again.status_code == 409
    stranger = {**body, "people": [str(world.foreign_operator.id)]}
    assert _send(client, "/api/v1/training-records/", stranger).status_code == 404


def _send(client: Client, path: str, body: dict[str, Any]) -> Any:
    stated = {
        name: str(value) if isinstance(value, date) else value for name, value in body.items()
    }
    return client.post(path, stated, content_type="application/json")
