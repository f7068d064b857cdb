"""Requests on screen and over the API: who comes in, what is shown, what each step leads to."""

import json
import re

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.alerts.models import Alert
from apps.audit.events import Event, Subject
from apps.audit.models import InboxEntry
from apps.audit.operations import record
from apps.people.models import Person
from apps.people.queries import ERASED, name_of
from apps.subject_requests.models import Finding, SubjectRequest
from tests.console.people import signed_in
from tests.subject_requests.acts import (
    CONTACT,
    NAME,
    WHY,
    WORDING,
    actor,
    identified,
    judge,
    received,
    search,
)
from tests.watchlists.people import confirmed_alert
from tests.world import NOW, World

RECEIVED = {
    "kind": "erasure",
    "name": NAME,
    "person": "",
    "how": "letter",
    "received_at": "2026-11-20T10:00",
    "contact": CONTACT,
    "wording": WORDING,
}
REASON = "Nothing stands against the erasure."


def page(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content[:2000]
    return answer.content.decode()


def send(client: Client, address: str, **fields: object) -> str:
    """Post a form and return the page it leads to."""
    answer = client.post(address, fields, follow=True)
    assert answer.status_code == 200, answer.content[:2000]
    return answer.content.decode()


@pytest.mark.parametrize("where", ["", "new/", "ID/", "ID/erasure/"])
def test_who_comes_in(world: World, where: str) -> None:
    address = f"/subject-requests/{where.replace('ID', str(received(world).id))}"
    assert Client().get(address).status_code == 302
    for person in (world.operator, world.lead, world.store_manager):
        assert signed_in(person).get(address).status_code == 403
    if "ID" in where:
        assert signed_in(world.foreign_operator).get(address).status_code == 404


@pytest.mark.parametrize("person", ["lead", "foreign_operator"])
def test_people_pages_are_closed(world: World, person: str) -> None:
    user: User = getattr(world, person)
    someone = received(world).person
    assert signed_in(user).get("/people/").status_code == 403
    expected = 404 if person == "foreign_operator" else 403
    for address in (f"/people/{someone.id}/", f"/people/{someone.id}/access-log/"):
        assert signed_in(user).get(address).status_code == expected


def test_a_request_is_written_down_and_the_list_counts_its_days(world: World) -> None:
    client = signed_in(world.compliance)
    shown = send(client, "/subject-requests/new/", **RECEIVED)
    assert NAME in shown
    assert WORDING.split(";")[0] in shown
    request = SubjectRequest.objects.get()
    shown = page(client, "/subject-requests/")
    assert request.reference in shown
    assert re.search(r"\d+ days left|overdue", shown, re.IGNORECASE)
    assert NAME not in shown  # the list is opaque


def test_bad_input_gets_a_sentence_and_loses_nothing(world: World) -> None:
    client = signed_in(world.compliance)
    answer = client.post("/subject-requests/new/", RECEIVED | {"name": ""})
    assert answer.status_code == 422
    assert b"Say who asks" in answer.content
    assert CONTACT.encode() in answer.content


def test_an_erasure_is_asked_for_and_carried_out_by_another_person(world: World) -> None:
    alert = confirmed_alert(world, note=f"{NAME} again")
    compliance, administrator = signed_in(world.compliance), signed_in(world.administrator)
    send(compliance, "/subject-requests/new/", **RECEIVED)
    request = SubjectRequest.objects.get()
    address = f"/subject-requests/{request.id}/"
    send(compliance, f"{address}identify/", check="document")
    shown = send(compliance, f"{address}search/", references=alert.reference)
    assert alert.reference in shown
    ids = [str(pk) for pk in Finding.objects.values_list("id", flat=True)]
    shown = send(compliance, f"{address}judge/", findings=ids, about="yes", reason=WHY)
    assert "This goes at once" in shown
    assert "Ask for the erasure" in shown
    shown = send(compliance, f"{address}erasure/ask/", reason=REASON)
    assert "Another person than who asked" in shown
    shown = send(compliance, f"{address}erasure/execute/", reason=REASON)
    assert "cannot carry it out" in shown
    assert name_of(Person.objects.get()) == NAME
    shown = send(administrator, f"{address}erasure/execute/", reason=REASON)
    assert "Erased." in shown
    assert Alert.objects.get(id=alert.id).note == ""
    assert name_of(Person.objects.get()) == ERASED
    shown = page(administrator, f"{address}erasure/")
    assert "Certificate of erasure" in shown
    for where in (address, f"/people/{request.person_id}/", "/people/", f"{address}erasure/"):
        assert NAME not in page(administrator, where)


def test_carrying_out_needs_a_fresh_proof_and_keeps_what_was_written(world: World) -> None:
    alert = confirmed_alert(world)
    request = identified(world, "erasure")  # type: ignore[arg-type]
    search(world, request, references=(alert.reference,))
    judge(world, request)
    address = f"/subject-requests/{request.id}/"
    send(signed_in(world.compliance), f"{address}erasure/ask/", reason=REASON)
    stale = signed_in(world.administrator, seconds_ago=3_600)
    answer = stale.post(f"{address}erasure/execute/", {"reason": REASON})
    assert answer.status_code == 302
    assert "reauthenticate" in answer["Location"]
    assert name_of(Person.objects.get()) == NAME
    assert REASON in page(stale, address)


def test_a_refusal_without_a_ground_is_told_and_changes_nothing(world: World) -> None:
    request = received(world)
    client = signed_in(world.compliance)
    address = f"/subject-requests/{request.id}/"
    assert "legal ground" in send(client, f"{address}refuse/", wording=WHY, ground="because")
    request.refresh_from_db()
    assert request.state == "received"
    assert "Refused" in send(client, f"{address}refuse/", wording=WHY, ground="nothing_held")


def test_a_person_is_found_by_name_and_each_name_shown_is_an_event(world: World) -> None:
    person = received(world).person
    client = signed_in(world.compliance)
    assert person.reference in page(client, "/people/?q=ødegård")
    assert person.reference not in page(client, "/people/?q=somebody")
    seen = InboxEntry.objects.filter(event="person:viewed", subject_id=str(person.id))
    assert seen.count() == 1
    assert NAME in page(client, f"/people/{person.id}/")


def test_the_access_log_is_a_page_and_a_file_and_both_are_recorded(world: World) -> None:
    alert = confirmed_alert(world)
    record(actor=actor(world.operator), event=Event.CLIP_VIEWED, subject=Subject("alert", alert.id))
    request = identified(world)
    search(world, request, references=(alert.reference,))
    judge(world, request)
    client = signed_in(world.compliance)
    shown = page(client, f"/people/{request.person_id}/access-log/")
    assert "clip:viewed" in shown
    assert world.operator.display_name not in shown
    answer = client.get(f"/people/{request.person_id}/access-log/?format=json")
    rows = json.loads(answer.content)["access_log"]
    assert ("operator", "clip:viewed") in {(row["role"], row["event"]) for row in rows}
    kinds = set(
        InboxEntry.objects.filter(subject_id=str(request.person_id)).values_list("event", flat=True)
    )
    assert {"access_log:viewed", "access_log:exported"} <= kinds


def test_the_api_does_the_same_as_the_screen(world: World) -> None:
    alert = confirmed_alert(world)
    client = signed_in(world.compliance)

    def call(path: str, body: object, expected: int = 200) -> dict[str, object]:
        answer = client.post(
            f"/api/v1/subject-requests/{path}", json.dumps(body), content_type="application/json"
        )
        assert answer.status_code == expected, answer.content
        return answer.json()  # type: ignore[no-any-return]

    body = {"kind": "erasure", "how": "email", "received_at": NOW.isoformat(), "name": NAME}
    made = call("", body, 201)
    path = f"{made['id']}/"
    assert call(f"{path}search/", {}, 409)["detail"]
    call(f"{path}identify/", {"check": "reply"})
    call(f"{path}search/", {"references": [alert.reference]})
    detail = client.get(f"/api/v1/subject-requests/{path}").json()
    assert detail["name"] == NAME
    ids = [one["id"] for one in detail["findings"]]
    call(f"{path}judge/", {"findings": ids, "about": True, "reason": WHY})
    assert call(f"{path}erasure/ask/", {"reason": REASON})["state"] == "prepared"
    assert "colleague" in str(call(f"{path}erasure/execute/", {"reason": REASON}, 409)["detail"])
    for person, status in ((world.operator, 403), (world.foreign_operator, 404)):
        assert signed_in(person).get(f"/api/v1/subject-requests/{path}").status_code == status
    events = InboxEntry.objects.filter(subject_id=made["id"]).order_by("id")
    assert set(events.values_list("channel", flat=True)) == {"api"}
