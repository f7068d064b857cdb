"""The pages and the API of evidence: what is shown, to whom, and what each act leaves in the chain."""

import re

import pytest

from apps.alerts.models import Alert
from apps.audit.events import Subject
from apps.audit.queries import events_of
from apps.evidence.models import EvidenceItem, Hold, RetentionRules
from apps.evidence.operations.holds import place_hold
from apps.evidence.retention_rules import DEFAULT_RULES, Category
from tests.console.people import signed_in
from tests.evidence.scene import decided_alert, lead_of
from tests.world import NOW, World

pytestmark = pytest.mark.usefixtures("s3")
REASON = "The police asked for it on the phone."
LATE = 600.0


@pytest.fixture
def scene(world: World) -> tuple[Alert, dict[str, EvidenceItem]]:
    return decided_alert(world)


Scene = tuple[Alert, dict[str, EvidenceItem]]


def told(world: World, kind: str, id_: object) -> list[str]:
    subject = Subject(kind, str(id_))
    return [event.event for event in events_of(tenant_id=world.tenant.id, subjects=[subject])]


def text_of(page: object) -> str:
    words = re.sub(r"<[^>]+>", " ", page.content.decode())
    return re.sub(r"\s+", " ", words)


def test_a_file_tells_its_digests_its_custody_and_when_it_goes(world: World, scene: Scene) -> None:
    master = scene[1]["master"]
    page = signed_in(world.operator).get(f"/evidence/{master.id}/about/")
    words = text_of(page)
    assert master.sha256 in words
    assert master.sha512 in words
    assert "Clip of a resolved alert: 90 days from when the alert was resolved." in words
    assert "18 Feb 2027" in words, "the day it is deleted, 90 days after the decision"
    assert "evidence:viewed" in told(world, "evidence_item", master.id)


def test_an_older_file_says_that_its_sha512_is_not_known_and_why(
    world: World, scene: Scene
) -> None:
    older = EvidenceItem.objects.create(
        tenant_id=world.tenant.id,
        alert=scene[0],
        kind="working",
        bucket="media",
        key="older",
        media_type="video/mp4",
        size_bytes=4,
        sha256="ab" * 32,
        acquired_at=NOW,
    )
    words = text_of(signed_in(world.operator).get(f"/evidence/{older.id}/about/"))
    assert "not known because the file was acquired before it was worked out" in words


@pytest.mark.parametrize(
    "path",
    ["/evidence/{item}/about/", "/holds/new/item/{item}/", "/api/v1/evidence/{item}/"],
)
def test_strangers_never_learn_that_a_file_exists(world: World, scene: Scene, path: str) -> None:
    address = path.format(item=scene[1]["master"].id)
    for person in (world.stranger, world.foreign_operator):
        assert signed_in(person).get(address).status_code == 404


def test_who_may_do_what(world: World, scene: Scene) -> None:
    master = scene[1]["master"]
    assert signed_in(world.store_manager).get("/evidence/").status_code == 403
    assert signed_in(world.operator).get(f"/holds/new/item/{master.id}/").status_code == 403
    assert signed_in(world.lead).get("/retention/").status_code == 403
    assert signed_in(world.lead).get("/api/v1/retention/").status_code == 403
    assert signed_in(world.compliance).get("/retention/").status_code == 200


def test_a_lead_holds_an_alert_and_the_pages_say_so(world: World, scene: Scene) -> None:
    alert, items = scene
    lead = signed_in(world.lead)
    short = lead.post(f"/holds/new/alert/{alert.id}/", {"reason": "police"})
    assert short.status_code == 422
    assert not Hold.objects.exists()
    lead.post(f"/holds/new/alert/{alert.id}/", {"reason": REASON})
    hold = Hold.objects.get()
    assert "evidence:held" in told(world, "alert", alert.id)
    assert hold.reference in text_of(lead.get("/holds/"))
    about = text_of(lead.get(f"/evidence/{items['poster'].id}/about/"))
    assert "Is not deleted because: Legal hold" in about
    assert "Held" in text_of(lead.get("/evidence/?held=on"))
    assert "Is not deleted because" in text_of(lead.get(f"/alerts/{alert.id}/history/"))


def test_releasing_needs_fresh_proof_and_loses_nothing_that_was_written(
    world: World, scene: Scene
) -> None:
    [hold] = place_hold(actor=lead_of(world), alert_ids=[scene[0].id], reason=REASON, now=NOW)
    stale = signed_in(world.lead, seconds_ago=LATE)
    answer = stale.post(f"/holds/{hold.id}/", {"reason": "They do not need it."})
    assert "reauthenticate" in answer["Location"]
    assert Hold.objects.get().is_in_force
    assert "They do not need it." in text_of(stale.get(f"/holds/{hold.id}/"))
    signed_in(world.lead).post(f"/holds/{hold.id}/", {"reason": "They do not need it."})
    assert not Hold.objects.get().is_in_force
    assert signed_in(world.operator).get(f"/holds/{hold.id}/").status_code == 403
    assert signed_in(world.stranger).get(f"/holds/{hold.id}/").status_code == 404


