"""From a real clip and a real detector process to where the alert stands: every way the check can end."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from apps.alerts.models import Alert, Assessment, Clip, DetectorSource
from apps.alerts.operations import create_source
from apps.alerts.operations.rescoring import endpoint_of, set_rescoring
from apps.audit.events import Actor
from apps.cases.dossier.assessed import assessed
from apps.evidence.models import EvidenceItem
from apps.reliability.models import FairnessAlarm
from apps.reviews.models import HumanTask
from apps.storage.keys import alert_master
from apps.storage.store import media_store
from apps.triage.assessment import AssessmentRecord, read_record, recompute
from apps.triage.fairness import FairnessState
from apps.triage.reasons import ReasonCode
from apps.triage.states import ClipState, Strategy
from tests.alerts.detectors import detector
from tests.console.people import signed_in
from tests.world import NOW, World, make_alert
from workers.activities.assessing import assess_and_route
from workers.activities.footage import analyse_clip
from workflows.messages import AlertRef, Assess, Standing

pytestmark = pytest.mark.django_db
FILM = Path("workers/inference/clips/pets2009-walkway.mp4")


@pytest.fixture
def source(world: World) -> DetectorSource:
    return create_source(actor=Actor.system(world.tenant.id), name="kiosk")[0]


def stored(world: World, *, film: Path = FILM, **fields: Any) -> Alert:
    """An alert whose clip lies in the store, not looked at yet."""
    alert = make_alert(world.camera, **fields)
    content = film.read_bytes()
    key = alert_master(tenant_id=alert.tenant_id, alert_id=alert.id)
    media_store().put_stream(
        key=key, stream=io.BytesIO(content), length=len(content), content_type="video/mp4"
    )
    Clip.objects.filter(alert=alert).update(
        state=ClipState.STORED,
        master_key=key,
        playable_key=key,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        analysis_key="",
    )
    return alert


def through(alert: Alert) -> tuple[AssessmentRecord, Standing, dict[str, Any]]:
    """The real activities: look, ask the detector, assess, route."""
    names = {"tenant_id": str(alert.tenant_id), "alert_id": str(alert.id)}
    analyse_clip(AlertRef(**names))
    standing = assess_and_route(Assess(**names, with_clip=True))
    record = read_record(Assessment.objects.get(alert=alert).record)
    assert recompute(record) == record
    with media_store().get_stream(key=Clip.objects.get(alert=alert).analysis_key) as stream:
        return record, standing, json.loads(stream.read())


@pytest.fixture
def asked(world: World, source: DetectorSource) -> Any:
    """`asked("skin")`: an alert of a detector that judges so, taken through everything."""

    def ask(judgement: str, *, seconds: float = 30.0) -> Any:
        actor = Actor.system(world.tenant.id)
        set_rescoring(
            actor=actor, source=source, url="http://127.0.0.1:9/", timeout_seconds=seconds
        )
        with detector(judgement, secret=endpoint_of(source).secret) as url:
            set_rescoring(actor=actor, source=source, url=url)
            alert = stored(world, source=source)
            return alert, *through(alert)

    return ask


@pytest.mark.parametrize("judgement", ["skin", "brightness"])
def test_a_detector_that_judges_by_looks_ends_in_a_review_of_its_model(
    s3: dict[str, str], asked: Any, judgement: str
) -> None:
    alert, record, standing, _ = asked(judgement)
    fairness = record.inputs.fairness
    assert fairness.state is FairnessState.FAILED
    assert fairness.largest_change > 0.05
    assert (standing.state, standing.strategy) == ("model_review", "")
    assert HumanTask.objects.get(alert=alert).kind == "model_review"
    assert record.decision.reason_codes == (ReasonCode.FAIRNESS_FAILED,)
    assert record.decision.allowed == ()


def test_a_detector_that_ignores_looks_passes_and_everything_tried_is_kept(
    s3: dict[str, str], asked: Any, world: World
) -> None:
    alert, record, standing, analysis = asked("times")
    fairness = record.inputs.fairness
    assert (fairness.state, fairness.largest_change) == (FairnessState.PASSED, 0.0)
    assert fairness.scorer == "adapter of test-detector 1.0"
    assert len(fairness.tried) == 4
    assert len(fairness.frames) == 6
    assert not fairness.input_is_joints
    assert ReasonCode.FAIRNESS_NOT_ASSESSABLE not in record.decision.reason_codes
    assert standing.state == "awaiting_review"
    assert analysis["timings_ms"]["invariance"] > 0

    files = {fairness.picture, *(one.picture for one in fairness.tried)}
    kept = EvidenceItem.objects.filter(alert=alert, kind="still")
    assert files <= {item.key.rpartition("/")[2] for item in kept}
    with media_store().get_stream(key=analysis["invariance"]["before_key"]) as stream:
        assert stream.read()[:2] == b"\xff\xd8"

    page = signed_in(world.operator).get(f"/alerts/{alert.id}/").content.decode()
    assert all(f"/tried/{file}" in page for file in files)
    assert "Age and gender: not assessed" in page
    said = " ".join(assessed(Assessment.objects.get(alert=alert))["sentences"])  # type: ignore[arg-type]
    assert "Allowed: 0.05" in said
    assert fairness.picture in said


def test_pictures_of_what_was_tried_are_for_those_who_may_see_clips(
    s3: dict[str, str], asked: Any, world: World
) -> None:
    alert, record, _, _ = asked("times")
    url = f"/alerts/{alert.id}/tried/{record.inputs.fairness.picture}"
    lent = signed_in(world.operator).get(url)
    assert lent.status_code == 302
    assert record.inputs.fairness.picture in lent["Location"]
    assert signed_in(world.stranger).get(url).status_code == 404
    assert signed_in(world.foreign_operator).get(url).status_code == 404
    assert signed_in(world.operator).get(f"{url}x").status_code == 404
    assert Client().get(url)["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    ("judgement", "seconds", "sentence"),
    [
        ("varying", 30.0, "answers vary"),
        ("slow", 0.5, "did not answer in 0.5 s"),
        ("wordy", 30.0, "did not answer with"),
    ],
)
def test_a_detector_that_does_not_answer_is_not_assessable_and_verified_at_most(
    s3: dict[str, str], asked: Any, judgement: str, seconds: float, sentence: str
) -> None:
    _, record, standing, _ = asked(judgement, seconds=seconds)
    assert record.inputs.fairness.state is FairnessState.NOT_ASSESSABLE
    assert sentence in record.inputs.fairness.reason
    assert standing.strategy == "verify"
    assert Strategy.ESCALATE not in record.decision.allowed


def test_a_detector_without_an_address_is_not_assessable(
    s3: dict[str, str], world: World, source: DetectorSource
) -> None:
    record, standing, analysis = through(stored(world, source=source))
    assert "cannot be asked to score changed frames" in record.inputs.fairness.reason
    assert analysis["invariance"]["state"] == "not_assessable"
    assert standing.strategy == "verify"


def test_an_open_alarm_overrules_a_check_that_passed(
    s3: dict[str, str], asked: Any, world: World
) -> None:
    FairnessAlarm.objects.create(
        tenant=world.tenant,
        attribute="group",
        measure="false_alarm",
        detector="test-detector@1.0",
        raised_at=NOW,
    )
    _, record, standing, analysis = asked("times")
    assert analysis["invariance"]["state"] == "assessed"
    assert record.inputs.fairness.alarm
    assert standing.state == "model_review"


def test_the_reference_detector_is_asked_about_an_alert_that_a_person_raised(
    s3: dict[str, str], world: World
) -> None:
    alert = stored(world, score=None)
    Alert.objects.filter(id=alert.id).update(detector_id="person", detector_version="1")

    record, standing, analysis = through(alert)

    section, fairness = analysis["invariance"], record.inputs.fairness
    assert section["state"] == "assessed", section["reason"]
    assert fairness.scorer.startswith("reference-behaviour")
    assert fairness.input_is_joints
    assert len(fairness.tried) == 4
    moved = fairness.largest_change > 0.05
    assert fairness.state is (FairnessState.FAILED if moved else FairnessState.PASSED)
    assert (standing.state == "model_review") is moved
