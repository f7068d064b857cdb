"""/api/v1/reliability/: members read what their role and sites allow, strangers find nothing."""

import json
from typing import Any

import pytest

from apps.accounts.models import User
from apps.accounts.permissions import Role
from tests.console.people import signed_in
from tests.reliability.audit_samples import sample_file
from tests.reliability.findings import fact_of, make_refresh, make_segment
from tests.reliability.test_fairness_samples import FAIR, UNFAIR, audited, take
from tests.world import World, enter, make_alert, make_camera, make_person

pytestmark = pytest.mark.django_db
API = "/api/v1/reliability/"
LISTS = ("segments/", "fairness/reports/", "fairness/alarms/", "retraining/")


def ask(person: User, path: str, **query: str) -> tuple[int, Any]:
    answer = signed_in(person).get(API + path, query)
    return answer.status_code, answer.json()


def send(person: User, path: str, body: dict[str, Any]) -> Any:
    return signed_in(person).post(API + path, json.dumps(body), content_type="application/json")


@pytest.fixture
def segments(world: World) -> None:
    refresh = make_refresh(world.tenant)
    make_segment(refresh, site_id=world.site.id, camera_id=world.camera.id, lighting="dark")
    make_segment(refresh, site_id=world.other_site.id, state="green")
    make_segment(refresh, lighting="infrared")


@pytest.mark.usefixtures("segments")
def test_segments_are_listed_and_filtered(world: World) -> None:
    status, page = ask(world.lead, "segments/")
    assert (status, len(page["results"])) == (200, 3)
    assert set(page) == {"next", "previous", "results"}
    [dark] = ask(world.lead, "segments/", lighting="dark", state="red")[1]["results"]
    assert dark["false_positive_rate"] == 0.62
    assert dark["camera_id"] == str(world.camera.id)
    assert (dark["is_simulated"], dark["weekly"][0]["labels"]) == (False, 6)


@pytest.mark.usefixtures("segments")
def test_a_filter_that_cannot_be_read_is_said_to_be_wrong(world: World) -> None:
    for wrong in ({"site": "nonsense"}, {"state": "purple"}):
        assert ask(world.lead, "segments/", **wrong)[0] == 400


@pytest.mark.usefixtures("segments")
def test_a_store_manager_reads_the_segments_of_their_site(world: World) -> None:
    [mine] = ask(world.store_manager, "segments/")[1]["results"]
    assert mine["site_id"] == str(world.site.id)
    assert ask(world.store_manager, "segments/", site=str(world.other_site.id))[1]["results"] == []


def test_whose_work_it_is_not_gets_403(world: World) -> None:
    for person in (world.operator, world.stranger, world.ops, world.foreign_operator):
        assert {ask(person, path)[0] for path in LISTS} == {403}
    for path in ("fairness/reports/", "fairness/alarms/"):
        assert ask(world.store_manager, path)[0] == 403


@pytest.mark.usefixtures("segments")
def test_another_tenant_finds_nothing(world: World) -> None:
    imported = take(world, sample_file(UNFAIR, rows=1500, weeks=6))
    fact_of(make_alert(world.camera))
    enter(world.foreign_tenant)
    foreign = make_person(world.foreign_tenant, Role.ADMINISTRATOR)
    for path in LISTS:
        assert ask(foreign, path)[1]["results"] == []
    assert ask(foreign, f"fairness/reports/{imported.sample.id}/")[0] == 404
    closing = send(
        foreign, f"fairness/alarms/{imported.alarms[0].id}/close/", {"reason": "Not mine to close"}
    )
    assert closing.status_code == 404


def test_a_fairness_report_has_rates_verdicts_and_thresholds(world: World) -> None:
    sample = take(world, sample_file(FAIR, rows=300)).sample
    status, report = ask(world.lead, f"fairness/reports/{sample.id}/")
    assert status == 200
    [attribute] = report["attributes"]
    assert attribute["verdict"] == "insufficient_n"
    assert [one["measure"] for one in attribute["measures"]] == [
        "false_alarm",
        "escalated",
        "overridden",
    ]
    assert report["thresholds"]["largest_difference"] == 0.05
    assert ask(world.lead, "fairness/reports/")[1]["results"] == [report]


def test_an_alarm_is_closed_once_by_whose_work_it_is(world: World) -> None:
    alarm = take(world, sample_file(UNFAIR, rows=1500, weeks=6)).alarms[0]
    path, reason = f"fairness/alarms/{alarm.id}/close/", {"reason": "Retrained on balanced data"}
    assert ask(world.lead, "fairness/alarms/")[1]["results"][0]["closed_at"] is None
    assert send(world.lead, path, reason).status_code == 403
    assert send(world.compliance, path, {"reason": "ok"}).status_code == 400
    assert send(world.compliance, path, reason).json()["closing_reason"] == reason["reason"]
    assert send(world.compliance, path, reason).status_code == 409
    assert audited("fairness:alarm_closed") == 1


def test_the_retraining_queue_is_read_and_exported(world: World) -> None:
    mine = fact_of(make_alert(world.camera))
    fact_of(make_alert(make_camera(world.other_site)))
    assert len(ask(world.lead, "retraining/")[1]["results"]) == 2
    [line] = ask(world.store_manager, "retraining/")[1]["results"]
    assert line["alert_id"] == str(mine.alert_id)
    assert send(world.store_manager, "retraining/export/", {}).status_code == 403
    assert audited("training:exported") == 0
    export = send(world.lead, "retraining/export/", {"facts": [str(mine.id)]})
    assert (export.status_code, export["Content-Type"]) == (200, "application/x-ndjson")
    assert [json.loads(one)["id"] for one in export.content.splitlines()] == [str(mine.id)]
    assert audited("training:exported") == 1
    nothing = send(world.lead, "retraining/export/", {"detector": "nobody@0"})
    assert nothing.status_code == 400


def test_pages_follow_each_other(world: World) -> None:
    refresh = make_refresh(world.tenant)
    for number in range(130):
        make_segment(refresh, site_id=world.site.id, zone_kind=f"k{number}")
    client = signed_in(world.lead)
    first = client.get(f"{API}segments/").json()
    second = client.get(first["next"]).json()
    assert (len(first["results"]), len(second["results"]), second["next"]) == (100, 30, None)
