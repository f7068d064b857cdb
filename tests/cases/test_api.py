"""GET /api/v1/cases/: members read, strangers find nothing, the unauthorised are told so."""

from uuid import uuid4

from django.test import Client

from apps.accounts.models import User
from apps.cases.models import Case
from apps.cases.operations import open_case
from tests.cases.test_from_theft_to_case import decide
from tests.world import NOW, World, make_waiting_alert


def a_case(world: World) -> Case:
    alert = make_waiting_alert(world.camera)
    decide(alert, world)
    return open_case(alert_id=alert.id, now=NOW)


def ask(person: User, address: str) -> tuple[int, dict[str, object]]:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = client.get(address)
    return answer.status_code, answer.json()


def test_a_member_reads_the_list_and_the_case(world: World) -> None:
    case = a_case(world)
    status, page = ask(world.operator, "/api/v1/cases/")
    assert status == 200
    assert [row["reference"] for row in page["results"]] == [case.reference]  # type: ignore[index]
    status, detail = ask(world.operator, f"/api/v1/cases/{case.id}/")
    assert (status, detail["state"], len(detail["alerts"])) == (200, "open", 1)  # type: ignore[arg-type]


def test_strangers_find_nothing(world: World) -> None:
    case = a_case(world)
    for person in (world.stranger, world.foreign_operator):
        assert ask(person, f"/api/v1/cases/{case.id}/")[0] == 404
        assert ask(person, "/api/v1/cases/")[1]["results"] == []
    assert ask(world.operator, f"/api/v1/cases/{uuid4()}/")[0] == 404


def test_operations_have_no_business_with_cases(world: World) -> None:
    case = a_case(world)
    assert ask(world.ops, f"/api/v1/cases/{case.id}/")[0] == 403


def test_nobody_is_nobody(world: World) -> None:
    assert Client().get("/api/v1/cases/").status_code == 403
