"""The API does what the screen does: same operations, same refusals, same events but for the channel."""

from typing import Any

import pytest
from django.test import Client

from apps.audit.events import Subject
from apps.audit.queries import events_of
from apps.cases.models import Case
from apps.reports.models import Report
from tests.console.people import signed_in
from tests.reports import scene
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(world: World) -> Case:
    return scene.a_case(world)


def send(client: Client, path: str, body: Any = None) -> Any:
    return client.post(f"/api/v1/{path}", body or {}, content_type="application/json")


def test_a_report_from_draft_to_signature_over_the_api(world: World, case: Case) -> None:
    client = signed_in(world.operator)
    made = send(
        client,
        f"cases/{case.id}/reports/",
        {"kind": "uk_mg11", "author": str(world.operator.id)},
    )
    assert made.status_code == 201, made.content
    found = made.json()
    path = f"reports/{found['report']['id']}/"
    assert found["missing_fields"][:2] == ["age", "occupation"]
    assert all(one["sources"] for one in found["sentences"])
    fields = {name: scene.FILLED[name] for name in found["missing_fields"]}
    saved = send(client, f"{path}wordings/", {"base": 1, "fields": fields, "added": ["I saw it."]})
    assert saved.status_code == 201, saved.content
    own = [one for one in saved.json()["sentences"] if one["origin"] == "operator"]
    assert [one["mark"] for one in own] == ["stated by the author, not supported by the record"]
    signed = send(client, f"{path}sign/", {"digest": saved.json()["digest"]})
    assert signed.json()["report"]["state"] == "signed"
    listed = client.get(f"/api/v1/cases/{case.id}/reports/").json()
    assert [one["state"] for one in listed] == ["signed"]
    wordings = client.get(f"/api/v1/{path}wordings/").json()
    assert [one["origin"] for one in wordings] == ["drafted", "edited"]
    newer = send(client, f"{path}newer/")
    assert newer.json()["report"]["supersedes"] == found["report"]["id"]


def test_signing_needs_a_fresh_sign_in_and_the_author(world: World, case: Case) -> None:
    report = scene.draft(world, case)
    scene.fill(world, report)
    path = f"reports/{report.id}/sign/"
    digest = {"digest": report.versions.get(number=2).digest}
    late = send(signed_in(world.operator, seconds_ago=900), path, digest)
    assert (late.status_code, late.json()["code"]) == (403, "prove_it_is_you")
    other = send(signed_in(world.lead), path, digest)
    assert (other.status_code, other.json()["code"]) == (409, "not_signed")
    wrong = send(signed_in(world.operator), path, {"digest": "0" * 64})
    assert wrong.status_code == 409
    assert send(signed_in(world.administrator), path, digest).status_code == 403
    assert Report.objects.get(id=report.id).state == "edited"


def test_what_speaks_against_it_cannot_be_left_out_over_the_api(world: World, case: Case) -> None:
    report = scene.draft(world, case)
    client = signed_in(world.operator)
    found = client.get(f"/api/v1/reports/{report.id}/").json()
    key = next(one["key"] for one in found["sentences"] if one["is_disclosure"])
    answer = send(client, f"reports/{report.id}/wordings/", {"base": 1, "left_out": [key]})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_changed")


def test_a_lost_source_is_told_and_drafting_again_takes_it_in(world: World, case: Case) -> None:
    report = scene.draft(world, case)
    client = signed_in(world.operator)
    world.camera.clock_offset_seconds = 5.0
    world.camera.save()
    found = client.get(f"/api/v1/reports/{report.id}/").json()
    assert not found["is_current"]
    assert {one["section"] for one in found["sentences"] if not one["is_supported"]} == {"time"}
    again = send(client, f"reports/{report.id}/redraft/").json()
    assert again["is_current"]
    scene.correct(case, world)
    assert client.get(f"/api/v1/reports/{report.id}/").json()["rests_on_a_corrected_decision"]


def test_strangers_get_404_and_the_unauthorised_403(world: World, case: Case) -> None:
    report = scene.draft(world, case)
    paths = (f"cases/{case.id}/reports/", f"reports/{report.id}/", f"reports/{report.id}/wordings/")
    for path in paths:
        for person in (world.stranger, world.foreign_operator):
            assert signed_in(person).get(f"/api/v1/{path}").status_code == 404
        assert signed_in(world.store_manager).get(f"/api/v1/{path}").status_code == 403
    assert send(signed_in(world.compliance), f"reports/{report.id}/redraft/").status_code == 403


def test_the_events_differ_in_nothing_but_the_channel(world: World, case: Case) -> None:
    client = signed_in(world.operator)
    body = {"kind": "police_report", "author": str(world.operator.id)}
    send(client, f"cases/{case.id}/reports/", body)
    client.post(f"/cases/{case.id}/reports/", body)
    by_api, by_screen = Report.objects.order_by("created_at")
    (one,), (other,) = (
        events_of(tenant_id=world.tenant.id, subjects=[Subject("report", report.id)])
        for report in (by_api, by_screen)
    )
    assert (one.channel, other.channel) == ("api", "screen")
    assert (one.event, one.actor, one.role) == (other.event, other.actor, other.role)
    assert one.details.keys() == other.details.keys()
