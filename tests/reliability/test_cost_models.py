"""A tenant's cost model: the shipped assumptions until there is a version, and every version for ever."""

from dataclasses import replace

import pytest
from django.db import connection
from django.utils import timezone

from apps.reliability.models import CostModelVersion
from apps.reliability.operations import create_cost_model_version
from apps.reliability.queries import active_cost_model
from apps.triage.cost_model import default_cost_model
from tests.reviews.conftest import sign_in
from tests.world import World

pytestmark = pytest.mark.django_db


def test_a_new_tenant_has_the_shipped_assumptions_in_its_currency(world: World) -> None:
    world.tenant.currency = "GBP"
    world.tenant.save(update_fields=["currency"])
    version, model = active_cost_model(world.tenant.id)
    assert (version, model.currency) == (0, "GBP")
    assert model.assumed


def test_a_new_version_is_used_from_now_on_and_the_old_one_stays(world: World) -> None:
    for price in (0.75, 0.90):
        create_cost_model_version(
            actor=sign_in(world.lead),
            tenant_id=world.tenant.id,
            model=replace(default_cost_model(), minute_price=price),
            reason="our own wages",
            now=timezone.now(),
        )
    version, model = active_cost_model(world.tenant.id)
    assert (version, model.version, model.minute_price) == (2, "cost-2", 0.90)
    first = CostModelVersion.objects.get(version=1)
    assert (first.is_active, first.parameters["minute_price"]) == (False, 0.75)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_inbox WHERE event = 'cost_model:changed'")
        assert cursor.fetchone() == (2,)
