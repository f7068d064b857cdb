"""The risk register: what is shipped names real tests; what a tenant changes is a version."""

import ast
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from apps.audit.events import Event
from apps.audit.models import InboxEntry
from apps.oversight.models import RiskRegisterVersion
from apps.oversight.operations.register import UnableToChange, put_risk, remove_risk
from apps.oversight.queries.register import register_of
from apps.oversight.register import Risk, UnableToRead, risks_of, shipped_risks
from tests.console.people import signed_in
from tests.oversight.test_stop import actor_for
from tests.world import World

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("risk", shipped_risks(), ids=lambda risk: risk.id)
def test_the_control_of_a_shipped_risk_names_a_test_that_is_there(risk: Risk) -> None:
    file, _, name = risk.test.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, functions)}


def a_risk(**changes: object) -> Risk:
    stated = {
        "id": "S-1",
        "hazard": "A camera looks into a fitting room",
        "cause": "It was turned",
        "affected": "Customers",
        "control": "Walk-round every week",
        "residual": "A week is long",
        "owner": "Store manager",
        "review_on": date(2027, 1, 1),
    }
    return Risk(**{**stated, **changes})


def put(world: World, risk: Risk, *, instead_of: int) -> RiskRegisterVersion:
    return put_risk(
        actor=actor_for(world.compliance),
        user=world.compliance,
        risk=risk,
        reason="Found on the walk-round",
        instead_of=instead_of,
        now=timezone.now(),
    )


def test_an_entry_that_leaves_something_out_is_refused() -> None:
    with pytest.raises(UnableToRead, match="residual is missing"):
        a_risk(residual=" ")
    with pytest.raises(UnableToRead, match="same id"):
        risks_of([a_risk().as_json()] * 2)


@pytest.mark.django_db
def test_a_change_is_a_new_version_and_the_old_one_stays(world: World) -> None:
    shipped = register_of(world.tenant.id)
    first = put(world, a_risk(), instead_of=0)
    second = put(world, a_risk(residual="Two days are long"), instead_of=1)

    now = register_of(world.tenant.id)
    assert (shipped.version, now.version) == (0, 2)
    assert len(now.risks) == len(shipped.risks) + 1
    assert first.content["risks"][-1]["residual"] == "A week is long"
    assert now.risks[-1].residual == "Two days are long"
    assert second.digest == now.digest != first.digest
    events = InboxEntry.objects.filter(event=Event.RISK_REGISTER_CHANGED.value)
    assert events.count() == 2


@pytest.mark.django_db
def test_two_people_changing_the_register_at_once_is_one_change(world: World) -> None:
    put(world, a_risk(), instead_of=0)
    with pytest.raises(UnableToChange, match="since you opened it"):
        put(world, a_risk(id="S-2"), instead_of=0)


@pytest.mark.django_db
def test_an_entry_left_out_is_in_the_versions_before(world: World) -> None:
    put(world, a_risk(), instead_of=0)
    remove_risk(
        actor=actor_for(world.compliance),
        user=world.compliance,
        risk_id="S-1",
        reason="The camera is gone",
        instead_of=1,
        now=timezone.now(),
    )
    assert "S-1" not in {one.id for one in register_of(world.tenant.id).risks}
    kept = RiskRegisterVersion.objects.get(version=1)
    assert "S-1" in {one["id"] for one in kept.content["risks"]}


def test_a_review_is_due_on_its_day() -> None:
    risk = a_risk()
    assert risk.is_due(risk.review_on)
    assert not risk.is_due(risk.review_on - timedelta(days=1))


@pytest.mark.django_db
def test_everybody_reads_the_register_and_compliance_changes_it(world: World) -> None:
    assert "R-05" in signed_in(world.operator).get("/compliance/risks/").content.decode()
    assert signed_in(world.operator).get("/compliance/risks/new/").status_code == 403
    form = {**a_risk().as_json(), "reason": "Found", "instead_of": "0"}
    answer = signed_in(world.compliance).post("/compliance/risks/new/", form)
    assert answer.status_code == 302
    assert register_of(world.tenant.id).version == 1
    late = signed_in(world.compliance).post("/compliance/risks/new/", form)
    assert late.status_code == 409
    assert "since you opened it" in late.content.decode()
