"""From an analysed alert to where it stands: what is read, what it rests on, what it costs in queries."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from apps.alerts.models import Alert, Assessment, Clip
from apps.alerts.operations.analysis import begin_analysis
from apps.reliability.models import FairnessAlarm, TriageBasis
from apps.reviews.models import HumanTask
from apps.sites.models import Zone
from apps.triage.assessment import AssessmentRecord, read_record, recompute
from apps.triage.reasons import ReasonCode
from apps.triage.sequence import (
    DEFAULT_POLICIES,
    REFERENCE,
    SHIPPED_POLICIES,
    SequenceState,
    judge_sequence,
    policy_for,
)
from apps.triage.signals import ValidityState
from tests.world import NOW, World, make_alert
from workers.activities.assessing import assess_and_route
from workers.activities.readings import MOST_OWN_IN_RECORD, clearest_signals, signals_of
from workers.activities.zones import scene_zones
from workers.inference.results import REFERENCE_DETECTOR
from workflows.messages import Assess, Standing

pytestmark = pytest.mark.django_db
WEIGHS = {"state": "measured", "statistic": "auc", "figure": 0.8, "null": 0.5, "samples": 300}


def run(alert: Alert, *, again: bool = False, with_clip: bool = False) -> Standing:
    names = {"tenant_id": str(alert.tenant_id), "alert_id": str(alert.id)}
    return assess_and_route(Assess(**names, with_clip=with_clip, again=again))


def record_of(alert: Alert) -> AssessmentRecord:
    return read_record(Assessment.objects.filter(alert=alert).latest("created_at").record)


def measured(name: str, *, track: int | None = 1, at: float = 0.0, **fields: Any) -> dict[str, Any]:
    """A signal as an analysis stores it."""
    known = {"value": 0.9, "confidence": 0.8, "validity": {"state": "measured", "why": ""} | WEIGHS}
    span = {"start_seconds": at, "end_seconds": at + 1.0}
    return {"name": name, "track": track, "source": "m", **known, **span, **fields}


def read(world: World, *signals: Mapping[str, Any], **fields: Any) -> tuple[Any, ...]:
    alert = make_alert(world.camera, **fields)
    facts = begin_analysis(alert_id=alert.id, now=NOW)
    return signals_of(facts, {"signals": list(signals)})


def test_an_alert_of_a_new_tenant_goes_to_a_person_and_says_what_is_not_known(world: World) -> None:
    alert = make_alert(world.camera, clip=False)

    standing = run(alert)

    record = record_of(alert)
    assert (standing.state, standing.strategy) == ("awaiting_review", "verify")
    assert record.inputs.reliability.segment.zone_kind == "aisle"
    assert record.inputs.reliability.segment.detector_version == "test-detector@1.0"
    assert ReasonCode.UNCALIBRATED in record.decision.reason_codes
    assert record.inputs.simulated == ()
    assert recompute(record) == record


def test_a_raised_alert_that_was_drawn_is_judged_first_and_is_due_like_any_other(
    world: World, settings: Settings
) -> None:
    settings.JUDGED_FIRST_OF_100 = 100
    alert = make_alert(world.camera)
    Clip.objects.filter(alert=alert).update(state="stored", master_key="m", playable_key="m")
    run(alert, with_clip=True)
    alert.refresh_from_db()
    assert (alert.sampled_blind, alert.state, alert.strategy) == (True, "awaiting_review", "verify")
    assert (alert.sampling_probability, HumanTask.objects.get().kind) == (1.0, "review")
    assert record_of(alert).inputs.policy.judged_first_share == 1.0
    place = Alert.objects.get(id=alert.id).priority
    run(alert, again=True, with_clip=True)
    assert Alert.objects.get(id=alert.id).priority == place


def test_without_a_clip_there_is_nothing_to_judge_first(world: World, settings: Settings) -> None:
    settings.JUDGED_FIRST_OF_100 = 100
    alert = make_alert(world.camera, clip=False)
    run(alert)
    assert not Alert.objects.get(id=alert.id).sampled_blind


def test_a_busy_night_is_kept_with_the_record(world: World) -> None:
    TriageBasis.objects.create(tenant=world.tenant, minute_shadow_price=1.5)
    alert = make_alert(world.camera, clip=False)

    run(alert)

    assert record_of(alert).inputs.minute_shadow_price == 1.5


def test_while_a_fairness_alarm_is_open_the_model_is_reviewed(world: World) -> None:
    alarm = FairnessAlarm.objects.create(
        tenant=world.tenant,
        attribute="group",
        measure="false_alarm",
        detector="test-detector@1.0",
        raised_at=NOW,
    )
    alert = make_alert(world.camera, clip=False)

    standing = run(alert)

    assert standing.state == "model_review"
    assert HumanTask.objects.get(alert=alert).kind == "model_review"
    assert record_of(alert).inputs.fairness.alarm == str(alarm.id)


def test_each_alert_costs_the_same_number_of_queries_and_no_more_than_before(world: World) -> None:
    run(make_alert(world.camera, clip=False))
    counts = []
    for hour in range(1, 4):  # far apart: alerts of one moment are one review item
        alert = make_alert(world.camera, clip=False)
        Alert.objects.filter(id=alert.id).update(camera_at=NOW + timedelta(hours=hour))
        with CaptureQueriesContext(connection) as asked:
            run(alert)
        counts.append(sum("SAVEPOINT" not in one["sql"] for one in asked))
        about_basis = [one["sql"] for one in asked if "FROM reliability_" in one["sql"]]
        assert len(about_basis) == 1

    assert len(set(counts)) == 1
    assert counts[0] <= 16  # one looks for alerts nearby, one for a STOP


def test_signals_keep_their_person_and_the_figures_of_their_validity(world: World) -> None:
    (found,) = read(world, measured("reach", track=7))

    assert (found.track, found.validity.state) == (7, ValidityState.MEASURED)
    assert (found.validity.figure, found.validity.samples) == (0.8, 300)


def test_acts_of_two_people_are_not_one_sequence(world: World) -> None:
    policy = policy_for("item_to_bag", policies=DEFAULT_POLICIES)
    apart = read(world, measured("item_taken", track=1), measured("item_to_bag", track=2, at=2))
    together = read(world, measured("item_taken", track=1), measured("item_to_bag", track=1, at=2))

    assert judge_sequence(policy=policy, signals=apart).state is not SequenceState.COMPLETE
    assert judge_sequence(policy=policy, signals=together).state is SequenceState.COMPLETE


def test_of_one_person_the_clearest_sight_of_each_act_stays() -> None:
    kept = clearest_signals(
        [
            measured("reach", track=1, confidence=0.4),
            measured("reach", track=1, confidence=0.9),
            measured("reach", track=2, confidence=0.5),
            measured("reach", track=2, confidence=None),
        ]
    )

    assert [(one["track"], one["confidence"]) for one in kept] == [(1, 0.9), (2, 0.5)]


def test_a_crowd_does_not_make_the_record_large(world: World) -> None:
    crowd = [
        measured(name, track=person, confidence=person / 100)
        for person in range(60)
        for name in ("reach", "crouch")
    ]

    found = read(world, *crowd)

    assert len(found) == MOST_OWN_IN_RECORD
    assert {one.track for one in found} == set(range(60 - MOST_OWN_IN_RECORD // 2, 60))


def test_what_can_be_told_of_nobody_is_not_pushed_out_by_a_crowd(world: World) -> None:
    crowd = [measured("reach", track=person, confidence=0.9) for person in range(60)]
    unseeable = {
        "name": "hand_to_bag",
        "value": None,
        "confidence": None,
        "track": None,
        "validity": {"state": "not_measurable", "why": "A pose has no bag in it."},
    }

    found = read(world, *crowd, unseeable)

    assert found[0].name == "hand_to_bag"
    assert len(found) == MOST_OWN_IN_RECORD


def test_what_our_own_detector_cannot_see_leaves_its_sequence_unknown(world: World) -> None:
    """However many signals weigh: without the bag a sequence "item to bag" is never complete."""
    policy = SHIPPED_POLICIES[REFERENCE_DETECTOR, "item_to_bag"]
    assert REFERENCE == REFERENCE_DETECTOR
    unseeable = {"name": "hand_to_bag", "validity": {"state": "not_measurable", "why": "No bag."}}
    everything = read(
        world,
        unseeable,
        *(measured(name, track=1) for name in ("reach_to_shelf", "reach", "reach_and_return")),
    )

    finding = judge_sequence(policy=policy, signals=everything)

    assert finding.state is SequenceState.UNKNOWN
    assert finding.reason == "Not measurable in this footage: hand to a bag"


def test_the_zones_of_the_camera_are_read_and_a_polygon_that_is_none_is_left_out(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    alert = make_alert(world.camera)
    Zone.objects.filter(camera=world.camera).delete()
    for name, polygon in (
        ("a", [[0, 0], [1, 0], [1, 1]]),
        ("b", [[0, 0], [2, 0], [1, 1]]),
        ("c", 3),
    ):
        Zone.objects.create(
            tenant=world.tenant, camera=world.camera, kind="shelf", name=name, polygon=polygon
        )

    (zone,) = scene_zones(alert_id=alert.id)

    assert (zone.kind, zone.name, zone.polygon) == ("shelf", "a", ((0, 0), (1, 0), (1, 1)))
    assert caplog.text.count("no usable polygon") == 2
