"""The API of versions and backtests: owner, member, stranger and store manager; the same records as on the screen."""

import json
from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from apps.accounts.models import User
from apps.reliability.models import Backtest, CostModelVersion
from apps.reliability.operations import draft_version, run_backtest
from apps.triage.cost_model import default_cost_model
from apps.triage.decision import DEFAULT_TRIAGE_POLICY
from apps.triage.decoding import encode
from apps.triage.sequence import DEFAULT_POLICIES
from tests.console.people import signed_in
from tests.reliability.history import make_facts
from tests.reviews.conftest import sign_in
from tests.world import World

pytestmark = pytest.mark.django_db
BASE = "/api/v1/reliability/"
WHY = "Our own wages of this year"


def ask(user: User, at: str, body=None, *, seconds_ago: float = 0):
    client = signed_in(user, seconds_ago=seconds_ago)
    if body is None:
        answer = client.get(BASE + at)
    else:
        answer = client.post(BASE + at, json.dumps(body), content_type="application/json")
    return answer.status_code, answer.json()


def body(value=None, **more) -> dict[str, object]:
    return {"parameters": encode(value or default_cost_model()), "note": WHY} | more


def drafted(world: World, value=None):
    return draft_version(
        actor=sign_in(world.lead),
        user=world.lead,
        value=value or default_cost_model(),
        note=WHY,
        now=timezone.now(),
    )


def test_a_lead_drafts_and_an_administrator_activates(world: World) -> None:
    status, made = ask(
        world.lead,
        "versions/cost-model/",
        body(replace(default_cost_model(), minute_price=0.8)),
    )
    assert (status, made["version"], made["is_active"]) == (201, 1, False)
    at = f"versions/cost-model/{made['id']}/"
    assert ask(world.lead, at)[1]["parameters"]["minute_price"] == 0.8
    activation = {"reason": "Tried on the past", "instead_of": None}
    assert ask(world.lead, f"{at}activate/", activation)[0] == 403
    status, active = ask(world.administrator, f"{at}activate/", activation)
    assert (status, active["is_active"]) == (200, True)
    assert active["activated_by"] == str(world.administrator.id)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("triage-policy", DEFAULT_TRIAGE_POLICY), ("sequence-policy", DEFAULT_POLICIES[0])],
)
def test_every_kind_is_listed(world: World, kind: str, value) -> None:
    assert ask(world.lead, f"versions/{kind}/", body(value))[0] == 201
    status, page = ask(world.administrator, f"versions/{kind}/")
    assert (status, [one["kind"] for one in page["results"]]) == (200, [kind])


def test_activating_needs_a_recent_sign_in_and_the_version_that_was_seen(world: World) -> None:
    first, second = drafted(world), drafted(world)
    activation = {"reason": "Tried on the past", "instead_of": None}
    at = f"versions/cost-model/{first.id}/activate/"
    assert ask(world.administrator, at, activation, seconds_ago=3600)[0] == 403
    assert ask(world.administrator, at, activation)[0] == 200
    late = f"versions/cost-model/{second.id}/activate/"
    status, answer = ask(world.administrator, late, activation)
    assert status == 409
    assert "Somebody else activated version 1" in answer["detail"]
    again = {"reason": "Tried on the past", "instead_of": str(first.id)}
    assert ask(world.administrator, late, again)[0] == 200


@pytest.mark.parametrize("who", ["operator", "store_manager", "compliance", "ops", "stranger"])
def test_others_are_told_that_it_is_not_theirs(world: World, who: str) -> None:
    person, made = getattr(world, who), drafted(world)
    for at in ("versions/cost-model/", f"versions/cost-model/{made.id}/", "backtests/"):
        assert ask(person, at)[0] == 403
    assert ask(person, "versions/cost-model/", body())[0] == 403
    activation = {"reason": "Tried on the past", "instead_of": None}
    assert ask(person, f"versions/cost-model/{made.id}/activate/", activation)[0] == 403
    assert CostModelVersion.objects.count() == 1


def test_what_does_not_exist_is_not_found(world: World) -> None:
    for at in (f"versions/cost-model/{uuid4()}/", f"backtests/{uuid4()}/", "versions/other/"):
        assert signed_in(world.lead).get(BASE + at).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"parameters": {}}, 400, "missing"),
        ({"parameters": {"item_value": {"low": 5, "high": 1}}}, 400, "missing"),
        ({"note": "so"}, 422, "at least 10 characters"),
        ({"note": None}, 400, "null"),
    ],
)
def test_a_draft_that_makes_no_sense_is_refused(world: World, wrong, status: int, said) -> None:
    answered, answer = ask(world.lead, "versions/cost-model/", body() | wrong)
    assert (answered, said in json.dumps(answer)) == (status, True)


def test_a_value_that_contradicts_itself_names_the_place(world: World) -> None:
    parameters = encode(default_cost_model()) | {"item_value": {"low": 5.0, "high": 1.0}}
    status, answer = ask(world.lead, "versions/cost-model/", body() | {"parameters": parameters})
    assert status == 400
    assert "CostModel.item_value" in json.dumps(answer)


def test_a_backtest_is_started_and_followed(world: World) -> None:
    make_facts(world.tenant)
    made = drafted(world, replace(default_cost_model(), minute_price=6.0))
    days = {"first_day": "2026-09-01", "last_day": "2026-09-07"}
    status, row = ask(world.lead, "backtests/", days | {"cost_model": str(made.id)})
    assert (status, row["state"]) == (202, "waiting")
    run_backtest(backtest_id=Backtest.objects.get().id, clock=timezone.now)
    status, found = ask(world.lead, f"backtests/{row['id']}/")
    assert (status, found["state"], found["alert_count"]) == (200, "done", 200)
    assert found["result"]["by_draft_model"]["change"]["minutes"] < 0
    assert found["compared_with"]["draft_cost_model"] == "cost-1"
    status, page = ask(world.administrator, "backtests/")
    assert [one["id"] for one in page["results"]] == [row["id"]]
    assert "result" not in page["results"][0]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"cost_model": None}, 422),
        ({"cost_model": str(uuid4())}, 422),
        ({"last_day": "2026-08-01"}, 400),
        ({"last_day": "9999-12-31"}, 400),
        ({"first_day": "soon"}, 400),
    ],
)
def test_a_backtest_that_cannot_run_is_refused(world: World, wrong, status: int) -> None:
    days = {"first_day": "2026-09-01", "last_day": "2026-09-07"}
    asked = days | {"cost_model": str(drafted(world).id)} | wrong
    assert ask(world.lead, "backtests/", asked)[0] == status
    assert not Backtest.objects.exists()


def test_screen_and_api_leave_the_same_event_but_for_the_channel(world: World) -> None:
    client = signed_in(world.administrator)
    for at, data in (
        (f"{BASE}versions/cost-model/", None),
        ("/reliability/policy/cost-model/", {"reason": WHY}),
    ):
        made = drafted(world)
        instead = CostModelVersion.objects.filter(is_active=True).first()
        seen = str(instead.id) if instead else ""
        if data is None:
            sent = json.dumps({"reason": WHY, "instead_of": seen or None})
            answer = client.post(f"{at}{made.id}/activate/", sent, content_type="application/json")
        else:
            answer = client.post(f"{at}{made.id}/activate/", data | {"instead_of": seen})
        assert answer.status_code in (200, 302)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event, actor, role, subject_kind, channel FROM audit_inbox"
            " WHERE event = 'cost_model:changed' ORDER BY id"
        )
        api, screen = cursor.fetchall()
    assert api[:-1] == screen[:-1]
    assert (api[-1], screen[-1]) == ("api", "screen")
