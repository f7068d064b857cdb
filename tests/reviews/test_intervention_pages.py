"""Interventions on screen and through the API: by those who were there, never by strangers."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from apps.alerts.models import Alert
from apps.audit.models import InboxEntry
from apps.reviews.models import Intervention, InterventionKind
from apps.reviews.operations import record_complaint
from tests.console.people import signed_in
from tests.reviews.conftest import sign_in
from tests.reviews.test_interventions import SEEN, approached, intervene, theft
from tests.world import World

__all__ = ["approached", "theft"]
pytestmark = pytest.mark.django_db


def address(found: Intervention, end: str = "", *, api: bool = False) -> str:
    return f"{'/api/v1' if api else ''}/interventions/{found.id}/{end}"


def test_the_list_shows_what_fits_the_filters(world: World, approached: Intervention) -> None:
    client = signed_in(world.store_manager)
    assert approached.reference in client.get("/interventions/").content.decode()
    shown = {
        query: approached.reference in client.get(f"/interventions/?{query}").content.decode()
        for query in (
            "state=open",
            "state=closed",
            "outcome=not_known",
            "outcome=recovered",
            "complaint=none",
            "complaint=received",
            f"site={world.site.id}",
            "until=2000-01-01",
            "since=2000-01-01",
            "state=nonsense",
        )
    }
    assert [query for query, is_there in shown.items() if not is_there] == [
        "state=closed",
        "outcome=recovered",
        "complaint=received",
        "until=2000-01-01",
    ]


def test_an_empty_list_says_how_it_fills(world: World) -> None:
    page = signed_in(world.operator).get("/interventions/").content.decode()
    assert "No intervention is recorded" in page


def test_strangers_learn_of_no_intervention(world: World, approached: Intervention) -> None:
    for person in (world.stranger, world.foreign_operator):
        client = signed_in(person)
        assert approached.reference not in client.get("/interventions/").content.decode()
        assert client.get(address(approached)).status_code == 404
        assert client.get(address(approached, api=True)).status_code == 404
        answer = client.post(address(approached, "outcome/"), {"outcome": "left", "reason": SEEN})
        assert answer.status_code == 404


def test_whoever_may_only_look_records_nothing(world: World, approached: Intervention) -> None:
    assert signed_in(world.ops).get("/interventions/").status_code == 403


def test_an_alert_leads_to_its_acts_and_authorises_new_ones(world: World, theft: Alert) -> None:
    client = signed_in(world.operator)
    where = f"/alerts/{theft.id}/interventions/"
    assert where in client.get(f"/alerts/{theft.id}/").content.decode()
    assert client.post(where, {}).status_code == 422
    answer = client.post(where, {"kind": "approach"})
    made = Intervention.objects.get()
    assert answer["Location"] == address(made)
    assert made.reference in client.get(where).content.decode()
    assert signed_in(world.store_manager).post(where, {"kind": "observe"}).status_code == 403


def test_an_old_confirmation_is_refused_with_its_reason(world: World, theft: Alert) -> None:
    client = signed_in(world.operator)
    with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=False):
        answer = client.post(f"/alerts/{theft.id}/interventions/", {"kind": "police"})
    assert answer.status_code == 409
    assert "older than 30 minutes" in answer.content.decode()


def test_from_the_outcome_to_the_settled_complaint_on_screen(
    world: World, approached: Intervention
) -> None:
    client = signed_in(world.store_manager)
    page = client.get(address(approached)).content.decode()
    assert "Nothing to settle" in page
    for end, body in (
        ("outcome/", {"outcome": "nothing_found"}),
        ("complaint/", {}),
        ("settlement/", {"cost": "80.00"}),
    ):
        answer = client.post(address(approached, end), {"reason": SEEN} | body)
        assert answer.status_code == 302, answer.content.decode()[-2000:]
    page = client.get(address(approached)).content.decode()
    assert "Settled at 80.00" in page
    assert page.count(SEEN) == 3


def test_what_was_filled_in_is_not_lost_when_it_is_refused(
    world: World, approached: Intervention
) -> None:
    client = signed_in(world.operator)
    wrong = client.post(
        address(approached, "outcome/"), {"outcome": "soup", "reason": "A long story."}
    )
    assert wrong.status_code == 422
    assert "A long story." in wrong.content.decode()
    client.post(address(approached, "outcome/"), {"outcome": "left", "reason": SEEN})
    again = client.post(
        address(approached, "outcome/"), {"outcome": "recovered", "reason": "Another story."}
    )
    assert again.status_code == 409
    assert "recorded already" in again.content.decode()
    assert "Another story." in again.content.decode()


def test_looking_at_an_intervention_is_recorded(world: World, approached: Intervention) -> None:
    signed_in(world.lead).get(address(approached))
    signed_in(world.lead).get(address(approached, api=True))
    seen = InboxEntry.objects.filter(event="intervention:viewed").order_by("id")
    assert [(one.actor, one.channel) for one in seen] == [
        (str(world.lead.id), "screen"),
        (str(world.lead.id), "api"),
    ]


def test_the_same_through_the_api(world: World, theft: Alert) -> None:
    client = signed_in(world.operator)
    kind = {"content_type": "application/json"}
    made = client.post(
        f"/api/v1/alerts/{theft.id}/interventions/", {"kind": "approach"}, **kind
    ).json()
    where = f"/api/v1/interventions/{made['id']}/"
    first = client.post(f"{where}outcome/", {"outcome": "recovered", "reason": SEEN}, **kind)
    [entry] = first.json()["entries"]
    body = {"outcome": "left", "reason": SEEN}
    assert client.post(f"{where}outcome/", body, **kind).status_code == 409
    again = client.post(f"{where}outcome/", body | {"instead_of": entry["id"]}, **kind)
    assert (again.status_code, again.json()["outcome"]) == (200, "left")
    assert (
        client.post(f"{where}settlement/", {"cost": "1", "reason": SEEN}, **kind)
        .json()["detail"]
        .endswith("record it first.")
    )
    client.post(f"{where}complaint/", {"reason": SEEN}, **kind)
    settled = client.post(f"{where}settlement/", {"cost": "12.50", "reason": SEEN}, **kind).json()
    assert (settled["settled_cost"], settled["currency"]) == ("12.50", world.tenant.currency)
    listed = client.get("/api/v1/interventions/?complaint=settled").json()["results"]
    assert [one["id"] for one in listed] == [made["id"]]


def test_the_list_asks_no_more_for_more_rows(
    world: World, theft: Alert, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        found = intervene(world, theft, InterventionKind.APPROACH)
        record_complaint(
            actor=sign_in(world.operator),
            user=world.operator,
            intervention=found,
            reason=SEEN,
            now=timezone.now(),
        )
    client = signed_in(world.lead)
    with django_assert_max_num_queries(15):
        assert client.get("/interventions/").content.decode().count("Received, not settled") == 12
