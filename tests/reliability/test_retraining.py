"""The retraining queue: what is in it, why, for whom, and how it leaves the house."""

import json
from uuid import uuid4

import pytest

from apps.alerts.models import Alert
from apps.alerts.operations.analysis import begin_analysis, route
from apps.reliability.models import AlertFact
from tests.console.people import signed_in
from tests.reliability.findings import fact_of
from tests.reliability.test_fairness_samples import audited
from tests.world import (
    NOW,
    World,
    make_alert,
    make_camera,
    make_waiting_alert,
    write_assessment,
)

pytestmark = pytest.mark.django_db
PAGE = "/reliability/retraining/"


@pytest.fixture
def false_alarm(world: World) -> AlertFact:
    return fact_of(make_alert(world.camera, score=0.93), signals={"reach": 0.7})


def shown(world: World, query: str = "", *, person: str = "lead") -> str:
    answer = signed_in(getattr(world, person)).get(PAGE + query)
    assert answer.status_code == 200
    return answer.content.decode()


def listed(page: str, fact: AlertFact) -> bool:
    return f"/alerts/{fact.alert_id}/" in page


def archived(world: World) -> Alert:
    """An alert that triage put aside without a person having seen it."""
    alert = begin_analysis(alert_id=make_alert(world.camera).id, now=NOW).alert
    write_assessment(alert)
    route(
        alert=alert,
        outcome="archive",
        sampled_blind=False,
        sampling_probability=0.05,
        due_at=None,
        now=NOW,
    )
    return Alert.objects.get(id=alert.id)


def test_a_false_alarm_with_a_high_score_is_listed_with_its_reason(
    world: World, false_alarm: AlertFact
) -> None:
    page = shown(world)
    assert listed(page, false_alarm)
    assert "False alarm" in page
    assert "0.93" in page
    assert "test-detector@1.0" in page


def test_a_theft_a_low_score_and_a_duplicate_are_not_listed(world: World) -> None:
    others = [
        fact_of(make_alert(world.camera), verdict="theft_confirmed"),
        fact_of(make_alert(world.camera, score=0.4)),
        fact_of(make_alert(world.camera), is_duplicate=True),
        fact_of(make_alert(world.camera), is_drill=True),
    ]
    page = shown(world)
    assert not any(listed(page, fact) for fact in others)
    assert "Nothing to learn from at this score" in page
    assert listed(shown(world, "?least_score=0.3"), others[1])


def test_likely_ones_are_kept_apart_from_judged_ones(world: World, false_alarm: AlertFact) -> None:
    unjudged = {"verdict": "", "labelled_at": None}
    red = fact_of(archived(world), reliability="red", **unjudged)
    low = fact_of(archived(world), is_calibrated=True, probability=0.1, **unjudged)
    prior = fact_of(archived(world), probability=0.1, **unjudged)
    page = shown(world, "?basis=likely")
    assert listed(page, red)
    assert listed(page, low)
    assert not listed(page, prior)
    assert not listed(page, false_alarm)
    assert "its segment is red" in page
    assert "Judged by nobody" in page


def test_an_alert_that_still_waits_is_never_listed(world: World) -> None:
    waiting = fact_of(
        make_waiting_alert(world.camera, sampled_blind=True),
        reliability="red",
        verdict="",
        labelled_at=None,
    )
    assert not listed(shown(world, "?basis=likely"), waiting)


def test_a_manager_sees_the_alerts_of_their_site_and_cannot_export(
    world: World, false_alarm: AlertFact
) -> None:
    elsewhere = fact_of(make_alert(make_camera(world.other_site)))
    page = shown(world, person="store_manager")
    assert listed(page, false_alarm)
    assert not listed(page, elsewhere)
    assert "Export" not in page
    answer = signed_in(world.store_manager).post(f"{PAGE}export/", {"everything": "1"})
    assert answer.status_code == 403


def test_whose_work_it_is_not_is_refused(world: World) -> None:
    for person in (world.operator, world.stranger, world.ops, world.foreign_operator):
        assert signed_in(person).get(PAGE).status_code == 403


def test_the_export_has_ids_figures_and_verdict_and_is_audited(
    world: World, false_alarm: AlertFact
) -> None:
    answer = signed_in(world.lead).post(f"{PAGE}export/", {"everything": "1"})
    assert answer["Content-Type"] == "application/x-ndjson"
    assert "attachment" in answer["Content-Disposition"]
    [line] = [json.loads(one) for one in answer.content.decode().splitlines()]
    assert line["alert_id"] == str(false_alarm.alert_id)
    assert (line["score"], line["verdict"]) == (0.93, "false_alarm")
    assert line["signals"] == {"reach": 0.7}
    assert line["segment"]["lighting"] == "dark"
    assert line["sampling_probability"] == 1.0
    assert line["reasons"] == ["false_alarm"]
    assert audited("training:exported") == 1


def test_only_the_chosen_ones_leave_and_nothing_chosen_is_said(
    world: World, false_alarm: AlertFact
) -> None:
    other = fact_of(make_alert(world.camera))
    client = signed_in(world.lead)
    answer = client.post(f"{PAGE}export/", {"fact": [str(other.id), "nonsense"]})
    assert str(false_alarm.id) not in answer.content.decode()
    assert str(other.id) in answer.content.decode()
    nothing = client.post(f"{PAGE}export/", {}, follow=True)
    assert "No alert was chosen" in nothing.content.decode()
    assert client.post(f"{PAGE}export/", {"fact": [str(uuid4())]}).status_code == 302
    assert audited("training:exported") == 1


def test_an_export_never_reaches_beyond_the_persons_sites(world: World) -> None:
    elsewhere = fact_of(make_alert(make_camera(world.other_site)))
    world.lead.siteuserobjectpermission_set.filter(content_object=world.other_site).delete()
    answer = signed_in(world.lead).post(f"{PAGE}export/", {"fact": [str(elsewhere.id)]})
    assert answer.status_code == 302


def test_counts_name_each_detector_version(world: World, false_alarm: AlertFact) -> None:
    fact_of(make_alert(world.camera), detector_version="2.0")
    fact_of(make_alert(world.camera), detector_version="2.0", verdict="benign_explained")
    page = shown(world)
    assert page.index("test-detector@2.0 (2 + 0)") < page.index("test-detector@1.0 (1 + 0)")
    narrowed = shown(world, "?detector=test-detector@2.0")
    assert not listed(narrowed, false_alarm)


def test_simulated_alerts_stay_in_rehearsals_and_are_marked(world: World) -> None:
    alert = make_alert(world.camera)
    fact_of(alert, origin="simulated", alert_id=None)
    assert "Nothing to learn from" in shown(world)
    world.tenant.is_drill = True
    world.tenant.save(update_fields=["is_drill"])
    assert "Some of these alerts are simulated." in shown(world)


def test_nonsense_in_the_address_is_dropped(world: World, false_alarm: AlertFact) -> None:
    assert listed(shown(world, "?basis=x&least_score=9&site=y&page=z"), false_alarm)
