"""The price of a minute: from rosters and backlog, for all stores of a tenant together."""

from datetime import timedelta

import pytest

from apps.alerts.models import Alert
from apps.reliability.models import TriageBasis
from apps.reliability.operations import price_minutes
from apps.reliability.operations.pricing import rostered_minutes
from apps.reliability.tasks import price_minutes as price_every_tenant
from apps.reviews.operations import join_item, open_task
from apps.sites.models import Roster, Site
from tests.world import NOW, World, make_waiting_alert

pytestmark = pytest.mark.django_db


def on_duty(site: Site, *, minutes: float, hours: float = 1.0) -> None:
    Roster.objects.create(
        tenant_id=site.tenant_id,
        site=site,
        starts_at=NOW,
        ends_at=NOW + timedelta(hours=hours),
        operator_minutes=minutes,
    )


def wait(world: World, *, value: float, kind: str = "review") -> None:
    alert = make_waiting_alert(world.camera)
    Alert.objects.filter(id=alert.id).update(priority=value)
    open_task(alert=alert, kind=kind, due_at=NOW + timedelta(minutes=15), now=NOW)


def price(world: World) -> float:
    return price_minutes(tenant_id=world.tenant.id, now=NOW)


def test_a_quiet_hour_has_no_price(world: World) -> None:
    on_duty(world.site, minutes=60)
    wait(world, value=20.0)

    assert price(world) == 0.0
    assert TriageBasis.objects.get().pricing["waiting"] == 1


def test_a_backlog_beyond_the_minutes_on_duty_has_one(world: World) -> None:
    on_duty(world.site, minutes=4)
    for value in (30.0, 20.0, 10.0):
        wait(world, value=value)

    found = price(world)

    basis = TriageBasis.objects.get()
    assert basis.minute_shadow_price == found > 0
    assert basis.pricing["marginal_value"] in (30.0, 20.0, 10.0)
    assert basis.pricing["on_duty_minutes"] == 1.0
    assert (basis.priced_at, basis.revision) == (NOW, 1)


def test_one_person_on_three_alerts_waits_for_one_look(world: World) -> None:
    on_duty(world.site, minutes=12)
    for value in (30.0, 20.0, 10.0):
        wait(world, value=value)
    price(world)
    assert TriageBasis.objects.get().pricing["waiting"] == 3

    for alert in Alert.objects.order_by("received_at", "id"):
        join_item(alert=alert, now=NOW)

    price(world)
    assert TriageBasis.objects.get().pricing["waiting"] == 1


def test_with_nobody_on_duty_alerts_wait_for_the_next_shift(world: World) -> None:
    wait(world, value=50.0)

    assert price(world) == 0.0
    assert "nobody" in TriageBasis.objects.get().pricing["why"]


def test_blind_audits_take_their_minutes_first(world: World) -> None:
    on_duty(world.site, minutes=12)
    wait(world, value=9.0)
    without = price(world)
    for _ in range(3):
        wait(world, value=0.0, kind="blind_audit")

    assert price(world) > without == 0.0


def test_pricing_raises_no_revision(world: World) -> None:
    TriageBasis.objects.create(tenant=world.tenant, revision=7)

    price(world)

    assert TriageBasis.objects.get().revision == 7


def test_a_shift_counts_by_the_part_that_is_left_at_every_site(world: World) -> None:
    on_duty(world.site, minutes=60, hours=1)
    on_duty(world.other_site, minutes=60, hours=2)

    left = rostered_minutes(
        world.tenant.id, now=NOW + timedelta(minutes=30), until=NOW + timedelta(minutes=45)
    )

    assert left == pytest.approx(15 + 7.5)


def test_every_tenant_is_priced(world: World) -> None:
    price_every_tenant()

    assert TriageBasis.objects.filter(tenant=world.tenant).exists()
