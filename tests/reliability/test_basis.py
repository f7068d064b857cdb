"""What a new assessment rests on: one query an alert, and never what was active before."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit.events import Actor
from apps.reliability.models import FairnessAlarm, TriageBasis
from apps.reliability.operations import create_cost_model_version
from apps.reliability.queries.basis import Basis, basis_of, zone_kind_of
from apps.sites.models import Zone, ZoneKind
from apps.triage.cost_model import default_cost_model
from apps.triage.segments import ReliabilityState, Segment
from tests.world import NOW, World

pytestmark = pytest.mark.django_db


def basis(world: World) -> Basis:
    return basis_of(world.tenant.id, currency="EUR", camera_id=world.camera.id)


def test_a_new_tenant_has_the_shipped_choices_and_nothing_learned(world: World) -> None:
    found = basis(world)

    assert (found.revision, found.minute_shadow_price) == (0, 0.0)
    assert found.learned.cost_model == default_cost_model()
    assert found.sequence_policy(detector_id="x", label="item_to_bag") is not None
    assert found.sequence_policy(detector_id="x", label="no such label") is None
    segment = Segment(camera="c", detector_version="d@1")
    assert found.reliability(segment).state is ReliabilityState.UNKNOWN
    assert found.surrogate("d@1") is None
    assert found.alarm_of("d@1") is None


def test_it_costs_one_query_however_much_is_known(world: World) -> None:
    basis(world)

    with CaptureQueriesContext(
        connection,
    ) as asked:
        basis(world)

    assert len(asked) == 1


def test_an_activated_version_counts_from_the_next_alert_on(world: World) -> None:
    before = basis(world)
    model = default_cost_model()
    create_cost_model_version(
        actor=Actor.system(world.tenant.id),
        tenant_id=world.tenant.id,
        model=model,
        reason="set up",
        now=NOW,
    )

    after = basis(world)

    assert after.revision > before.revision
    assert after.learned.cost_model.version == "cost-1"


def test_the_price_of_a_minute_is_read_each_time_without_a_new_revision(world: World) -> None:
    TriageBasis.objects.create(tenant=world.tenant)
    first = basis(world)
    TriageBasis.objects.update(minute_shadow_price=2.5)

    second = basis(world)

    assert (second.minute_shadow_price, second.revision) == (2.5, first.revision)
    assert second.learned is first.learned


def test_a_camera_is_known_by_the_zone_that_says_most(world: World) -> None:
    Zone.objects.create(
        tenant=world.tenant,
        camera=world.camera,
        kind=ZoneKind.SELF_CHECKOUT,
        name="Tills",
        polygon=[[0, 0], [1, 0], [1, 1]],
    )

    assert basis(world).zone_kind == "self_checkout"
    assert zone_kind_of([]) == ""
    assert all(zone_kind_of([kind]) == kind for kind in ZoneKind.values)


@pytest.mark.parametrize(
    ("detector", "concerned"),
    [("acme@1", {"acme@1"}), ("", {"acme@1", "acme@2"})],
)
def test_an_open_alarm_concerns_its_detector_or_all(
    world: World, detector: str, concerned: set[str]
) -> None:
    raise_alarm(world, detector=detector)

    found = basis(world)

    assert {one for one in ("acme@1", "acme@2") if found.alarm_of(one)} == concerned


def test_a_closed_alarm_stops_nothing(world: World) -> None:
    raise_alarm(world, detector="", closed_at=NOW + timedelta(days=1), closing_reason="looked at")

    assert basis(world).alarm_of("acme@1") is None


def test_another_tenants_alarm_is_none_of_ours(world: World) -> None:
    raise_alarm(world, detector="")

    found = basis_of(world.foreign_tenant.id, currency="EUR", camera_id=world.camera.id)

    assert found.alarm_of("acme@1") is None


def raise_alarm(world: World, **fields: Any) -> FairnessAlarm:
    return FairnessAlarm.objects.create(
        tenant=world.tenant,
        attribute="group",
        measure="false_alarm",
        raised_at=NOW,
        **fields,
    )
