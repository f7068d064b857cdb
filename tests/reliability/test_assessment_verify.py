"""Any stored assessment can be computed again; what differs is named."""

import io
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.alerts.models import Assessment
from apps.reliability.models import ProbabilityModelVersion
from apps.reliability.operations.refresh import refresh
from apps.reliability.queries.verification import first_difference
from apps.triage.assessment import content_digest
from tests.reliability.learned import make_past
from tests.workers.test_assessing import run
from tests.world import NOW, World, make_alert, make_waiting_alert

pytestmark = pytest.mark.django_db


def verified(world: World, *which: str) -> str:
    out = io.StringIO()
    call_command(
        "assessment_verify", *(which or ("--all",)), "--tenant", world.tenant.slug, stdout=out
    )
    return out.getvalue()


def rewrite(stored: Assessment, **fields: Any) -> None:
    """What nobody can do through the product: change a stored row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_trigger WHERE tgrelid = 'alerts_assessment'::regclass")
    Assessment.objects.bulk_create(
        [
            Assessment(
                **{
                    "tenant_id": stored.tenant_id,
                    "alert_id": stored.alert_id,
                    "record": stored.record,
                    "digest": stored.digest,
                    "outcome": stored.outcome,
                    "created_at": stored.created_at,
                    **fields,
                }
            )
        ]
    )


def test_an_assessment_is_identical_when_it_is_computed_again(world: World) -> None:
    make_waiting_alert(world.camera)

    assert "1 identical, 0 equal within 1e-9, 0 different" in verified(world)


def test_probability_and_reliability_are_asked_of_their_fits_again(world: World) -> None:
    make_past(world.camera)
    refresh(tenant_id=world.tenant.id, now=NOW)
    run(make_alert(world.camera, clip=False))

    told = verified(world)

    assert "1 identical" in told
    assert "2 stored fits" in told


def test_a_fit_that_gives_another_figure_is_named(world: World) -> None:
    make_past(world.camera)
    refresh(tenant_id=world.tenant.id, now=NOW)
    run(make_alert(world.camera, clip=False))
    model = ProbabilityModelVersion.objects.get()
    model.parameters["mode"][0] += 1.0
    ProbabilityModelVersion.objects.filter(id=model.id).update(parameters=model.parameters)

    with pytest.raises(CommandError, match="1 of 1 assessments differ"):
        verified(world)


def test_an_altered_record_is_named(world: World) -> None:
    alert = make_waiting_alert(world.camera)
    stored = Assessment.objects.get(alert=alert)
    rewrite(stored, record=stored.record | {"schema": 1}, digest="0" * 64)

    with pytest.raises(CommandError, match="1 of 2"):
        verified(world)


def test_another_decision_under_a_fitting_digest_is_named_too(world: World) -> None:
    stored = Assessment.objects.get(alert=make_waiting_alert(world.camera))
    record = stored.record | {"decision": stored.record["decision"] | {"outcome": "archive"}}
    record |= {"digest": content_digest(record)}
    rewrite(stored, record=record, digest=record["digest"])
    out = io.StringIO()

    with pytest.raises(CommandError):
        call_command("assessment_verify", "--all", "--tenant", world.tenant.slug, stdout=out)

    assert 'decision.outcome: "archive" stored, "verify" now' in out.getvalue()


def test_one_alert_or_all_since_a_day(world: World) -> None:
    alert, _ = make_waiting_alert(world.camera), make_waiting_alert(world.camera)

    assert verified(world, "--alert", str(alert.id)).startswith("1 ")
    assert verified(world, "--since", "2026-11-01").startswith("2 ")
    assert verified(world, "--since", "2026-11-21").startswith("0 ")


def test_an_alert_without_assessment_a_wrong_day_and_tenant_are_named(world: World) -> None:
    with pytest.raises(CommandError, match="no assessment"):
        verified(world, "--alert", str(uuid4()))
    with pytest.raises(CommandError, match="is no day"):
        verified(world, "--since", "soon")
    with pytest.raises(CommandError, match="No tenant"):
        call_command("assessment_verify", "--all", "--tenant", "nobody")


def test_figures_may_differ_by_their_last_digits_on_another_machine() -> None:
    stored = {"costs": [{"expected": 1.0}], "digest": "a", "outcome": "verify"}

    assert first_difference(stored, stored | {"costs": [{"expected": 1 + 1e-12}]}) == ""
    assert first_difference(stored, stored | {"digest": "b"}) == ""
    wrong = stored | {"costs": [{"expected": 1.001}]}
    assert first_difference(stored, wrong) == "costs[0].expected: 1.0 stored, 1.001 now"
    assert first_difference(stored, stored | {"outcome": "archive"}).startswith("outcome")
    assert first_difference(stored, {}).endswith("only in one of both")
