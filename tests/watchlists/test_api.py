"""/api/v1/watchlist/: the same acts and records as on the screen; no name, picture or vector in an answer."""

import json
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.watchlists.models import WatchlistEntry
from tests.console.people import signed_in
from tests.watchlists.people import (
    NECESSITY,
    SERIOUS,
    a_lead,
    checked,
    confirmed_alert,
    events_of,
    fill,
    in_force,
)
from tests.world import World

pytestmark = pytest.mark.django_db
BASE = "/api/v1/watchlist/"


@pytest.fixture(autouse=True)
def gate(world: World) -> None:
    fill(world.compliance, now=timezone.now())


def ask(user: User, path: str) -> tuple[int, Any]:
    answer = signed_in(user).get(BASE + path)
    return answer.status_code, answer.json()


def tell(user: User, path: str, body: object, *, seconds_ago: float = 0) -> tuple[int, Any]:
    answer = signed_in(user, seconds_ago=seconds_ago).post(
        BASE + path, json.dumps(body), content_type="application/json"
    )
    return answer.status_code, answer.json()


def test_the_gate_says_whether_watchlists_are_on(world: World) -> None:
    status, told = ask(world.compliance, "gate/")
    assert (status, told["is_on"], told["missing"], told["version"]) == (200, True, [], 3)


def test_an_entry_is_proposed_read_and_approved_as_read(world: World) -> None:
    body = {
        "alert": str(confirmed_alert(world).id),
        "category": "repeated_theft",
        "seriousness": SERIOUS,
        "necessity": NECESSITY,
        "sites": [str(world.site.id)],
        "valid_days": 60,
        "review_days": 30,
        "at_seconds": 2.5,
        "at_x": 0.5,
        "at_y": 0.5,
        "declared_adult": True,
        "declared_not_vulnerable": True,
        "declared_not_staff": True,
    }
    status, made = tell(world.lead, "entries/", body)
    assert (status, made["state"]) == (201, "proposed")
    assert tell(world.lead, "entries/", body)[0] == 409
    assert tell(world.lead, "entries/", body | {"declared_adult": False})[0] == 409
    assert tell(world.operator, "entries/", body)[0] == 403


def test_a_decision_is_about_what_was_read_and_by_somebody_else(world: World) -> None:
    entry = checked(world)
    path = f"entries/{entry.id}/"
    _, read = ask(world.compliance, path)
    decision = {
        "entry_decision": "approve",
        "version": read["version"],
        "digest": read["digest"],
    }
    assert tell(world.compliance, f"{path}decision/", decision, seconds_ago=3600)[0] == 403
    assert tell(world.lead, f"{path}decision/", decision)[0] == 409
    assert tell(world.compliance, f"{path}decision/", decision | {"version": 1})[0] == 409
    status, approved = tell(world.compliance, f"{path}decision/", decision)
    assert (status, approved["state"]) == (200, "active")
    event = events_of("watchlist_entry:approved")[-1]
    assert (event.channel, event.role) == ("api", "compliance")


def test_no_name_and_no_picture_leaves_by_the_api(world: World) -> None:
    entry = in_force(world)
    for path in ("entries/", f"entries/{entry.id}/"):
        text = json.dumps(ask(world.compliance, path)[1])
        assert "red cap" not in text
        assert "vector" not in text
        assert ".jpg" not in text


def test_a_lead_is_judged_once_by_each_of_two(world: World) -> None:
    lead = a_lead(world, in_force(world))
    body = {"same_person": "same", "reason": "Same ears, same scar on the chin."}
    path = f"leads/{lead.id}/"
    assert ask(world.operator, path)[1]["state"] == "open"
    assert tell(world.operator, f"{path}judgement/", body)[1]["state"] == "judged_once"
    assert tell(world.operator, f"{path}judgement/", body)[0] == 409
    assert tell(world.second_operator, f"{path}judgement/", body)[1]["state"] == "confirmed"
    assert len(ask(world.compliance, f"entries/{lead.entry_id}/sightings/")[1]) == 1
    assert len(events_of("sighting:history_viewed")) == 1
    assert len(ask(world.operator, "leads/")[1]["results"]) == 1


def test_strangers_find_nothing_and_the_wrong_role_is_refused(world: World) -> None:
    entry = in_force(world)
    lead = a_lead(world, entry)
    for path in (f"entries/{entry.id}/", f"entries/{entry.id}/sightings/", f"leads/{lead.id}/"):
        assert ask(world.foreign_operator, path)[0] == 404
    for path in ("gate/", "entries/", f"entries/{entry.id}/", f"entries/{entry.id}/sightings/"):
        assert ask(world.operator, path)[0] == 403
    assert ask(world.stranger, f"leads/{lead.id}/")[0] == 404
    assert ask(world.ops, "leads/")[0] == 403
    assert WatchlistEntry.objects.count() == 1
