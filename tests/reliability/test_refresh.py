"""Learning anew: from what was known by then, used where labels suffice, and said where they do not."""

import json
from datetime import timedelta
from typing import Any

import pytest

from apps.audit.models import InboxEntry
from apps.reliability.models import (
    AlertFact,
    ProbabilityModelVersion,
    ReliabilityRefresh,
    SegmentFinding,
    SurrogateVersion,
    TriageBasis,
)
from apps.reliability.operations.refresh import Refreshed, refresh
from apps.reliability.queries.atlas import CONDITIONS
from apps.reliability.queries.basis import basis_of
from tests.reliability.learned import make_past, rehearsal
from tests.workers.test_assessing import record_of, run
from tests.world import NOW, World, make_alert, make_camera

pytestmark = pytest.mark.django_db
DETECTOR = "test-detector@1.0"
ANYTHING = dict.fromkeys(CONDITIONS, "")


def refreshed(world: World, **fields: Any) -> Refreshed:
    return refresh(tenant_id=world.tenant.id, **({"now": NOW} | fields))


def test_without_alerts_there_is_nothing_to_learn(world: World) -> None:
    assert refreshed(world).version == 0
    assert not ReliabilityRefresh.objects.exists()


def test_a_refresh_calibrates_judges_segments_and_fits_a_twin(world: World) -> None:
    make_past(world.camera)

    found = refreshed(world)

    assert (found.version, found.alert_count, found.calibrated) == (1, 600, (DETECTOR,))
    assert ProbabilityModelVersion.objects.get().is_active
    assert ReliabilityRefresh.objects.get().is_active
    assert 0.5 <= SurrogateVersion.objects.get().fidelity <= 1
    assert TriageBasis.objects.get().signal_means["values"]
    assert found.twins == {DETECTOR: "sur-1"}


def test_too_few_labels_are_not_used_and_it_says_how_many_are_missing(world: World) -> None:
    make_past(world.camera, count=30, labelled=0.5)

    found = refreshed(world)

    model = ProbabilityModelVersion.objects.get()
    assert (model.is_active, model.parameters) == (False, {})
    assert model.report["labels_needed"] == found.missing[DETECTOR] > 0
    assert "are needed" in found.twins[DETECTOR]
    assert not SurrogateVersion.objects.exists()
    basis = basis_of(world.tenant.id, currency="EUR", camera_id=world.camera.id)
    assert basis.learned.labels == {DETECTOR: model.label_count}


def test_a_segment_says_how_many_labels_it_still_needs(world: World) -> None:
    make_past(world.camera, count=3, labelled=1.0)

    refreshed(world)

    segments = SegmentFinding.objects.exclude(lighting="")
    assert segments.exists()
    assert {one.state for one in segments} == {"unknown"}
    assert all((one.labels_needed or 0) > 0 for one in segments)


def test_the_network_site_and_camera_are_told_beside_the_full_segments(world: World) -> None:
    make_past(world.camera)

    refreshed(world)

    network = SegmentFinding.objects.get(site_id=None, camera_id=None, is_found=False)
    camera = SegmentFinding.objects.get(camera_id=world.camera.id, **ANYTHING)
    assert (network.alert_count, camera.alert_count) == (600, 600)
    assert camera.site_id == world.site.id
    assert len(network.weekly) == 8
    assert sum(week["labels"] for week in network.weekly) > 0
    dark = SegmentFinding.objects.filter(lighting="dark", camera_id=world.camera.id).first()
    assert dark is not None
    assert dark.alert_count == 300


def test_a_bad_camera_is_red_and_keeps_its_next_alert_from_escalation(world: World) -> None:
    bad = make_camera(world.site)
    make_past(world.camera, false_share=0.1, count=400)
    make_past(bad, false_share=0.95, count=400, seed=1)

    refreshed(world)

    alert = make_alert(bad, clip=False, score=1.0)
    run(alert)
    record = record_of(alert)
    assert record.inputs.reliability.state == "red"
    assert "escalate" not in record.decision.allowed
    assert record.inputs.probability.calibrated
    assert record.inputs.surrogate is not None
    assert (
        SegmentFinding.objects.get(camera_id=bad.id, detector_version="", **ANYTHING).state == "red"
    )


def test_a_camera_is_told_under_each_condition_from_its_own_labels(world: World) -> None:
    make_past(world.camera)

    refreshed(world)

    cells = SegmentFinding.objects.filter(
        camera_id=world.camera.id, **ANYTHING | {"lighting": "dark"}
    )
    [dark] = cells
    assert (dark.site_id, dark.detector_version, dark.alert_count) == (world.site.id, "", 300)
    facts = AlertFact.objects.filter(lighting="dark", labelled_at__isnull=False)
    assert dark.label_count == facts.count()
    assert dark.state != "unknown"


def test_the_future_is_never_learned_from(world: World) -> None:
    make_past(world.camera, count=300)
    early = NOW - timedelta(days=30)
    first = refreshed(world, now=early)
    at_first = ProbabilityModelVersion.objects.get(version=first.version)
    AlertFact.objects.filter(labelled_at__gt=early).update(verdict="theft_confirmed")
    AlertFact.objects.filter(happened_at__gt=early).update(score=0.0)

    again = refreshed(world, now=early)

    at_again = ProbabilityModelVersion.objects.get(version=again.version)
    assert at_first.labels_until == early
    assert without_version(at_again.parameters) == without_version(at_first.parameters)


def test_one_version_is_active_and_earlier_ones_stay(world: World) -> None:
    make_past(world.camera)
    refreshed(world)
    before = basis_of(world.tenant.id, currency="EUR", camera_id=world.camera.id)

    refreshed(world, now=NOW + timedelta(days=1))

    after = basis_of(world.tenant.id, currency="EUR", camera_id=world.camera.id)
    for model in (ProbabilityModelVersion, SurrogateVersion, ReliabilityRefresh):
        versions = model._default_manager.order_by("version").values_list("version", "is_active")
        assert list(versions) == [(1, False), (2, True)]
    assert after.revision > before.revision


def test_what_rests_on_rehearsal_says_so(world: World) -> None:
    rehearsal(world.tenant)
    make_past(world.camera, origin="simulated")

    refreshed(world)

    assert ReliabilityRefresh.objects.get().is_simulated
    basis = basis_of(world.tenant.id, currency="EUR", camera_id=world.camera.id)
    assert basis.simulated(DETECTOR) == ("probability", "reliability", "surrogate")


def test_a_refresh_is_said_in_the_chain(world: World) -> None:
    make_past(world.camera)

    refreshed(world)

    entry = InboxEntry.objects.get(event="reliability:refreshed")
    assert json.loads(entry.details)["labels"] > 0


def without_version(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name != "version"}