def test_periods_are_drafted_activated_and_refused_below_the_floor(world: World) -> None:
    person = signed_in(world.compliance)
    stated = {category.value: days for category, days in DEFAULT_RULES.days.items()}
    refused = person.post("/retention/draft/", stated | {"dossier": 100, "reason": REASON})
    assert refused.status_code == 422
    assert "183 days (AI Act" in text_of(refused)
    assert 'value="100"' in refused.content.decode(), "what was filled in is still there"
    person.post("/retention/draft/", stated | {"clip_archived": 14, "reason": REASON})
    version = RetentionRules.objects.get()
    assert "14 instead of 30 days" in text_of(person.get("/retention/"))
    stale = signed_in(world.compliance, seconds_ago=LATE)
    assert "reauthenticate" in stale.post(f"/retention/versions/{version.id}/activate/")["Location"]
    person.post(f"/retention/versions/{version.id}/activate/")
    version.refresh_from_db()
    assert version.state == "active"
    twice = person.post(f"/retention/versions/{version.id}/activate/")
    assert twice.status_code == 409


def test_a_dry_run_names_what_would_go_and_why_the_rest_stays(world: World, scene: Scene) -> None:
    Alert.objects.filter(id=scene[0].id).update(resolved_at=NOW.replace(year=2025))
    words = text_of(signed_in(world.compliance).get("/retention/trial/"))
    assert "4 would go, 1 would stay" in words
    assert "Record of an alert (PDF): 365 days" in words
    assert "retention:tried" in told(world, "tenant", world.tenant.id)
    trial = signed_in(world.compliance).get("/api/v1/retention/trial/").json()
    assert (trial["due_count"], trial["kept_count"]) == (4, 1)
    assert EvidenceItem.objects.filter(state="kept").count() == 5


def test_a_deleted_file_is_not_lent_but_explained(world: World, scene: Scene) -> None:
    master = scene[1]["master"]
    EvidenceItem.objects.filter(id=master.id).update(state="deleting")
    answer = signed_in(world.operator).get(f"/evidence/{master.id}/")
    assert answer["Location"] == f"/evidence/{master.id}/about/"
    words = text_of(signed_in(world.operator).get(answer["Location"]))
    assert "its deletion is not finished" in words


def test_a_picture_that_is_lent_leaves_a_record(world: World, scene: Scene) -> None:
    alert = scene[0]
    answer = signed_in(world.operator).get(f"/alerts/{alert.id}/poster/")
    assert "X-Amz-Expires=60" in answer["Location"]
    assert "evidence:viewed" in told(world, "alert", alert.id)


def test_an_altered_file_raises_an_alarm_on_the_pages(world: World, scene: Scene) -> None:
    EvidenceItem.objects.filter(id=scene[1]["master"].id).update(check_outcome="altered")
    person = signed_in(world.operator)
    assert "1 file not as acquired" in text_of(person.get("/evidence/"))
    about = text_of(person.get(f"/evidence/{scene[1]['master'].id}/about/"))
    assert "This file is not as it was acquired: altered" in about


def test_a_check_asked_for_by_a_person_is_theirs_in_the_chain(world: World, scene: Scene) -> None:
    master = scene[1]["master"]
    signed_in(world.operator).post(f"/evidence/{master.id}/check/")
    [event] = [
        one
        for one in events_of(
            tenant_id=world.tenant.id, subjects=[Subject("evidence_item", master.id)]
        )
        if one.event == "evidence:checked"
    ]
    assert (event.actor, event.details["outcome"]) == (str(world.operator.id), "intact")


def test_the_api_is_the_screen_through_another_door(world: World, scene: Scene) -> None:
    alert, items = scene
    lead = signed_in(world.lead)
    body = {"alert": str(alert.id), "reason": REASON}
    both = lead.post("/api/v1/holds/", body | {"item": str(items["master"].id)}, "application/json")
    assert both.status_code == 400
    made = lead.post("/api/v1/holds/", body, "application/json")
    assert made.status_code == 201
    shown = lead.get(f"/api/v1/evidence/{items['master'].id}/").json()
    assert shown["standing"]["due_at"] is None
    assert shown["standing"]["obstacles"][0]["ground"] == "hold"
    assert [step["action"] for step in shown["custody"]] == ["acquired", "held"]
    release = f"/api/v1/holds/{made.json()['id']}/release/"
    stale = signed_in(world.lead, seconds_ago=LATE)
    assert stale.post(release, {"reason": REASON}, "application/json").status_code == 403
    assert lead.post(release, {"reason": REASON}, "application/json").status_code == 200
    assert lead.post(release, {"reason": REASON}, "application/json").status_code == 409
    assert len(lead.get("/api/v1/holds/").json()["results"]) == 1
    assert len(lead.get("/api/v1/evidence/").json()["results"]) == 5


def test_periods_through_the_api(world: World) -> None:
    person = signed_in(world.compliance)
    days = {category.value: length for category, length in DEFAULT_RULES.days.items()}
    low = {"days": days | {Category.AUDIT_LOG.value: 90}, "reason": REASON}
    refused = person.post("/api/v1/retention/", low, "application/json")
    assert refused.status_code == 409
    assert "183 days" in refused.json()["detail"]
    made = person.post("/api/v1/retention/", {"days": days, "reason": REASON}, "application/json")
    assert made.status_code == 201
    activate = f"/api/v1/retention/versions/{made.json()['id']}/activate/"
    assert person.post(activate).status_code == 200
    assert person.get("/api/v1/retention/").json()["number"] == 1
